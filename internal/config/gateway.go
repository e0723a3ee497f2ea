package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// GatewayPort is where the gateway listens if nothing else is said, and there is an API.
const GatewayPort = 8000

// Gateway is the API gateway's port and its services: the default one, which localhost
// means, and others by name.
type Gateway struct {
	Port Port `yaml:"port"` // TLS and plain HTTP; default 8000, opened when there is an API

	GatewayService `yaml:",inline"`
	Services       map[string]GatewayService `yaml:"services"`
}

// GatewayService is an API Management service.
type GatewayService struct {
	Policy        string                         `yaml:"policy"`        // file of the policy of everything
	APIs          map[string]GatewayAPI          `yaml:"apis"`          // by name
	Products      map[string]GatewayProduct      `yaml:"products"`      // by name
	Subscriptions map[string]GatewaySubscription `yaml:"subscriptions"` // by name
	NamedValues   map[string]GatewayValue        `yaml:"namedValues"`   // {{name}} in policies
	Backends      map[string]GatewayBackend      `yaml:"backends"`      // for set-backend-service
	Loggers       map[string]GatewayLogger       `yaml:"loggers"`       // for log-to-eventhub
	Fragments     map[string]string              `yaml:"fragments"`     // files, for include-fragment
	Schemas       map[string]string              `yaml:"schemas"`       // files, for validate-content
	Certificates  map[string]GatewayCertificate  `yaml:"certificates"`  // by name, for backends and policies

	NegotiateClientCertificate bool     `yaml:"negotiateClientCertificate"` // callers over TLS are asked for a certificate
	CertificateAuthorities     []string `yaml:"certificateAuthorities"`     // files of authorities whose certificates are trusted
}

// GatewayAPI is an API.
type GatewayAPI struct {
	Title                string                      `yaml:"title"`                // default: its name
	Path                 string                      `yaml:"path"`                 // below the gateway; default: none, all of it
	Backend              string                      `yaml:"backend"`              // URL, or app:NAME of a function app
	OpenAPI              string                      `yaml:"openapi"`              // file with the operations, OpenAPI 2 or 3
	Policy               string                      `yaml:"policy"`               // file
	SubscriptionRequired *bool                       `yaml:"subscriptionRequired"` // calls need a key; default true
	Operations           map[string]GatewayOperation `yaml:"operations"`           // by name; default: everything
}

// GatewayOperation is an operation of an API.
type GatewayOperation struct {
	Method      string `yaml:"method"`      // default GET
	URLTemplate string `yaml:"urlTemplate"` // /devices/{id}
	Policy      string `yaml:"policy"`      // file
}

// GatewayProduct is a product.
type GatewayProduct struct {
	Title                string   `yaml:"title"`                // default: its name
	APIs                 []string `yaml:"apis"`                 // that its keys open
	Policy               string   `yaml:"policy"`               // file
	SubscriptionRequired *bool    `yaml:"subscriptionRequired"` // default true
}

// GatewaySubscription is a pair of keys.
type GatewaySubscription struct {
	API          string `yaml:"api"`          // what the keys open: an API,
	Product      string `yaml:"product"`      // or a product; default: all APIs
	Key          string `yaml:"key"`          // default: one is made, and kept
	SecondaryKey string `yaml:"secondaryKey"` // default as above
	AllowTracing bool   `yaml:"allowTracing"` // Ocp-Apim-Trace works with its keys
}

// GatewayValue is a named value.
type GatewayValue struct {
	Value  string `yaml:"value"`
	Secret bool   `yaml:"secret"` // starred in traces
}

// GatewayBackend is a backend.
type GatewayBackend struct {
	URL     string            `yaml:"url"`     // or app:NAME of a function app
	Headers map[string]string `yaml:"headers"` // sent with each request
	Pool    []string          `yaml:"pool"`    // other backends, taken in turn; then there is no url

	Certificate string `yaml:"certificate"` // name of the certificate that it is shown
}

// GatewayCertificate is a certificate, with its key where it is shown to backends.
type GatewayCertificate struct {
	File     string `yaml:"file"`     // PFX, PEM or DER
	Password string `yaml:"password"` // of a PFX
}

// GatewayLogger is an event hub that policies log to.
type GatewayLogger struct {
	Namespace string `yaml:"namespace"` // default: the one that localhost means
	Hub       string `yaml:"hub"`
}

// NamedGateway is a service, its name, and where it stands in the file.
type NamedGateway struct {
	Name, Path string
	GatewayService
}

// All are the default service and then the others by name.
func (g *Gateway) All() []NamedGateway {
	all := []NamedGateway{{DefaultAccount, "gateway", g.GatewayService}}
	for _, name := range slices.Sorted(maps.Keys(g.Services)) {
		all = append(all, NamedGateway{name, "gateway.services." + name, g.Services[name]})
	}
	return all
}

var (
	gatewayName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,48}[A-Za-z0-9]$`)
	apiName     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$`)
)

func (v *validation) gateway(c *Config) {
	v.distinct("gateway.services", slices.Sorted(maps.Keys(c.Gateway.Services)))
	for _, s := range c.Gateway.All() {
		if s.Path != "gateway" && !gatewayName.MatchString(s.Name) {
			v.add(s.Path, "a gateway's name has 2 to 50 letters, digits and dashes, and begins with a letter")
		}
		if s.Path != "gateway" {
			v.reserved(s.Path, s.Name, "gateway")
		}
		for _, name := range slices.Sorted(maps.Keys(s.APIs)) {
			v.gatewayAPI(c, s.Path+".apis."+name, name, s.APIs[name])
		}
		v.gatewayRest(c, s)
	}
}

func (v *validation) gatewayAPI(c *Config, path, name string, a GatewayAPI) {
	if !apiName.MatchString(name) {
		v.add(path, "a name has letters, digits, dashes, dots and underscores, up to 80")
	}
	if a.OpenAPI != "" && len(a.Operations) > 0 {
		v.add(path+".operations", "the file of openapi has the operations: one of the two belongs here")
	}
	v.gatewayBackend(c, path+".backend", a.Backend)
	for op, o := range a.Operations {
		at := path + ".operations." + op
		if !strings.HasPrefix(o.URLTemplate, "/") {
			v.add(at+".urlTemplate", "%q begins with no /, as /devices/{id} does", o.URLTemplate)
		}
	}
}

// gatewayBackend refuses what leads nowhere.
func (v *validation) gatewayBackend(c *Config, path, backend string) {
	app, isApp := strings.CutPrefix(backend, "app:")
	switch {
	case backend == "":
	case isApp:
		app, _, _ = strings.Cut(app, "/")
		if !slices.ContainsFunc(slices.Collect(maps.Keys(c.Functions.Apps)), func(n string) bool { return strings.EqualFold(n, app) }) {
			v.add(path, "there is no function app %q under functions.apps", app)
		}
	case !strings.HasPrefix(backend, "http://") && !strings.HasPrefix(backend, "https://"):
		v.add(path, "%q is neither a URL such as https://host/path nor app:NAME", backend)
	}
}

func (v *validation) gatewayRest(c *Config, s NamedGateway) {
	for name, p := range s.Products {
		at := s.Path + ".products." + name
		for i, api := range p.APIs {
			if _, ok := s.APIs[api]; !ok {
				v.add(fmt.Sprintf("%s.apis[%d]", at, i), "there is no API %s", api)
			}
		}
	}
	for name, sub := range s.Subscriptions {
		at := s.Path + ".subscriptions." + name
		if _, ok := s.APIs[sub.API]; sub.API != "" && !ok {
			v.add(at+".api", "there is no API %s", sub.API)
		}
		if _, ok := s.Products[sub.Product]; sub.Product != "" && !ok {
			v.add(at+".product", "there is no product %s", sub.Product)
		}
		if sub.API != "" && sub.Product != "" {
			v.add(at, "its keys open an API or a product, not both")
		}
	}
	for name, b := range s.Backends {
		at := s.Path + ".backends." + name
		if (b.URL == "") == (len(b.Pool) == 0) {
			v.add(at, "it has a url or a pool")
		}
		v.gatewayBackend(c, at+".url", b.URL)
		if _, ok := s.Certificates[b.Certificate]; b.Certificate != "" && !ok {
			v.add(at+".certificate", "there is no certificate %s", b.Certificate)
		}
	}
	for name, c := range s.Certificates {
		if c.File == "" {
			v.add(s.Path+".certificates."+name+".file", "is missing")
		}
	}
	for name, l := range s.Loggers {
		if l.Hub == "" {
			v.add(s.Path+".loggers."+name+".hub", "is missing")
		}
	}
}
