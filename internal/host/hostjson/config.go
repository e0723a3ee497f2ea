// Package hostjson reads host.json, the settings that all functions of an app
// share, with Azure's defaults, spellings and tolerance.
//
// Keys are compared without regard to case, keys nobody knows are reported and ignored
// (the file serves hosts of every age; see Notes), and each value can be overridden by a
// setting named AzureFunctionsJobHost__path__to__key. extensionBundle is
// ignored on purpose: every trigger and binding is compiled in, so there is
// nothing to download.
package hostjson

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/jsonc"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// File is the name of the file in an app's folder.
const File = "host.json"

// OverridePrefix is the settings section whose entries override the file.
const OverridePrefix = "AzureFunctionsJobHost"

// Config is what host.json says, defaults filled in.
type Config struct {
	// FunctionTimeout ends an invocation that runs longer; 0 means never.
	FunctionTimeout time.Duration
	// Functions, when not empty, names the only functions to load.
	Functions []string
	// HTTP configures HTTP triggers.
	HTTP HTTP
	// CustomHandler is nil unless the app is an executable that speaks HTTP.
	CustomHandler *CustomHandler
	// Logging says what is logged at which level.
	Logging Logging

	file       string
	lines      map[string]string // see Notes
	root       map[string]any    // see Section
	extensions map[string]any    // see Extension
}

// HTTP is extensions.http.
type HTTP struct {
	RoutePrefix            string            // "api" unless set; "" for none
	MaxOutstandingRequests int               // answered 429 beyond; -1: no limit
	MaxConcurrentRequests  int               // run at once; -1: no limit
	CustomHeaders          map[string]string // added to every response
}

// CustomHandler is the executable of an app in any language that is invoked
// over HTTP.
type CustomHandler struct {
	Executable        string   // relative to the app's folder when that file exists, else found on PATH
	WorkerPath        string   // first argument when given
	WorkingDirectory  string   // relative to the app's folder
	Arguments         []string // before WorkerPath
	WorkerArguments   []string // after WorkerPath
	ForwardHTTP       bool     // pass plain HTTP functions through unchanged
	FixedPort         int      // 0: pick a free one
	StartTimeout      time.Duration
	Routes            []Route // are its functions, in place of function.json files
	FromLegacySection bool    // read from the older "httpWorker"
}

// Logging is the logging section.
type Logging struct {
	Default slog.Level
	Levels  map[string]slog.Level // by category; the longest prefix wins
}

// LevelOff is above every level: a category that logs nothing.
const LevelOff = slog.Level(64)

// Load reads host.json at path and applies overrides (the settings section
// OverridePrefix, keyed by ":"-separated path). A missing file is an error
// that says how to make one, because Azure refuses such an app as well.
func Load(path string, overrides map[string]string) (*Config, error) {
	data, err := textfile.ReadFollowed(path, textfile.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, path, `no host.json: a function app needs one; {"version": "2.0"} is enough`)
	}
	if err != nil {
		return nil, fmt.Errorf("read host.json: %w", err)
	}
	return Parse(path, data, overrides)
}

// Default returns the configuration of a host.json that holds only its
// version, with overrides applied.
func Default(overrides map[string]string) (*Config, error) {
	return Parse(File, []byte(`{"version":"2.0"}`), overrides)
}

// Parse decodes the text of a host.json; file is its name in messages.
func Parse(file string, data []byte, overrides map[string]string) (*Config, error) {
	var root any
	if err := jsonc.Unmarshal(file, data, &root); err != nil {
		return nil, fault.Wrap(fault.Invalid, "", err, "read host.json")
	}
	object, ok := root.(map[string]any)
	if !ok {
		return nil, fault.New(fault.Invalid, file, "the file must hold a JSON object")
	}
	for path, value := range overrides {
		override(object, path, value)
	}
	r := &reader{file: file}
	c := r.config(object)
	c.lines = linesOf(file, data)
	if r.err != nil {
		return nil, r.err
	}
	return c, nil
}

func (r *reader) config(root map[string]any) *Config {
	if v := r.text(root, "version", ""); v != "2.0" {
		r.fail("version", `must be "2.0", is %q`, v)
	}
	r.profiled(root)
	extensions := r.object(root, "extensions")
	c := &Config{
		FunctionTimeout: r.timeout(root),
		Functions:       r.texts(root, "functions"),
		HTTP:            r.http(r.object(extensions, "extensions.http")),
		CustomHandler:   r.customHandler(root),
		Logging:         r.logging(r.object(root, "logging")),
		file:            r.file,
		root:            root,
		extensions:      extensions,
	}
	return c
}

// timeout reads functionTimeout: 30 minutes unless set, "-1" for none.
func (r *reader) timeout(root map[string]any) time.Duration {
	if r.text(root, "functionTimeout", "") == "-1" {
		return 0
	}
	d := r.duration(root, "functionTimeout", 30*time.Minute)
	if d <= 0 {
		r.fail("functionTimeout", "must be positive, or -1 for no limit")
	}
	return d
}

func (r *reader) http(o map[string]any) HTTP {
	h := HTTP{
		RoutePrefix:            r.text(o, "extensions.http.routePrefix", "api"),
		MaxOutstandingRequests: r.integer(o, "extensions.http.maxOutstandingRequests", -1, -1, 1<<30),
		MaxConcurrentRequests:  r.integer(o, "extensions.http.maxConcurrentRequests", -1, -1, 1<<30),
		CustomHeaders:          map[string]string{},
	}
	for name, v := range r.object(o, "extensions.http.customHeaders") {
		text, ok := v.(string)
		if !ok {
			r.fail("extensions.http.customHeaders."+name, "must be a string, is %s", show(v))
		}
		h.CustomHeaders[name] = text
	}
	return h
}

func (r *reader) customHandler(root map[string]any) *CustomHandler {
	section := "customHandler"
	o := r.object(root, section)
	legacy := len(o) == 0
	if legacy {
		section = "httpWorker"
		o = r.object(root, section)
	}
	if len(o) == 0 {
		return nil
	}
	d := r.object(o, section+".description")
	h := &CustomHandler{
		Executable:        r.text(d, section+".description.defaultExecutablePath", ""),
		WorkerPath:        r.text(d, section+".description.defaultWorkerPath", ""),
		WorkingDirectory:  r.text(d, section+".description.workingDirectory", ""),
		Arguments:         r.texts(d, section+".description.arguments"),
		WorkerArguments:   r.texts(d, section+".description.workerArguments"),
		ForwardHTTP:       r.boolean(o, section+".enableForwardingHttpRequest", legacy),
		FixedPort:         r.integer(o, section+".port", 0, 0, 65535),
		StartTimeout:      r.duration(o, section+".initializationTimeout", 0),
		FromLegacySection: legacy,
	}
	if r.boolean(o, section+".enableProxyingHttpRequest", false) { // the same here: what is forwarded streams
		h.ForwardHTTP = true
	}
	if !legacy {
		h.Routes = r.routes(r.object(o, section+".http"))
	}
	if h.Executable == "" {
		r.fail(section+".description.defaultExecutablePath", "is missing: it names the program to start")
	}
	if t := r.text(o, section+".type", "http"); t != "http" {
		r.fail(section+".type", "only \"http\" is supported, not %q", t)
	}
	return h
}
