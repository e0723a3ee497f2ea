package docstore

import "sync"

// lockBits is the number of locks; items share one by hash. With a hundred
// items per call, two calls collide by accident in one of fifty cases.
const lockBits = 1 << 19

// lockSet locks sets of items, all of a set at once, so that no two callers can
// wait for each other.
type lockSet struct {
	mu   sync.Mutex // guards held and waiting
	free sync.Cond  // signalled when bits are given back and somebody waits
	held [lockBits / 64]uint64

	waiting int
}

func newLockSet() *lockSet {
	l := &lockSet{}
	l.free.L = &l.mu
	return l
}

// acquire waits until no other caller holds any of the hashes' locks and takes
// them all. It reports whether two hashes share a lock, as those of the same
// item do.
func (l *lockSet) acquire(hashes []uint64) (shared bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.taken(hashes) {
		l.waiting++
		l.free.Wait()
		l.waiting--
	}
	for _, h := range hashes {
		word, bit := lockBit(h)
		shared = shared || l.held[word]&bit != 0
		l.held[word] |= bit
	}
	return shared
}

// release gives the locks back.
func (l *lockSet) release(hashes []uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range hashes {
		word, bit := lockBit(h)
		l.held[word] &^= bit
	}
	if l.waiting > 0 {
		l.free.Broadcast()
	}
}

func (l *lockSet) taken(hashes []uint64) bool {
	for _, h := range hashes {
		if word, bit := lockBit(h); l.held[word]&bit != 0 {
			return true
		}
	}
	return false
}

func lockBit(hash uint64) (word int, bit uint64) {
	h := hash % lockBits
	return int(h / 64), 1 << (h % 64)
}
