package app

import (
	"net"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// wellKnownPorts are those that the official emulators listen on: connection
// strings copied from their documentation mean this process, wherever its
// ports are.
var wellKnownPorts = []string{"", "443", "5671", "5672", "8081"}

// reach returns the account of a type that a connection of functions leads to, by
// the names that clients outside use too. One that does not lead here is refused
// by the name of its setting. service is what functions could use here.
func (e *env) reach(typ, service string) func(settings.Connection) (resource.Account, error) {
	return func(c settings.Connection) (resource.Account, error) {
		host := c.Host()
		account, meaning := e.find(host, typ)
		switch {
		case meaning == door.Known && account.Type == typ:
			return account, nil
		case meaning == door.Unknown:
			return account, fault.New(fault.NotFound, "setting "+c.Setting,
				"it points at %s, which is not here; there are %s, and others are declared in %s", host, e.accountNames(typ), config.FileName)
		case c.Emulator || isLoopback(host) && e.ours(c.Endpoint.Port()):
			return e.Exists.Account(typ, resource.Default)
		}
		return account, fault.New(fault.Invalid, "setting "+c.Setting,
			"it points at %s, which is not this process; functions can use only the %s served here", host, service)
	}
}

// ours reports whether a port of this machine is, or stands for, one of this
// process.
func (e *env) ours(port string) bool {
	if slices.Contains(wellKnownPorts, port) {
		return true
	}
	for _, address := range e.Doors.addresses {
		if _, open, err := net.SplitHostPort(address); err == nil && open == port {
			return true
		}
	}
	return false
}

// accountNames lists the accounts of a type, for messages.
func (e *env) accountNames(typ string) string {
	var names []string
	for _, a := range e.Exists.Accounts(typ) {
		names = append(names, a.Name)
	}
	return strings.Join(names, ", ")
}

// portOf is the port of host:port.
func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
