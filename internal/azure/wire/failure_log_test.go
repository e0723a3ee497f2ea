package wire

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestFailuresAreLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var l FailureLog
		id := slog.String("request_id", "id")
		log := slog.New(slog.NewTextHandler(&out, nil))
		for range 150 { // seconds
			l.Write(log, time.Now(), "item.create", id, fault.New(fault.Unavailable, "", "full"))
			time.Sleep(time.Second)
		}
		l.Write(log, time.Now(), "item.read", id, fault.New(fault.Unavailable, "", "full"))
		l.Write(log, time.Now(), "item.create", id, fault.New(fault.Internal, "", "broken"))
		text := out.String()
		if n := strings.Count(text, "request failed"); n != 5 || strings.Count(text, "omitted_since_last=59") != 2 {
			t.Errorf("%d lines:\n%s", n, text)
		}
	})
}
