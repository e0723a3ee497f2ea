package app

import (
	"errors"
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

// errElsewhere is the cause where a connection leads to another process: what has a
// remote side goes there.
var errElsewhere = errors.New("it is another process")

// reach returns the account of a type that a connection of functions leads to, by
// the names that clients outside use too. One that does not lead here is refused
// by the name of its setting, with errElsewhere as the cause. service is what
// functions could use here.
//
// A connection string of an emulator means this process, whatever it calls it, unless
// it names a port that is not one of ours, or any port of another machine.
func (e *env) reach(typ, service string) func(settings.Connection) (resource.Account, error) {
	return func(c settings.Connection) (resource.Account, error) {
		host := c.Host()
		account, meaning := e.find(host, typ)
		switch {
		case meaning == door.Known && account.Type == typ:
			return account, nil
		case meaning == door.Unknown:
			return account, ledElsewhere(fault.NotFound, c,
				"it points at %s, which is not here; there are %s, and others are declared in %s", host, e.accountNames(typ), config.FileName)
		case e.meansUs(c):
			return e.Exists.Account(typ, resource.Default)
		}
		return account, ledElsewhere(fault.Invalid, c,
			"it points at %s, which is not this process; functions can use only the %s served here", host, service)
	}
}

// ledElsewhere says that a connection leads to another process.
func ledElsewhere(kind fault.Kind, c settings.Connection, format string, args ...any) error {
	err := fault.New(kind, c.Named(), format, args...)
	err.Err = errElsewhere
	return err
}

// meansUs reports whether a connection whose host is no account's name leads here.
func (e *env) meansUs(c settings.Connection) bool {
	switch {
	case c.Endpoint == nil:
		return c.Emulator
	case isLoopback(c.Host()):
		return e.ours(c.Endpoint.Port())
	}
	return c.Emulator && c.Endpoint.Port() == ""
}

// ours reports whether a port of this machine is, or stands for, one of this
// process.
func (e *env) ours(port string) bool {
	if slices.Contains(wellKnownPorts, port) {
		return true
	}
	addresses, _ := e.Doors.everything()
	for _, address := range addresses {
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
