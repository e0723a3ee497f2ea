package functions

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// maxAdminBody bounds the body of an admin request.
const maxAdminBody = 16 << 20

// adminPatience is how long the functions part of the API waits for an app
// that is starting.
const adminPatience = 2 * time.Second

// adminRoutes is the admin API. What Azure has beyond this is refused by name;
// see notHere.
func (s *Service) adminRoutes() *http.ServeMux {
	m := http.NewServeMux()
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /admin/host/status":                    s.hostStatus,
		"GET /admin/host/ping":                      ping,
		"POST /admin/host/ping":                     ping,
		"GET /admin/host/config":                    s.hostConfig,
		"POST /admin/host/drain":                    s.drain,
		"GET /admin/host/drain/status":              s.drainStatus,
		"POST /admin/host/resume":                   s.resume,
		"POST /admin/host/restart":                  s.restart,
		"POST /admin/host/synctriggers":             syncTriggers,
		"GET /admin/host/scale":                     s.scale,
		"POST /admin/host/scale/status":             s.scaleStatus,
		"GET /admin/host/processes":                 s.processes,
		"GET /admin/functions":                      s.listFunctions,
		"GET /admin/functions/download":             notHere,
		"GET /admin/functions/{name}":               s.getFunction,
		"GET /admin/functions/{name}/status":        s.functionStatus,
		"POST /admin/functions/{name}":              s.runFunction,
		"GET /admin/functions/{name}/deadletters":   s.listDeadLetters,
		"POST /admin/functions/{name}/redrive":      s.redrive,
		"GET /admin/host/keys":                      s.listKeys,
		"GET /admin/host/functionkeys":              s.listKeys,
		"GET /admin/host/systemkeys":                s.listKeys,
		"GET /admin/host/{scope}/{key}":             s.ofScope(s.getKey),
		"POST /admin/host/{scope}/{key}":            s.ofScope(s.generateKey),
		"PUT /admin/host/{scope}/{key}":             s.ofScope(s.putKey),
		"DELETE /admin/host/{scope}/{key}":          s.ofScope(s.deleteKey),
		"/admin":                                    notHere,
		"/admin/":                                   notHere,
		"GET /admin/functions/{name}/keys":          s.listKeys,
		"GET /admin/functions/{name}/keys/{key}":    s.getKey,
		"POST /admin/functions/{name}/keys/{key}":   s.generateKey,
		"PUT /admin/functions/{name}/keys/{key}":    s.putKey,
		"DELETE /admin/functions/{name}/keys/{key}": s.deleteKey,
	} {
		m.Handle(pattern, s.guarded(handler))
	}
	return m
}

// guarded asks for the master key. ping is open as in Azure, where probes use
// it.
func (s *Service) guarded(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/admin/host/ping" && !s.c.Keys.allow("admin", "", r) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if !isJSON(r) {
			writeJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "request: the admin API takes bodies of Content-Type application/json"})
			return
		}
		if strings.HasPrefix(r.URL.Path, "/admin/functions") {
			s.awaitFunctions(r)
		}
		next(w, r)
	})
}

// isJSON reports whether a body, if there is one, says that it is JSON. A page
// of another site can send that only after a preflight, which fails.
func isJSON(r *http.Request) bool {
	if r.ContentLength == 0 {
		return true
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

// awaitFunctions gives a starting app a moment, so that a list asked for just
// after the start is not empty. An app that does not start is not waited for.
func (s *Service) awaitFunctions(r *http.Request) {
	select {
	case <-s.host.Ready():
	case <-r.Context().Done():
	case <-time.After(adminPatience):
	}
}

func ping(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

// hostStates are the worker's states by the names of the admin API.
var hostStates = map[worker.State]string{
	worker.Starting: "Initialized", worker.Running: "Running", worker.Idle: "Running", worker.Waiting: "Starting",
	worker.Failing: "Error", worker.Stopped: "Stopping",
}

// hostStatus is the body that VS Code polls until the state is Running.
type hostStatus struct {
	ID             string   `json:"id"`
	State          string   `json:"state"`
	Version        string   `json:"version"`
	VersionDetails string   `json:"versionDetails"`
	InstanceID     string   `json:"instanceId"`
	ComputerName   string   `json:"computerName"`
	ProcessUptime  int64    `json:"processUptime"` // milliseconds
	EditingState   string   `json:"functionAppContentEditingState"`
	Errors         []string `json:"errors,omitempty"`
	// Worker is not in Azure's answer.
	Worker workerStatus `json:"worker"`
}

type workerStatus struct {
	Kind      string `json:"kind"`
	State     string `json:"state"`
	PID       int    `json:"pid,omitempty"`
	Starts    int    `json:"starts"`
	Failures  int    `json:"failures"`
	LastError string `json:"lastError,omitempty"`
}

func (s *Service) hostStatus(w http.ResponseWriter, _ *http.Request) {
	st := s.host.Status()
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	out := hostStatus{
		ID: st.ID, State: hostStates[st.Worker.State], Version: host.RuntimeVersion,
		VersionDetails: host.RuntimeVersion + " (Lazuli " + s.host.Version() + ", " + runtime.Version() + ")", InstanceID: st.ID, ComputerName: name,
		ProcessUptime: time.Since(s.host.Started()).Milliseconds(), EditingState: "NotAllowed",
		Worker: workerStatus{st.Kind, string(st.Worker.State), st.Worker.Info.PID, st.Worker.Starts, st.Worker.Failures, st.Worker.LastError},
	}
	if st.Worker.State == worker.Failing || st.Worker.State == worker.Waiting {
		out.Errors = append(out.Errors, st.Worker.LastError)
	}
	if st.Build.State == host.BuildFailed {
		out.Errors = append(out.Errors, st.Build.Err.Error())
		if st.Worker.State == worker.Starting { // nothing ran before
			out.State = hostStates[worker.Failing]
		}
	}
	for _, b := range st.Broken {
		out.Errors = append(out.Errors, b.Name+": "+b.Err.Error())
	}
	for _, f := range s.host.Functions() {
		if f.HTTP != nil && f.Err != nil {
			out.Errors = append(out.Errors, f.Name+": "+f.Err.Error())
		}
	}
	writeJSON(w, http.StatusOK, out)
}

// hostConfig tells the parts of host.json that clients ask for.
func (s *Service) hostConfig(w http.ResponseWriter, _ *http.Request) {
	c := s.host.Config()
	writeJSON(w, http.StatusOK, map[string]any{
		"version":         "2.0",
		"functionTimeout": c.FunctionTimeout.String(),
		"extensions":      map[string]any{"http": map[string]any{"routePrefix": c.HTTP.RoutePrefix}},
	})
}

// functionInfo is a function as the admin API describes it.
type functionInfo struct {
	Name              string         `json:"name"`
	Href              string         `json:"href"`
	ConfigHref        string         `json:"config_href,omitempty"`
	InvokeURLTemplate string         `json:"invoke_url_template,omitempty"`
	Language          string         `json:"language"`
	Config            functionConfig `json:"config"`
	TestData          string         `json:"test_data"`
	IsDisabled        bool           `json:"isDisabled"`
	IsDirect          bool           `json:"isDirect"`
	IsProxy           bool           `json:"isProxy"`
	// Trigger, Source, Listener, Error and Waits are not in Azure's answer.
	Trigger  string `json:"trigger"`
	Source   string `json:"source,omitempty"`
	Listener string `json:"listener"`
	Error    string `json:"error,omitempty"`
	Waits    string `json:"waits,omitempty"`
	// CircuitBreaker and DeadLetters are there where the function has them.
	CircuitBreaker *breakerInfo    `json:"circuitBreaker,omitempty"`
	DeadLetters    *deadLetterInfo `json:"deadLetters,omitempty"`
}

type functionConfig struct {
	Name     string            `json:"name"`
	Language string            `json:"language"`
	Bindings []json.RawMessage `json:"bindings"`
}

func (s *Service) describe(r *http.Request, f host.FunctionInfo) functionInfo {
	base := baseURL(r)
	out := functionInfo{
		Name: f.Name, Href: base + "/admin/functions/" + f.Name, Language: f.Language,
		Config:     functionConfig{f.Name, f.Language, f.Bindings},
		IsDisabled: f.Disabled, Trigger: f.Trigger, Source: f.Source.Words, Listener: string(f.Listener), Waits: f.Waits,
	}
	if f.HTTP != nil {
		prefix := strings.Trim(s.host.Config().HTTP.RoutePrefix, "/")
		if prefix != "" {
			prefix += "/"
		}
		out.InvokeURLTemplate = base + "/" + prefix + strings.TrimPrefix(f.HTTP.Route, "/")
	}
	if f.Err != nil {
		out.Error = f.Err.Error()
	}
	out.CircuitBreaker, out.DeadLetters = breakerOf(f.Breaker), deadLettersOf(f.DeadLetters)
	return out
}

// baseURL is where the client has reached the app.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (s *Service) listFunctions(w http.ResponseWriter, r *http.Request) {
	out := []functionInfo{}
	for _, f := range s.host.Functions() {
		out = append(out, s.describe(r, f))
	}
	writeJSON(w, http.StatusOK, out)
}

// function finds the function of the path, or answers 404.
func (s *Service) function(w http.ResponseWriter, r *http.Request) (host.FunctionInfo, bool) {
	name := r.PathValue("name")
	for _, f := range s.host.Functions() {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
	}
	writeError(w, fault.New(fault.NotFound, "function "+name, "no such function"))
	return host.FunctionInfo{}, false
}

func (s *Service) getFunction(w http.ResponseWriter, r *http.Request) {
	if f, ok := s.function(w, r); ok {
		writeJSON(w, http.StatusOK, s.describe(r, f))
	}
}

func (s *Service) functionStatus(w http.ResponseWriter, r *http.Request) {
	f, ok := s.function(w, r)
	if !ok {
		return
	}
	out := struct {
		IsDisabled bool     `json:"isDisabled"`
		Errors     []string `json:"errors,omitempty"`
		// The others are not in Azure's answer.
		CircuitBreaker *breakerInfo    `json:"circuitBreaker,omitempty"`
		DeadLetters    *deadLetterInfo `json:"deadLetters,omitempty"`
	}{IsDisabled: f.Disabled, CircuitBreaker: breakerOf(f.Breaker), DeadLetters: deadLettersOf(f.DeadLetters)}
	if f.Err != nil {
		out.Errors = []string{f.Err.Error()}
	}
	writeJSON(w, http.StatusOK, out)
}

// runFunction runs a function by hand: 202 at once. The input is a string;
// anything else is 400, on which VS Code sends it again as a string.
func (s *Service) runFunction(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAdminBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			writeError(w, fault.New(fault.TooLarge, "request", "the body exceeds %d bytes", tooLarge.Limit))
			return
		}
		writeError(w, fault.New(fault.Invalid, "request", "the body could not be read"))
		return
	}
	if _, ok := s.function(w, r); !ok {
		return
	}
	var in struct{ Input *string }
	if err := json.Unmarshal(body, &in); err != nil {
		writeError(w, fault.New(fault.Invalid, "request", `the body must be {"input": "TEXT"}`))
		return
	}
	input := ""
	if in.Input != nil {
		input = *in.Input
	}
	if err := s.host.RunNow(r.PathValue("name"), input); err != nil {
		writeError(w, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
