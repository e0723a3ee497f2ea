package functions

import (
	"encoding/json"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The keys part of the admin API: host keys (keys and functionkeys), system
// keys, and each function's own.

// scope returns the scope that the path names, or answers 404. Without keys
// there is nothing to manage, which is said rather than pretended.
func (s *Service) scope(w http.ResponseWriter, r *http.Request) (string, bool) {
	if s.c.Keys == nil {
		writeError(w, fault.New(fault.NotFound, "keys", "keys are off: every function is open on this host"))
		return "", false
	}
	if name := r.PathValue("name"); name != "" {
		f, ok := s.function(w, r)
		return functionScope(f.Name), ok
	}
	switch r.PathValue("scope") {
	case "", "keys", "functionkeys":
		return hostScope, true
	case "systemkeys":
		return systemScope, true
	}
	w.WriteHeader(http.StatusNotFound)
	return "", false
}

func (s *Service) listKeys(w http.ResponseWriter, r *http.Request) {
	scope, ok := s.scope(w, r)
	if !ok {
		return
	}
	keys := s.c.Keys.list(scope)
	if r.URL.Path == "/admin/host/keys" {
		keys = append([]key{{"_master", s.c.Keys.Master()}}, keys...)
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": keys})
}

func (s *Service) getKey(w http.ResponseWriter, r *http.Request) {
	scope, ok := s.scope(w, r)
	if !ok {
		return
	}
	name := r.PathValue("key")
	if scope == hostScope && name == "_master" {
		writeJSON(w, http.StatusOK, key{name, s.c.Keys.Master()})
		return
	}
	for _, k := range s.c.Keys.list(scope) {
		if k.Name == name {
			writeJSON(w, http.StatusOK, k)
			return
		}
	}
	writeError(w, fault.New(fault.NotFound, "key "+name, "no such key"))
}

// generateKey stores a random value.
func (s *Service) generateKey(w http.ResponseWriter, r *http.Request) { s.store(w, r, "") }

// putKey stores the value in the body.
func (s *Service) putKey(w http.ResponseWriter, r *http.Request) {
	var in key
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBody)).Decode(&in); err != nil || in.Value == "" {
		writeError(w, fault.New(fault.Invalid, "request", `the body must be {"name": "<name>", "value": "<key>"}`))
		return
	}
	s.store(w, r, in.Value)
}

func (s *Service) store(w http.ResponseWriter, r *http.Request, value string) {
	scope, ok := s.scope(w, r)
	if !ok {
		return
	}
	k, created, err := s.c.Keys.set(r.Context(), scope, r.PathValue("key"), value)
	if err != nil {
		s.failedKeys(w, err)
		return
	}
	code := http.StatusOK
	if created {
		code = http.StatusCreated
	}
	writeJSON(w, code, k)
}

func (s *Service) deleteKey(w http.ResponseWriter, r *http.Request) {
	scope, ok := s.scope(w, r)
	if !ok {
		return
	}
	found, err := s.c.Keys.delete(r.Context(), scope, r.PathValue("key"))
	if err != nil {
		s.failedKeys(w, err)
		return
	}
	if !found {
		writeError(w, fault.New(fault.NotFound, "key "+r.PathValue("key"), "no such key"))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// failedKeys says that the keys could not be written, without the path.
func (s *Service) failedKeys(w http.ResponseWriter, err error) {
	s.log.Error("the access keys could not be written", "error", err)
	writeError(w, fault.New(fault.Internal, "keys", "they could not be written; the old ones are in force"))
}
