package functions

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// KeyPlace is the keys of a place, by name: their values are asked for one by
// one.
type KeyPlace struct {
	Place string   `json:"place"` // function:NAME, host or system
	Names []string `json:"names"`
}

// KeyList is the answer to GET …/keys.
type KeyList struct {
	Off    bool       `json:"off"`   // no key is asked for: every function is open
	Level  string     `json:"level"` // which key the function asks for: anonymous, function, admin; "": it is not called by HTTP
	URL    string     `json:"url"`   // where it answers, without a key; "" when not by HTTP
	Places []KeyPlace `json:"places"`
}

// getKeys serves GET …/keys: which keys open the function.
func (p page) getKeys(w http.ResponseWriter, r *http.Request) error {
	a, f, err := p.find(r.PathValue("app"), r.PathValue("function"))
	if err != nil {
		return err
	}
	out := KeyList{Off: a.Keys == nil, Places: []KeyPlace{}}
	if f.HTTP != nil {
		out.Level, out.URL = f.HTTP.AuthLevel, a.URL+routePath(a, f.HTTP)
	}
	if a.Keys != nil {
		for _, place := range []string{"function:" + f.Name, "host", "system"} {
			names, err := a.Keys.Names(place)
			if err != nil {
				return err
			}
			out.Places = append(out.Places, KeyPlace{place, names})
		}
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// changeKey serves POST …/keys/{order} with {"place": "host", "name":
// "default"}; the orders are reveal, which answers the value, renew, and
// remove. Each is logged, without the value.
func (p page) changeKey(w http.ResponseWriter, r *http.Request) error {
	var body struct{ Place, Name string }
	a, f, err := p.find(r.PathValue("app"), r.PathValue("function"))
	if err == nil {
		err = portal.ReadJSON(w, r, maxOrder, &body)
	}
	switch {
	case err != nil:
	case a.Keys == nil:
		err = fault.New(fault.NotFound, "keys", "keys are off: every function is open while only this machine can call")
	case body.Place != "host" && body.Place != "system" && body.Place != "function:"+f.Name:
		err = fault.New(fault.Invalid, "place", "must be host, system or function:%s", f.Name)
	}
	if err != nil {
		return err
	}
	value := ""
	switch order := r.PathValue("order"); order {
	case "reveal":
		value, err = a.Keys.Reveal(body.Place, body.Name)
	case "renew":
		err = a.Keys.Renew(r.Context(), body.Place, body.Name)
	case "remove":
		err = a.Keys.Remove(r.Context(), body.Place, body.Name)
	default:
		err = fault.New(fault.NotFound, "order "+order, "keys can be told to reveal, renew or remove")
	}
	if err != nil {
		return err
	}
	a.Log.Info("an access key was used in the portal", "order", r.PathValue("order"), "place", body.Place, "name", body.Name)
	portal.WriteJSON(w, http.StatusOK, map[string]string{"value": value})
	return nil
}
