package kv

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// health knows whether the store can take writes, by the rule of the package
// comment, and is the only one to say so: one log line when writes begin to be
// refused, one when they are accepted again, one for each damaged file.
type health struct {
	log     *slog.Logger
	refusal atomic.Pointer[failure] // what commits are refused with; nil: they are accepted
	stale   atomic.Bool             // memory or layers may have changed: measure them

	underway  *underway
	hurry     chan struct{} // closed by stopWaiting
	hurryOnce sync.Once

	mu      sync.Mutex // guards the rest
	waiting int        // file calls that wait for room
	opening bool       // only reading is possible: the log could not be replayed to the end yet
	flush   error      // why memory could not be written out at the last try
	compact error      // why tables could not be merged at the last try; never damage
	hurt    bool       // tables could not be merged at the last try because of damage
	broken  error      // final
	memory  uint64     // bytes of memtables
	layers  int        // of tables on top of each other at the first level
	limit   uint64     // of memory
	damaged map[string]bool
	moved   chan struct{} // closed at each change; nil when nobody waits
}

type failure struct{ err error }

const (
	// retryEvery spaces out the tries of what has failed.
	retryEvery = 100 * time.Millisecond
	// maxLayers is how many layers of tables may wait to be merged.
	maxLayers = 24
)

func newHealth(log *slog.Logger, memory uint64) *health {
	return &health{log: log, limit: memory, underway: newUnderway(), hurry: make(chan struct{}), damaged: map[string]bool{}}
}

// wait takes note of a file call that waits for room, until over is called.
func (h *health) wait(cause error) (over func()) {
	h.change(cause, func() {
		if h.waiting++; h.waiting == 1 {
			h.underway.stopFor(refuse(syscall.ENOSPC, "the disk is full; whether this write is kept is not known"))
		}
	})
	return func() {
		h.change(nil, func() {
			if h.waiting--; h.waiting == 0 {
				h.underway.goOn()
			}
		})
	}
}

// err returns what commits are refused with, or nil.
func (h *health) err() error {
	if f := h.refusal.Load(); f != nil {
		return f.err
	}
	return nil
}

// change makes a change of the guarded fields and draws the conclusion.
func (h *health) change(cause error, change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
	if h.moved != nil {
		close(h.moved)
		h.moved = nil
	}
	was, is := h.refusal.Load(), h.conclude()
	switch {
	case was == nil && is != nil:
		h.log.Error("store refuses writes", "reason", is, "error", cause)
	case was != nil && is == nil:
		select {
		case <-h.hurry: // it is being closed: what is over is the waiting
		default:
			h.log.Info("store accepts writes again")
			h.refusal.Store(nil)
		}
		return
	}
	if is != nil && (was == nil || was.err.Error() != is.Error()) {
		h.refusal.Store(&failure{is})
	}
}

// conclude returns the error for commits: worded for clients, without the
// server's paths. mu is held.
func (h *health) conclude() error {
	switch {
	case h.broken != nil:
		return refuse(h.broken, "the disk failed under the store's log; writes are refused until the disk is mended and the program started again")
	case h.waiting > 0 || vfs.NoRoom(h.flush) || h.opening:
		return refuse(syscall.ENOSPC, "the disk is full; writes are accepted again when there is room")
	case h.flush != nil:
		return refuse(h.flush, "memory cannot be written out to the disk; writes are accepted again when it can")
	case h.compact != nil && h.layers >= maxLayers:
		return refuse(h.compact, "the tables on the disk cannot be merged; writes are accepted again when they can")
	}
	return nil
}

// refuse is an error of writes whose cause is reduced to the system's number.
func refuse(cause error, text string) error {
	var errno syscall.Errno
	if !errors.As(cause, &errno) {
		return fault.New(fault.Unavailable, "store", "%s", text)
	}
	return fault.Wrap(fault.Unavailable, "store", errno, "%s", text)
}

// fail ends writing for good.
func (h *health) fail(err error) {
	h.change(err, func() {
		if h.broken == nil {
			h.broken = err
		}
	})
}

func (h *health) failed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.broken != nil
}

// flushed takes note of how writing out memory ended.
func (h *health) flushed(err error) {
	h.stale.Store(true)
	h.change(err, func() { h.flush = err })
}

// compacted takes note of how merging tables ended.
func (h *health) compacted(err error, damage bool) {
	h.stale.Store(true)
	h.change(err, func() {
		h.hurt = damage
		if h.compact = err; damage {
			h.compact = nil
		}
	})
}

// troubled reports whether the last try to write tables of the kind failed.
func (h *health) troubled(flush bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if flush {
		return h.flush != nil
	}
	return h.compact != nil
}

// damage takes note of a damaged file, and reports whether it was known.
func (h *health) damage(d *vfs.Damage) (known bool) {
	h.mu.Lock()
	known = h.damaged[d.File]
	h.damaged[d.File] = true
	h.mu.Unlock()
	if !known {
		h.log.Error("a file of the store is damaged; what it holds cannot be read, all else goes on", "file", d.File, "reason", d.Reason, "remedy", d.Remedy)
	}
	return known
}

// crowded reports whether a commit has to wait until memory has been written
// out or tables have been merged, given fresh measures.
func (h *health) crowded(memory uint64, layers int) (wait <-chan struct{}) {
	h.change(nil, func() { h.memory, h.layers = memory, layers })
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.memory < h.limit && (h.layers < maxLayers || h.hurt) {
		return nil
	}
	if h.moved == nil {
		h.moved = make(chan struct{})
	}
	return h.moved
}

// stopWaiting ends all waiting for room.
func (h *health) stopWaiting() { h.hurryOnce.Do(func() { close(h.hurry) }) }

// pause waits for the time between two tries. It reports false when there is
// to be no other.
func (h *health) pause() bool {
	timer := time.NewTimer(retryEvery)
	defer timer.Stop()
	select {
	case <-h.hurry:
		return false
	case <-timer.C:
		return true
	}
}
