package app

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/lazuli-dev/lazuli/internal/config"
)

// listen opens a service's port. The error says which service wanted which
// port and what to do about it; key is the port's path in the project file.
func listen(host string, port config.Port, service, key string) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: port %d on %s is in use by another program; stop that one, or set %s in lazuli.yaml (0 picks a free port)", service, port, host, key)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: this user may not open port %d; set %s to one above 1023", service, port, key)
	}
	return nil, fmt.Errorf("%s: listen on port %d: %w", service, port, err)
}
