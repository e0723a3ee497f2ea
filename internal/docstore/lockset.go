package docstore

import "sync"

// lockBits is the number of locks; items share one by hash. With a hundred
// items per call, two calls collide by accident in one of fifty cases.
const lockBits = 1 << 19

// lockSet locks sets of items, all of a set at once, so that no two callers can
// wait for each other. Who has to wait is served in the order of coming: a set
// is not taken while an earlier caller waits for one of its locks, so that many
// small sets cannot keep a large one waiting for ever.
type lockSet struct {
	mu      sync.Mutex // guards the rest
	held    [lockBits / 64]uint64
	wanted  map[uint64]int // by lock: how many of those who wait want it
	waiting []*lockWait    // in the order of coming
}

// lockWait is a caller that waits for its set.
type lockWait struct {
	hashes []uint64
	shared bool          // set before done is closed
	done   chan struct{} // closed when the set is taken
}

func newLockSet() *lockSet { return &lockSet{wanted: map[uint64]int{}} }

// acquire waits until no other caller holds any of the hashes' locks and takes
// them all. It reports whether two hashes share a lock, as those of the same
// item do.
func (l *lockSet) acquire(hashes []uint64) (shared bool) {
	l.mu.Lock()
	if !l.taken(hashes) && (len(l.waiting) == 0 || !l.awaited(hashes)) {
		defer l.mu.Unlock()
		return l.take(hashes)
	}
	w := &lockWait{hashes: hashes, done: make(chan struct{})}
	l.waiting = append(l.waiting, w)
	l.want(hashes)
	l.mu.Unlock()
	<-w.done
	return w.shared
}

// release gives the locks back, and those that can be to who waits.
func (l *lockSet) release(hashes []uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range hashes {
		word, bit := lockBit(h)
		l.held[word] &^= bit
	}
	if len(l.waiting) == 0 {
		return
	}
	// What earlier ones want is counted anew on the way down the line.
	clear(l.wanted)
	left := l.waiting[:0]
	for _, w := range l.waiting {
		if l.taken(w.hashes) || l.awaited(w.hashes) {
			left = append(left, w)
			l.want(w.hashes)
			continue
		}
		w.shared = l.take(w.hashes)
		close(w.done)
	}
	clear(l.waiting[len(left):])
	l.waiting = left
}

// take takes the locks, and reports whether two hashes share one.
func (l *lockSet) take(hashes []uint64) (shared bool) {
	for _, h := range hashes {
		word, bit := lockBit(h)
		shared = shared || l.held[word]&bit != 0
		l.held[word] |= bit
	}
	return shared
}

// want counts the locks among those somebody waits for.
func (l *lockSet) want(hashes []uint64) {
	for _, h := range hashes {
		l.wanted[h%lockBits]++
	}
}

// awaited reports whether somebody who came earlier waits for one of the locks.
func (l *lockSet) awaited(hashes []uint64) bool {
	for _, h := range hashes {
		if l.wanted[h%lockBits] > 0 {
			return true
		}
	}
	return false
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
