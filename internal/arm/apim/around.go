package apim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// around are what policies and APIs name.
func (p provider) around() []arm.Type {
	const service = resource.Gateways
	value := typed(p, service+"/namedValues", definition[gateway.NamedValue]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.NamedValue] { return s.NamedValues() },
		read:  readValue, show: showValue,
	})
	value.Long = true
	value.Refuse = []arm.Refusal{{Path: "properties.keyVault", Why: "there is no Key Vault here; give the value itself"}}
	value.Actions = map[string]arm.Action{"listValue": p.listValue}
	backend := typed(p, service+"/backends", definition[gateway.Backend]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.Backend] { return s.Backends() },
		read:  readBackend, show: showBackend,
	})
	backend.Refuse = []arm.Refusal{
		{Path: "properties.proxy", Why: "backends are reached without a proxy here"},
		{Path: "properties.properties.serviceFabricCluster", Why: "there is no Service Fabric here"},
		{Path: "properties.protocol", Unless: []any{"http"}, Why: "there are HTTP backends alone"},
	}
	logger := typed(p, service+"/loggers", definition[gateway.Logger]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.Logger] { return s.Loggers() },
		read:  readLogger, show: showLogger,
	})
	logger.Secret = []string{"properties.credentials"}
	set := typed(p, service+"/apiVersionSets", definition[gateway.VersionSet]{
		table: func(s *gateway.Service, _ arm.ID) gateway.Table[gateway.VersionSet] { return s.VersionSets() },
		read:  readVersionSet, show: showVersionSet,
	})
	all := []arm.Type{value, backend, logger, set}
	for _, of := range []string{"/diagnostics", "/apis/diagnostics"} {
		d := typed(p, service+of, definition[gateway.Diagnostic]{
			table: func(s *gateway.Service, id arm.ID) gateway.Table[gateway.Diagnostic] {
				if len(id.Names) > 1 && of != "/diagnostics" {
					return s.Diagnostics(id.Names[1])
				}
				return s.Diagnostics("")
			},
			read: readDiagnostic, show: func(c *arm.Call, v gateway.Diagnostic) {
				if !c.Kept() {
					c.Body.Set(v.Logger, "properties", "loggerId")
				}
			},
		})
		all = append(all, d)
	}
	return all
}

func readValue(c *arm.Call, old gateway.NamedValue) (gateway.NamedValue, error) {
	b := c.Body.Object("properties")
	def := gateway.NamedValue{DisplayName: b.Text("displayName"), Value: b.Text("value"), Secret: b.Bool("secret"), Tags: b.Texts("tags")}
	switch {
	case def.DisplayName == "":
		return def, invalid("displayName", "The property 'displayName' must not be empty.")
	case !b.Has("value"):
		def.Value = old.Value
	}
	if def.Value == "" {
		return def, invalid("value", "The property 'value' must not be empty.")
	}
	c.Body.Remove("properties", "value") // the engine has it
	return def, nil
}

func showValue(c *arm.Call, v gateway.NamedValue) {
	c.Body.Set(v.DisplayName, "properties", "displayName")
	c.Body.Set(v.Secret, "properties", "secret")
	if !v.Secret {
		c.Body.Set(v.Value, "properties", "value")
	}
	tags := []any{}
	for _, tag := range v.Tags {
		tags = append(tags, tag)
	}
	c.Body.Set(tags, "properties", "tags")
}

func (p provider) listValue(_ context.Context, c *arm.Call) (arm.Answer, error) {
	s, err := p.of(c.ID)
	if err != nil {
		return arm.Answer{}, err
	}
	v, err := s.NamedValues().Get(c.ID.Name())
	return arm.Answer{Body: map[string]any{"value": v.Value}}, err
}

func readBackend(c *arm.Call, _ gateway.Backend) (gateway.Backend, error) {
	b := c.Body.Object("properties")
	def := gateway.Backend{
		Title: b.Text("title"), Description: b.Text("description"), URL: b.Text("url"),
		Header: lists(b.Object("credentials", "header")), Query: lists(b.Object("credentials", "query")),
		TLS: gateway.TLS{
			SkipTLSVerify: b.Has("tls", "validateCertificateChain") && !b.Bool("tls", "validateCertificateChain"),
			SkipTLSName:   b.Has("tls", "validateCertificateName") && !b.Bool("tls", "validateCertificateName"),
		},
	}
	ids, prints := b.Texts("credentials", "certificateIds"), b.Texts("credentials", "certificate")
	switch {
	case len(ids)+len(prints) > 1:
		return def, invalid("credentials", "A backend is shown one certificate here, not %d.", len(ids)+len(prints))
	case len(ids) == 1:
		def.Certificate = lastOf(ids[0])
	case len(prints) == 1:
		def.CertificateThumbprint = prints[0]
	}
	if scheme := b.Text("credentials", "authorization", "scheme"); scheme != "" {
		def.Authorization = scheme + " " + b.Text("credentials", "authorization", "parameter")
	}
	if strings.EqualFold(b.Text("type"), "Pool") {
		for _, member := range b.Objects("pool", "services") {
			priority, _ := member.Int("priority")
			weight, _ := member.Int("weight")
			def.Pool = append(def.Pool, gateway.PoolMember{Backend: lastOf(member.Text("id")), Priority: int(priority), Weight: int(weight)})
		}
		if len(def.Pool) == 0 {
			return def, invalid("pool", "A backend of the type Pool names at least one service in 'pool.services'.")
		}
	} else if def.URL == "" {
		return def, invalid("url", "The property 'url' must not be empty.")
	}
	rules := b.Objects("circuitBreaker", "rules")
	if len(rules) > 1 {
		return def, invalid("circuitBreaker.rules", "A backend has one rule of its circuit breaker, not %d.", len(rules))
	}
	for _, r := range rules {
		breaker, err := readBreaker(r)
		if err != nil {
			return def, err
		}
		def.Breaker = breaker
	}
	return def, nil
}

func lists(b arm.Body) map[string][]string {
	out := map[string][]string{}
	for name := range b {
		if all := b.Texts(name); all != nil {
			out[name] = all
		} else if s := b.Text(name); s != "" {
			out[name] = []string{s}
		}
	}
	return out
}

func readBreaker(r arm.Body) (*gateway.CircuitBreaker, error) {
	count, _ := r.Int("failureCondition", "count")
	percentage, _ := r.Int("failureCondition", "percentage")
	out := &gateway.CircuitBreaker{
		Name: r.Text("name"), Count: int(count), Percentage: int(percentage), AcceptRetryAfter: r.Bool("acceptRetryAfter"),
		Errors: len(r.Texts("failureCondition", "errorReasons")) > 0,
	}
	var err error
	if out.Interval, err = arm.Duration(r.Text("failureCondition", "interval")); err != nil {
		return nil, invalid("circuitBreaker.rules", "The interval '%s' is no ISO 8601 duration.", r.Text("failureCondition", "interval"))
	}
	if out.TripDuration, err = arm.Duration(r.Text("tripDuration")); err != nil {
		return nil, invalid("circuitBreaker.rules", "The trip duration '%s' is no ISO 8601 duration.", r.Text("tripDuration"))
	}
	for _, x := range r.Objects("failureCondition", "statusCodeRanges") {
		low, _ := x.Int("min")
		high, _ := x.Int("max")
		out.StatusRanges = append(out.StatusRanges, [2]int{int(low), int(high)})
	}
	return out, nil
}

func showBackend(c *arm.Call, v gateway.Backend) {
	b := c.Body
	kind := "Single"
	if v.Pool != nil {
		kind = "Pool"
	} else {
		b.Set(v.URL, "properties", "url")
		b.Default("http", "properties", "protocol")
	}
	b.Default(kind, "properties", "type")
	setText(c, "title", v.Title)
	setText(c, "description", v.Description)
	if !c.Kept() && v.Pool != nil {
		var services []any
		for _, member := range v.Pool {
			services = append(services, map[string]any{"id": "/backends/" + member.Backend, "priority": member.Priority, "weight": member.Weight})
		}
		b.Set(services, "properties", "pool", "services")
	}
	if !c.Kept() && v.Breaker != nil {
		b.Set([]any{map[string]any{"name": v.Breaker.Name, "tripDuration": "PT" + strings.ToUpper(v.Breaker.TripDuration.Truncate(time.Second).String())}}, "properties", "circuitBreaker", "rules")
	}
}

// kindsOfLogger are where something can be sent.
var kindsOfLogger = []string{"azureEventHub", "applicationInsights", "azureMonitor"}

func readLogger(c *arm.Call, _ gateway.Logger) (gateway.Logger, error) {
	b := c.Body.Object("properties")
	def := gateway.Logger{
		Type: b.Text("loggerType"), Description: b.Text("description"), Resource: b.Text("resourceId"), Buffered: !b.Has("isBuffered") || b.Bool("isBuffered"),
		Credentials: map[string]string{},
	}
	if !slices.Contains(kindsOfLogger, def.Type) {
		return def, invalid("loggerType", "The type '%s' is not one of %s.", def.Type, strings.Join(kindsOfLogger, ", "))
	}
	for name := range b.Object("credentials") {
		def.Credentials[name] = b.Text("credentials", name)
	}
	if def.Type != "azureEventHub" {
		return def, nil
	}
	def.Hub = def.Credentials["name"]
	endpoint := def.Credentials["endpointAddress"]
	for _, pair := range strings.Split(def.Credentials["connectionString"], ";") {
		name, v, _ := strings.Cut(pair, "=")
		switch strings.ToLower(name) {
		case "endpoint":
			endpoint = v
		case "entitypath":
			def.Hub = v
		}
	}
	if def.Hub == "" || endpoint == "" {
		return def, invalid("credentials", "A logger of an event hub needs 'name', and 'connectionString' or 'endpointAddress'.")
	}
	host := strings.TrimSuffix(endpoint[strings.LastIndex(endpoint, "//")+1:], "/")
	def.Namespace, _, _ = strings.Cut(strings.Trim(host, "/"), ".")
	return def, nil
}

func showLogger(c *arm.Call, v gateway.Logger) {
	c.Body.Set(v.Type, "properties", "loggerType")
	c.Body.Set(v.Buffered, "properties", "isBuffered")
	setText(c, "description", v.Description)
	setText(c, "resourceId", v.Resource)
}

func readDiagnostic(c *arm.Call, _ gateway.Diagnostic) (gateway.Diagnostic, error) {
	b := c.Body.Object("properties")
	if name := c.ID.Name(); name != "applicationinsights" && name != "azuremonitor" {
		return gateway.Diagnostic{}, invalid("diagnosticId", "The diagnostic '%s' is not one of applicationinsights, azuremonitor.", name)
	}
	out := gateway.Diagnostic{Logger: lastOf(b.Text("loggerId")), Verbosity: b.Text("verbosity"), Metrics: b.Bool("metrics"), Properties: b.JSON(), Sampling: 100}
	if n, given := b.Int("sampling", "percentage"); given {
		out.Sampling = float64(n)
	}
	return out, nil
}

func readVersionSet(c *arm.Call, _ gateway.VersionSet) (gateway.VersionSet, error) {
	b := c.Body.Object("properties")
	def := gateway.VersionSet{
		DisplayName: b.Text("displayName"), Description: b.Text("description"), Scheme: b.Text("versioningScheme"),
		HeaderName: b.Text("versionHeaderName"), QueryName: b.Text("versionQueryName"),
	}
	if def.DisplayName == "" {
		return def, invalid("displayName", "The property 'displayName' must not be empty.")
	}
	return def, nil
}

func showVersionSet(c *arm.Call, v gateway.VersionSet) {
	c.Body.Set(v.DisplayName, "properties", "displayName")
	c.Body.Set(v.Scheme, "properties", "versioningScheme")
	setText(c, "description", v.Description)
	setText(c, "versionHeaderName", v.HeaderName)
	setText(c, "versionQueryName", v.QueryName)
}
