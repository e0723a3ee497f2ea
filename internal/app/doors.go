package app

import (
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/localca"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// What doors lead to that is no account of Azure's.
const (
	typeCompute = "Lazuli/cosmosComputeGateways"
	typePortal  = "Lazuli/portals"
	typeIssuer  = "Lazuli/tokenIssuers"
)

// signInHost is whom clients ask whether an authority exists; lazuli exec lets it
// mean this machine.
const signInHost = "login.microsoftonline.com"

// cloudHosts are signInHost, and where resources and people are managed, which lazuli
// exec lets mean this machine too.
var cloudHosts = []string{signInHost, "management.azure.com", "graph.microsoft.com"}

// doors are the open ports and the authority behind their certificates.
type doors struct {
	*door.Set
	ca        *localca.CA
	addresses map[string]string // service -> host:port, as in instance.Info
	tokens    map[string]string // what opens them to our commands, as in instance.Info
	webTLS    door.TLS          // of the portal

	// What comes and goes at run time; the maps above are complete when all is built.
	mu    sync.Mutex // guards later
	later map[string]opened
}

// opened is a port that was opened while the instance runs, and its token.
type opened struct {
	addr  net.Addr
	token string
}

// openDoors loads or makes the local authority, and a certificate for the names
// that clients on this machine use. No port is open yet.
func openDoors(cfg config.Config, log *slog.Logger, find func(name, typ string) (resource.Account, door.Meaning)) (*doors, error) {
	ca, err := localca.Open(filepath.Join(cfg.DataDir(), "tls"))
	if err != nil {
		return nil, err
	}
	names := []string{"localhost", "127.0.0.1", "::1"}
	if cfg.Listen != "127.0.0.1" && cfg.Listen != "::1" {
		names = append(names, cfg.Listen)
	}
	if cfg.PrivateListen != "" {
		names = append(names, cfg.PrivateListen)
	}
	base, err := ca.Server(names)
	if err != nil {
		return nil, err
	}
	webTLS := door.Plain
	if !cfg.OnLoopback() {
		webTLS = door.Either // keys and passwords cross a network
	}
	ours := door.Names{Hosts: hostNames(cfg), Find: find}
	return &doors{
		Set: door.New(door.Options{
			Listen: cfg.Listen, Private: cfg.PrivateListen, Trusted: cfg.Trusted(), Names: ours, Log: log.With("component", "door"),
			Certificate: door.NewCertificates(base, ours, ca.Issue).Get,
		}),
		ca: ca, addresses: map[string]string{}, tokens: map[string]string{}, webTLS: webTLS, later: map[string]opened{},
	}, nil
}

// hostNames are the project's names of this machine: those that it lists, and
// the one under which the document account says that it is reached.
func hostNames(cfg config.Config) []string {
	names := slices.Clone(cfg.HostNames)
	if u, err := url.Parse(cfg.Cosmos.Endpoint); err == nil && u.Hostname() != "" {
		names = append(names, u.Hostname())
	}
	return names
}

// open takes a port and records its address under the service's name.
func (d *doors) open(service string, port config.Port, p door.Port) error {
	p.Port = uint16(port)
	addr, err := d.Open(p)
	if err != nil {
		return err
	}
	d.addresses[service] = addr.String()
	return nil
}

// openLater is open for a service that comes at run time. The port is the next free one
// from that on.
func (d *doors) openLater(service string, port config.Port, p door.Port) error {
	addr, err := d.openFrom(port, p)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.later[service] = opened{addr: addr}
	return nil
}

// laterPorts is how many ports openFrom tries before it takes any free one.
const laterPorts = 50

func (d *doors) openFrom(port config.Port, p door.Port) (net.Addr, error) {
	for n := range config.Port(laterPorts) {
		p.Port = uint16(port)
		if port > 0 {
			p.Port += uint16(n)
		}
		addr, err := d.Open(p)
		var taken *door.TakenError
		if !errors.As(err, &taken) {
			return addr, err
		}
	}
	p.Port = 0
	return d.Open(p)
}

// shut closes what openLater opened.
func (d *doors) shut(service string) {
	d.mu.Lock()
	o, there := d.later[service]
	delete(d.later, service)
	d.mu.Unlock()
	if there {
		d.Shut(o.addr)
	}
}

// give sets what opens a service that came at run time to our commands.
func (d *doors) give(service, token string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o, there := d.later[service]; there {
		o.token = token
		d.later[service] = o
	}
}

// address is where a service is, also one that came at run time; "": it is not there.
func (d *doors) address(service string) string {
	if a, there := d.addresses[service]; there {
		return a
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if o, there := d.later[service]; there {
		return o.addr.String()
	}
	return ""
}

// everything is all addresses and tokens as they are now.
func (d *doors) everything() (addresses, tokens map[string]string) {
	addresses, tokens = maps.Clone(d.addresses), maps.Clone(d.tokens)
	d.mu.Lock()
	defer d.mu.Unlock()
	for service, o := range d.later {
		addresses[service] = o.addr.String()
		if o.token != "" {
			tokens[service] = o.token
		}
	}
	return addresses, tokens
}
