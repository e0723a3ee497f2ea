package seglog

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// partial is a file system whose next writes store only the first half and
// then fail, as on a disk that becomes full.
type partial struct {
	vfs.FS
	full atomic.Bool
}

type partialFile struct {
	vfs.File
	fs *partial
}

func (p *partial) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := p.FS.Create(name, c)
	return partialFile{f, p}, err
}

func (p *partial) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := p.FS.OpenReadWrite(name, c, o...)
	return partialFile{f, p}, err
}

func (f partialFile) WriteAt(b []byte, pos int64) (int, error) {
	if !f.fs.full.Load() || len(b) == headerSize { // a small file still fits
		return f.File.WriteAt(b, pos)
	}
	n, err := f.File.WriteAt(b[:len(b)/2], pos)
	if err == nil {
		err = syscall.ENOSPC
	}
	return n, err
}

// A disk that is full for a while costs nothing that is stored, gathers no
// files, and stops nothing once there is room.
func TestDiskFull(t *testing.T) {
	fs := &partial{FS: vfs.NewMem()}
	l := start(t, Options{FS: fs})
	var want numbered
	for round := range 3 {
		for i := range 3 {
			body := fmt.Sprintf("round %d record %d", round, i)
			l.mustAppend("", body)
			want.add("", body)
		}
		fs.full.Store(true)
		before := 0
		for i := range 5 {
			res := l.append("", "does not fit", "nor this")
			if !fault.Is(res.Err, fault.Unavailable) {
				t.Fatalf("got %v, want unavailable", res.Err)
			}
			names, err := fs.List(dir)
			if err != nil {
				t.Fatal(err)
			}
			if i > 1 && len(names) != before {
				t.Fatalf("failed appends gather files: %v", names)
			}
			before = len(names)
		}
		wantEntries(t, mustRead(t, l.Log), want.entries)
		fs.full.Store(false)
	}
	l.mustAppend("", "room again")
	want.add("", "room again")
	l.stop()
	l = start(t, Options{FS: fs})
	wantEntries(t, mustRead(t, l.Log), want.entries)
}

// Each call that changes a file fails once, then a second one after it too.
// Whatever was acknowledged stays, before and after a restart and after a power
// loss; whatever was refused is not there while the process lives; and appends
// work again at once.
func TestEveryCallFails(t *testing.T) {
	noLeaks(t)
	for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		for _, policy := range []vfs.SyncPolicy{vfs.SyncAlways, vfs.SyncNone} {
			hit := true
			for nth := 1; hit; nth++ {
				hit = false
				t.Run(fmt.Sprintf("%v,sync=%v,call=%d", errno, policy, nth), func(t *testing.T) {
					hit = everyCallFails(t, errno, policy, nth)
				})
			}
		}
	}
}

// everyCallFails reports whether there was an nth call.
func everyCallFails(t *testing.T, errno syscall.Errno, policy vfs.SyncPolicy, nth int) bool {
	mem := vfs.NewCrashableMem()
	var armed atomic.Bool
	var calls atomic.Int64
	fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		if _, changes := vfs.ChangeName(op.Kind); !changes || !armed.Load() {
			return nil
		}
		if n := int(calls.Add(1)); n == nth || n == nth+2 {
			return errno
		}
		return nil
	}))
	opts := Options{FS: fs, SegmentBytes: 300, Sync: policy}
	l := start(t, opts)
	armed.Store(true)
	var want numbered
	failures := 0
	for i := range 12 {
		a, b := fmt.Sprintf("%d/a", i), fmt.Sprintf("%d/b", i)
		switch res := l.append("", a, b); {
		case res.Err == nil:
			if res.First != int64(len(want.entries)) {
				t.Fatalf("batch %d got number %d, want %d", i, res.First, len(want.entries))
			}
			want.add("", a, b)
			failures = 0
		case !fault.Is(res.Err, fault.Unavailable):
			t.Fatalf("batch %d: got %v, want unavailable", i, res.Err)
		default:
			if failures++; failures > 2 {
				t.Fatalf("batch %d: the log does not heal: %v", i, res.Err)
			}
		}
		wantEntries(t, mustRead(t, l.Log), want.entries)
	}
	hit := int(calls.Load()) >= nth
	armed.Store(false)
	l.mustAppend("", "healed")
	want.add("", "healed")
	if policy == vfs.SyncAlways {
		image := mem.CrashClone(vfs.CrashCloneConfig{})
		after := start(t, Options{FS: image, SegmentBytes: 300})
		wantEntries(t, mustRead(t, after.Log), want.entries)
		after.stop()
	}
	l.stop()
	l = start(t, opts)
	wantEntries(t, mustRead(t, l.Log), want.entries)
	l.stop()
	return hit
}

// After a failed sync the operating system may forget what it could not write.
// Records acknowledged before their sync, as SyncInterval and SyncNone allow,
// are written once more.
func TestFailedSyncWritesAgain(t *testing.T) {
	mem := vfs.NewCrashableMem()
	var fail atomic.Bool
	var rewritten atomic.Int64
	fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		switch {
		case op.Kind == vfs.OpSyncData && fail.Swap(false):
			return syscall.EIO
		case op.Kind == vfs.OpWriteAt && op.Offset == headerSize:
			rewritten.Add(1)
		}
		return nil
	}))
	l := start(t, Options{FS: fs, Sync: vfs.SyncNone, SegmentBytes: 200})
	l.mustAppend("", "written twice")
	fail.Store(true)
	for i := 0; fail.Load(); i++ { // until the segment is full and its seal fails
		if l.append("", "filling the segment").Err == nil && i > 20 {
			t.Fatal("no segment was sealed")
		}
	}
	l.mustAppend("", "in the next segment")
	if rewritten.Load() != 3 { // the first append, once more, and the next segment's
		t.Errorf("%d writes at the head of a segment, want 3", rewritten.Load())
	}
}
