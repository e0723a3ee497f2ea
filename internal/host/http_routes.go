package host

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/project"
)

// inFiles reads the functions that files declare: each in a function.json, or all of a
// custom handler's as routes in host.json.
func (h *Host) inFiles() ([]*binding.Function, []binding.Broken, error) {
	s := h.setup()
	found, bad, err := binding.Scan(h.o.Dir, string(s.kind))
	if err != nil || s.kind != project.Custom || len(s.config.CustomHandler.Routes) == 0 {
		return found, bad, err
	}
	path := filepath.Join(h.o.Dir, hostjson.File)
	if len(found)+len(bad) > 0 {
		return nil, nil, fault.New(fault.Invalid, path,
			"customHandler.http.routes (or configurationProfile, which sets them) are the functions of the app, and there are function.json files too; take one of the two away")
	}
	for n, r := range s.config.CustomHandler.Routes {
		f, err := ofRoute(path, fmt.Sprintf("http-handler%d", n+1), r)
		if err != nil {
			bad = append(bad, binding.Broken{Name: fmt.Sprintf("http-handler%d", n+1), Err: err})
			continue
		}
		found = append(found, f)
	}
	return found, bad, nil
}

// ofRoute is the function of a route, as Azure's host names and declares it.
func ofRoute(path, name string, r hostjson.Route) (*binding.Function, error) {
	if r.Route == "" {
		return nil, fault.New(fault.Invalid, path, "customHandler.http.routes: the route of %s is empty", name)
	}
	text, err := json.Marshal(map[string]any{"bindings": []map[string]string{
		{"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": r.AuthLevel, "route": r.Route},
		{"type": "http", "direction": "out", "name": "res"},
	}})
	if err != nil {
		return nil, err
	}
	return binding.ParseFunctionJSON(path, name, string(project.Custom), text)
}
