// Package connect knows what a program outside needs to reach a running lazuli:
// connection strings, endpoints, what to trust, and a few lines of code in each
// language that do. `lazuli env` and the portal's page Connect say the same,
// because both ask here.
//
// It opens no port and no connection. Code never holds a key: Secret stands in
// its place, and whoever may see the key puts it there.
package connect

import (
	"fmt"
	"net"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// Secret stands in code and connection strings where the key belongs.
const Secret = "‹secret›"

// Facts are what clients of an instance need.
type Facts struct {
	EventHubs      string // connection string with the emulator flag: plain AMQP
	EventHubsHost  string // localhost, with the port where it is not 5672
	EventHubsTLS   string // host:port of AMQP over TLS, for token credentials
	EventHubsRule  string // name of the key
	EventHubsKey   string
	Cosmos         string // connection string
	CosmosEndpoint string
	CosmosKey      string
	Portal         string // address, without a slash at its end
	PortalSignIn   bool   // it asks for a password, so its own API does too
	CAFile         string // the local authority
	CABundle       string // that, and those that the machine trusts
	Project        string // folder
}

// Of builds the facts of an instance from the project's keys and the ports that
// are really open.
func Of(cfg config.Config, info instance.Info) Facts {
	f := Facts{
		EventHubsHost: Host(info.Addresses[instance.AMQP], "5672"), EventHubsTLS: Host(info.Addresses[instance.AMQPS], ""),
		CosmosEndpoint: fmt.Sprintf("https://%s/", Host(info.Addresses[instance.Cosmos], "")), CosmosKey: cfg.Cosmos.Key,
		Portal: "http://" + Host(info.Addresses[instance.Portal], ""), PortalSignIn: info.Tokens[instance.Portal] != "",
		CAFile: info.CAFile, CABundle: info.CABundle, Project: info.Dir,
	}
	if !cfg.OnLoopback() {
		f.Portal = "https" + strings.TrimPrefix(f.Portal, "http")
	}
	rule := managingRule(cfg.EventHubs.Rules)
	f.EventHubsRule, f.EventHubsKey = rule.Name, rule.Key
	f.EventHubs, f.Cosmos = f.eventHubs(rule.Key), f.cosmos(f.CosmosKey)
	return f
}

func (f Facts) eventHubs(key string) string {
	return fmt.Sprintf("Endpoint=sb://%s;SharedAccessKeyName=%s;SharedAccessKey=%s;UseDevelopmentEmulator=true;", f.EventHubsHost, f.EventHubsRule, key)
}

func (f Facts) cosmos(key string) string {
	return fmt.Sprintf("AccountEndpoint=%s;AccountKey=%s;", f.CosmosEndpoint, key)
}

// Host turns a listener's address into the name clients use: localhost for
// loopback, and no port where it is the one that clients assume.
func Host(address, assumedPort string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	if port == assumedPort {
		return host
	}
	return net.JoinHostPort(host, port)
}

// managingRule returns the rule with the most rights.
func managingRule(rules []config.SASRule) config.SASRule {
	best := config.SASRule{}
	for _, r := range rules {
		for _, right := range r.Rights {
			if right == "Manage" {
				return r
			}
		}
		if len(r.Rights) > len(best.Rights) {
			best = r
		}
	}
	return best
}

// Variable is an environment variable that client programs read.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Note  string `json:"note"`
}

const trust = "trust the local certificate authority"

// Variables are those of `lazuli env`: the names that the workshop's and Azure's
// samples read.
func (f Facts) Variables() []Variable {
	return []Variable{
		{"EVENTHUB_CONNECTION_STRING", f.EventHubs, "Event Hubs, any SDK"},
		{"EventHubConnection", f.EventHubs, "Event Hubs, function apps"},
		{"EVENTHUB_NAMESPACE", f.EventHubsTLS, "Event Hubs over TLS, for token credentials"},
		{"CosmosDBConnection", f.Cosmos, "Cosmos DB, function apps"},
		{"COSMOS_ENDPOINT", f.CosmosEndpoint, "Cosmos DB, any SDK in gateway mode"},
		{"COSMOS_KEY", f.CosmosKey, "Cosmos DB account key"},
		{"NODE_EXTRA_CA_CERTS", f.CAFile, trust + ": Node.js"},
		{"REQUESTS_CA_BUNDLE", f.CABundle, trust + " and the machine's: Python"},
		{"SSL_CERT_FILE", f.CABundle, trust + " and the machine's: Go, .NET on Linux, OpenSSL"},
	}
}
