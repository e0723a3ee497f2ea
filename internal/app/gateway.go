package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/arm"
	armgateway "github.com/lazuli-dev/lazuli/internal/arm/apim"
	"github.com/lazuli-dev/lazuli/internal/azure/apim"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/keys"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// declareGateways makes the gateways of the project file, and the one that localhost
// means.
func (s *dataFolder) declareGateways(cfg config.Config) error {
	var names []string
	for _, g := range cfg.Gateway.All() {
		names = append(names, g.Name)
	}
	_, err := s.declareAccounts(resource.Gateways, names, nil)
	return err
}

// gateways are the API gateways behind their port.
func gateways(e *env) (parts, error) {
	log := e.Log.With("component", "gateway")
	transport, calls, reports := e.insideOut(), newCalls(), e.gatewayTelemetry()
	engine, err := gateway.Open(gateway.Options{
		DB: e.Storage.kv, Log: log, Transport: transport, Via: e.via(), Roots: e.trusted(), Event: e.gatewayEvent, Token: e.gatewayToken(transport),
		Authority: func(tenant string) string {
			return "https://" + signInHost + "/" + url.PathEscape(tenant) + "/v2.0/.well-known/openid-configuration"
		},
		Done: func(c gateway.Call) {
			calls.Add(c)
			tellCall(log, c)
			reports.Done(c)
		},
		Telemetry: &gateway.Telemetry{Trace: reports.Trace, Metric: reports.Metric},
	})
	if err != nil {
		return parts{}, err
	}
	e.Storage.opened("gateways", engine)
	e.gateways = engine
	own, err := e.Exists.Account(resource.Gateways, resource.Default)
	if err != nil {
		return parts{}, err
	}
	for _, g := range e.Config.Gateway.All() {
		if err := e.declareGateway(engine, g); err != nil {
			return parts{}, err
		}
	}
	token := rand.Text()
	e.Doors.tokens[instance.Gateway] = token
	services := newPerAccount(func(a resource.Account) (*apim.Service, error) {
		s, err := engine.Service(a.ID, a.Name)
		return &apim.Service{Gateway: s, TraceToken: token}, err
	})
	opened := e.gatewayPort(own, log)
	p := parts{
		Resources: []arm.Provider{armgateway.New(armgateway.Config{Accounts: e.armAccounts(), Engine: engine, People: e.Who, Opened: opened})},
		Accounts:  []accountKind{gatewayKind(engine)},
		Routes:    []door.Route{{Type: resource.Gateways, HTTP: httpOf(e, services), Certificates: asksCertificates(engine)}},
		Suffixes:  []suffix{{domain: "azure-api.net", typ: resource.Gateways, service: instance.Gateway}},
		Engines:   []part{{name: "gateways", run: engine.Run}, {name: "what gateways report", run: reports.Run}},
		Pages:     e.gatewayPages(engine, calls, token),
		Summary:   func(s *Summary) { s.Gateways = e.gatewaySummaries(engine) },
	}
	if e.Config.Gateway.Port == config.GatewayPort && len(e.Exists.Accounts(resource.Gateways)) == 1 && len(e.gatewaySummaries(engine)) == 0 {
		return p, nil // many programs like that port, and nothing is behind it
	}
	return p, opened()
}

// asksCertificates reports whether callers of a gateway are asked for a certificate.
func asksCertificates(engine *gateway.Engine) func(resource.Account) bool {
	return func(a resource.Account) bool {
		s, err := engine.Service(a.ID, a.Name)
		return err == nil && s.AsksCertificates()
	}
}

// gatewayPort opens the port of gateways, once: at the start where there is one, or as
// the first comes by Resource Manager.
func (e *env) gatewayPort(own resource.Account, log *slog.Logger) func() error {
	port := door.Port{Title: "API gateway", Key: "gateway.port", TLS: door.Either, Quick: true, Account: own, Log: log}
	var mu sync.Mutex
	return func() error {
		mu.Lock()
		defer mu.Unlock()
		if e.Doors.address(instance.Gateway) != "" {
			return nil
		}
		if e.Manager == nil { // the house is being built
			return e.Doors.open(instance.Gateway, e.Config.Gateway.Port, port)
		}
		if err := e.Doors.openLater(instance.Gateway, e.Config.Gateway.Port, port); err != nil {
			return err
		}
		e.published()
		return nil
	}
}

// tellCall says what callers are not told: why a policy or a backend failed.
func tellCall(log *slog.Logger, c gateway.Call) {
	if c.Failure == nil || !c.Failure.Missing {
		return
	}
	log.Warn("a call through the gateway failed", "gateway", c.Service, "api", c.API, "operation", c.Operation, "status", c.Status,
		"activity_id", c.ID, "source", c.Failure.Source, "reason", c.Failure.Reason, "error", c.Failure.Message, "section", c.Failure.Section, "at", c.Failure.Path)
}

// gatewayKind is gateways as accounts: the keys of their subscriptions.
func gatewayKind(engine *gateway.Engine) accountKind {
	return accountKind{
		typ: resource.Gateways, service: "API Management", word: "gateway",
		keys: func(a resource.Account, _ json.RawMessage) ([]keys.Key, error) {
			s, err := engine.Service(a.ID, a.Name)
			if err != nil {
				return nil, err
			}
			var all []keys.Key
			for _, sub := range s.Subscriptions().List() {
				opens := "all APIs"
				if sub.Value.API != "" {
					opens = "the API " + sub.Value.API
				} else if sub.Value.Product != "" {
					opens = "the product " + sub.Value.Product
				}
				closed := sub.Value.State != "active"
				all = append(all,
					keys.Key{Policy: sub.Name, Name: "primary", Value: sub.Value.PrimaryKey, Rights: opens, Closed: closed},
					keys.Key{Policy: sub.Name, Name: "secondary", Value: sub.Value.SecondaryKey, Rights: opens, Closed: closed})
			}
			return all, nil
		},
		regenerate: func(keys.Which, json.RawMessage) (json.RawMessage, error) {
			return nil, fault.New(fault.Invalid, "key of a gateway", "keys of subscriptions are made anew on the portal's page Gateway, or over Resource Manager")
		},
		owner: func(json.RawMessage) (rule, key string) { return "", "" },
	}
}

func (e *env) gatewaySummaries(engine *gateway.Engine) (all []GatewaySummary) {
	for _, a := range e.Exists.Accounts(resource.Gateways) {
		s, err := engine.Service(a.ID, a.Name)
		if err != nil {
			continue
		}
		g := GatewaySummary{Name: notDefault(a)}
		for _, api := range s.APIs().List() {
			if api.Value.IsCurrent {
				name, _ := gateway.SplitRevision(api.Name)
				g.APIs = append(g.APIs, name+" at /"+api.Value.Path)
			}
		}
		if g.APIs != nil {
			all = append(all, g)
		}
	}
	return all
}

// gatewayEvent appends an event of log-to-eventhub to its hub.
func (e *env) gatewayEvent(ctx context.Context, l gateway.Logger, partitionID, partitionKey, text string) error {
	n, err := e.findNamespace(l.Namespace)
	if err != nil {
		return err
	}
	hub, err := n.Find(l.Hub, broker.DefaultGroup)
	if err != nil {
		return err
	}
	part := hub.Route(partitionKey)
	if partitionID != "" {
		id, err := strconv.Atoi(partitionID)
		if err != nil {
			return fault.New(fault.Invalid, "partition "+partitionID, "it is no number")
		}
		if part, err = hub.Partition(id); err != nil {
			return err
		}
	}
	message, err := eventdata.Message{Body: []byte(text)}.Append(nil)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	part.AppendContext(ctx, broker.Append{Records: [][]byte{message}, Key: partitionKey}, func(r broker.AppendResult) { done <- r.Err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// gatewayPrincipal is whom a gateway asks as: its own identity, where Resource Manager
// gave it one; else who runs the project.
func (e *env) gatewayPrincipal(service uint64) string {
	for _, a := range e.Exists.Accounts(resource.Gateways) {
		if a.ID != service {
			continue
		}
		name := identity.Resource.Named(armgateway.PrincipalName(a))
		if _, err := e.Who.Principal(name); err == nil {
			return name
		}
	}
	return identity.DeveloperName
}

// gatewayToken asks the issuer for tokens as gateways get them.
func (e *env) gatewayToken(transport http.RoundTripper) func(context.Context, uint64, string, string) (string, error) {
	return func(ctx context.Context, service uint64, clientID, resource string) (string, error) {
		q := url.Values{"api-version": {"2019-08-01"}, "resource": {resource}}
		if clientID != "" {
			q.Set("client_id", clientID)
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, managedEndpoint(e.Doors.addresses[instance.Identity])+"?"+q.Encode(), nil)
		if err != nil {
			return "", err
		}
		r.Header.Set("X-IDENTITY-HEADER", e.Issuer.Header(e.gatewayPrincipal(service)))
		reply, err := transport.RoundTrip(r)
		if err != nil {
			return "", err
		}
		defer reply.Body.Close()
		var answer struct {
			Token   string `json:"access_token"`
			Message string `json:"error_description"`
		}
		if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil || answer.Token == "" {
			return "", errors.Join(fault.New(fault.Unauthorized, "token for "+resource, "%s", cmp.Or(answer.Message, reply.Status)), err)
		}
		return answer.Token, nil
	}
}

// declareGateway brings a gateway up to date with the project file. What came another
// way stays.
func (e *env) declareGateway(engine *gateway.Engine, g config.NamedGateway) error {
	a, err := e.Exists.Account(resource.Gateways, g.Name)
	if err != nil {
		return err
	}
	s, err := engine.Service(a.ID, a.Name)
	if err != nil {
		return err
	}
	d := gatewayDeclaration{e, s, g}
	for _, step := range []func() error{d.certificates, d.around, d.apis, d.products, d.subscriptions} {
		if err := step(); err != nil {
			return err
		}
	}
	return d.policy("policy", gateway.Scope{}, g.Policy)
}

// gatewayDeclaration is a gateway of the project file on its way into the engine.
type gatewayDeclaration struct {
	e    *env
	s    *gateway.Service
	file config.NamedGateway
}

// put puts a definition; the error names its key in the file.
func put[T any](d gatewayDeclaration, key string, t gateway.Table[T], name string, v T) error {
	if _, err := t.Put(d.e.Context, name, v); err != nil {
		return fmt.Errorf("%s.%s: %w", d.file.Path, key, err)
	}
	return nil
}

// certificates puts those of the file, and what is wanted of callers.
func (d gatewayDeclaration) certificates() error {
	for _, name := range slices.Sorted(maps.Keys(d.file.Certificates)) {
		given, key := d.file.Certificates[name], "certificates."+name
		text, err := d.read(key+".file", given.File)
		if err != nil {
			return err
		}
		def, err := gateway.ReadCertificate([]byte(text), given.Password)
		if err != nil {
			return fmt.Errorf("%s.%s: %s: %w", d.file.Path, key, given.File, err)
		}
		if err := put(d, key, d.s.Certificates(), name, def); err != nil {
			return err
		}
	}
	callers := gateway.ClientTLS{Negotiate: d.file.NegotiateClientCertificate}
	for _, file := range d.file.CertificateAuthorities {
		text, err := d.read("certificateAuthorities", file)
		if err != nil {
			return err
		}
		def, err := gateway.ReadCertificate([]byte(text), "")
		if err != nil {
			return fmt.Errorf("%s.certificateAuthorities: %s: %w", d.file.Path, file, err)
		}
		callers.Authorities = append(callers.Authorities, def.Chain...)
	}
	return put(d, "negotiateClientCertificate", d.s.ClientTLS(), gateway.ClientTLSName, callers)
}

// around puts what policies may name.
func (d gatewayDeclaration) around() error {
	for _, name := range slices.Sorted(maps.Keys(d.file.NamedValues)) {
		v := d.file.NamedValues[name]
		if err := put(d, "namedValues."+name, d.s.NamedValues(), name, gateway.NamedValue{DisplayName: name, Value: v.Value, Secret: v.Secret}); err != nil {
			return err
		}
	}
	for _, pools := range []bool{false, true} {
		for _, name := range slices.Sorted(maps.Keys(d.file.Backends)) {
			b := d.file.Backends[name]
			if (len(b.Pool) > 0) != pools {
				continue
			}
			def := gateway.Backend{URL: b.URL, Header: map[string][]string{}, Certificate: b.Certificate}
			for h, v := range b.Headers {
				def.Header[h] = []string{v}
			}
			for _, member := range b.Pool {
				def.Pool = append(def.Pool, gateway.PoolMember{Backend: member, Weight: 1})
			}
			if err := put(d, "backends."+name, d.s.Backends(), name, def); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.file.Loggers)) {
		l := d.file.Loggers[name]
		if err := put(d, "loggers."+name, d.s.Loggers(), name, gateway.Logger{Type: "azureEventHub", Namespace: l.Namespace, Hub: l.Hub}); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.file.Fragments)) {
		text, err := d.read("fragments."+name, d.file.Fragments[name])
		if err != nil {
			return err
		}
		if err := put(d, "fragments."+name, d.s.Fragments(), name, gateway.Policy{Text: text}); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.file.Schemas)) {
		text, err := d.read("schemas."+name, d.file.Schemas[name])
		if err != nil {
			return err
		}
		if err := put(d, "schemas."+name, d.s.Schemas(), name, gateway.Schema{Document: json.RawMessage(text)}); err != nil {
			return err
		}
	}
	return nil
}

func (d gatewayDeclaration) read(key, file string) (string, error) {
	text, err := os.ReadFile(d.e.Config.File(file))
	if err != nil {
		return "", fmt.Errorf("%s.%s: %w", d.file.Path, key, err)
	}
	return string(text), nil
}

// policy puts the document of a file; without one, the scope has none.
func (d gatewayDeclaration) policy(key string, at gateway.Scope, file string) error {
	t := d.s.Policies(at)
	if file == "" {
		if err := t.Delete(d.e.Context, gateway.PolicyName); err != nil && !fault.Is(err, fault.NotFound) {
			return fmt.Errorf("%s.%s: %w", d.file.Path, key, err)
		}
		return nil
	}
	text, err := d.read(key, file)
	if err != nil {
		return err
	}
	if _, err := t.Put(d.e.Context, gateway.PolicyName, gateway.Policy{Text: text}); err != nil {
		if fault := gateway.PolicyFault(err); fault != nil {
			return fmt.Errorf("%s.%s: %s:%d:%d: %s: %s", d.file.Path, key, file, fault.Line, fault.Column, cmp.Or(fault.Element, "document"), fault.Message)
		}
		return fmt.Errorf("%s.%s: %w", d.file.Path, key, err)
	}
	return nil
}

func (d gatewayDeclaration) apis() error {
	for _, name := range slices.Sorted(maps.Keys(d.file.APIs)) {
		if err := d.api(name, d.file.APIs[name]); err != nil {
			return err
		}
	}
	return nil
}

func (d gatewayDeclaration) api(name string, a config.GatewayAPI) error {
	key := "apis." + name
	def := gateway.API{
		DisplayName: cmp.Or(a.Title, name), Path: a.Path, ServiceURL: a.Backend, IsCurrent: true,
		SubscriptionRequired: a.SubscriptionRequired == nil || *a.SubscriptionRequired,
	}
	if a.OpenAPI != "" {
		text, err := d.read(key+".openapi", a.OpenAPI)
		if err != nil {
			return err
		}
		if err := d.s.Import(d.e.Context, name, def, []byte(text)); err != nil {
			return fmt.Errorf("%s.%s.openapi: %w", d.file.Path, key, err)
		}
	} else if err := put(d, key, d.s.APIs(), name, def); err != nil {
		return err
	}
	if a.OpenAPI == "" {
		if err := d.operations(key, name, a); err != nil {
			return err
		}
	}
	return d.policy(key+".policy", gateway.Scope{API: name}, a.Policy)
}

// operations are those of the file, and no others.
func (d gatewayDeclaration) operations(key, api string, a config.GatewayAPI) error {
	wanted := a.Operations
	if len(wanted) == 0 {
		wanted = map[string]config.GatewayOperation{"everything": {Method: "*", URLTemplate: "/*"}}
	}
	t := d.s.Operations(api)
	for _, old := range t.List() {
		if _, kept := wanted[old.Name]; !kept {
			if err := t.Delete(d.e.Context, old.Name); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		o := wanted[name]
		at := key + ".operations." + name
		if err := put(d, at, t, name, gateway.Operation{DisplayName: name, Method: cmp.Or(strings.ToUpper(o.Method), http.MethodGet), URLTemplate: o.URLTemplate}); err != nil {
			return err
		}
		if err := d.policy(at+".policy", gateway.Scope{API: api, Operation: name}, o.Policy); err != nil {
			return err
		}
	}
	return nil
}

func (d gatewayDeclaration) products() error {
	for _, name := range slices.Sorted(maps.Keys(d.file.Products)) {
		p := d.file.Products[name]
		key := "products." + name
		def := gateway.Product{DisplayName: cmp.Or(p.Title, name), State: "published", SubscriptionRequired: p.SubscriptionRequired == nil || *p.SubscriptionRequired}
		if err := put(d, key, d.s.Products(), name, def); err != nil {
			return err
		}
		for _, api := range p.APIs {
			if err := put(d, key+".apis", d.s.ProductAPIs(name), api, struct{}{}); err != nil {
				return err
			}
		}
		if err := d.policy(key+".policy", gateway.Scope{Product: name}, p.Policy); err != nil {
			return err
		}
	}
	return nil
}

func (d gatewayDeclaration) subscriptions() error {
	for _, name := range slices.Sorted(maps.Keys(d.file.Subscriptions)) {
		sub := d.file.Subscriptions[name]
		def := gateway.Subscription{
			DisplayName: name, API: sub.API, Product: sub.Product, PrimaryKey: sub.Key, SecondaryKey: sub.SecondaryKey, AllowTracing: sub.AllowTracing,
		}
		if err := put(d, "subscriptions."+name, d.s.Subscriptions(), name, def); err != nil {
			return err
		}
	}
	return nil
}
