package apim

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// policies are the documents of all scopes, and the fragments that they name.
func (p provider) policies() []arm.Type {
	scopes := map[string]func(id arm.ID) gateway.Scope{
		"":                 func(arm.ID) gateway.Scope { return gateway.Scope{} },
		"/products":        func(id arm.ID) gateway.Scope { return gateway.Scope{Product: id.Names[1]} },
		"/apis":            func(id arm.ID) gateway.Scope { return gateway.Scope{API: id.Names[1]} },
		"/apis/operations": func(id arm.ID) gateway.Scope { return gateway.Scope{API: id.Names[1], Operation: id.Names[2]} },
	}
	var all []arm.Type
	for _, below := range []string{"", "/products", "/apis", "/apis/operations"} {
		scope := scopes[below]
		t := typed(p, resource.Gateways+below+"/policies", definition[gateway.Policy]{
			table: func(s *gateway.Service, id arm.ID) gateway.Table[gateway.Policy] { return s.Policies(scope(id)) },
			read:  readPolicy, show: showPolicy,
		})
		t.Named = policyName
		all = append(all, t)
	}
	fragments := typed(p, resource.Gateways+"/policyFragments", definition[gateway.Policy]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.Policy] { return s.Fragments() },
		read:  readPolicy, show: showPolicy,
	})
	fragments.Long = true
	return append(all, fragments)
}

func policyName(name string) error {
	if name == gateway.PolicyName {
		return nil
	}
	return arm.Fail(http.StatusBadRequest, "ValidationError", "A scope has one policy document, and it is called %s.", gateway.PolicyName)
}

// The formats of policy documents.
const (
	formatXML = "xml" // expressions are escaped, as XML wants it
	formatRaw = "rawxml"
)

func readPolicy(c *arm.Call, _ gateway.Policy) (gateway.Policy, error) {
	text, format := c.Body.Text("properties", "value"), c.Body.Text("properties", "format")
	if format == "" {
		format = formatXML
	}
	if !slices.Contains([]string{formatXML, formatRaw}, format) {
		return gateway.Policy{}, invalid("format", "The format '%s' is not served by Lazuli: put the document itself, as xml or rawxml. Nothing is fetched from elsewhere.", format)
	}
	if strings.TrimSpace(text) == "" {
		return gateway.Policy{}, invalid("value", "The property 'value' must not be empty.")
	}
	out := gateway.Policy{Text: text, Given: text, Format: format, Description: c.Body.Text("properties", "description")}
	if format == formatXML {
		out.Text = gateway.Unescape(text)
	}
	if ofConsumption(c) {
		if err := policy.ForConsumption(out.Text); err != nil {
			return out, refused(err)
		}
	}
	c.Body.Remove("properties", "value") // the engine has it
	c.Body.Remove("properties", "format")
	return out, nil
}

// ofConsumption reports whether a service has the tier with the fewest policies. One
// that lazuli.yaml declares has no tier, and all policies.
func ofConsumption(c *arm.Call) bool {
	service := c.ID
	service.Types, service.Names = service.Types[:1], service.Names[:1]
	b, found := c.Manager.Body(service)
	return found && b.Text("sku", "name") == consumption
}

// showPolicy shows a document in the format that is asked for: as it was put, where it
// was put in that one.
func showPolicy(c *arm.Call, v gateway.Policy) {
	format := c.Query.Get("format")
	if format != formatRaw {
		format = formatXML
	}
	text := v.Text
	switch {
	case v.Given != "" && v.Format == format:
		text = v.Given
	case format == formatXML:
		text = gateway.Escape(v.Text)
	}
	c.Body.Set(text, "properties", "value")
	c.Body.Set(format, "properties", "format")
	setText(c, "description", v.Description)
}

// settings are what nothing here works by: groups of developers, tags, and the
// settings of the developer portal.
func settings() []arm.Type {
	const service = resource.Gateways
	record := func(name string) arm.Type {
		return arm.Type{Name: service + name, Created: http.StatusCreated, Plain: true}
	}
	always := func(name string, names []string, defaults map[string]any) arm.Type {
		t := record(name)
		t.Created, t.Always = 0, names
		t.Get = func(_ context.Context, c *arm.Call) error {
			for path, v := range defaults {
				c.Body.Default(v, "properties", path)
			}
			return nil
		}
		return t
	}
	groups := record("/groups")
	groups.Always = []string{"administrators", "developers", "guests"}
	groups.Get = func(_ context.Context, c *arm.Call) error {
		builtIn := slices.Contains(groups.Always, c.ID.Name())
		if !c.Kept() && !builtIn {
			return notThere(c)
		}
		c.Body.Default(strings.ToUpper(c.ID.Name()[:1])+c.ID.Name()[1:], "properties", "displayName")
		c.Body.Set(builtIn, "properties", "builtIn")
		kind := "custom"
		if builtIn {
			kind = "system"
		}
		c.Body.Default(kind, "properties", "type")
		return nil
	}
	access := always("/tenant", []string{"access", "gitAccess"}, map[string]any{"enabled": false, "id": "access"})
	access.Actions = map[string]arm.Action{"listSecrets": func(context.Context, *arm.Call) (arm.Answer, error) {
		return arm.Answer{Body: map[string]any{"enabled": false, "id": "access"}}, nil
	}}
	return []arm.Type{
		groups, record("/tags"), record("/products/groups"), record("/products/tags"), access,
		always("/portalsettings", []string{"signin", "signup", "delegation"}, map[string]any{"enabled": false}),
	}
}
