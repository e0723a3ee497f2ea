package door

import (
	"container/list"
	"net"
	"sync"
)

// gate counts the connections of a port. One that has not spoken yet is
// silent: many of them are a sign of an attack or of a broken client, and must
// not shut out those who have something to say. Beyond either limit the oldest
// silent one gives way to the newest.
type gate struct {
	most       int // connections in all
	mostSilent int

	mu     sync.Mutex
	conns  int                        // guarded by mu
	silent *list.List                 // of net.Conn, the oldest first; guarded by mu
	places map[net.Conn]*list.Element // of the silent ones; guarded by mu
}

func newGate(most, mostSilent int) *gate {
	return &gate{most: most, mostSilent: mostSilent, silent: list.New(), places: map[net.Conn]*list.Element{}}
}

// enter counts a new connection; false when there are too many, and then the
// caller closes it. Every connection that entered must leave.
func (g *gate) enter(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	full := g.conns >= g.most
	if full && g.silent.Len() == 0 {
		return false
	}
	g.conns++
	g.places[c] = g.silent.PushBack(c)
	if full || g.silent.Len() > g.mostSilent {
		oldest := g.silent.Front().Value.(net.Conn)
		g.forget(oldest)
		oldest.Close() // whoever serves it sees that and calls leave
	}
	return true
}

// spoke says that a connection is no longer silent.
func (g *gate) spoke(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(c)
}

// leave takes a connection out of the count.
func (g *gate) leave(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(c)
	g.conns--
}

// forget takes c off the silent ones. The caller holds mu.
func (g *gate) forget(c net.Conn) {
	if place, ok := g.places[c]; ok {
		g.silent.Remove(place)
		delete(g.places, c)
	}
}

// closeSilent closes those that have not spoken: nothing is lost with them.
func (g *gate) closeSilent() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.places {
		g.forget(c)
		c.Close()
	}
}
