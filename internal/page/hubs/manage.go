package hubs

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

const maxSettings = 64 << 10

// NewHub is the body of POST /api/hubs/{namespace}.
type NewHub struct {
	Name string `json:"name"`
	Settings
}

// NewGroup is the body of POST …/groups.
type NewGroup struct {
	Name string `json:"name"`
}

// Namespaces is the answer to GET /api/hubs.
type Namespaces struct {
	Names []string `json:"namespaces"`
}

// listNamespaces says where hubs can be made.
func (p *page) listNamespaces(w http.ResponseWriter, _ *http.Request) error {
	n := Namespaces{[]string{}}
	for _, account := range p.Namespaces() {
		n.Names = append(n.Names, account.Name)
	}
	portal.WriteJSON(w, http.StatusOK, n)
	return nil
}

// createHub serves POST /api/hubs/{namespace}.
func (p *page) createHub(w http.ResponseWriter, r *http.Request) error {
	account, err := p.namespace(r.PathValue("namespace"))
	var n NewHub
	if err == nil {
		err = portal.ReadJSON(w, r, maxSettings, &n)
	}
	if err == nil {
		err = n.Settings.check()
	}
	if err == nil {
		err = p.Changes.Create(r.Context(), resource.ID{Account: account, Type: resource.Hubs, Name: n.Name}, n.Settings)
	}
	return done(w, http.StatusCreated, err)
}

// updateHub serves PUT /api/hubs/{namespace}/{hub}: partitions and retention.
func (p *page) updateHub(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	var s Settings
	if err == nil {
		err = portal.ReadJSON(w, r, maxSettings, &s)
	}
	if err == nil {
		err = s.check()
	}
	if err == nil {
		err = p.Changes.Update(r.Context(), t.id(), s)
	}
	return done(w, http.StatusNoContent, err)
}

// longest bounds what can be chosen, so that no unit overflows: a century, an
// exbibyte.
const (
	longestHours = 100 * 366 * 24
	largestMiB   = 1 << 40
)

func (s *Settings) check() error {
	if !(s.RetentionHours >= 0 && s.RetentionHours <= longestHours) { // nor NaN
		return fault.New(fault.Invalid, "retentionHours", "%v hours; it can be 0, which is for ever, to %d", s.RetentionHours, longestHours)
	}
	if s.RetentionMiB < 0 || s.RetentionMiB > largestMiB {
		return fault.New(fault.Invalid, "retentionMiB", "%d; it can be 0, which is no limit, to %d", s.RetentionMiB, int64(largestMiB))
	}
	return nil
}

// deleteHub serves DELETE /api/hubs/{namespace}/{hub}, with all its events.
func (p *page) deleteHub(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err == nil {
		err = p.Changes.Remove(r.Context(), t.id())
	}
	return done(w, http.StatusNoContent, err)
}

// addGroup serves POST …/groups.
func (p *page) addGroup(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	var g NewGroup
	if err == nil {
		err = portal.ReadJSON(w, r, maxSettings, &g)
	}
	if err == nil && t.hub.HasGroup(g.Name) {
		err = fault.New(fault.Conflict, "consumer group "+g.Name, "hub %s has it already", t.hub.Name())
	}
	if err == nil {
		err = p.Changes.Ensure(r.Context(), t.group(g.Name))
	}
	return done(w, http.StatusCreated, err)
}

// removeGroup serves DELETE …/groups/{group}.
func (p *page) removeGroup(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err == nil {
		err = p.Changes.Remove(r.Context(), t.group(r.PathValue("group")))
	}
	return done(w, http.StatusNoContent, err)
}

// done answers a change that has no more to say than that it is done.
func done(w http.ResponseWriter, status int, err error) error {
	if err == nil {
		w.WriteHeader(status)
	}
	return err
}
