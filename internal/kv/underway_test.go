package kv

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestUnderwayOnFullDisk: commits that are in the log's queue when the disk
// becomes full fail while it is full, and are kept when there is room before the
// store is closed.
func TestUnderwayOnFullDisk(t *testing.T) {
	for _, ending := range []string{"room", "stop"} {
		t.Run(ending, func(t *testing.T) {
			testkit.NoLeaks(t)
			var full atomic.Bool
			queued := make(chan struct{})
			mem := vfs.NewMem()
			fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
				if op.Kind != vfs.OpWrite || !strings.HasSuffix(op.Path, ".log") || !full.Load() {
					return nil
				}
				<-queued
				return syscall.ENOSPC
			}))
			db := open(t, Options{FS: fs})
			set(t, db, "before", "1")
			full.Store(true)
			var commits []Pending
			for i := range 20 {
				b := db.NewBatch(0)
				b.Set(fmt.Appendf(nil, "k%d", i), []byte("1"))
				p, err := b.CommitAsync()
				if err != nil {
					t.Fatal(err)
				}
				commits = append(commits, p)
			}
			close(queued)
			for i, p := range commits {
				err := p.Wait()
				if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "the disk is full; whether this write is kept is not known") {
					t.Errorf("commit %d: %v", i, err)
				}
			}
			if ending == "room" {
				full.Store(false)
				eventually(t, db)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			db = open(t, Options{FS: mem})
			if got := get1(t, db, "before"); got != "1" {
				t.Errorf("before: %q", got)
			}
			for i := range commits {
				if got := get1(t, db, fmt.Sprintf("k%d", i)); ending == "room" && got != "1" {
					t.Errorf("commit %d: %q", i, got)
				}
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUnderwayAndClosing: a commit that comes when the store is closing is told so.
func TestUnderwayAndClosing(t *testing.T) {
	u := newUnderway()
	u.close()
	b := &Batch{}
	u.add(b)
	b.durable.Wait()
	if !fault.Is(b.err, fault.Unavailable) {
		t.Errorf("got %v", b.err)
	}
	u.settle(nil) // returns
}
