package gateways

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// KeyOrder names a key of a subscription, and how it is wanted.
type KeyOrder struct {
	Key string `json:"key"` // primary or secondary
	How string `json:"how"` // shown or copied
}

// Key is a key.
type Key struct {
	Secret string `json:"secret"`
}

func (p page) order(w http.ResponseWriter, r *http.Request) (g Gateway, name string, o KeyOrder, err error) {
	if g, err = p.gateway(r.PathValue("gateway")); err == nil {
		err = portal.ReadJSON(w, r, 8<<10, &o)
	}
	if err == nil && o.Key != "primary" && o.Key != "secondary" {
		err = fault.New(fault.Invalid, "key", "%q is neither primary nor secondary", o.Key)
	}
	if err == nil {
		name, _, err = g.Subscriptions().Find(r.PathValue("subscription"))
	}
	return g, name, o, err
}

// answerKey answers with a key.
func answerKey(w http.ResponseWriter, g Gateway, name string, o KeyOrder) error {
	s, err := g.Subscriptions().Get(name)
	if err != nil {
		return err
	}
	key := s.PrimaryKey
	if o.Key == "secondary" {
		key = s.SecondaryKey
	}
	portal.WriteJSON(w, http.StatusOK, Key{key})
	return nil
}

// reveal serves POST …/subscriptions/{subscription}/reveal: the key, and a line in the log.
func (p page) reveal(w http.ResponseWriter, r *http.Request) error {
	g, name, o, err := p.order(w, r)
	if err != nil {
		return err
	}
	how := "shown"
	if o.How == "copied" {
		how = "copied"
	}
	p.Log.Info("a key was given to the portal", "how", how, "gateway", g.Name, "subscription", name, "key", o.Key, "remote", r.RemoteAddr)
	return answerKey(w, g, name, o)
}

// regenerate serves POST …/subscriptions/{subscription}/regenerate: another key, which
// the answer has.
func (p page) regenerate(w http.ResponseWriter, r *http.Request) error {
	g, name, o, err := p.order(w, r)
	if err != nil {
		return err
	}
	if at := p.Given(g.Name, name, o.Key == "secondary"); at != "" {
		return fault.New(fault.Conflict, o.Key+" key", "the project file sets it at %s: change it there", at)
	}
	if err := g.RegenerateKey(name, o.Key == "secondary"); err != nil {
		return err
	}
	p.Log.Info("a key was made anew", "gateway", g.Name, "subscription", name, "key", o.Key, "remote", r.RemoteAddr)
	return answerKey(w, g, name, o)
}
