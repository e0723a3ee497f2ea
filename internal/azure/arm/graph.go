package arm

import (
	"net/http"
	"slices"
	"strings"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/identity"
)

// graph answers the little of Microsoft Graph that azurerm and az ask: who somebody
// is. Principals are the project's.
func (e *exchange) graph() error {
	if err := e.authenticate("https://graph.microsoft.com", "https://graph.windows.net", e.base, e.base+"/graph", "00000003-0000-0000-c000-000000000000",
		"https://management.azure.com", "https://management.core.windows.net"); err != nil {
		return err
	}
	if len(e.path) > 0 {
		e.path = e.path[1:] // the version
	}
	switch {
	case e.is("me") && e.r.Method == http.MethodGet:
		p, err := e.s.Who.Principal(e.caller.ObjectID)
		if err != nil {
			return err
		}
		return e.write(http.StatusOK, e.person(p))
	case e.r.Method == http.MethodGet && (e.is("servicePrincipals") || e.is("applications") || e.is("users")):
		return e.people(e.path[0])
	case e.r.Method == http.MethodGet && e.is("groups"):
		return e.write(http.StatusOK, map[string]any{"value": []any{}})
	case e.r.Method == http.MethodGet && (e.is("servicePrincipals/{}") || e.is("users/{}") || e.is("directoryObjects/{}")):
		p, err := e.s.Who.Principal(e.path[1])
		if err != nil {
			return notInGraph(e.path[1])
		}
		return e.write(http.StatusOK, e.person(p))
	case e.r.Method == http.MethodPost && e.is("directoryObjects/getByIds"):
		return e.byIDs()
	case e.r.Method == http.MethodPost && e.is("users/{}/getMemberGroups"), e.r.Method == http.MethodPost && e.is("servicePrincipals/{}/getMemberGroups"):
		return e.write(http.StatusOK, map[string]any{"value": []any{}})
	}
	return engine.Fail(http.StatusNotImplemented, "Request_UnsupportedQuery", "Lazuli serves of Graph only me, servicePrincipals, users and directoryObjects/getByIds, not '%s %s'.", e.r.Method, e.r.URL.Path)
}

func notInGraph(id string) error {
	return engine.Fail(http.StatusNotFound, "Request_ResourceNotFound", "Resource '%s' does not exist or one of its queried reference-property objects are not present.", id)
}

func (e *exchange) person(p identity.Principal) engine.Body {
	if p.Kind == identity.Developer {
		return engine.Body{
			"@odata.type": "#microsoft.graph.user", "id": p.ObjectID, "displayName": p.Name, "userPrincipalName": p.Name + "@lazuli.localhost",
			"mail": nil, "accountEnabled": true,
		}
	}
	kind := "ManagedIdentity"
	if p.Kind == identity.Application {
		kind = "Application"
	}
	return engine.Body{
		"@odata.type": "#microsoft.graph.servicePrincipal", "id": p.ObjectID, "appId": p.AppID, "displayName": p.Plain(), "servicePrincipalType": kind,
		"appOwnerOrganizationId": e.s.Manager.Tenant(), "servicePrincipalNames": []string{p.AppID}, "accountEnabled": true,
	}
}

// people answers with those that a filter names: appId, id, displayName and so on.
func (e *exchange) people(kind string) error {
	f, err := parseFilter(e.query.Get("$filter"))
	if err != nil {
		return err
	}
	all := []engine.Body{}
	for _, p := range e.s.Who.Principals() {
		b := e.person(p)
		user := p.Kind == identity.Developer
		if user != strings.EqualFold(kind, "users") || strings.EqualFold(kind, "applications") && p.Kind != identity.Application {
			continue
		}
		if !slices.ContainsFunc(f, func(c condition) bool { return !strings.EqualFold(field(b, c.field), c.value) }) {
			all = append(all, b)
		}
	}
	return e.write(http.StatusOK, map[string]any{"value": all})
}

// field is a text of a body, found without case.
func field(b engine.Body, name string) string {
	for key, v := range b {
		if !strings.EqualFold(key, name) {
			continue
		}
		switch v := v.(type) {
		case string:
			return v
		case []string: // of one: any of them is it
			return strings.Join(v, " ")
		}
	}
	return ""
}

func (e *exchange) byIDs() error {
	body, err := e.body()
	if err != nil {
		return err
	}
	all := []engine.Body{}
	for _, id := range body.Texts("ids") {
		if p, err := e.s.Who.Principal(id); err == nil {
			all = append(all, e.person(p))
		}
	}
	return e.write(http.StatusOK, map[string]any{"value": all})
}
