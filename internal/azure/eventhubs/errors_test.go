package eventhubs

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Every kind must have a condition, so that a new kind cannot be forgotten.
func TestEveryKindHasACondition(t *testing.T) {
	if len(shapes) != len(fault.Kinds()) {
		t.Fatalf("%d shapes for %d kinds", len(shapes), len(fault.Kinds()))
	}
	for _, kind := range fault.Kinds() {
		r := refusalOf(fmt.Errorf("append: %w", fault.New(kind, "hub a", "went wrong")))
		if r.status < 400 || r.status > 599 || !strings.Contains(string(r.condition), ":") {
			t.Errorf("%v: status %d, condition %q", kind, r.status, r.condition)
		}
		if !strings.Contains(r.text, "hub a: went wrong") {
			t.Errorf("%v: text %q", kind, r.text)
		}
	}
}

func TestRefusalKeepsShapes(t *testing.T) {
	original := errNoEntity("sb://h/x")
	if got := refusalOf(fmt.Errorf("attach: %w", original)); got != original {
		t.Errorf("a wrapped refusal became %v", got)
	}
	wire := &amqp.Error{Condition: amqp.ErrDecode, Description: "bad map"}
	if got := refusalOf(wire); got.condition != amqp.ErrDecode || got.text != "bad map" {
		t.Errorf("a protocol error became %v", got)
	}
	if got := refusalOf(io.ErrUnexpectedEOF); got.condition != amqp.ErrInternal || got.status != 500 {
		t.Errorf("a foreign error became %v", got)
	}
}

// Paths of this machine are no client's business; what failed is, in the
// system's word, and the log gets the whole.
func TestNoPathsInTexts(t *testing.T) {
	disk := fmt.Errorf("write %s: %w", "/secret/hubs/0/00000001.seg", &fs.PathError{Op: "write", Path: "/secret", Err: syscall.ENOSPC})
	for _, c := range []struct {
		err  error
		want string
	}{
		{fault.Wrap(fault.Unavailable, "hub a partition 0", disk, "nothing was stored"), "hub a partition 0: nothing was stored: no space left on device"},
		{fault.Wrap(fault.Internal, "hub a partition 0", &seglogDamage{}, "read record 7"), "hub a partition 0: read record 7"},
		{disk, "The service failed; its log says why."},
	} {
		r := refusalOf(fmt.Errorf("/secret: %w", c.err))
		if r.text != c.want || r.cause == nil || !strings.Contains(r.cause.Error(), "/secret") {
			t.Errorf("text %q, want %q; for the log: %v", r.text, c.want, r.cause)
		}
	}
}

type seglogDamage struct{}

func (*seglogDamage) Error() string { return "/secret/hubs/0/00000001.seg is damaged at byte 5" }

func TestComplaintsDoNotFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines strings.Builder
		log := slog.New(slog.NewTextHandler(&lines, nil))
		var c complaints
		for range 100 {
			c.log(log, io.ErrUnexpectedEOF)
		}
		c.log(log, io.EOF)
		time.Sleep(complaintEvery)
		c.log(log, io.EOF)
		if n := strings.Count(lines.String(), "\n"); n != 3 {
			t.Errorf("%d lines:\n%s", n, lines.String())
		}
	})
}

func TestTextsThatClientsRead(t *testing.T) {
	for got, want := range map[string]string{
		untracked(t, errMissingClaim(Send, "sb://h/x", "")):             "Unauthorized access. 'Send' claim(s) are required to perform this operation. Resource: 'sb://h/x'.",
		untracked(t, errMissingClaim(Listen, "sb://h/x", "I may not.")): "Unauthorized access. 'Listen' claim(s) are required to perform this operation. Resource: 'sb://h/x'. I may not.",
		untracked(t, errLocalAuthDisabled()):                            "LocalAuthDisabled: Authorization failed because SAS authentication has been disabled for the namespace.",
		errNoEntity("sb://h/x").text:                                    "The messaging entity 'sb://h/x' could not be found.",
		errNoGroup("ns", "hub", "g").text:                               "The messaging entity 'ns:eventhub:hub~3|g' could not be found.",
		errOversize(7, 2000, 1000).text:                                 "The received message (delivery-id:7, size:2000 bytes) exceeds the limit (1000 bytes) currently allowed on the link.",
		errExpired("5/1/2026 12:00:00 PM").text:                         "ExpiredToken: The token is expired. Expiration time: 5/1/2026 12:00:00 PM.",
		clip(strings.Repeat("x", 100)):                                  strings.Repeat("x", 64) + "…",
		clip("a\xffb"):                                                  "a\uFFFDb",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

var tracking = regexp.MustCompile(` TrackingId:[0-9a-f-]{36}_G0, SystemTracker:NoSystemTracker, Timestamp:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`)

// untracked takes off what differs each time, which must be there.
func untracked(t *testing.T, r *refusal) string {
	t.Helper()
	text := tracking.ReplaceAllString(r.text, "")
	if text == r.text {
		t.Errorf("no tracking id in %q", r.text)
	}
	return text
}
