package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// LockPeriod is how long a lock outlives a host that was killed. A host that
// starts again gets its own at once.
const LockPeriod = 15 * time.Second

// Lock is a lease on the blob locks/HOST/NAME, which one of the hosts that share
// an account holds at a time. The host's id is Azure's: all instances of an app have
// the same.
type Lock struct {
	Leases Leases
	Host   string
	Name   string
	Owner  string // the one who holds it
	Log    *slog.Logger
}

func (l *Lock) blob() string { return "locks/" + l.Host + "/" + l.Name }

// id is the lease's, the same at every start of the owner.
func (l *Lock) id() string {
	sum := sha256.Sum256([]byte(l.Owner + "\x00" + l.Name))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// errLost is why what was done under a lock ends.
var errLost = errors.New("the lock is lost")

// Hold waits for the lock, calls f while it is held, and returns what f does. The
// context of f ends when the lock is lost, and then Hold waits for it again. Hold
// returns nil when ctx has ended before it had the lock.
func (l *Lock) Hold(ctx context.Context, f func(context.Context) error) error {
	for {
		if err := l.acquire(ctx); err != nil || ctx.Err() != nil {
			return ignoreEnd(ctx, err)
		}
		held, lose := context.WithCancelCause(ctx)
		renewed := make(chan struct{})
		go func() {
			defer close(renewed)
			l.renew(held, lose)
		}()
		err := f(held)
		lost := errors.Is(context.Cause(held), errLost)
		lose(nil)
		<-renewed
		if lost && ctx.Err() == nil {
			l.Log.Warn("the lock is lost; another host may have taken it", "lock", l.blob())
			continue
		}
		if released := l.Leases.Release(context.WithoutCancel(ctx), Hosts, l.blob(), l.id()); released != nil {
			l.Log.Warn("the lock was not given back; others wait until it ends", "lock", l.blob(), "error", released)
		}
		return err
	}
}

// acquire waits until the lock is held or ctx ends.
func (l *Lock) acquire(ctx context.Context) error {
	told := false
	for ctx.Err() == nil {
		err := l.Leases.Acquire(ctx, Hosts, l.blob(), l.id(), LockPeriod)
		if err == nil || !fault.Is(err, fault.Conflict) {
			return err
		}
		if !told {
			l.Log.Info("another host holds the lock; this one waits for it", "lock", l.blob())
			told = true
		}
		if run.Pause(ctx, LockPeriod/3) != nil {
			return nil
		}
	}
	return nil
}

// renew keeps the lease until ctx ends. The lock is lost when it is another's, or
// when it could not be renewed for as long as it lasts.
func (l *Lock) renew(ctx context.Context, lose context.CancelCauseFunc) {
	until := time.Now().Add(LockPeriod)
	for run.Pause(ctx, LockPeriod/3) == nil {
		err := l.Leases.Renew(ctx, Hosts, l.blob(), l.id())
		switch {
		case err == nil:
			until = time.Now().Add(LockPeriod)
		case ctx.Err() != nil:
			return
		case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound), !time.Now().Before(until):
			lose(errLost)
			return
		default:
			l.Log.Warn("the lock could not be renewed", "lock", l.blob(), "error", err)
		}
	}
}

func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
