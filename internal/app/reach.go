package app

import (
	"net"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// wellKnownPorts are those that the official emulators listen on: connection
// strings copied from their documentation mean this process, wherever its
// ports are.
var wellKnownPorts = []string{"", "5671", "5672", "8081"}

// local reports whether a connection points at this process. One that does
// leads straight into the engines.
func (e *env) local(c settings.Connection) bool {
	if c.Emulator {
		return true
	}
	if c.Endpoint == nil || !isLoopback(c.Host()) {
		return false
	}
	port := c.Endpoint.Port()
	for _, known := range wellKnownPorts {
		if port == known {
			return true
		}
	}
	for _, address := range e.Doors.addresses {
		if _, open, err := net.SplitHostPort(address); err == nil && open == port {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// reach refuses a connection that does not lead here, by the name of its
// setting. service is what functions could use here.
func (e *env) reach(service string) func(settings.Connection) error {
	return func(c settings.Connection) error {
		if e.local(c) {
			return nil
		}
		return fault.New(fault.Invalid, "setting "+c.Setting,
			"it points at %s, which is not this process; functions can use only the %s served here", c.Host(), service)
	}
}
