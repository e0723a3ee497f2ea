package cosmos

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// A full disk refuses many requests. Their clients read no path of this
// machine, and the log has one line, not one for each.
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
	full.Store(true)
	refused := 0
	for i := range 60 {
		r := a.call("POST", docs, fmt.Sprintf(`{"id":"%d","pk":"a"}`, i), pk("a"))
		if r.status == 201 {
			continue
		}
		refused++
		if r.status != 503 || strings.Contains(string(r.body), "/srv/") || strings.Contains(string(r.body), ".log") {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	full.Store(false) // so that the store can close
	if lines := strings.Count(log.String(), "request failed"); refused < 40 || lines != 1 {
		t.Errorf("%d refused, %d lines:\n%s", refused, lines, log.String())
	}
}

func TestFailuresAreLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var l failureLog
		log := slog.New(slog.NewTextHandler(&out, nil))
		for range 150 { // seconds
			l.write(log, time.Now(), "item.create", "id", fault.New(fault.Unavailable, "", "full"))
			time.Sleep(time.Second)
		}
		l.write(log, time.Now(), "item.read", "id", fault.New(fault.Unavailable, "", "full"))
		l.write(log, time.Now(), "item.create", "id", fault.New(fault.Internal, "", "broken"))
		text := out.String()
		if n := strings.Count(text, "request failed"); n != 5 || strings.Count(text, "omitted_since_last=59") != 2 {
			t.Errorf("%d lines:\n%s", n, text)
		}
	})
}

// An error of ours shows the engine's words, never its causes.
func TestClientsReadNoCauses(t *testing.T) {
	cause := fmt.Errorf("open /srv/lazuli/data/x: %w", syscall.EIO)
	for _, kind := range []fault.Kind{fault.Internal, fault.Unavailable} {
		e := asAPIError(fmt.Errorf("query: %w", fault.Wrap(kind, "store /srv/lazuli", cause, "the log cannot be written")))
		if strings.Contains(e.msg, "/srv/") || strings.Contains(e.msg, "cannot be written") != (kind == fault.Unavailable) {
			t.Errorf("%v: %s", kind, e.msg)
		}
	}
}
