package cosmos

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// A full disk refuses the writes that meet it and those after them, each at
// once. Their clients read no path of this machine, and the log has one line, not
// one for each. With room writes are done again.
func TestFullDiskRefusesWithoutPathsAndQuietly(t *testing.T) {
	var full atomic.Bool
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if full.Load() && op.Kind == vfs.OpWrite {
			return fmt.Errorf("write %s: %w", op.Path, syscall.ENOSPC)
		}
		return nil
	}))
	var log bytes.Buffer
	a := newAccountOn(t, fs, time.Now, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	docs := a.container("c", keyPK)
	sent := 0
	post := func() func() *answer {
		body := fmt.Sprintf(`{"id":"%d","pk":"a"}`, sent)
		sent++
		return func() *answer { return a.call("POST", docs, body, pk("a")) }
	}
	full.Store(true)
	var waiting sync.WaitGroup
	var refused, done atomic.Int64
	testkit.Eventually(t, 10*time.Second, func() bool {
		write := post()
		waiting.Go(func() {
			switch r := write(); r.status {
			case 503:
				refused.Add(1)
			case 201:
				done.Add(1)
			}
		})
		return refused.Load() > 0
	}, "writes are refused")
	for range 50 {
		r := post()()
		if r.status != 503 || strings.Contains(string(r.body), "/srv/") || strings.Contains(string(r.body), ".log") {
			t.Errorf("%d %s", r.status, r.body)
		}
		refused.Add(1)
	}
	waiting.Wait()
	if refused.Load() != int64(sent) || done.Load() != 0 {
		t.Errorf("%d of %d writes were refused, %d done", refused.Load(), sent, done.Load())
	}
	full.Store(false)
	testkit.Eventually(t, 10*time.Second, func() bool { return post()().status == 201 }, "writes are done again")
	if lines := strings.Count(log.String(), "request failed"); lines != 1 {
		t.Errorf("%d lines:\n%s", lines, log.String())
	}
}
