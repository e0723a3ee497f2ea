package outside

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
)

// local is the address of this machine that the names mean when the standard
// ports are lazuli's own there.
const local = "127.0.0.1"

// aside is an address of this machine that is probably nobody's: on 127.0.0.1
// another program may have the standard ports.
func aside() string {
	return netip.AddrFrom4([4]byte{127, byte(2 + rand.N(200)), byte(rand.N(256)), byte(2 + rand.N(250))}).String()
}

// bound are standard ports that lead to lazuli at an address of this machine.
type bound struct {
	address   string
	listeners []net.Listener // ours
	ports     []Port         // of the listeners
	missing   []uint16       // could not be had
	err       error          // why
}

// bind takes the standard ports that lazuli does not have itself at an address.
func (w World) bind(address string) *bound {
	b := &bound{address: address}
	for _, p := range w.Standard {
		if slices.ContainsFunc(w.Listeners, func(l string) bool { return answers(l, address, p.Number) }) {
			continue
		}
		l, err := listen(address, p.Number)
		if err != nil {
			b.missing, b.err = append(b.missing, p.Number), errors.Join(b.err, err)
			continue
		}
		b.listeners, b.ports = append(b.listeners, l), append(b.ports, p)
	}
	return b
}

// bindAll tries the addresses in turn until all standard ports are had at one;
// nil when they are at none.
func (w World) bindAll(addresses ...string) *bound {
	for _, a := range addresses {
		b := w.bind(a)
		if len(b.missing) == 0 {
			return b
		}
		b.close()
	}
	return nil
}

func (b *bound) close() {
	if b == nil {
		return
	}
	for _, l := range b.listeners {
		l.Close()
	}
}

// serve relays what comes to the listeners until the room is closed.
func (r *Room) serve(ctx context.Context, listeners []net.Listener, ports []Port) {
	for i, l := range listeners {
		r.relays.Go(func() { ports[i].relay(ctx, l) })
	}
}
