package functions

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const maxOrder = 64 << 10

// restart serves POST /api/apps/{app}/restart: the app's process ends with what
// runs in it, and another is started.
func (p page) restart(w http.ResponseWriter, r *http.Request) error {
	var none struct{}
	a, err := p.app(r.PathValue("app"))
	if err == nil {
		err = portal.ReadJSON(w, r, maxOrder, &none)
	}
	if err != nil {
		return err
	}
	a.Host.Restart()
	portal.WriteJSON(w, http.StatusAccepted, map[string]string{"app": a.Host.Name()})
	return nil
}

// turn serves POST …/switch with {"on": true}: the function is turned on or off.
func (p page) turn(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		On *bool `json:"on"`
	}
	a, f, err := p.find(r.PathValue("app"), r.PathValue("function"))
	if err == nil {
		err = portal.ReadJSON(w, r, maxOrder, &body)
	}
	if err == nil && body.On == nil {
		err = fault.New(fault.Invalid, "on", "must be true or false")
	}
	if err == nil {
		err = a.Host.Switch(f.Name, *body.On)
	}
	if err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, map[string]bool{"on": *body.On})
	return nil
}
