package kv

import (
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// backlog is what is known of memtables that cannot be written out, usually for
// want of space. Pebble tries again at once and without end, and lets writers
// wait when too many memtables have gathered. So while it lasts, commits are
// refused with an error that says why, and the tries are spaced out. It is over
// with the first one that succeeds.
type backlog struct {
	log    *slog.Logger
	reason atomic.Pointer[failure]
}

// retryEvery spaces out the tries.
const retryEvery = 100 * time.Millisecond

// failed implements pebble.EventListener.BackgroundError.
func (b *backlog) failed(err error) {
	err = fault.Wrap(fault.Unavailable, "store", err, "memory cannot be written out to the disk; writes are refused until it can")
	if b.reason.Swap(&failure{err}) == nil {
		b.log.Error("store cannot write out its memory", "error", err)
	}
}

// cleared ends the backlog.
func (b *backlog) cleared() {
	if b.reason.Swap(nil) != nil {
		b.log.Info("store writes out its memory again")
	}
}

func (b *backlog) err() error {
	if f := b.reason.Load(); f != nil {
		return f.err
	}
	return nil
}

// patientFS makes files their owner's alone, and delays making them during a
// backlog; each try begins with one.
type patientFS struct {
	vfs.FS
	stuck *backlog
}

// Create implements vfs.FS.
func (fs patientFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if fs.stuck.err() != nil {
		time.Sleep(retryEvery)
	}
	f, err := fs.FS.Create(name, category)
	if err != nil {
		return nil, err
	}
	if own, ok := f.(interface{ Chmod(os.FileMode) error }); ok {
		if err := own.Chmod(0o600); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}

// Unwrap implements vfs.FS.
func (fs patientFS) Unwrap() vfs.FS { return fs.FS }
