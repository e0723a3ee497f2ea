package functions

import (
	"encoding/json"
	"net/http"
	"path"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// The keys part of the admin API, as the vendor's KeysController answers: host keys
// (keys and functionkeys), system keys, and each function's own.

// scope returns the scope that the path names, or answers 404. Without keys
// there is nothing to manage, which is said rather than pretended.
func (s *Service) scope(w http.ResponseWriter, r *http.Request) (string, bool) {
	if s.c.Keys == nil {
		writeError(w, fault.New(fault.NotFound, "keys", "keys are off: every function is open on this host; lazuli up --enable-auth, or enableAuth: true of the app in lazuli.yaml, asks for them"))
		return "", false
	}
	if name := r.PathValue("name"); name != "" {
		f, ok := s.function(w, r)
		return functionScope(f.Name), ok
	}
	scope := strings.ToLower(r.PathValue("scope"))
	if scope == "" {
		scope = strings.ToLower(path.Base(r.URL.Path))
	}
	switch scope {
	case "keys", "functionkeys":
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
	if err := s.c.Keys.ensure(r.Context(), scope); err != nil {
		s.failedKeys(w, err)
		return
	}
	writeModel(w, r, http.StatusOK, map[string]any{"keys": s.c.Keys.list(scope)})
}

// writeModel answers with an object that links to itself, as the vendor's
// ApiModelUtility makes them.
func writeModel(w http.ResponseWriter, r *http.Request, code int, model map[string]any) {
	model["links"] = []map[string]string{{"rel": "self", "href": selfURL(r)}}
	writeJSON(w, code, model)
}

// selfURL is the request's address without its query, which may hold a key.
func selfURL(r *http.Request) string { return baseURL(r) + r.URL.EscapedPath() }

// getKey answers one key. The master key is found among the system keys, and listed
// nowhere.
func (s *Service) getKey(w http.ResponseWriter, r *http.Request) {
	scope, ok := s.scope(w, r)
	if !ok {
		return
	}
	if err := s.c.Keys.ensure(r.Context(), scope); err != nil {
		s.failedKeys(w, err)
		return
	}
	k, found := s.c.Keys.find(scope, r.PathValue("key"))
	if scope == systemScope && isMaster(r.PathValue("key")) {
		k, found = key{MasterKey, s.c.Keys.Master()}, true
	}
	if !found {
		writeError(w, fault.New(fault.NotFound, "key "+r.PathValue("key"), "no such key"))
		return
	}
	writeModel(w, r, http.StatusOK, map[string]any{"name": k.Name, "value": k.Value})
}

// generateKey stores a random value.
func (s *Service) generateKey(w http.ResponseWriter, r *http.Request) { s.store(w, r, "") }

// putKey stores the value in the body.
func (s *Service) putKey(w http.ResponseWriter, r *http.Request) {
	var in key
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBody)).Decode(&in); err != nil || in.Value == "" {
		writeError(w, fault.New(fault.Invalid, "request", `Invalid key value: the body must be {"name": "<name>", "value": "<key>"}`))
		return
	}
	s.store(w, r, in.Value)
}

func (s *Service) store(w http.ResponseWriter, r *http.Request, value string) {
	scope, ok := s.scope(w, r)
	if !ok {
		return
	}
	name := r.PathValue("key")
	if err := checkKey(name, value); err != nil {
		writeError(w, err)
		return
	}
	k, created, err := s.c.Keys.set(r.Context(), scope, name, value)
	if err != nil {
		s.failedKeys(w, err)
		return
	}
	code := http.StatusOK
	if created {
		code = http.StatusCreated
		w.Header().Set("Location", selfURL(r))
	}
	writeModel(w, r, code, map[string]any{"name": k.Name, "value": k.Value})
}

// deleteKey takes a key away. Names that begin with _ are the host's own.
func (s *Service) deleteKey(w http.ResponseWriter, r *http.Request) {
	scope, ok := s.scope(w, r)
	if !ok {
		return
	}
	if strings.HasPrefix(r.PathValue("key"), "_") {
		writeError(w, fault.New(fault.Invalid, "key "+r.PathValue("key"), "Invalid key name: the host's own keys cannot be deleted; make it anew"))
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
