package kv

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Use is what an engine does with a DB that it is to have ended before the DB is
// closed: changes that are under way, and work in the background. It is safe for
// concurrent use.
type Use struct {
	db     *DB
	closed error // what comes too late is refused with

	mu   sync.RWMutex // held for reading by what is under way; guards over
	over bool

	ctx        context.Context // of the work in the background; ends with Close
	cancel     context.CancelFunc
	background sync.WaitGroup
}

// NewUse begins a use of the DB. engine names who uses it, in what it refuses when it
// is over: "table store".
func NewUse(db *DB, engine string) *Use {
	u := &Use{db: db, closed: fault.New(fault.Unavailable, engine, "it is closed")}
	u.ctx, u.cancel = context.WithCancel(context.Background())
	return u
}

// Enter begins something that Close waits for. The caller calls Leave when it is done,
// unless there is an error, which is fault.Unavailable: the engine is closed.
func (u *Use) Enter() error {
	u.mu.RLock()
	if u.over {
		u.mu.RUnlock()
		return u.closed
	}
	return nil
}

// Leave ends what Enter began.
func (u *Use) Leave() { u.mu.RUnlock() }

// Ended reports whether err is Enter's, which says nothing new to who closed it.
func (u *Use) Ended(err error) bool { return errors.Is(err, u.closed) }

// Go does work in the background, whose context ends with Close. The caller has
// entered.
func (u *Use) Go(work func(context.Context)) { u.background.Go(func() { work(u.ctx) }) }

// GiveBack gives the disk space of deleted keys back in the background; see
// DB.GiveBack. what names them in the log: "deleted tables". The caller has entered.
func (u *Use) GiveBack(log *slog.Logger, what string, ranges [][2][]byte) {
	u.Go(func(ctx context.Context) {
		if err := u.db.GiveBack(ctx, ranges); err != nil && ctx.Err() == nil {
			log.Warn("disk space is given back later", "of", what, "error", err)
		}
	})
}

// Close refuses what comes from now on and waits for what is under way, but not for
// room on a full disk. It reports whether this call ended the use. It does not close
// the DB.
func (u *Use) Close() (ended bool) {
	u.cancel()
	u.db.StopWaiting()
	u.mu.Lock()
	ended, u.over = !u.over, true
	u.mu.Unlock()
	u.background.Wait()
	return ended
}
