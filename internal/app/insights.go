package app

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/insights"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/page/keys"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/telemetry/report"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// typeInsights is what the port of telemetry stands for: all components.
const typeInsights = "Lazuli/telemetry"

// telemetryFolder, in the data folder, has a folder for each component, named by its
// application id, which no other ever has.
const telemetryFolder = "telemetry"

// insightsConnection is the setting by which applications know where to send.
const insightsConnection = "APPLICATIONINSIGHTS_CONNECTION_STRING"

// componentProperties are a component's in the catalogue.
type componentProperties struct {
	AppID            string `json:"appId"`
	Key              string `json:"instrumentationKey"`
	DisableLocalAuth bool   `json:"disableLocalAuth,omitempty"`
}

func readComponent(properties json.RawMessage) (p componentProperties, err error) {
	if properties != nil {
		err = json.Unmarshal(properties, &p)
	}
	return p, err
}

func (p componentProperties) json() json.RawMessage {
	text, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("app: the properties of a component: %v", err)) // texts and a truth are always JSON
	}
	return text
}

// declareInsights makes the components of the project file, with ids that stay.
func (s *dataFolder) declareInsights(cfg config.Config) error {
	named := cfg.Insights.All()
	names, by := make([]string, len(named)), map[string]config.Component{}
	for n, c := range named {
		names[n], by[strings.ToLower(c.Name)] = c.Name, c.Component
	}
	_, err := s.declareAccounts(resource.Components, names, func(a resource.Account, old json.RawMessage) (json.RawMessage, error) {
		p, err := readComponent(old)
		if p.AppID == "" {
			p.AppID, p.Key = uuid.New(), uuid.New()
		}
		p.DisableLocalAuth = by[strings.ToLower(a.Name)].DisableLocalAuth
		return p.json(), err
	})
	return err
}

// applicationInsights is the components behind their port. Those of the project file
// are open from the start, those of Resource Manager from the first use on.
func applicationInsights(e *env) (parts, error) {
	t := &telemetryStores{e: e, log: e.Log.With("component", "insights"), token: rand.Text(), open: map[string]*openComponent{}, work: make(chan *openComponent, 16)}
	e.telemetry = t
	e.Storage.opened("telemetry", t)
	all, err := t.look()
	if err != nil {
		return parts{}, err
	}
	for n := range all.facts {
		if _, err := t.opened(&all.facts[n]); err != nil {
			return parts{}, fmt.Errorf("applicationInsights, component %s: %w", all.facts[n].name, err)
		}
	}
	service := &insights.Service{Components: t, Access: t, Run: kql.Run, Log: t.log}
	e.Doors.tokens[instance.Insights] = t.token
	p := parts{
		Accounts: []accountKind{componentKind()},
		Routes:   []door.Route{{Type: typeInsights, HTTP: func(resource.Account) http.Handler { return service }}},
		Engines:  []part{{name: "telemetry", run: t.run}},
		Pages:    insightsPages(t),
	}
	return p, e.openInsights(t.log)
}

// openInsights takes the port. One that nobody chose gives way: a collector of
// OpenTelemetry may have it.
func (e *env) openInsights(log *slog.Logger) error {
	port := door.Port{Title: "Application Insights", Key: "applicationInsights.port", TLS: door.Either, ClearHTTP2: true, Log: log, WriteTimeout: answerLimit, Account: resource.Account{Type: typeInsights, Name: e.Config.Name}}
	wanted := e.Config.Insights.Port
	if wanted != config.InsightsPort {
		return e.Doors.open(instance.Insights, wanted, port)
	}
	addr, err := e.Doors.openFrom(wanted, port)
	if err == nil {
		e.Doors.addresses[instance.Insights] = addr.String()
	}
	return err
}

// componentKind is components as accounts: an instrumentation key each.
func componentKind() accountKind {
	return accountKind{
		typ: resource.Components, service: "Application Insights", word: "component",
		keys: func(_ resource.Account, properties json.RawMessage) ([]keys.Key, error) {
			p, err := readComponent(properties)
			return []keys.Key{{Name: "instrumentation key", Value: p.Key, Rights: "send telemetry", Closed: p.DisableLocalAuth}}, err
		},
		regenerate: func(keys.Which, json.RawMessage) (json.RawMessage, error) {
			return nil, fault.New(fault.Invalid, "instrumentation key", "it names the component and never changes, as on Azure")
		},
		owner: func(properties json.RawMessage) (rule, key string) {
			p, err := readComponent(properties)
			if err != nil {
				return "", ""
			}
			return "", p.Key
		},
	}
}

// What function apps are given, and report.

// insightsSettings are where an app's telemetry goes, unless it says so itself, and what
// keeps its libraries from asking machines of their makers.
func (e *env) insightsSettings() map[string]string {
	all := map[string]string{
		"APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true", "APPLICATION_INSIGHTS_NO_STATSBEAT": "1",
		"APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true", "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
	}
	if e.telemetry == nil {
		return all
	}
	a, err := e.Exists.Account(resource.Components, resource.Default)
	if err != nil {
		return all
	}
	if p, err := readComponent(e.Exists.Properties(a)); err == nil {
		all[insightsConnection] = connect.Insights(p.Key, e.Doors.addresses[instance.Insights])
		all["NODE_EXTRA_CA_CERTS"] = e.Doors.ca.Path()
	}
	return all
}

// insightsHere has a connection string of a component that is here lead here: Resource
// Manager gives such with the host names of Azure.
func (e *env) insightsHere(settings map[string]string) {
	if e.telemetry == nil {
		return
	}
	if c, ok := e.telemetry.ByKey(instrumentationKey(settings[insightsConnection])); ok {
		settings[insightsConnection] = connect.Insights(c.Key, e.Doors.addresses[instance.Insights])
	}
}

// instrumentationKey is the key in a connection string, in lower case, or "".
func instrumentationKey(connection string) string {
	for pair := range strings.SplitSeq(connection, ";") {
		name, value, _ := strings.Cut(pair, "=")
		if strings.EqualFold(strings.TrimSpace(name), "InstrumentationKey") {
			return strings.ToLower(strings.TrimSpace(value))
		}
	}
	return ""
}

// appTelemetry is a listener to the host of a function app, whose component is the one
// that its own setting names, or the default one.
func (e *env) appTelemetry(app string, h func() *host.Host) host.Listener {
	if e.telemetry == nil {
		return func(host.Event) {}
	}
	return report.FromHost(report.Host{
		App: app, Instance: uuid.New(),
		Levels: func() hostjson.Logging { return h().Config().Logging },
		Put: func(items ...*item.Item) {
			if c := e.telemetry.of(h().Settings().Get(insightsConnection)); c != nil {
				if known, _ := e.telemetry.apps.Load(app); known != h() {
					e.telemetry.apps.Store(app, h()) // another where a site was made anew
				}
				c.put(items...)
			}
		},
	})
}

// gatewayTelemetry is what the gateways report, to the default component.
func (e *env) gatewayTelemetry() *report.Gateway {
	return report.NewGateway(func(items ...*item.Item) {
		if e.telemetry == nil {
			return
		}
		if c := e.telemetry.of(""); c != nil {
			c.put(items...)
		}
	})
}

// of is the component of a connection string, or the default one; nil where there is none.
func (t *telemetryStores) of(connection string) *openComponent {
	if c, ok := t.known(instrumentationKey(connection)); ok {
		return c
	}
	return t.first.Load()
}

// processes are those that live metrics of a component show: of the apps that report to
// it, and of the default one this process itself.
func (t *telemetryStores) processes(c *openComponent) map[string][]int {
	all := map[string][]int{}
	if c == t.first.Load() {
		all["lazuli"] = []int{os.Getpid()}
	}
	t.apps.Range(func(name, h any) bool {
		app := h.(*host.Host)
		if t.of(app.Settings().Get(insightsConnection)) != c {
			return true
		}
		pids := []int{}
		for _, p := range app.Processes() {
			if p.PID != 0 {
				pids = append(pids, p.PID)
			}
		}
		if len(pids) > 0 {
			all[name.(string)] = pids
		}
		return true
	})
	return all
}
