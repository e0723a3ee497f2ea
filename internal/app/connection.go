package app

import (
	"fmt"
	"net"

	"github.com/lazuli-dev/lazuli/internal/config"
)

// Connection holds what a client outside needs to reach the services.
type Connection struct {
	EventHubs      string // connection string with the emulator flag: plain AMQP
	EventHubsTLS   string // host:port of AMQP over TLS, for token credentials
	Cosmos         string // connection string
	CosmosEndpoint string
	CosmosKey      string
}

// Connections builds the clients' settings from the project's keys and the
// ports that are really open. addresses are as in instance.Info.
func Connections(cfg config.Config, addresses map[string]string) Connection {
	c := Connection{
		EventHubsTLS:   clientHost(addresses["amqps"], ""),
		CosmosEndpoint: fmt.Sprintf("https://%s/", clientHost(addresses["cosmos"], "")),
		CosmosKey:      cfg.Cosmos.Key,
	}
	rule := managingRule(cfg.EventHubs.Rules)
	c.EventHubs = fmt.Sprintf("Endpoint=sb://%s;SharedAccessKeyName=%s;SharedAccessKey=%s;UseDevelopmentEmulator=true;",
		clientHost(addresses["amqp"], "5672"), rule.Name, rule.Key)
	c.Cosmos = fmt.Sprintf("AccountEndpoint=%s;AccountKey=%s;", c.CosmosEndpoint, c.CosmosKey)
	return c
}

// clientHost turns a listener's address into the name clients use: localhost
// for loopback, and no port where it is the one that clients assume.
func clientHost(address, assumedPort string) string {
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
