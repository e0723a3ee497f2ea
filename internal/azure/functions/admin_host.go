package functions

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// The part of the admin API that acts on the host as a whole, with the answers
// of the vendor's HostController.

// drain stops the triggers: 202 at once.
func (s *Service) drain(w http.ResponseWriter, _ *http.Request) {
	s.host.Drain()
	w.WriteHeader(http.StatusAccepted)
}

// drainStatus says how far draining is. Retries count as invocations here.
func (s *Service) drainStatus(w http.ResponseWriter, _ *http.Request) {
	a := s.host.Activity()
	state := "Disabled"
	switch {
	case a.Draining && a.Invocations > 0:
		state = "InProgress"
	case a.Draining:
		state = "Completed"
	}
	writeJSON(w, http.StatusOK, struct {
		State       string `json:"state"`
		Invocations int    `json:"outstandingInvocations"`
		Retries     int    `json:"outstandingRetries"`
	}{state, a.Invocations, 0})
}

// resume ends draining; 409 unless the worker runs.
func (s *Service) resume(w http.ResponseWriter, _ *http.Request) {
	if err := s.host.Resume(); err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"state": hostStates[worker.Running]})
}

func (s *Service) restart(w http.ResponseWriter, _ *http.Request) {
	s.host.Restart()
	writeJSON(w, http.StatusOK, map[string]bool{"isSelfHost": true})
}

// syncTriggers tells a scale controller about the triggers. There is none, and
// what listens is always what is declared.
func syncTriggers(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "success"})
}

type processInfo struct {
	ID            int    `json:"processId"`
	Name          string `json:"processName"`
	DebugEngine   string `json:"debugEngine"`
	OpenInBrowser bool   `json:"isEligibleForOpenInBrowser"`
}

// processes are this program and the worker.
func (s *Service) processes(w http.ResponseWriter, _ *http.Request) {
	name := "lazuli"
	if exe, err := os.Executable(); err == nil {
		name = filepath.Base(exe)
	}
	st := s.host.Status()
	all := []processInfo{{ID: os.Getpid(), Name: name}}
	if pid := st.Worker.Info.PID; pid != 0 {
		all = append(all, processInfo{ID: pid, Name: s.host.Name() + " (" + st.Kind + " worker)"})
	}
	writeJSON(w, http.StatusOK, map[string][]processInfo{"processes": all})
}

// refused are the operations that Azure's host has and this one does not, with
// what to do instead.
var refused = map[string]string{
	"/admin/host/state":           "taking an app offline; POST /admin/host/drain stops its triggers, and stopping the project takes it down",
	"/admin/host/log":             "writing into the host's log",
	"/admin/host/debug":           "launching a debugger; start the worker yourself, or attach to the process in /admin/host/processes",
	"/admin/host/extensionbundle": "extension bundles: every trigger and binding is built in",
	"/admin/functions/download":   "downloading the app; its folder is on this machine",
	"/admin/extensions":           "installing extensions: every trigger and binding is built in",
	"/admin/instance":             "assigning an instance, as a platform does with its placeholders",
	"/admin/warmup":               "warming up; GET /admin/host/status says when the app runs",
	"/admin/vfs":                  "the file API of a deployment site",
	"/admin/proxies":              "proxies, which Azure Functions 4 no longer has",
}

// notHere answers what is no operation of this admin API: 501 by name for what
// Azure has,
// 404 for the rest.
func notHere(w http.ResponseWriter, r *http.Request) {
	path := strings.ToLower(strings.TrimSuffix(r.URL.Path, "/"))
	for p := path; strings.HasPrefix(p, "/admin/"); p = p[:strings.LastIndexByte(p, '/')] {
		if what, ok := refused[p]; ok {
			writeJSON(w, http.StatusNotImplemented, map[string]string{"error": r.Method + " " + r.URL.Path + ": not supported here: " + what})
			return
		}
	}
	writeJSON(w, http.StatusNotFound, map[string]string{"error": r.Method + " " + r.URL.Path + ": the admin API has no such operation; " +
		"it has host/status, ping, config, drain, resume, restart, synctriggers, processes and keys, and functions with status and keys, each with Azure's methods"})
}

// ofScope lets only the scopes of host keys through.
func (s *Service) ofScope(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch strings.ToLower(r.PathValue("scope")) {
		case "keys", "functionkeys", "systemkeys":
			next(w, r)
		default:
			notHere(w, r)
		}
	}
}
