package identity

import "strings"

// state is what Check reads: a book, and what follows from it. It is never
// changed, so asking takes no lock.
type state struct {
	book       book
	root       string // /subscriptions/ID
	principals []Principal
	holders    map[string]*holder // by object id
	replaced   chan struct{}      // closed when another state takes over
}

// holder is a principal and what it holds.
type holder struct {
	Principal
	holds []held
}

// held is a role at a scope.
type held struct {
	role  *Role
	scope string
	below string // the scope without the subscription that all begin with
	of    Assignment
}

// newState puts together what a book means. live are the persons that the
// project has, by object id, with the apps that may be each.
func newState(b book, live map[string]Principal) *state {
	s := &state{book: b, root: "/subscriptions/" + b.Subscription, holders: map[string]*holder{}, replaced: make(chan struct{})}
	for _, p := range b.Principals {
		kind, known := p.kind()
		if !known {
			continue
		}
		l, declared := live[p.ObjectID]
		h := &holder{Principal: Principal{Caller{p.ObjectID, p.AppID, p.Name, kind}, bothApps(l.Apps, p.Apps), declared || p.Made}}
		if kind == Developer {
			h.holds = []held{{role: projectOwner(), scope: s.root}}
		}
		s.holders[p.ObjectID] = h
		s.principals = append(s.principals, h.Principal)
	}
	roles := Roles()
	for _, a := range b.Assignments {
		h := s.holders[a.Principal]
		for n := range roles {
			if h != nil && roles[n].ID == a.Role && within(a.Scope, s.root) {
				h.holds = append(h.holds, held{&roles[n], a.Scope, a.Scope[len(s.root):], a})
			}
		}
	}
	return s
}

func (s *state) enforces(m Mode) bool {
	return m == Enforce || m == ByAssignments && s.book.Enforced
}

// allowed reports whether the principal has the right by its roles; with inside
// also when it has it for something in the scope.
func (s *state) allowed(objectID, action, scope string, inside bool) bool {
	h := s.holders[objectID]
	if h == nil || !h.Declared || !within(scope, s.root) {
		return false
	}
	scope = scope[len(s.root):]
	for n := range h.holds {
		held := &h.holds[n]
		if within(scope, held.below) || inside && within(held.below, scope) {
			if held.role.allows(action, isData(action)) {
				return true
			}
		}
	}
	return false
}

// Held is an assignment as people read it.
type Held struct {
	ID        string `json:"id,omitempty"` // "" for what the developer is by default
	Principal string `json:"principal"`    // its name
	ObjectID  string `json:"objectId"`
	Kind      string `json:"kind"`
	Role      string `json:"role"` // its name
	RoleID    string `json:"roleId,omitempty"`
	Scope     string `json:"scope"` // in full
	Short     string `json:"short"` // as a command takes it
	// From says where it comes from: project (the project file), command, default,
	// or absent (its principal is not in the project now).
	From string `json:"from"`
}

// Where an assignment comes from, for Held.From.
const (
	FromProject = "project"
	FromCommand = "command"
	FromDefault = "default"
	FromAbsent  = "absent"
)

// Held lists all assignments, those of the developer first. principal is a
// name, object id or client id, or "" for all.
func (i *Identity) Held(principal string) []Held {
	s := i.state.Load()
	all := []Held{}
	for _, p := range s.principals {
		if principal != "" && !p.is(principal) {
			continue
		}
		for _, h := range s.holders[p.ObjectID].holds {
			all = append(all, i.describe(p, h))
		}
	}
	return all
}

// Describe tells of one assignment.
func (i *Identity) Describe(a Assignment) Held {
	s := i.state.Load()
	h := s.holders[a.Principal]
	role, err := FindRole(a.Role)
	if h == nil || err != nil {
		return Held{ID: a.ID, ObjectID: a.Principal, RoleID: a.Role, Scope: a.Scope, Short: i.Short(a.Scope), From: FromAbsent}
	}
	return i.describe(h.Principal, held{role: &role, scope: a.Scope, of: a})
}

func (i *Identity) describe(p Principal, h held) Held {
	out := Held{
		ID: h.of.ID, Principal: p.Name, ObjectID: p.ObjectID, Kind: p.Kind.String(), Role: h.role.Name, RoleID: h.role.ID,
		Scope: h.scope, Short: i.Short(h.scope), From: FromCommand,
	}
	switch {
	case h.of.ID == "":
		out.From = FromDefault
	case !p.Declared:
		out.From = FromAbsent
	case h.of.Declared:
		out.From = FromProject
	}
	return out
}

// Command is the one that gives the smallest role which allows an action there.
// "" when no role does.
func (i *Identity) Command(principal, action, scope string) string {
	role, ok := smallest(action)
	if !ok {
		return ""
	}
	return strings.Join([]string{"lazuli role assign", quote(principal), quote(role.Name), quote(i.Short(scope))}, " ")
}
