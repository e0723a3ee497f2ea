// Package keys lists the keys of namespaces and accounts, and makes new ones,
// for `lazuli keys` and whoever else may see them. Each look is logged.
package keys

import (
	"log/slog"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Key is a key of an account. A namespace has two for each shared access policy.
type Key struct {
	Type    string `json:"type"`    // of the account: Microsoft.EventHub/namespaces
	Service string `json:"service"` // in words: Event Hubs
	Account string `json:"account"` // its name
	Policy  string `json:"policy,omitempty"`
	Hub     string `json:"hub,omitempty"`    // the only hub that the policy is good for
	Rights  string `json:"rights"`           // what the key allows, in words: "Listen, Send", "read"
	Name    string `json:"name"`             // primary, secondary, primaryReadonly or secondaryReadonly
	Value   string `json:"value"`            //
	Given   string `json:"given,omitempty"`  // the key of the project file that sets it
	Closed  bool   `json:"closed,omitempty"` // it opens nothing: local authentication is off
}

// Which names a key that is to be another one.
type Which struct {
	Type    string `json:"type"`
	Account string `json:"account"`
	Policy  string `json:"policy,omitempty"`
	Hub     string `json:"hub,omitempty"`
	Name    string `json:"name"`
}

// Config is what the page asks. All of it is required.
type Config struct {
	List func() ([]Key, error)
	// Regenerate makes a new key, durably, and returns it.
	Regenerate func(Which) (Key, error)
	Log        *slog.Logger
}

// maxBody is the largest order, in bytes.
const maxBody = 8 << 10

type page struct{ Config }

// Pages returns the addresses. There is no list to watch: keys are shown once.
func Pages(c Config) []portal.Page {
	p := page{c}
	return []portal.Page{{Routes: []portal.Route{
		{Pattern: "POST /api/keys", Serve: p.list},
		{Pattern: "POST /api/keys/regenerate", Serve: p.regenerate},
	}}}
}

// Keys is the answer to POST /api/keys.
type Keys struct {
	Keys []Key `json:"keys"`
}

// list serves POST /api/keys with {}: all keys. It is a POST as Azure's listKeys
// is, so that no page of another origin and no cache gets it.
func (p page) list(w http.ResponseWriter, r *http.Request) error {
	if err := portal.ReadJSON(w, r, maxBody, &struct{}{}); err != nil {
		return err
	}
	all, err := p.List()
	if err != nil {
		return err
	}
	p.Log.Info("the keys of all accounts were listed", "remote", r.RemoteAddr)
	portal.WriteJSON(w, http.StatusOK, Keys{all})
	return nil
}

// regenerate serves POST /api/keys/regenerate with a Which.
func (p page) regenerate(w http.ResponseWriter, r *http.Request) error {
	var which Which
	if err := portal.ReadJSON(w, r, maxBody, &which); err != nil {
		return err
	}
	made, err := p.Regenerate(which)
	if err != nil {
		return err
	}
	p.Log.Info("a key was made anew", "account", made.Account, "policy", made.Policy, "key", made.Name, "remote", r.RemoteAddr)
	portal.WriteJSON(w, http.StatusOK, made)
	return nil
}
