package arm

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// GroupType is the type of resource groups.
const GroupType = "Microsoft.Resources/resourceGroups"

var groupName = regexp.MustCompile(`^[-\p{L}\p{Nd}_.()]{0,89}[-\p{L}\p{Nd}_()]$`)

func (m *Manager) showGroup(r record) Body {
	id, err := ParseID(r.ID)
	if err != nil {
		return Body{}
	}
	out := r.Body.Clone()
	out["id"], out["name"], out["type"] = r.ID, id.Group(), GroupType
	out.Set("Succeeded", "properties", "provisioningState")
	return out
}

// Group is a resource group as it is shown.
func (m *Manager) Group(name string) (Body, error) {
	id := GroupID(m.o.Subscription, name)
	r, found, err := m.store.load(id)
	switch {
	case err != nil:
		return nil, err
	case found:
		return m.showGroup(r), nil
	case strings.EqualFold(name, m.o.Group):
		return m.showGroup(record{ID: GroupID(m.o.Subscription, m.o.Group).String(), Body: Body{"location": m.o.Location}}), nil
	}
	return nil, Fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
}

// Groups are all resource groups, in the order of names.
func (m *Manager) Groups() ([]Body, error) {
	own, err := m.Group(m.o.Group)
	if err != nil {
		return nil, err
	}
	all := []Body{own}
	err = m.store.below("/subscriptions/"+m.o.Subscription+"/resourceGroups", func(id ID, r record) error {
		if id.Provider == "" && !strings.EqualFold(id.Group(), m.o.Group) {
			all = append(all, m.showGroup(r))
		}
		return nil
	})
	slices.SortFunc(all, func(a, b Body) int {
		return strings.Compare(strings.ToLower(a.Text("name")), strings.ToLower(b.Text("name")))
	})
	return all, err
}

// PutGroup makes or changes a group. patch says that what is not given stays.
func (m *Manager) PutGroup(c *Call, patch bool) (Result, error) {
	if patch {
		return m.editGroup(c, patched(c.Body), true)
	}
	return m.editGroup(c, func(Body) (Body, error) { return c.Body, nil }, false)
}

// editGroup puts what next makes of a group's body; must says that the group has to be
// there.
func (m *Manager) editGroup(c *Call, next func(old Body) (Body, error), must bool) (Result, error) {
	name := c.ID.Group()
	defer m.locks.hold("group " + c.ID.Key())()
	if err := m.locked(c.ID, false); err != nil {
		return Result{}, err
	}
	old, found, err := m.store.load(c.ID)
	if err != nil {
		return Result{}, err
	}
	there := found || strings.EqualFold(name, m.o.Group)
	if !found {
		old = record{ID: c.ID.String(), Body: Body{}, Created: time.Now().UTC()}
		if there {
			old.Body["location"] = m.o.Location
		}
	}
	switch {
	case must && !there:
		return Result{}, Fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
	case !there && !groupName.MatchString(name):
		return Result{}, Fail(http.StatusBadRequest, "InvalidResourceGroup",
			"The provided resource group name '%s' has these invalid characters or is too long: letters, digits, '-', '_', '.', '(' and ')' are allowed, at most 90, and no '.' at the end.", name)
	}
	body, err := next(old.Body)
	if err != nil {
		return Result{}, err
	}
	at, had := body.Text("location"), old.Body.Text("location")
	switch {
	case at == "" && had == "":
		return Result{}, Fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case at == "":
		body["location"] = had
	case found && !sameLocation(at, had):
		return Result{}, Fail(http.StatusConflict, "InvalidResourceGroupLocation",
			"Invalid resource group location '%s'. The Resource group already exists in location '%s'.", at, had)
	}
	if err := checkTags(body); err != nil {
		return Result{}, err
	}
	for _, derived := range []string{"id", "name", "type", "properties"} {
		delete(body, derived)
	}
	old.Body, old.ETag, old.Changed, old.Doing = body, newTag(), time.Now().UTC(), ""
	out := Result{Status: http.StatusOK, ETag: old.ETag, Body: m.showGroup(old)}
	if !there {
		out.Status = http.StatusCreated
	}
	return out, m.store.save(c.ID, old)
}

// Resources are the top-level resources of a group, or of all ("").
func (m *Manager) Resources(ctx context.Context, c *Call, group string) ([]Body, error) {
	c.Manager = m
	var all []Body
	for _, t := range m.Types() {
		if !t.Tracked || strings.Count(t.Name, "/") != 1 {
			continue
		}
		id := ID{Scope: "/subscriptions/" + m.o.Subscription}
		if group != "" {
			id = GroupID(m.o.Subscription, group)
		}
		id.Provider, id.Types = splitType(t.Name)
		own, err := m.List(ctx, c.at(id, nil))
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	slices.SortFunc(all, func(a, b Body) int {
		return strings.Compare(strings.ToLower(a.Text("id")), strings.ToLower(b.Text("id")))
	})
	return all, nil
}

func splitType(name string) (provider string, types []string) {
	s := strings.Split(name, "/")
	return s[0], s[1:]
}

// DeleteGroup deletes a group with everything in it.
func (m *Manager) DeleteGroup(ctx context.Context, c *Call) (Result, error) {
	c.Manager = m
	name := c.ID.Group()
	out := Result{Status: http.StatusOK}
	defer m.locks.hold("group " + c.ID.Key())()
	if strings.EqualFold(name, m.o.Group) {
		return out, Fail(http.StatusConflict, "ResourceGroupDeletionBlocked",
			"The resource group '%s' holds what lazuli.yaml and the first use by name make: it is always there. Delete what is in it.", name)
	}
	r, found, err := m.store.load(c.ID)
	switch {
	case err != nil:
		return out, err
	case !found:
		return out, Fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
	}
	if err := m.locked(c.ID, true); err != nil {
		return out, err
	}
	if err := m.lockedBelow(c.ID); err != nil {
		return out, err
	}
	r.Doing = deleting
	if err := m.store.save(c.ID, r); err != nil {
		return out, err
	}
	return out, m.removeGroup(ctx, c)
}

// removeGroup deletes what is in a group, what came last first, until nothing of it
// is left: some things go only after others.
func (m *Manager) removeGroup(ctx context.Context, c *Call) error {
	for {
		list, err := m.Resources(ctx, c, c.ID.Group())
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		done, err := m.removeAll(ctx, c, m.newestFirst(list))
		if done == 0 {
			return fmt.Errorf("the resources of the group %s: %w", c.ID.Group(), err)
		}
	}
	if m.o.Leaving != nil {
		if err := m.o.Leaving(c.ID.String()); err != nil {
			return err
		}
	}
	return m.store.drop(c.ID)
}

func (m *Manager) newestFirst(list []Body) (ids []ID) {
	made := map[string]time.Time{}
	for _, b := range list {
		id, err := ParseID(b.Text("id"))
		if err != nil {
			continue
		}
		if r, found, err := m.store.load(id); err == nil && found {
			made[id.Key()] = r.Created
		}
		ids = append(ids, id)
	}
	slices.SortStableFunc(ids, func(a, b ID) int { return made[b.Key()].Compare(made[a.Key()]) })
	return ids
}

// removeAll deletes what can go now; the error is the last of those that cannot.
func (m *Manager) removeAll(ctx context.Context, c *Call, ids []ID) (done int, last error) {
	for _, id := range ids {
		t, err := m.typeOf(id)
		if err == nil {
			one := c.at(id, Body{})
			if r, found, lerr := m.store.load(id); lerr == nil && found {
				one.Body, one.Old, one.kept = r.Body.Clone(), r.Body, true
			}
			err = m.remove(ctx, t, one)
		}
		if err != nil {
			last = err
			continue
		}
		done++
	}
	return done, last
}
