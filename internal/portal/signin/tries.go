package signin

import (
	"net/netip"
	"sync"
	"time"
)

// Wrong tries: the first few cost nothing, each further one doubles the wait,
// up to the longest. After a quiet while they are forgotten.
const (
	freeTries   = 5
	longestWait = 5 * time.Minute
	forgotten   = 15 * time.Minute
	maxTriers   = 10000
)

// tries limits how often somebody may guess. Somebody is an IPv4 address or
// the network of an IPv6 one, of which each host has very many.
type tries struct {
	mu   sync.Mutex
	from map[string]*guesses // guarded by mu
}

type guesses struct {
	wrong int
	last  time.Time
}

// wait returns how long the peer must not try; 0 when it may.
func (t *tries) wait(peer string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.from[network(peer)].wait()
}

func (g *guesses) wait() time.Duration {
	if g == nil || g.wrong < freeTries {
		return 0
	}
	pause := time.Second << min(g.wrong-freeTries, 10)
	return max(0, min(pause, longestWait)-time.Since(g.last))
}

// judge asks opens whether a peer's word is right, unless the peer must wait. No
// other try comes between the question and its answer: many wrong words at the
// same time are as slow as one after the other. A right one forgets the wrong.
func (t *tries) judge(peer string, opens func() bool) (right, waits bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := network(peer)
	switch {
	case t.from[key].wait() > 0:
		return false, true
	case opens():
		delete(t.from, key)
		return true, false
	}
	t.failed(key)
	return false, false
}

// failed counts a wrong try. The caller holds mu.
func (t *tries) failed(key string) {
	if t.from == nil {
		t.from = map[string]*guesses{}
	}
	g := t.from[key]
	if g == nil || time.Since(g.last) > forgotten {
		if len(t.from) >= maxTriers {
			t.forget()
		}
		g = &guesses{}
		t.from[key] = g
	}
	g.wrong++
	g.last = time.Now()
}

// forget drops those who have been quiet, or all when all are busy. The caller
// holds mu.
func (t *tries) forget() {
	for key, g := range t.from {
		if time.Since(g.last) > forgotten {
			delete(t.from, key)
		}
	}
	if len(t.from) >= maxTriers {
		clear(t.from)
	}
}

// network is what counts as one peer.
func network(peer string) string {
	ap, err := netip.ParseAddrPort(peer)
	if err != nil {
		return peer
	}
	bits := 32
	addr := ap.Addr().Unmap().WithZone("")
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return peer
	}
	return prefix.String()
}
