package functions

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const maxInput = 2 << 20

// getInvocations serves GET …/invocations: the recent ones, newest first.
func (p page) getInvocations(w http.ResponseWriter, r *http.Request) error {
	app, function := r.PathValue("app"), r.PathValue("function")
	if _, err := p.app(app, function); err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, p.Counts.Function(app, function).Invocations())
	return nil
}

// runFunction serves POST …/run with {"input": "…"}: the trigger's data as
// text. The outcome shows among the invocations.
func (p page) runFunction(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Input string `json:"input"`
	}
	function := r.PathValue("function")
	h, err := p.app(r.PathValue("app"), function)
	if err == nil {
		err = portal.ReadJSON(w, r, maxInput, &body)
	}
	if err == nil {
		err = h.RunNow(function, body.Input)
	}
	if err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusAccepted, map[string]string{"function": function})
	return nil
}

// app finds the host that has the function.
func (p page) app(name, function string) (Host, error) {
	for _, a := range p.Apps {
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
