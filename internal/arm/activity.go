package arm

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Event is a call that changed something, or tried to.
type Event struct {
	Time        time.Time     `json:"time"`
	Caller      string        `json:"caller"`    // its name
	ObjectID    string        `json:"objectId"`  //
	Operation   string        `json:"operation"` // Microsoft.EventHub/namespaces/write
	ID          string        `json:"id"`        // of the resource
	Status      int           `json:"status"`    // of the answer
	Code        string        `json:"code,omitempty"`
	Message     string        `json:"message,omitempty"`
	Took        time.Duration `json:"took"`
	Correlation string        `json:"correlation"`
}

// maxEvents is how many are kept.
const maxEvents = 2000

// activity is the log of them. It is written in the background: a crash may cost the
// last second of it.
type activity struct {
	store store

	mu     sync.Mutex // guards what follows
	all    []Event    // oldest first
	unsent []Event
	next   uint32
	wake   chan struct{}
}

func (a *activity) open() error {
	a.wake = make(chan struct{}, 1)
	return kv.Each(a.store.db, a.store.key('a', ""), func(_, value []byte) error {
		var e Event
		if err := json.Unmarshal(value, &e); err != nil {
			return err
		}
		a.all = append(a.all, e)
		return nil
	})
}

// Record adds a call to the log.
func (m *Manager) Record(e Event) {
	a := &m.past
	a.mu.Lock()
	a.all = append(a.all, e)
	if over := len(a.all) - maxEvents; over > 0 {
		a.all = slices.Delete(a.all, 0, over)
	}
	a.unsent = append(a.unsent, e)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Activity are the last calls that pass, the newest first; at most limit, 0 for all.
func (m *Manager) Activity(limit int, pass func(Event) bool) (all []Event) {
	a := &m.past
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range slices.Backward(a.all) {
		if pass == nil || pass(e) {
			all = append(all, e)
		}
		if len(all) == cmp.Or(limit, maxEvents) {
			break
		}
	}
	return all
}

// Run writes the log, and forgets old operations, until ctx ends.
func (m *Manager) Run(ctx context.Context) error {
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		select {
		case <-m.past.wake:
			m.past.write(m.o.Log)
		case <-hourly.C:
			if err := m.forgetOperations(time.Now()); err != nil {
				m.o.Log.Error("old operations are still kept", "error", err)
			}
		case <-ctx.Done():
			m.past.write(m.o.Log)
			return nil
		}
	}
}

func (a *activity) write(log *slog.Logger) {
	a.mu.Lock()
	todo := a.unsent
	a.unsent = nil
	oldest := time.Time{}
	if len(a.all) == maxEvents {
		oldest = a.all[0].Time
	}
	a.mu.Unlock()
	if len(todo) == 0 {
		return
	}
	b := a.store.db.NewBatch(256 * len(todo))
	for _, e := range todo {
		text, err := json.Marshal(e)
		if err != nil {
			continue // texts and numbers always marshal
		}
		a.next++
		b.Set(a.store.key('a', timeKey(e.Time, a.next)), text)
	}
	if !oldest.IsZero() {
		b.DeleteRange(a.store.key('a', ""), a.store.key('a', timeKey(oldest, 0)))
	}
	if err := b.Commit(); err != nil {
		log.Error("the activity log is not written", "error", err)
	}
}
