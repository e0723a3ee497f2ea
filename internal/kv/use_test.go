package kv

import (
	"context"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// TestUse: Close waits for what has entered and for the background, whose context it
// ends, and refuses what comes later.
func TestUse(t *testing.T) {
	db, err := Open(Options{FS: vfs.NewMem(), Dir: "db"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	u := NewUse(db, "store of things")
	if err := u.Enter(); err != nil {
		t.Fatal(err)
	}
	background, closed := make(chan struct{}), make(chan bool, 1)
	u.Go(func(ctx context.Context) { <-ctx.Done(); close(background) })
	go func() { closed <- u.Close() }()
	<-background
	select {
	case <-closed:
		t.Error("closed while something was under way")
	default:
	}
	u.Leave()
	if first := <-closed; !first || u.Close() {
		t.Error("not the first call ended the use")
	}
	err = u.Enter()
	if !fault.Is(err, fault.Unavailable) || !u.Ended(err) || u.Ended(nil) || err.Error() != "store of things: it is closed" {
		t.Error(err)
	}
}
