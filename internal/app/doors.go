package app

import (
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"

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

// doors are the open ports and the authority behind their certificates.
type doors struct {
	*door.Set
	ca        *localca.CA
	addresses map[string]string // service -> host:port, as in instance.Info
	tokens    map[string]string // what opens them to our commands, as in instance.Info
	webTLS    door.TLS          // of the portal
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
		ca: ca, addresses: map[string]string{}, tokens: map[string]string{}, webTLS: webTLS,
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
