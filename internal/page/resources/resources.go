// Package resources is what the portal's interface says of things by their scope:
// what one is and holds, what the project file has let go of, and the way to
// delete, for `lazuli delete` and `lazuli status`; and the page Resources over Resource
// Manager (manager.go).
package resources

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Thing is an account, or something in one.
type Thing struct {
	Scope   string `json:"scope"` // eventHubs/contoso-evhns/telemetry_events
	Word    string `json:"word"`  // what it is: namespace, account, hub, database, container
	Holds   string `json:"holds"` // in words: "3 events"
	Command string `json:"command"`
	// Declared: the project file names it, so that it comes back, empty, at the
	// next start.
	Declared bool `json:"declared,omitempty"`
}

// Config is what the page asks. All of it is required.
type Config struct {
	// Undeclared are things that a project file of this data folder declared once
	// and the one of this run does not.
	Undeclared func() []Thing
	Find       func(scope string) (Thing, error)
	// Remove deletes it with all that is in it, durably. What it was is returned.
	Remove func(ctx context.Context, scope string) (Thing, error)
	Log    *slog.Logger
}

type page struct{ Config }

// Pages returns the addresses.
func Pages(c Config) []portal.Page {
	p := page{c}
	return []portal.Page{{Routes: []portal.Route{
		{Pattern: "GET /api/resources/undeclared", Serve: p.undeclared},
		{Pattern: "POST /api/resources:find", Serve: p.find},
		{Pattern: "POST /api/resources:delete", Serve: p.remove},
	}}}
}

// Undeclared is the answer to GET /api/resources/undeclared.
type Undeclared struct {
	Things []Thing `json:"things"`
}

func (p page) undeclared(w http.ResponseWriter, _ *http.Request) error {
	portal.WriteJSON(w, http.StatusOK, Undeclared{append([]Thing{}, p.Undeclared()...)})
	return nil
}

// Order names a thing.
type Order struct {
	Scope string `json:"scope"`
}

// maxOrder bounds an order's text, in bytes.
const maxOrder = 16 << 10

func (p page) find(w http.ResponseWriter, r *http.Request) error {
	var o Order
	if err := portal.ReadJSON(w, r, maxOrder, &o); err != nil {
		return err
	}
	t, err := p.Find(o.Scope)
	if err == nil {
		portal.WriteJSON(w, http.StatusOK, t)
	}
	return err
}

func (p page) remove(w http.ResponseWriter, r *http.Request) error {
	var o Order
	if err := portal.ReadJSON(w, r, maxOrder, &o); err != nil {
		return err
	}
	t, err := p.Remove(r.Context(), o.Scope)
	if err != nil {
		return err
	}
	p.Log.Info("deleted", "what", t.Word, "scope", t.Scope, "held", t.Holds, "remote", r.RemoteAddr)
	portal.WriteJSON(w, http.StatusOK, t)
	return nil
}
