package portal

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const maxInput = 2 << 20

// getInvocations serves GET …/invocations: the recent ones, newest first.
func (s *Server) getInvocations(w http.ResponseWriter, r *http.Request) {
	app, function := r.PathValue("app"), r.PathValue("function")
	if _, err := s.app(app, function); err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, s.meter.function(app, function).invocations())
}

// runFunction serves POST …/run with {"input": "…"}: the trigger's data as
// text. The outcome shows among the invocations.
func (s *Server) runFunction(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Input string `json:"input"`
	}
	function := r.PathValue("function")
	h, err := s.app(r.PathValue("app"), function)
	if err == nil {
		err = readJSON(w, r, maxInput, &body)
	}
	if err == nil {
		err = h.RunNow(function, body.Input)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusAccepted, map[string]string{"function": function})
}

// app finds the host that has the function.
func (s *Server) app(name, function string) (FunctionHost, error) {
	for _, a := range s.cfg.Apps {
		if a.Host.Name() != name {
			continue
		}
		for _, f := range a.Host.Functions() {
			if f.Name == function {
				return a.Host, nil
			}
		}
		return nil, fault.New(fault.NotFound, "function "+function, "app %s has no such function", name)
	}
	return nil, fault.New(fault.NotFound, "function app "+name, "no such app")
}
