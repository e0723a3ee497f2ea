package seglog

import (
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// together stores one-record batches with one commit and returns the answers.
func (r *running) together(bodies ...string) []Result {
	answers := make(chan Result, len(bodies))
	r.queue.mu.Lock()
	for _, body := range bodies {
		a := Append{Records: toBytes([]string{body}), Done: func(res Result) { answers <- res }}
		p := pending{a, groupSize("", a.Records)}
		r.queue.items = append(r.queue.items, p)
		r.queue.bytes += int64(p.size)
	}
	r.queue.mu.Unlock()
	r.queue.wake()
	out := make([]Result, len(bodies))
	for i := range out {
		out[i] = <-answers
	}
	return out
}

// A crash tears the first of two groups of one write and leaves the second
// whole. What is written later must not bring the second one back, even where
// it fits the gap exactly.
func TestTornGroupBeforeWholeOne(t *testing.T) {
	mem := vfs.NewMem()
	l := start(t, Options{FS: mem})
	l.mustAppend("", "kept")
	torn := l.w.pos
	l.together("torn", "dead")
	b := contents(t, mem, path(mem, 1))
	l.stop()
	clear(b[torn : torn+8])

	fs := vfs.NewMem()
	put(t, fs, path(fs, 1), b)
	l = start(t, Options{FS: fs})
	l.mustAppend("", "same")
	want := []entry{{0, "", "kept"}, {1, "", "same"}}
	wantEntries(t, mustRead(t, l.Log), want)
	after := vfs.NewMem() // without an orderly end
	for _, s := range l.segments {
		put(t, after, s.path, contents(t, fs, s.path))
	}
	wantEntries(t, mustRead(t, start(t, Options{FS: after}).Log), want)
}

// The same after a write whose sync failed: its bytes are in the file, but it
// was refused.
func TestRefusedWriteStaysRefused(t *testing.T) {
	mem := vfs.NewMem()
	var fail atomic.Bool
	fs := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData && fail.Swap(false) {
			return syscall.EIO
		}
		return nil
	}))
	l := start(t, Options{FS: fs})
	l.mustAppend("", "kept")
	fail.Store(true)
	for _, res := range l.together("gone", "dead") {
		if !fault.Is(res.Err, fault.Unavailable) {
			t.Fatalf("got %v, want unavailable", res.Err)
		}
	}
	l.mustAppend("", "same")
	want := []entry{{0, "", "kept"}, {1, "", "same"}}
	wantEntries(t, mustRead(t, l.Log), want)
	after := vfs.NewMem()
	for _, s := range l.segments {
		put(t, after, s.path, contents(t, mem, s.path))
	}
	wantEntries(t, mustRead(t, start(t, Options{FS: after}).Log), want)
}
