package arm

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Delete deletes a resource with everything in it. That there is none is fine.
func (m *Manager) Delete(ctx context.Context, c *Call) (Result, error) {
	c.Manager = m
	t, err := m.typeOf(c.ID)
	if err != nil {
		return Result{}, err
	}
	defer m.change(c.ID)()
	out := Result{Status: http.StatusNoContent}
	if t.Gone != 0 {
		out.Status = t.Gone
	}
	old, found, err := m.store.load(c.ID)
	if err != nil {
		return Result{}, err
	}
	if _, err := m.read(ctx, c.at(c.ID, nil)); gone(err) && !found {
		out.Status = http.StatusNoContent
		return out, nil
	} else if err != nil && !gone(err) {
		return Result{}, err
	}
	if match := c.Header.Get("If-Match"); match != "" && match != "*" && !sameTag(match, old.ETag) {
		return Result{}, Fail(http.StatusPreconditionFailed, "PreconditionFailed", "The resource has another ETag than the If-Match header '%s' names.", match)
	}
	if err := m.locked(c.ID, true); err != nil {
		return Result{}, err
	}
	c.Old, c.Body, c.kept = old.Body, old.Body.Clone(), found
	if found && t.Delete != nil {
		old.Doing = deleting
		if err := m.store.save(c.ID, old); err != nil {
			return Result{}, err
		}
	}
	if out.Status == http.StatusOK { // the answer is what was there
		if r, err := m.read(ctx, c.at(c.ID, nil)); err == nil {
			out.Body = m.show(c, r)
		}
	}
	if err := m.remove(ctx, t, c); err != nil {
		if found && t.Delete != nil {
			old.Doing = ""
			return Result{}, orFirst(err, m.store.save(c.ID, old))
		}
		return Result{}, err
	}
	if t.Long {
		out.Operation = uuid.New()
		b := m.store.db.NewBatch(256)
		m.operation(out.Operation, nil)(b)
		if err := b.Commit(); err != nil {
			return Result{}, err
		}
	}
	return out, nil
}

// remove deletes the real things of a resource and of what is in it, deepest first,
// and then forgets all of it.
func (m *Manager) remove(ctx context.Context, t *Type, c *Call) error {
	type inner struct {
		id ID
		r  record
	}
	var all []inner
	err := m.store.below(c.ID.String(), func(id ID, r record) error {
		all = append(all, inner{id, r})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b inner) int { return strings.Count(b.r.ID, "/") - strings.Count(a.r.ID, "/") })
	for _, x := range all {
		it, err := m.typeOf(x.id)
		if err != nil || it.Delete == nil {
			continue // nothing real is behind it
		}
		in := c.at(x.id, x.r.Body.Clone())
		in.Old, in.kept, in.Whole = x.r.Body, true, true
		if err := it.Delete(ctx, in); err != nil && !gone(err) {
			return err
		}
	}
	if t.Delete != nil {
		if c.Body == nil {
			c.Body = Body{}
		}
		if err := t.Delete(ctx, c); err != nil && !gone(err) {
			return err
		}
	}
	if m.o.Leaving != nil {
		if err := m.o.Leaving(c.ID.String()); err != nil {
			return err
		}
	}
	return m.store.drop(c.ID)
}

// Do does an action with a resource: c.ID ends in the action's name, as a type
// without a name.
func (m *Manager) Do(ctx context.Context, method string, c *Call) (Answer, string, error) {
	c.Manager = m
	name := c.ID.Types[len(c.ID.Types)-1]
	on, inside := c.ID.Parent()
	if !inside {
		return Answer{}, "", Fail(http.StatusNotFound, "NotFound", "There is nothing to %s at '%s'.", method, c.ID)
	}
	t, err := m.typeOf(on)
	if err != nil {
		return Answer{}, "", err
	}
	do := t.action(method, name)
	if do == nil {
		return Answer{}, "", Fail(http.StatusNotImplemented, "ActionNotServed", "The action '%s %s' of %s is not served by Lazuli.", method, name, t.Name)
	}
	sent := c.Body
	one := c.at(on, nil)
	if err := m.placeOf(ctx, one); err != nil {
		return Answer{}, "", err
	}
	r, err := m.read(ctx, one)
	if err != nil {
		return Answer{}, "", err
	}
	if method != http.MethodGet && method != http.MethodHead && !strings.HasPrefix(strings.ToLower(name), "list") {
		if err := m.locked(on, false); err != nil {
			return Answer{}, "", err
		}
	}
	one.Old, one.Body = r.Body, sent
	out, err := do(ctx, one)
	if err != nil || !out.Long {
		return out, "", err
	}
	id := uuid.New()
	b := m.store.db.NewBatch(256)
	m.operation(id, nil)(b)
	return out, id, b.Commit()
}

func (t *Type) action(method, name string) Action {
	for k, do := range t.Actions {
		verb, path, said := strings.Cut(k, " ")
		if !said {
			verb, path = http.MethodPost, k
		}
		if verb == method && strings.EqualFold(path, name) {
			return do
		}
	}
	return nil
}

// Route is what does something at a provider that is no resource; nil: nothing.
func (m *Manager) Route(method string, id ID) Action {
	path := strings.Split(id.Provider+"/"+strings.TrimPrefix(strings.TrimPrefix(id.String(), id.Scope), "/providers/"+id.Provider+"/"), "/")
	for _, r := range m.routes {
		want := strings.Split(r.Path, "/")
		if r.Method == method && len(want) == len(path) && slices.EqualFunc(want, path, func(w, p string) bool {
			return w == "{}" || strings.EqualFold(w, p)
		}) {
			return r.Do
		}
	}
	return nil
}

// batchOf commits one change.
func (m *Manager) batchOf(change func(*kv.Batch)) error {
	b := m.store.db.NewBatch(256)
	change(b)
	return b.Commit()
}
