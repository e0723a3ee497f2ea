package door

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// listen takes a TCP port. The error says which service wanted which port and
// what to do about it; key is the port's path in the project file.
func listen(host string, port uint16, title, key string) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: port %d on %s is in use by another program; stop that one, set %s in lazuli.yaml (0 picks a free port), or start with --any-port", title, port, host, key)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: this user may not open port %d; set %s to one above 1023", title, port, key)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s: this machine has no address %s; set listen in lazuli.yaml to one of its own", title, host)
	}
	return nil, fmt.Errorf("%s: listen on port %d: %w", title, port, err)
}

// Loopback takes a free port of this machine alone, for what two processes of
// one pipeline say to each other.
func Loopback() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
