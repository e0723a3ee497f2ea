package arm

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Options configure Open.
type Options struct {
	DB           *kv.DB
	Space        kv.Space
	Subscription string // GUID
	Tenant       string // GUID
	Name         string // of the subscription, for people
	Providers    []Provider
	// Group is the resource group that is always there, with what lazuli.yaml has.
	Group    string
	Location string // of that group and what is in it
	// Leaving is told of a scope whose resources are gone: roles that are held there go.
	Leaving func(scope string) error
	Log     *slog.Logger
}

// Manager is safe for concurrent use.
type Manager struct {
	o      Options
	store  store
	types  map[string]*Type // by lower-case name
	routes []Route
	locks  lockTable
	past   activity
}

// Open puts the types together. Recover must be called before the first request.
func Open(o Options) (*Manager, error) {
	m := &Manager{o: o, store: store{o.DB, o.Space}, types: map[string]*Type{}, locks: newLockTable()}
	m.past.store = m.store
	for _, p := range append([]Provider{m.own()}, o.Providers...) {
		for n := range p.Types {
			t := &p.Types[n]
			key := strings.ToLower(t.Name)
			if m.types[key] != nil {
				return nil, fault.New(fault.Internal, t.Name, "two providers give this type")
			}
			m.types[key] = t
		}
		m.routes = append(m.routes, p.Routes...)
	}
	for _, t := range m.types {
		if outer, _, inner := cutLast(t.Name); inner && strings.Contains(outer, "/") && m.types[strings.ToLower(outer)] == nil {
			return nil, fault.New(fault.Internal, t.Name, "the type %s, which it is in, is not given", outer)
		}
	}
	return m, m.past.open()
}

func cutLast(name string) (before, after string, found bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}

// Subscription is the GUID of the one subscription.
func (m *Manager) Subscription() string { return m.o.Subscription }

// Tenant is the GUID of the one tenant.
func (m *Manager) Tenant() string { return m.o.Tenant }

// SubscriptionName is what people call the subscription.
func (m *Manager) SubscriptionName() string { return m.o.Name }

// Types are the types that are served, in order.
func (m *Manager) Types() (all []*Type) {
	for _, t := range m.types {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *Type) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// typeOf is the type of an id, or why there is none.
func (m *Manager) typeOf(id ID) (*Type, error) {
	if t := m.types[strings.ToLower(id.Type())]; t != nil {
		return t, nil
	}
	for _, t := range m.types {
		if provider, _, _ := strings.Cut(t.Name, "/"); strings.EqualFold(provider, id.Provider) {
			return nil, Fail(http.StatusNotImplemented, "InvalidResourceType",
				"The resource type '%s' is not served by Lazuli. Of %s there are: %s.", id.Type(), provider, strings.Join(m.typesOf(id.Provider), ", "))
		}
	}
	return nil, Fail(http.StatusNotImplemented, "InvalidResourceNamespace",
		"The resource namespace '%s' is not served by Lazuli (yet). There are: %s.", id.Provider, strings.Join(m.Namespaces(), ", "))
}

func (m *Manager) typesOf(provider string) (names []string) {
	for _, t := range m.Types() {
		if p, rest, _ := strings.Cut(t.Name, "/"); strings.EqualFold(p, provider) {
			names = append(names, rest)
		}
	}
	return names
}

// Namespaces are the providers of the types.
func (m *Manager) Namespaces() (names []string) {
	for _, t := range m.Types() {
		p, _, _ := strings.Cut(t.Name, "/")
		if !slices.Contains(names, p) {
			names = append(names, p)
		}
	}
	return names
}

// Written is an id with its types as Azure writes them, and the names that things are
// kept under.
func (m *Manager) Written(id ID) ID {
	if t := m.types[strings.ToLower(id.Type())]; t != nil {
		segments := strings.Split(t.Name, "/")
		id.Provider, id.Types = segments[0], segments[1:]
	}
	typ := id.Provider
	for n := range min(len(id.Names), len(id.Types)) {
		typ += "/" + id.Types[n]
		t := m.types[strings.ToLower(typ)]
		if t == nil || t.Same == nil {
			continue
		}
		outer := id
		outer.Types, outer.Names = id.Types[:n+1], id.Names[:n+1]
		if name := t.Same(outer); name != id.Names[n] {
			if id.shown == nil {
				id.shown = id.Names
			}
			id.Names = slices.Clone(id.Names)
			id.Names[n] = name
		}
	}
	return id
}

// Recover brings to an end what a crash left in the middle, before the first request.
// What cannot be brought to an end now is told of, and tried again at the next start.
func (m *Manager) Recover(ctx context.Context) error {
	type open struct {
		id ID
		r  record
	}
	var all []open
	err := m.store.below("/subscriptions", func(id ID, r record) error {
		if r.Doing != "" {
			all = append(all, open{id, r})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for left := len(all) + 1; len(all) > 0 && len(all) < left; { // some go only after others
		left = len(all)
		var faults []error
		all = slices.DeleteFunc(all, func(x open) bool {
			err := m.finish(ctx, x.id, x.r)
			if err != nil {
				faults = append(faults, err)
			}
			return err == nil
		})
		if len(all) == left {
			for i, x := range all {
				m.o.Log.Error("a resource that a crash left unfinished stays so", "id", x.r.ID, "doing", x.r.Doing, "error", faults[i])
			}
		}
	}
	return nil
}

func (m *Manager) finish(ctx context.Context, id ID, r record) error {
	if id.Provider == "" { // a group
		return m.removeGroup(ctx, &Call{ID: id, Manager: m, Base: "https://localhost"})
	}
	t, err := m.typeOf(id)
	if err != nil {
		return err
	}
	c := &Call{ID: id, Body: r.Body.Clone(), Old: r.Body, Manager: m, kept: true, Header: http.Header{}}
	switch r.Doing {
	case creating, deleting:
		m.o.Log.Info("what a crash left unfinished is taken away", "id", r.ID, "doing", r.Doing)
		return m.remove(ctx, t, c)
	default:
		m.o.Log.Info("a change that a crash left unfinished is made", "id", r.ID)
		c.Old = r.Was
		if t.Put != nil {
			if err := t.Put(ctx, c); err != nil {
				return err
			}
		}
		r.Body, r.Was, r.Doing = c.Body, nil, ""
		return m.store.save(id, r)
	}
}

// Body is the stored body of a resource; false when there is none.
func (m *Manager) Body(id ID) (Body, bool) {
	r, found, err := m.store.load(id)
	return r.Body, found && err == nil && r.Doing != creating
}

// Save stores a body of something in the resource that a type is just at, without
// its type's hooks.
func (m *Manager) Save(id ID, body Body) error {
	r, found, err := m.store.load(id)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	if !found {
		r = record{ID: m.Written(id).String(), Created: now}
	}
	r.Body, r.ETag, r.Changed = body, newTag(), now
	return m.store.save(id, r)
}

// Drop forgets a resource and what is in it, without hooks.
func (m *Manager) Drop(id ID) error { return m.store.drop(id) }

// Forget forgets everything at a scope whose real things are gone another way.
func (m *Manager) Forget(scope string) error {
	id, err := ParseID(scope)
	if err != nil {
		return err
	}
	return m.store.drop(id)
}

// Resource is a stored one.
type Resource struct {
	ID   ID
	Body Body
}

// All are the stored resources of a type, in the order of ids.
func (m *Manager) All(typ string) (all []Resource, err error) {
	err = m.store.below("/subscriptions", func(id ID, r record) error {
		if strings.EqualFold(id.Type(), typ) && r.Doing != creating {
			all = append(all, Resource{id, r.Body})
		}
		return nil
	})
	return all, err
}

// Children are the stored resources of a type in another, in the order of ids.
func (m *Manager) Children(id ID, typ string) (all []Resource, err error) {
	want := m.Written(id).Type() + "/" + typ
	err = m.store.below(id.String(), func(child ID, r record) error {
		if strings.EqualFold(child.Type(), want) && r.Doing != creating {
			all = append(all, Resource{child, r.Body})
		}
		return nil
	})
	return all, err
}

// GroupExists reports whether there is a resource group of that name.
func (m *Manager) GroupExists(group string) bool {
	if strings.EqualFold(group, m.o.Group) {
		return true
	}
	_, found, err := m.store.load(GroupID(m.o.Subscription, group))
	return err == nil && found
}

// placeOf refuses a place that is not there.
func (m *Manager) placeOf(ctx context.Context, c *Call) error {
	if s := c.ID.Subscription(); s != "" && !strings.EqualFold(s, m.o.Subscription) {
		return Fail(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found. This project's is %s.", s, m.o.Subscription)
	}
	if g := c.ID.Group(); g != "" && !m.GroupExists(g) {
		return Fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", g)
	}
	parent, inside := c.ID.Parent()
	if !inside {
		var extends bool
		if parent, extends = c.ID.about(); !extends {
			return nil
		}
	}
	if _, err := m.read(ctx, c.at(parent, nil)); err != nil {
		if gone(err) {
			return Fail(http.StatusNotFound, "ParentResourceNotFound", "Failed to perform the operation on '%s': its parent '%s' could not be found.", c.ID, parent)
		}
		return fmt.Errorf("the parent of %s: %w", c.ID, err)
	}
	return nil
}

// Serves reports whether there is a type, or a collection of one.
func (m *Manager) Serves(id ID) bool { return m.types[strings.ToLower(id.Type())] != nil }

// Seen is the status that HEAD of a resource has, 0 where that is 200.
func (m *Manager) Seen(id ID) int {
	if t := m.types[strings.ToLower(id.Type())]; t != nil {
		return t.Seen
	}
	return 0
}

// Unserved says why there is no such type.
func (m *Manager) Unserved(id ID) error {
	if _, err := m.typeOf(id); err != nil {
		return err
	}
	return Fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "A collection of '%s' is listed; nothing else can be done with it.", id.Type())
}
