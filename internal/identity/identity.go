package identity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Mode says what happens to who may not.
type Mode string

// The modes.
const (
	// ByAssignments enforces from the first assignment on, also when the last one
	// went: the zero value.
	ByAssignments Mode = ""
	// Enforce refuses.
	Enforce Mode = "enforce"
	// Permissive lets pass what would be refused, and reports it.
	Permissive Mode = "permissive"
)

// Declared is what the project file says, and the project has.
type Declared struct {
	Mode         Mode
	Apps         []string     // function apps, each with an identity of its own
	UserAssigned []Assignable //
	Applications []Named      //
	Assignments  []Grant      //
}

// Named is something with a client id that may be chosen.
type Named struct {
	Name     string
	ClientID string // GUID; "" makes one
}

// Assignable is a user-assigned identity, and the function apps that may be it.
type Assignable struct {
	Named
	Apps []string
}

// Grant is an assignment in words.
type Grant struct {
	Principal string // a name, object id or client id
	Role      string // a name or id
	Scope     string // see ParseScope
	Path      string // where it stands in the project file, for errors
}

// Options configure Open.
type Options struct {
	Store    Store
	Declared Declared
	// Refused is told of refusals, also of those that permissive mode let pass:
	// at most once a minute of each principal, action and scope. It must not
	// block. May be nil.
	Refused func(Refusal)
	// Exists says whether there is an account, by its type and name, and in it what
	// is below, for a scope that somebody assigns at: nil, or an error that names
	// those there are. May be nil.
	Exists func(typ, name string, below []Step) error
	// GroupOf is the resource group that an account of a type is in; "" is Group. May
	// be nil.
	GroupOf func(typ, name string) string
	// GroupExists reports whether there is another resource group than Group. May be
	// nil: there is none.
	GroupExists func(name string) bool
}

// Identity is safe for concurrent use.
type Identity struct {
	store   Store
	mode    Mode
	root    string // /subscriptions/ID
	refused refusals
	exists  func(typ, name string, below []Step) error // may be nil
	group   func(typ, name string) string              // may be nil
	groups  func(name string) bool                     // may be nil

	live map[string]Principal // whom the project file has, by object id; never changed

	change sync.Mutex // held while the book is changed and written
	state  atomic.Pointer[state]
}

// Open reads what the store keeps and brings it up to date with what the
// project declares, in one durable step.
func Open(o Options) (*Identity, error) {
	switch o.Declared.Mode {
	case ByAssignments, Enforce, Permissive:
	default:
		return nil, fault.New(fault.Invalid, "identity.mode", "%q is not one of enforce, permissive", o.Declared.Mode)
	}
	b, text, err := loadBook(o.Store)
	if err != nil {
		return nil, err
	}
	i := &Identity{store: o.Store, mode: o.Declared.Mode, root: "/subscriptions/" + b.Subscription, refused: refusals{tell: o.Refused}, exists: o.Exists, group: o.GroupOf, groups: o.GroupExists}
	live := b.people(o.Declared)
	i.live = live
	i.state.Store(newState(b, live)) // who is meant by a name, for what comes now
	wanted := make([]Assignment, len(o.Declared.Assignments))
	for n, g := range o.Declared.Assignments {
		if wanted[n], err = i.assignable(g, false); err != nil {
			return nil, fmt.Errorf("%s: %w", g.Path, err)
		}
	}
	b.declare(wanted)
	i.state.Store(newState(b, live))
	if err := clash(i.state.Load().principals); err != nil {
		return nil, err
	}
	return i, i.save(b, text)
}

// people makes the persons that the project has, and says who may be whom.
func (b *book) people(d Declared) map[string]Principal {
	live := map[string]Principal{}
	add := func(kind Kind, n Named, apps []string) {
		p := b.ensure(kind, n.Name, n.ClientID)
		live[p.ObjectID] = Principal{Apps: apps}
	}
	add(Developer, Named{}, nil)
	for _, app := range d.Apps {
		add(FunctionApp, Named{Name: app}, nil)
	}
	for _, u := range d.UserAssigned {
		add(UserAssigned, u.Named, u.Apps)
	}
	for _, a := range d.Applications {
		add(Application, a, nil)
	}
	return live
}

// clash refuses two principals with one client id.
func clash(all []Principal) error {
	names := map[string]string{}
	for _, p := range all {
		if !p.Declared {
			continue
		}
		id := strings.ToLower(p.AppID)
		if other, twice := names[id]; twice {
			return fault.New(fault.Invalid, "identity", "%s and %s have the same client id %s", other, p.Name, p.AppID)
		}
		names[id] = p.Name
	}
	return nil
}

// Tenant is the GUID of the project's tenant.
func (i *Identity) Tenant() string { return i.state.Load().book.Tenant }

// Subscription is the GUID of the project's subscription.
func (i *Identity) Subscription() string { return i.state.Load().book.Subscription }

// Mode is Enforce or Permissive, as it is now.
func (i *Identity) Mode() Mode {
	if i.state.Load().enforces(i.mode) {
		return Enforce
	}
	return Permissive
}

// Principals lists everybody that the project has, the developer first.
func (i *Identity) Principals() []Principal {
	all := slices.Clone(i.state.Load().principals)
	return slices.DeleteFunc(all, func(p Principal) bool { return !p.Declared })
}

// Principal finds who is meant by a name, an object id or a client id.
func (i *Identity) Principal(text string) (Principal, error) {
	for _, p := range i.state.Load().principals {
		if p.Declared && p.is(text) {
			return p, nil
		}
	}
	var names []string
	for _, p := range i.Principals() {
		names = append(names, p.Name)
	}
	return Principal{}, fault.New(fault.NotFound, "principal "+quote(text), "there is no such principal; there are: %s. "+
		"lazuli.yaml makes them: app:NAME is a function app of functions.apps, identity:NAME and application:NAME are of identity.userAssigned and identity.applications", strings.Join(names, ", "))
}

// Caller returns the principal with the object id; false when the project has
// none, or has it no more. It costs a look into a map.
func (i *Identity) Caller(objectID string) (Caller, bool) {
	h := i.state.Load().holders[objectID]
	if h == nil || !h.Declared {
		return Caller{}, false
	}
	return h.Caller, true
}

// Changed returns a channel that is closed at the next change of principals or
// assignments. Ask for it before asking Check, so that no change is missed.
func (i *Identity) Changed() <-chan struct{} { return i.state.Load().replaced }

// Assign gives a role durably. Giving it again changes nothing and returns what
// there is.
func (i *Identity) Assign(principal, role, scope string) (Assignment, error) {
	i.change.Lock()
	defer i.change.Unlock()
	a, err := i.assignable(Grant{Principal: principal, Role: role, Scope: scope}, true)
	if err != nil {
		return Assignment{}, err
	}
	old := i.state.Load()
	if n := slices.IndexFunc(old.book.Assignments, a.same); n >= 0 {
		return old.book.Assignments[n], nil
	}
	next := old.book.copy()
	a.ID, a.Since = uuid.New(), time.Now().UTC()
	next.Assignments, next.Enforced = append(next.Assignments, a), true
	return a, i.replace(next)
}

// AssignAs is Assign with an id that somebody chose. Another assignment of the same
// three, or another three under that id, is fault.Conflict.
func (i *Identity) AssignAs(id, principal, role, scope string) (Assignment, error) {
	i.change.Lock()
	defer i.change.Unlock()
	a, err := i.assignable(Grant{Principal: principal, Role: role, Scope: scope}, true)
	if err != nil {
		return Assignment{}, err
	}
	old := i.state.Load()
	for _, have := range old.book.Assignments {
		switch named := strings.EqualFold(have.ID, id); {
		case named && have.same(a):
			return have, nil
		case named || have.same(a):
			return have, fault.New(fault.Conflict, "role assignment", "it exists, with the id %s", have.ID)
		}
	}
	next := old.book.copy()
	a.ID, a.Since = id, time.Now().UTC()
	next.Assignments, next.Enforced = append(next.Assignments, a), true
	return a, i.replace(next)
}

// Assignments are all that are kept.
func (i *Identity) Assignments() []Assignment { return slices.Clone(i.state.Load().book.Assignments) }

// Remove takes a role away that was given by Assign: fault.NotFound when nobody
// gave it, fault.Conflict when the project file gives it.
func (i *Identity) Remove(principal, role, scope string) (Assignment, error) {
	i.change.Lock()
	defer i.change.Unlock()
	a, err := i.resolve(Grant{Principal: principal, Role: role, Scope: scope})
	if err != nil {
		return Assignment{}, err
	}
	return i.remove(a.same, fmt.Sprintf("%s is not %s at %s", principal, role, scope))
}

// RemoveID is Remove for the assignment with the id.
func (i *Identity) RemoveID(id string) (Assignment, error) {
	i.change.Lock()
	defer i.change.Unlock()
	return i.remove(func(a Assignment) bool { return strings.EqualFold(a.ID, id) }, "there is no assignment with the id "+id)
}

func (i *Identity) remove(is func(Assignment) bool, none string) (Assignment, error) {
	next := i.state.Load().book.copy()
	n := slices.IndexFunc(next.Assignments, is)
	if n < 0 {
		return Assignment{}, fault.New(fault.NotFound, "role assignment", "%s; `lazuli role list` shows what there is", none)
	}
	a := next.Assignments[n]
	if a.Declared {
		return a, fault.New(fault.Conflict, "role assignment", "the project file declares it; take it out of identity.assignments there and start again")
	}
	next.Assignments = slices.Delete(next.Assignments, n, n+1)
	return a, i.replace(next)
}

// RemoveWithin takes all roles away that are held at a scope or below it, which
// is what deleting a resource does: another one under its name begins with none.
func (i *Identity) RemoveWithin(scope string) error {
	i.change.Lock()
	defer i.change.Unlock()
	next := i.state.Load().book.copy()
	before := len(next.Assignments)
	next.Assignments = slices.DeleteFunc(next.Assignments, func(a Assignment) bool { return within(a.Scope, scope) })
	if len(next.Assignments) == before {
		return nil
	}
	return i.replace(next)
}

// assignable is resolve for an assignment that is to be made: it must be able to
// matter. What its scope is in must exist, with the thing itself where somebody
// assigns now, and the role must allow something there.
func (i *Identity) assignable(g Grant, now bool) (Assignment, error) {
	a, err := i.resolve(g)
	if err != nil {
		return a, err
	}
	role, err := FindRole(a.Role)
	if err != nil {
		return a, err
	}
	if !role.Here() {
		return a, fault.New(fault.Invalid, "role "+quote(role.Name), "it allows nothing here: Lazuli does not have the service that it is of (`lazuli role definitions` lists the roles that matter)")
	}
	typ, name, below, in := i.Steps(a.Scope)
	switch {
	case !in:
		return a, nil
	case !role.matters(typ):
		return a, badScope(g.Scope, "%s allows nothing there; it is assigned at %s, and there %s would", quote(role.Name), strings.Join(role.scopes(), " or "), rolesAt(typ))
	case i.exists == nil:
		return a, nil
	case !now:
		below = nil
	}
	return a, i.exists(typ, name, below)
}

// rolesAt names the roles that open the data of accounts of a type.
func rolesAt(typ string) string {
	provider, _, _ := strings.Cut(typ, "/")
	var names []string
	for _, r := range Roles() {
		if len(r.DataActions) > 0 && strings.HasPrefix(r.DataActions[0], provider+"/") {
			names = append(names, quote(r.Name))
		}
	}
	if len(names) == 0 {
		return "Reader or Contributor"
	}
	return strings.Join(names, ", ")
}

// resolve turns words into an assignment without an id.
func (i *Identity) resolve(g Grant) (Assignment, error) {
	p, err := i.Principal(g.Principal)
	if err != nil {
		return Assignment{}, err
	}
	role, err := FindRole(g.Role)
	if err != nil {
		return Assignment{}, err
	}
	scope, err := i.ParseScope(g.Scope)
	if err != nil {
		return Assignment{}, err
	}
	if role.Cosmos && !i.ofCosmos(scope) {
		return Assignment{}, badScope(g.Scope, "%s is a role of Cosmos DB's own data plane: it is assigned at cosmos/NAME[/DATABASE[/CONTAINER]]", quote(role.Name))
	}
	return Assignment{Principal: p.ObjectID, Role: role.ID, Scope: scope}, nil
}

// replace saves another book and lets it be seen. The caller holds change.
func (i *Identity) replace(next book) error {
	old := i.state.Load()
	if err := i.save(next, nil); err != nil {
		return err
	}
	i.state.Store(newState(next, i.live))
	close(old.replaced)
	return nil
}

func (i *Identity) save(b book, have []byte) error {
	text, err := json.Marshal(b)
	if err != nil || bytes.Equal(text, have) {
		return err
	}
	if err := i.store.Save(text); err != nil {
		return fmt.Errorf("write identities: %w", err)
	}
	return nil
}
