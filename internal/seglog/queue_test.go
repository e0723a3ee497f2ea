package seglog

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// gatedLog is a log whose writer is held in its first sync until the gate opens.
func gatedLog(t *testing.T, gate chan struct{}) *running {
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if op.Kind == vfs.OpSyncData {
			<-gate
		}
		return nil
	}))
	return start(t, Options{FS: fs, QueueBytes: 1000})
}

// TryAppend never waits, and Room tells when to try again.
func TestTryAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		l := gatedLog(t, gate)
		stored := make(chan Result, 10)
		try := func() bool {
			return l.TryAppend(Append{Records: toBytes([]string{strings.Repeat("x", 400)}), Done: func(r Result) { stored <- r }})
		}
		for range 2 {
			if !try() {
				t.Fatal("an append that has room was refused")
			}
		}
		room := l.Room()
		if try() {
			t.Fatal("a full queue took an append")
		}
		synctest.Wait()
		select {
		case <-room:
			t.Fatal("news of room while there is none")
		default:
		}
		close(gate)
		<-room
		if !try() {
			t.Error("no room after the news of it")
		}
		for want := range int64(3) {
			if r := <-stored; r.Err != nil || r.First != want {
				t.Errorf("record %d: %+v", want, r)
			}
		}
		room = l.Room()
		l.Close()
		<-room
		if !try() || !fault.Is((<-stored).Err, fault.Unavailable) {
			t.Error("a closed log must answer")
		}
		<-l.Room() // nobody waits for a log that is closed
	})
}

// The wait for room ends with its context, and then nothing is stored.
func TestAppendGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		l := gatedLog(t, gate)
		stored := make(chan Result, 10)
		a := Append{Records: toBytes([]string{strings.Repeat("x", 800)}), Done: func(r Result) { stored <- r }}
		l.Append(a)
		ctx, cancel := context.WithCancelCause(t.Context())
		returned := make(chan struct{})
		go func() {
			defer close(returned)
			l.AppendContext(ctx, a)
		}()
		synctest.Wait()
		cancel(context.DeadlineExceeded)
		<-returned
		if r := <-stored; !fault.Is(r.Err, fault.Unavailable) || !strings.Contains(r.Err.Error(), "nothing was stored") {
			t.Errorf("after giving up: %+v", r)
		}
		close(gate)
		if r := <-stored; r.Err != nil || r.First != 0 {
			t.Errorf("the first one: %+v", r)
		}
		if next := l.Info().Next; next != 1 {
			t.Errorf("%d records", next)
		}
	})
}
