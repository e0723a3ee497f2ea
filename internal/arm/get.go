package arm

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Get is a resource as it is shown, and its ETag.
func (m *Manager) Get(ctx context.Context, c *Call) (Body, string, error) {
	c.Manager = m
	if _, err := m.typeOf(c.ID); err != nil {
		return nil, "", err
	}
	if err := m.placeOf(ctx, c); err != nil {
		return nil, "", err
	}
	r, err := m.read(ctx, c)
	if err != nil {
		return nil, "", err
	}
	return m.show(c, r), r.ETag, nil
}

// read is what there is of a resource now: stored, and what its type says.
func (m *Manager) read(ctx context.Context, c *Call) (record, error) {
	t, err := m.typeOf(c.ID)
	if err != nil {
		return record{}, err
	}
	if g := c.ID.Group(); g != "" && !m.GroupExists(g) {
		return record{}, Fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", g)
	}
	r, found, err := m.store.load(c.ID)
	if err != nil {
		return r, err
	}
	found = found && r.Doing != creating && r.Doing != deleting
	if !found {
		r = record{ID: m.Written(c.ID).String(), Body: Body{}}
	}
	always := slices.ContainsFunc(t.Always, func(name string) bool { return strings.EqualFold(name, c.ID.Name()) })
	if !found && t.Get == nil && !always {
		return r, notFound(c.ID)
	}
	if !found && always {
		if parent, inside := c.ID.Parent(); inside {
			if _, err := m.read(ctx, c.at(parent, nil)); err != nil {
				return r, err
			}
		}
	}
	r.Body = r.settled()
	c.Body, c.kept = r.Body.Clone(), found
	if t.Get == nil {
		r.Body = c.Body
		return r, nil
	}
	switch err := t.Get(ctx, c); {
	case fault.Is(err, fault.NotFound):
		return r, notFound(c.ID)
	case err != nil:
		return r, err
	}
	r.Body = c.Body
	return r, nil
}

func notFound(id ID) error {
	if id.Group() == "" {
		return Fail(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", id)
	}
	return Fail(http.StatusNotFound, "ResourceNotFound",
		"The Resource '%s/%s' under resource group '%s' was not found.", id.Type(), strings.Join(id.Names, "/"), id.Group())
}

// show is a body as it is answered.
func (m *Manager) show(c *Call, r record) Body {
	t, err := m.typeOf(c.ID)
	out := r.Body
	if err != nil || out == nil {
		out = Body{}
	}
	id, err := ParseID(r.ID)
	if err != nil {
		id = c.ID
	}
	if c.ID.shown != nil {
		id.Names = c.ID.shown
	}
	out["id"], out["name"], out["type"] = id.String(), id.Name(), t.Name
	if t.PathName {
		out["name"] = id.Path()
	}
	for _, path := range t.Secret {
		out.Remove(strings.Split(path, ".")...)
	}
	if t.Tracked && id.Group() != "" {
		out.Default(m.o.Location, "location")
	}
	if !t.Plain && !t.Bare {
		out.Default("Succeeded", "properties", "provisioningState")
	}
	return out
}

// List are the resources of a collection, as they are shown, in the order of ids.
func (m *Manager) List(ctx context.Context, c *Call) ([]Body, error) {
	c.Manager = m
	t, err := m.typeOf(c.ID)
	if err != nil {
		return nil, err
	}
	if err := m.placeOf(ctx, c); err != nil {
		return nil, err
	}
	ids, err := m.ids(ctx, t, c)
	if err != nil {
		return nil, err
	}
	all := make([]Body, 0, len(ids))
	for _, id := range ids {
		if c.ID.shown != nil && id.shown == nil {
			id.shown = append(slices.Clone(c.ID.shown), id.Name())
		}
		one := c.at(id, nil)
		r, err := m.read(ctx, one)
		switch {
		case gone(err): // meanwhile, or another way
		case err != nil:
			return nil, err
		default:
			all = append(all, m.show(one, r))
		}
	}
	return all, nil
}

// ids are those in a collection: stored, of the engine, and always there.
func (m *Manager) ids(ctx context.Context, t *Type, c *Call) ([]ID, error) {
	found := map[string]ID{}
	add := func(id ID) {
		if _, twice := found[id.Key()]; !twice {
			found[id.Key()] = id
		}
	}
	scope, depth := c.ID.Scope, len(c.ID.Types)
	if parent, inside := c.ID.Parent(); inside {
		scope = parent.String()
	}
	stored := func(string, func(ID, record) error) error { return nil }
	if !t.Only {
		stored = m.store.below
	}
	err := stored(scope, func(id ID, r record) error {
		if strings.EqualFold(id.Type(), t.Name) && len(id.Names) == depth && r.Doing != creating && r.Doing != deleting && m.inScope(id, c.ID) {
			add(id)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t.List != nil {
		own, err := t.List(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, id := range own {
			add(m.Written(id))
		}
	}
	for _, name := range t.Always {
		if len(c.ID.Types) > 1 {
			add(m.Written(c.ID.Called(name)))
		}
	}
	all := make([]ID, 0, len(found))
	for _, id := range found {
		all = append(all, id)
	}
	slices.SortFunc(all, func(a, b ID) int { return strings.Compare(a.Key(), b.Key()) })
	return all, nil
}

// inScope reports whether a listing at a collection shows a resource: those of a
// subscription show what is in its groups, and no listing shows what is about others.
func (m *Manager) inScope(id, collection ID) bool {
	if len(collection.Types) > 1 {
		return true // it is below the parent
	}
	if strings.EqualFold(id.Scope, collection.Scope) {
		return true
	}
	at, err := ParseID(id.Scope)
	return err == nil && at.Provider == "" && collection.Group() == "" && collection.Subscription() != ""
}
