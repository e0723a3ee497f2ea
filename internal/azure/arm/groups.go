package arm

import (
	"net/http"
	"strings"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
)

func (e *exchange) groups() error {
	if err := e.onlyGet(); err != nil {
		return err
	}
	id := engine.ID{Scope: "/subscriptions/" + e.s.Manager.Subscription()}
	if err := e.may("Microsoft.Resources/subscriptions/resourceGroups/read", id); err != nil {
		return err
	}
	all, err := e.s.Manager.Groups()
	if err != nil {
		return err
	}
	f, err := parseFilter(e.query.Get("$filter"))
	if err != nil {
		return err
	}
	return e.page(f.keep(all))
}

// groupActions are what the verbs are called.
var verbs = map[string]string{
	http.MethodGet: "read", http.MethodHead: "read", http.MethodPut: "write", http.MethodPatch: "write", http.MethodDelete: "delete",
}

func (e *exchange) group() error {
	m := e.s.Manager
	id := engine.GroupID(m.Subscription(), e.path[3])
	verb, known := verbs[e.r.Method]
	if !known {
		return notAllowed(e.r.Method)
	}
	if err := e.may("Microsoft.Resources/subscriptions/resourceGroups/"+verb, id); err != nil {
		return err
	}
	switch e.r.Method {
	case http.MethodGet:
		g, err := m.Group(e.path[3])
		if err != nil {
			return err
		}
		return e.write(http.StatusOK, g)
	case http.MethodHead:
		if m.GroupExists(e.path[3]) {
			return e.write(http.StatusNoContent, nil)
		}
		return e.write(http.StatusNotFound, nil)
	case http.MethodDelete:
		out, err := m.DeleteGroup(e.r.Context(), e.call(id, engine.Body{}))
		if err != nil {
			return err
		}
		return e.write(out.Status, nil)
	}
	body, err := e.body()
	if err != nil {
		return err
	}
	out, err := m.PutGroup(e.call(id, body), e.r.Method == http.MethodPatch)
	if err != nil {
		return err
	}
	return e.write(out.Status, out.Body)
}

// resources lists what is in a group, or everywhere.
func (e *exchange) resources() error {
	if err := e.onlyGet(); err != nil {
		return err
	}
	id := engine.ID{Scope: "/subscriptions/" + e.s.Manager.Subscription()}
	group := ""
	if len(e.path) > 3 {
		group = e.path[3]
		id = engine.GroupID(e.s.Manager.Subscription(), group)
	}
	if err := e.may("Microsoft.Resources/subscriptions/resources/read", id); err != nil {
		return err
	}
	if group != "" && !e.s.Manager.GroupExists(group) {
		return engine.Fail(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", group)
	}
	all, err := e.s.Manager.Resources(e.r.Context(), e.call(id, nil), group)
	if err != nil {
		return err
	}
	f, err := parseFilter(e.query.Get("$filter"))
	if err != nil {
		return err
	}
	all = f.keep(all)
	for n, b := range all { // the generic list tells no properties
		short := engine.Body{}
		for _, name := range []string{"id", "name", "type", "kind", "location", "tags", "sku", "identity", "zones", "managedBy"} {
			if b.Has(name) {
				short[name] = b[name]
			}
		}
		all[n] = short
	}
	return e.page(all)
}

// groupOf is the group's name in an id.
func groupOf(b engine.Body) string {
	id, err := engine.ParseID(b.Text("id"))
	if err != nil {
		return ""
	}
	return strings.ToLower(id.Group())
}
