package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
)

// Tags can be asked for and changed apart from what has them, as az tag does. Names of
// tags are told apart without case. Left out: tags of the subscription, and tag names
// that nothing has.

// tagNames lists the tags that groups and resources have.
func (e *exchange) tagNames() error {
	root := engine.ID{Scope: "/subscriptions/" + e.s.Manager.Subscription()}
	if err := e.onlyGet(); err != nil {
		return err
	}
	if err := e.may("Microsoft.Resources/subscriptions/tagNames/read", root); err != nil {
		return err
	}
	tagged, err := e.s.Manager.Groups()
	if err != nil {
		return err
	}
	resources, err := e.s.Manager.Resources(e.r.Context(), e.call(root, nil), "")
	if err != nil {
		return err
	}
	names := map[string]string{} // as first written, by name in lower case
	counts := map[string]map[string]int{}
	for _, b := range append(tagged, resources...) {
		for _, name := range slices.Sorted(maps.Keys(b.Object("tags"))) {
			key := strings.ToLower(name)
			if counts[key] == nil {
				names[key], counts[key] = name, map[string]int{}
			}
			counts[key][b.Text("tags", name)]++
		}
	}
	all := []engine.Body{}
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		id, sum, values := root.Scope+"/tagNames/"+names[key], 0, []any{}
		for _, v := range slices.Sorted(maps.Keys(counts[key])) {
			sum += counts[key][v]
			values = append(values, map[string]any{"id": id + "/tagValues/" + v, "tagValue": v, "count": tagCount(counts[key][v])})
		}
		all = append(all, engine.Body{"id": id, "tagName": names[key], "count": tagCount(sum), "values": values})
	}
	return e.page(all)
}

func tagCount(n int) map[string]any { return map[string]any{"type": "Total", "value": n} }

// tagsOf is what a path of tags is about: what stands before it.
func (e *exchange) tagsOf() (scope []string, is bool) {
	n := len(e.path) - 4
	if n < 2 || !strings.EqualFold(strings.Join(e.path[n:], "/"), "providers/Microsoft.Resources/tags/default") {
		return nil, false
	}
	return e.path[:n], true
}

// tags answers for the tags of a group or a resource.
func (e *exchange) tags(scope []string) error {
	id, err := engine.ParseID(joined(scope))
	if err != nil || id.Provider != "" && id.Collection() {
		return noSuchPlace(e)
	}
	verb, known := verbs[e.r.Method]
	if !known {
		return notAllowed(e.r.Method)
	}
	if err := e.may("Microsoft.Resources/tags/"+verb, id); err != nil {
		return err
	}
	if id.Provider == "" && id.Group() == "" {
		return engine.Fail(http.StatusBadRequest, "TagsNotServed", "The subscription has no tags here; groups and resources have.")
	}
	id = e.s.Manager.Written(id)
	b, err := e.tagged(id)
	if err != nil {
		return err
	}
	if verb != "read" {
		if b, err = e.retag(id); err != nil {
			return err
		}
	}
	if e.r.Method == http.MethodDelete {
		return e.write(http.StatusOK, nil)
	}
	tags := map[string]any{}
	maps.Copy(tags, b.Object("tags"))
	return e.write(http.StatusOK, engine.Body{
		"id": id.String() + "/providers/Microsoft.Resources/tags/default", "name": "default", "type": "Microsoft.Resources/tags",
		"properties": map[string]any{"tags": tags},
	})
}

// tagged is what has the tags.
func (e *exchange) tagged(id engine.ID) (engine.Body, error) {
	if id.Provider == "" {
		return e.s.Manager.Group(id.Group())
	}
	for _, t := range e.s.Manager.Types() {
		if strings.EqualFold(t.Name, id.Type()) && !t.Tracked {
			return nil, engine.Fail(http.StatusBadRequest, "ResourceTypeNotTaggable", "The resource type '%s' has no tags.", t.Name)
		}
	}
	b, _, err := e.s.Manager.Get(e.r.Context(), e.call(id, nil))
	return b, err
}

// retag changes the tags of a group or a resource as the request says.
func (e *exchange) retag(id engine.ID) (engine.Body, error) {
	var given engine.Body
	if e.r.Method != http.MethodDelete {
		var err error
		if given, err = e.body(); err != nil {
			return nil, err
		}
	}
	out, err := e.s.Manager.Retag(e.r.Context(), e.call(id, nil), func(old map[string]any) (map[string]any, error) {
		if e.r.Method == http.MethodDelete {
			return map[string]any{}, nil
		}
		return changedTags(old, given, e.r.Method == http.MethodPatch)
	})
	return out.Body, err
}

// changedTags are tags after a change: all of them anew or, of a patch, what its
// operation says.
func changedTags(old map[string]any, given engine.Body, patch bool) (map[string]any, error) {
	tags, operation := given.Object("properties", "tags"), given.Text("operation")
	switch {
	case tags == nil:
		return nil, engine.Fail(http.StatusBadRequest, "InvalidRequestContent", "The property 'properties.tags' is an object of names and texts.")
	case !patch || strings.EqualFold(operation, "Replace"):
		return tags, nil
	}
	merge, take := strings.EqualFold(operation, "Merge"), strings.EqualFold(operation, "Delete")
	if !merge && !take {
		return nil, engine.Fail(http.StatusBadRequest, "InvalidRequestContent", "The operation '%s' is not one of Merge, Replace, Delete.", operation)
	}
	for name, v := range tags {
		for before, value := range old {
			if strings.EqualFold(before, name) && (merge || value == v) {
				delete(old, before)
			}
		}
		if merge {
			old[name] = v
		}
	}
	return old, nil
}
