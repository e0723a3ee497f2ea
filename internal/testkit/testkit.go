// Package testkit is the little help that the tests of several rooms share.
package testkit

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Logger returns a logger that writes to the test's own log.
func Logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Discard returns a logger that drops everything.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Helper()
	w.t.Log(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// Listen opens a loopback listener on a free port and closes it with the test.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// patience is how long anything may take on a machine that is busy with something
// else. Only a test that fails waits for so long.
const patience = time.Minute

// FreePort is a port of 127.0.0.1 that nobody has, for what must know its port
// before it listens. The system gives none of this range to outgoing connections,
// or to who asks for any port, so that nobody gets it by chance in between.
func FreePort() (int, error) {
	const first, count = 12_000, 20_000
	var err error
	for range 100 {
		port := first + rand.IntN(count)
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}

// Eventually polls the claim until it holds or the limit passes, which is a minute
// at least. It is for effects across real sockets and processes; inside one process
// prefer a channel or synctest.
func Eventually(t testing.TB, limit time.Duration, claim func() bool, what string, args ...any) {
	t.Helper()
	limit = max(limit, patience)
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !claim() {
		select {
		case <-tick.C:
		case <-deadline.C:
			if claim() {
				return
			}
			t.Fatalf("not within %v: "+what, append([]any{limit}, args...)...)
		}
	}
}

// NoLeaks fails the test when goroutines that run code of this module outlive
// it. Call it first, so that its clean-up runs last.
func NoLeaks(t testing.TB) {
	t.Helper()
	before := ours()
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		var left []string
		for wait := time.Millisecond; wait < patience; wait *= 2 {
			left = left[:0]
			for id, stack := range ours() {
				if _, old := before[id]; !old {
					left = append(left, stack)
				}
			}
			if len(left) == 0 {
				return
			}
			<-time.After(wait)
		}
		t.Errorf("%d goroutines leaked:\n%s", len(left), strings.Join(left, "\n\n"))
	})
}

// ours returns the stacks of the goroutines that run this module's code, by
// goroutine header, without the caller's own.
func ours() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	stacks := map[string]string{}
	for i, s := range strings.Split(string(buf), "\n\n") {
		if i == 0 || !strings.Contains(s, "lazuli-dev/lazuli") || strings.Contains(s, "testing.tRunner(") {
			continue
		}
		id, _, _ := strings.Cut(s, " [")
		stacks[id] = s
	}
	return stacks
}

// Loopback takes a free port, for what is given a way to take one.
func Loopback() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// Serve accepts connections from l and serves each on a goroutine of its own,
// until ctx ends; it returns when all have been served. For tests of what
// serves one connection.
func Serve(ctx context.Context, l net.Listener, serve func(context.Context, net.Conn)) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				c.Close()
			}
			return nil
		}
		if err != nil {
			return err
		}
		conns.Go(func() { serve(ctx, c) })
	}
}
