package arm

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Result is what a change came to.
type Result struct {
	Status    int
	Body      Body // nil: none
	ETag      string
	Operation string // GUID; "" where nobody waits
}

// Put makes or replaces a resource with c.Body.
func (m *Manager) Put(ctx context.Context, c *Call) (Result, error) {
	c.Manager = m
	t, err := m.typeOf(c.ID)
	if err != nil {
		return Result{}, err
	}
	defer m.change(c.ID)()
	if err := m.placeOf(ctx, c); err != nil {
		return Result{}, err
	}
	return m.put(ctx, t, c)
}

// Patch changes a resource: tags are replaced, all else is merged into what there is.
func (m *Manager) Patch(ctx context.Context, c *Call) (Result, error) {
	return m.edit(ctx, c, patched(c.Body))
}

// patched is what a patch makes of a body.
func patched(patch Body) func(old Body) (Body, error) {
	return func(old Body) (Body, error) {
		next := old.Merge(patch)
		if tags := patch.Object("tags"); tags != nil {
			next["tags"] = map[string]any(tags)
		}
		return next, nil
	}
}

// Retag changes the tags of a resource or a group by what they are: of changes at
// once each finds those of the others.
func (m *Manager) Retag(ctx context.Context, c *Call, change func(tags map[string]any) (map[string]any, error)) (Result, error) {
	next := func(old Body) (Body, error) {
		tags := map[string]any{}
		maps.Copy(tags, old.Object("tags"))
		tags, err := change(tags)
		if err != nil {
			return nil, err
		}
		return patched(Body{"tags": tags})(old)
	}
	if c.ID.Provider == "" {
		return m.editGroup(c, next, true)
	}
	return m.edit(ctx, c, next)
}

// edit puts what next makes of what there is.
func (m *Manager) edit(ctx context.Context, c *Call, next func(old Body) (Body, error)) (Result, error) {
	c.Manager = m
	t, err := m.typeOf(c.ID)
	if err != nil {
		return Result{}, err
	}
	defer m.change(c.ID)()
	if err := m.placeOf(ctx, c); err != nil {
		return Result{}, err
	}
	old, err := m.read(ctx, c.at(c.ID, nil))
	if err != nil {
		return Result{}, err
	}
	if c.Body, err = next(old.Body); err != nil {
		return Result{}, err
	}
	return m.put(ctx, t, c)
}

func (m *Manager) put(ctx context.Context, t *Type, c *Call) (Result, error) {
	old, found, err := m.store.load(c.ID)
	if err != nil {
		return Result{}, err
	}
	now := time.Now().UTC()
	next := record{ID: m.Written(c.ID).String(), Created: now}
	if found {
		c.Old, c.kept = old.settled(), true
		next = old
	}
	there := found
	if !there {
		_, err := m.read(ctx, c.at(c.ID, nil))
		there = err == nil
	}
	for _, name := range []string{"id", "name", "type", "etag", "systemData"} {
		if !t.Bare || name != "name" {
			delete(c.Body, name)
		}
	}
	if err := m.check(t, c, old, there); err != nil {
		return Result{}, err
	}
	next.Body, next.ETag, next.Changed, next.Doing, next.Was = c.Body, newTag(), now, "", nil
	if t.Put != nil {
		if err := m.make(ctx, t, c, &next, old, found, there); err != nil {
			return Result{}, err
		}
	}
	out := Result{Status: http.StatusOK, ETag: next.ETag}
	if !there && t.Created != 0 {
		out.Status = t.Created
	}
	var more []func(*kv.Batch)
	if t.Long {
		out.Operation = uuid.New()
		more = append(more, m.operation(out.Operation, nil))
	}
	if err := m.store.save(c.ID, next, more...); err != nil {
		return Result{}, err
	}
	r, err := m.read(ctx, c.at(c.ID, nil))
	if err != nil {
		return Result{}, err
	}
	out.Body = m.show(c, r)
	return out, nil
}

// make calls the type's hook between an intent and its end.
func (m *Manager) make(ctx context.Context, t *Type, c *Call, next *record, old record, found, there bool) error {
	intent := *next
	intent.Body = c.Body.Clone()
	intent.Doing = creating
	if there {
		intent.Doing, intent.Was = changing, c.Old
	}
	if err := m.store.save(c.ID, intent); err != nil {
		return err
	}
	err := t.Put(ctx, c)
	if err == nil {
		next.Body = c.Body
		return nil
	}
	if found { // it is what it was: hooks change nothing, or all
		return orFirst(err, m.store.save(c.ID, old))
	}
	return orFirst(err, m.store.drop(c.ID))
}

// orFirst is the first error; the second alone would not tell what happened.
func orFirst(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// check refuses what no type takes.
func (m *Manager) check(t *Type, c *Call, old record, there bool) error {
	if t.Named != nil && !there {
		if err := t.Named(c.ID.Name()); err != nil {
			return err
		}
	}
	if err := m.conditions(t, c, old, there); err != nil {
		return err
	}
	if err := m.locked(c.ID, false); err != nil {
		return err
	}
	if t.Tracked {
		if err := m.located(c, old, there); err != nil {
			return err
		}
	}
	for _, r := range t.Refuse {
		if err := r.check(c.Body); err != nil {
			return err
		}
	}
	return checkTags(c.Body)
}

func (m *Manager) located(c *Call, old record, there bool) error {
	at := c.Body.Text("location")
	had := old.Body.Text("location")
	switch {
	case at == "" && had != "":
		c.Body["location"] = had
	case at == "" && there:
		c.Body["location"] = m.o.Location
	case at == "":
		return Fail(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	case had != "" && !sameLocation(at, had):
		return Fail(http.StatusConflict, "InvalidResourceLocation",
			"The resource '%s' already exists in location '%s' in resource group '%s'. A resource with the same name cannot be created in location '%s'. Please select a new resource name.",
			c.ID.Name(), had, c.ID.Group(), at)
	}
	return nil
}

// The limits of tags, as Azure has them.
const (
	maxTags     = 50
	maxTagName  = 512
	maxTagValue = 256
)

func checkTags(b Body) error {
	if b.Has("tags") && b.Object("tags") == nil {
		return Fail(http.StatusBadRequest, "InvalidTags", "The tags are no object of names and texts.")
	}
	tags := b.Object("tags")
	if len(tags) > maxTags {
		return Fail(http.StatusBadRequest, "TooManyTags", "The resource has %d tags; at most %d are allowed.", len(tags), maxTags)
	}
	for name, v := range tags {
		value, isText := v.(string)
		switch {
		case v == nil:
			delete(tags, name)
		case !isText:
			return Fail(http.StatusBadRequest, "InvalidTagValue", "The value of the tag '%s' is no text.", name)
		case name == "" || len(name) > maxTagName || strings.ContainsAny(name, `<>%&\?/`):
			return Fail(http.StatusBadRequest, "InvalidTagNameCharacters", "The tag name '%s' is empty, has more than %d characters, or one of <>%%&\\?/.", name, maxTagName)
		case len(value) > maxTagValue:
			return Fail(http.StatusBadRequest, "TagValueTooLong", "The value of the tag '%s' has more than %d characters.", name, maxTagValue)
		}
	}
	return nil
}

// check refuses a body that has the property on.
func (r Refusal) check(b Body) error {
	v := b.Get(strings.Split(r.Path, ".")...)
	if v == nil || slices.ContainsFunc(r.Unless, func(off any) bool { return same(v, off) }) {
		return nil
	}
	if l, is := v.([]any); is && len(l) == 0 {
		return nil
	}
	if o, is := asObject(v); is && len(o) == 0 {
		return nil
	}
	return Fail(http.StatusBadRequest, "PropertyNotServed", "The property '%s' is not served by Lazuli with the value %s: %s.", r.Path, Body{"v": v}.valueText(), r.Why)
}

// valueText is the value of the one property v, bounded.
func (b Body) valueText() string {
	text := string(Body{"v": b["v"]}.JSON())
	text = strings.TrimSuffix(strings.TrimPrefix(text, `{"v":`), "}")
	if len(text) > 80 {
		text = text[:80] + "…"
	}
	return text
}

// conditions are those of If-Match and If-None-Match.
func (m *Manager) conditions(t *Type, c *Call, old record, there bool) error {
	match, none := c.Header.Get("If-Match"), c.Header.Get("If-None-Match")
	switch {
	case match != "" && match != "*" && (!there || !sameTag(match, old.ETag)),
		match == "*" && !there && !t.Upsert:
		return Fail(http.StatusPreconditionFailed, "PreconditionFailed", "The resource has another ETag than the If-Match header '%s' names, or does not exist.", match)
	case none == "*" && there, none != "" && none != "*" && there && sameTag(none, old.ETag):
		return Fail(http.StatusPreconditionFailed, "PreconditionFailed", "The resource exists, which the If-None-Match header '%s' excludes.", none)
	}
	return nil
}

func sameTag(a, b string) bool {
	return strings.TrimPrefix(a, "W/") == strings.TrimPrefix(b, "W/")
}
