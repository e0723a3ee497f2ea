package functions

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// genCommand is the program's "gen" verb: it writes the files with which
// Azure's host runs the same program as a custom handler.
func (a *App) genCommand(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	flags.SetOutput(out)
	dir := flags.String("dir", ".", "the function app's folder, which holds host.json")
	exe := flags.String("exe", filepath.Base(os.Args[0]), "the program's file name in that folder")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("functions: gen: unexpected argument %q; the folder is given as -dir %[1]s", flags.Arg(0))
	}
	return a.generate(*dir, *exe, out)
}

// generate writes dir/host.json and one dir/NAME/function.json per function.
// Nothing is written when the app, or a file in the way, does not allow all of
// it.
func (a *App) generate(dir, exe string, out io.Writer) error {
	if err := errors.Join(a.Err(), a.inexpressible(dir)); err != nil {
		return err
	}
	files := map[string][]byte{}
	host, err := hostJSON(filepath.Join(dir, "host.json"), exe, a.needsBundle())
	if err != nil {
		return err
	}
	files["host.json"] = host
	for _, f := range a.functions {
		name := filepath.Join(f.name, "function.json")
		if err := mayReplace(filepath.Join(dir, name)); err != nil {
			return err
		}
		if files[name], err = f.json(); err != nil {
			return err
		}
	}
	if err := a.removeStale(dir, out); err != nil {
		return err
	}
	for _, name := range sortedKeys(files) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, files[name], 0o644); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, "wrote", path); err != nil {
			return err
		}
	}
	return nil
}

// inexpressible names everything that works in a FunctionRpc host and would
// not as a custom handler.
func (a *App) inexpressible(dir string) error {
	prefix, err := routePrefix(dir)
	if err != nil {
		return err
	}
	var problems []error
	refuse := func(f *function, format string, args ...any) {
		problems = append(problems, &RegistrationError{Function: f.name, Problem: "as a custom handler: " + fmt.Sprintf(format, args...)})
	}
	for _, f := range a.functions {
		t, ok := f.trigger.(*httpTrigger)
		if !ok || len(f.bound) > 0 {
			continue
		}
		route, err := parseRoute(t.route)
		if err != nil {
			refuse(f, "route %q: %v", t.route, err)
			continue
		}
		if c := route.unsupported(); c != "" {
			refuse(f, "the route constraint %q cannot be checked again by the program; check the value in the function instead", c)
		}
		for _, other := range a.functions {
			if _, clash := route.match(other.name); clash && prefix == "" && other != f {
				refuse(f, "without a route prefix its route is also the path on which the host invokes function %s", other.name)
			}
		}
	}
	return errors.Join(problems...)
}

// generatedBy marks our own files; others are never replaced.
const generatedBy = "lazuli-functions"

type functionJSON struct {
	GeneratedBy string     `json:"generatedBy"`
	Retry       *retryJSON `json:"retry,omitempty"`
	Bindings    []any      `json:"bindings"`
}

func (f *function) json() ([]byte, error) {
	return indent(functionJSON{GeneratedBy: generatedBy, Retry: f.retry.json(), Bindings: f.bindings(handlerResponse)})
}

func indent(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}

// ours reports whether a function.json was generated; a missing one is not.
func ours(path string) (exists, generated bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	var j functionJSON
	return true, json.Unmarshal(text, &j) == nil && j.GeneratedBy == generatedBy, nil
}

func mayReplace(path string) error {
	exists, generated, err := ours(path)
	if err == nil && exists && !generated {
		err = fmt.Errorf("%s was not written by gen: move it away first", path)
	}
	return err
}

// removeStale removes generated files of functions that are gone.
func (a *App) removeStale(dir string, out io.Writer) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "function.json"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		_, generated, err := ours(path)
		if err != nil {
			return err
		}
		if !generated || a.function(filepath.Base(filepath.Dir(path))) != nil {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, "removed", path); err != nil {
			return err
		}
	}
	return nil
}

// hostJSON returns the host.json at path, or a new one, with the custom
// handler section replaced, the extension bundle added where it is needed and
// not chosen yet, and everything else as it was.
func hostJSON(path, exe string, needsBundle bool) ([]byte, error) {
	host, err := readHostJSON(path)
	if err != nil {
		return nil, err
	}
	if _, ok := host["version"]; !ok {
		host["version"] = json.RawMessage(`"2.0"`)
	}
	section, err := json.Marshal(map[string]any{
		"description":                 map[string]any{"defaultExecutablePath": exe},
		"enableForwardingHttpRequest": true,
	})
	if err != nil {
		return nil, err
	}
	host["customHandler"] = section
	if _, ok := host["extensionBundle"]; !ok && needsBundle {
		host["extensionBundle"] = json.RawMessage(extensionBundle)
	}
	return indent(host)
}

// extensionBundle is what brings triggers and outputs other than HTTP to
// Azure's host when an app is not written in .NET.
const extensionBundle = `{"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.0.0, 5.0.0)"}`

// needsBundle reports whether a function binds to more than HTTP.
func (a *App) needsBundle() bool {
	return slices.ContainsFunc(a.functions, func(f *function) bool {
		return f.trigger.kind() != "httpTrigger" || len(f.bound) > 0
	})
}

// readHostJSON reads host.json by section; a missing file has none.
func readHostJSON(path string) (map[string]json.RawMessage, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]json.RawMessage{}, nil
	}
	if err != nil {
		return nil, err
	}
	host := map[string]json.RawMessage{}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &host); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return host, nil
}

// routePrefix reads extensions.http.routePrefix of the app in dir.
func routePrefix(dir string) (string, error) {
	path := filepath.Join(dir, "host.json")
	host, err := readHostJSON(path)
	if err != nil {
		return "", err
	}
	var ext struct {
		HTTP struct {
			RoutePrefix *string `json:"routePrefix"`
		} `json:"http"`
	}
	if raw, ok := host["extensions"]; ok {
		if err := json.Unmarshal(raw, &ext); err != nil {
			return "", fmt.Errorf("%s: extensions: %w", path, err)
		}
	}
	if ext.HTTP.RoutePrefix == nil {
		return "api", nil
	}
	return strings.Trim(*ext.HTTP.RoutePrefix, "/"), nil
}
