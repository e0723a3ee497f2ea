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
		return nil, &TakenError{title, host, key, port, err}
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: this user may not open port %d; set %s to one above 1023", title, port, key)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s: this machine has no address %s; set listen in lazuli.yaml to one of its own", title, host)
	}
	return nil, fmt.Errorf("%s: listen on port %d: %w", title, port, err)
}

// TakenError says that another program has a port.
type TakenError struct {
	Title, Host, Key string // Key: the port's path in the project file
	Port             uint16
	cause            error
}

// Error implements error.
func (e *TakenError) Error() string { return e.By("another program; stop that one") }

// By is the error where it is known who has the port, and how to end that.
func (e *TakenError) By(who string) string {
	return fmt.Sprintf("%s: port %d on %s is in use by %s, set %s in lazuli.yaml (0 picks a free port), or start with --any-port", e.Title, e.Port, e.Host, who, e.Key)
}

// Unwrap is the system's error.
func (e *TakenError) Unwrap() error { return e.cause }

// Loopback takes a free port of this machine alone, for what two processes of
// one pipeline say to each other.
func Loopback() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
