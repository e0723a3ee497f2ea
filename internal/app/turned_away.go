package app

import (
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/cosmos"
	"github.com/lazuli-dev/lazuli/internal/azure/eventhubs"
	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// turnedAwayEvery is how often an account tells of keys and tokens that open
// nothing: whoever has a wrong one tries it often.
const turnedAwayEvery = time.Second

// turnedAway tells in the log who came to an account with a key or token that opens
// nothing, so that a program with an old key is found. It is told no secret.
type turnedAway struct {
	account string
	log     *slog.Logger

	mu      sync.Mutex // guards the fields below
	next    time.Time  // when the next line is due
	omitted int        // since the last one
}

func newTurnedAway(a resource.Account, log *slog.Logger) *turnedAway {
	return &turnedAway{account: a.Name, log: log}
}

func (t *turnedAway) tell(from string, more ...any) {
	omitted, due := t.count(time.Now())
	if !due {
		return
	}
	if omitted > 0 {
		more = append(more, "omitted_since_last", omitted)
	}
	t.log.Warn("a key or token was refused", append([]any{"account", t.account, "from", from}, more...)...)
}

func (t *turnedAway) count(now time.Time) (omitted int, due bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.next) {
		t.omitted++
		return 0, false
	}
	omitted, t.omitted, t.next = t.omitted, 0, now.Add(turnedAwayEvery)
	return omitted, true
}

// fromEventHubs passes events on, and tells of what was refused.
func (t *turnedAway) fromEventHubs(next func(eventhubs.Event)) func(eventhubs.Event) {
	return func(ev eventhubs.Event) {
		next(ev)
		if f, refused := ev.(eventhubs.AuthFailed); refused {
			t.tell(f.Remote, "resource", f.Resource, "reason", f.Reason)
		}
	}
}

// fromStorage does the same.
func (t *turnedAway) fromStorage(next func(storage.RequestDone)) func(storage.RequestDone) {
	return func(done storage.RequestDone) {
		next(done)
		if done.KeyRefused() {
			t.tell(done.Remote, "service", done.Service.String(), "container", done.Container, "reason", done.Code)
		}
	}
}

// fromCosmos does the same.
func (t *turnedAway) fromCosmos(next func(cosmos.RequestDone)) func(cosmos.RequestDone) {
	return func(done cosmos.RequestDone) {
		next(done)
		if done.Status == 401 {
			t.tell(done.Remote, "database", done.Database, "container", done.Container)
		}
	}
}
