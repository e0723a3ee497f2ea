package outside

import (
	"net"
	"net/netip"
	"strconv"
)

// listen takes a port of this machine, for a relay: what comes in there goes to
// a door, which has the limits and the rules of who may call.
func listen(address string, port uint16) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(int(port))))
}

// answers reports whether a listener is reached by an address and port already.
func answers(listener, address string, port uint16) bool {
	real, err := netip.ParseAddrPort(listener)
	if err != nil || real.Port() != port {
		return false
	}
	return real.Addr().IsUnspecified() || real.Addr().Unmap().String() == address
}
