// Package roles is what the portal's interface says of identities: who there
// is, which roles they hold, what was refused lately and the command that would
// have granted it. It has no page yet; `lazuli role` speaks to it.
package roles

import (
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Pages are the addresses of identities.
func Pages(who *identity.Identity) []portal.Page {
	p := page{who}
	return []portal.Page{{Routes: []portal.Route{
		{Pattern: "GET /api/identity", Serve: p.summary},
		{Pattern: "GET /api/identity/roles", Serve: p.definitions},
		{Pattern: "GET /api/identity/refusals", Serve: p.refusals},
		{Pattern: "POST /api/identity/assignments", Serve: p.assign},
		{Pattern: "POST /api/identity/assignments:remove", Serve: p.remove},
	}}}
}

type page struct{ who *identity.Identity }

// Summary is GET /api/identity.
type Summary struct {
	Mode         identity.Mode   `json:"mode"` // enforce or permissive, as it is now
	Tenant       string          `json:"tenant"`
	Subscription string          `json:"subscription"`
	Principals   []Principal     `json:"principals"`
	Assignments  []identity.Held `json:"assignments"`
}

// Principal is somebody who can hold roles.
type Principal struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	ObjectID string   `json:"objectId"`
	ClientID string   `json:"clientId"`
	Apps     []string `json:"apps,omitempty"` // that may be it
}

// summary serves GET /api/identity?principal=NAME; the parameter leaves those of
// one principal.
func (p page) summary(w http.ResponseWriter, r *http.Request) error {
	only := r.URL.Query().Get("principal")
	if only != "" && len(p.who.Held(only)) == 0 {
		if _, err := p.who.Principal(only); err != nil {
			return err
		}
	}
	out := Summary{
		Mode: p.who.Mode(), Tenant: p.who.Tenant(), Subscription: p.who.Subscription(), Principals: []Principal{}, Assignments: p.who.Held(only),
	}
	for _, one := range p.who.Principals() {
		out.Principals = append(out.Principals, Principal{one.Name, one.Kind.String(), one.ObjectID, one.AppID, one.Apps})
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

// Definition is a role of GET /api/identity/roles.
type Definition struct {
	Name        string   `json:"name"`
	ID          string   `json:"id"`
	Actions     []string `json:"actions"`
	NotActions  []string `json:"notActions"`
	DataActions []string `json:"dataActions"`
	Cosmos      bool     `json:"cosmos"` // of Cosmos DB's own data plane
	Here        bool     `json:"here"`   // of a service that Lazuli has: it can be assigned
}

func (p page) definitions(w http.ResponseWriter, _ *http.Request) error {
	out := []Definition{}
	for _, r := range identity.Roles() {
		out = append(out, Definition{r.Name, r.ID, list(r.Actions), list(r.NotActions), list(r.DataActions), r.Cosmos, r.Here()})
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}

func list(s []string) []string { return append([]string{}, s...) }

func (p page) refusals(w http.ResponseWriter, _ *http.Request) error {
	portal.WriteJSON(w, http.StatusOK, p.who.Refusals())
	return nil
}

// Order gives or takes a role: by words, or (to take one) by the assignment's id.
type Order struct {
	Principal string `json:"principal"`
	Role      string `json:"role"`
	Scope     string `json:"scope"`
	ID        string `json:"id"`
}

// maxOrder bounds an order's text, in bytes.
const maxOrder = 16 << 10

func (p page) assign(w http.ResponseWriter, r *http.Request) error {
	var o Order
	if err := portal.ReadJSON(w, r, maxOrder, &o); err != nil {
		return err
	}
	return p.answer(w)(p.who.Assign(o.Principal, o.Role, o.Scope))
}

func (p page) remove(w http.ResponseWriter, r *http.Request) error {
	var o Order
	if err := portal.ReadJSON(w, r, maxOrder, &o); err != nil {
		return err
	}
	if o.ID != "" {
		return p.answer(w)(p.who.RemoveID(o.ID))
	}
	return p.answer(w)(p.who.Remove(o.Principal, o.Role, o.Scope))
}

// answer tells of the assignment that was made or removed.
func (p page) answer(w http.ResponseWriter) func(identity.Assignment, error) error {
	return func(a identity.Assignment, err error) error {
		if err == nil {
			portal.WriteJSON(w, http.StatusOK, p.who.Describe(a))
		}
		return err
	}
}
