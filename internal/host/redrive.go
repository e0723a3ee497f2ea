package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// LetterQuery says which dead letters of a function are meant.
type LetterQuery struct {
	From      string // kind:name; "": the function's own place
	OnlyError string // a part of the error's type or message; "": any
	Limit     int    // at most; 0: all
}

// redriveReason is what the log gives as the reason of runs of dead letters.
const redriveReason = "A dead letter was sent again."

// errEnough ends a walk.
var errEnough = errors.New("enough")

// letterWalk is a walk over the dead letters of a function.
type letterWalk struct {
	f     *function
	d     *deadLetters
	store letter.Store
	query LetterQuery
	begun time.Time
	log   *slog.Logger
}

func (h *Host) walkOf(ctx context.Context, name string, q LetterQuery) (*letterWalk, error) {
	f := h.find(name)
	if f == nil {
		return nil, fault.New(fault.NotFound, "function "+name, "no such function")
	}
	d, err := h.placeOf(f, q.From)
	if err != nil {
		return nil, err
	}
	store, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	return &letterWalk{f, d, store, q, time.Now(), h.log}, nil
}

// run shows each letter that is meant, whole, until see says errEnough.
func (w *letterWalk) run(ctx context.Context, see func(context.Context, *letter.Letter) (letter.Verdict, error)) error {
	err := w.store.Walk(ctx, func(ctx context.Context, l *letter.Letter) (letter.Verdict, error) {
		if !w.means(l) {
			return letter.Verdict{}, nil
		}
		whole, err := w.whole(ctx, l)
		if fault.Is(err, fault.NotFound) {
			w.log.Warn("a dead letter is passed over: its content is gone", "function", w.f.decl.Name, "letter", l.ID, "error", err)
			return letter.Verdict{}, nil
		}
		if err != nil {
			return letter.Verdict{}, err
		}
		return see(ctx, whole)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// means reports whether a letter is the function's, fits the query, and was there when
// the walk began: what came since then, also what was put back, is for the next.
func (w *letterWalk) means(l *letter.Letter) bool {
	if l.Raw {
		l.Function, l.Trigger, l.Source = w.f.decl.Name, w.f.trigger.Type, w.f.starts.Source().Words
	}
	only := w.query.OnlyError
	return strings.EqualFold(l.Function, w.f.decl.Name) && l.Time.Before(w.begun) &&
		(only == "" || strings.Contains(l.Error.Message, only) || strings.Contains(l.Error.Type, only))
}

// whole is the letter that a note stands for, or the letter itself.
func (w *letterWalk) whole(ctx context.Context, note *letter.Letter) (*letter.Letter, error) {
	if note.Blob == "" {
		return note, nil
	}
	large, err := w.d.openLarge(ctx)
	if err != nil {
		return nil, err
	}
	l, err := letter.Read(ctx, large, note.Blob)
	if err != nil {
		return nil, fmt.Errorf("read the letter %s that is in container %s: %w", note.ID, largeContainer, err)
	}
	l.Redrives, l.Attempts, l.Blob, l.Time = note.Redrives, note.Attempts, note.Blob, note.Time
	return l, nil
}

// DeadLetters shows the dead letters of a function, oldest first as far as their place
// has an order, until see is false. It returns the place.
func (h *Host) DeadLetters(ctx context.Context, name string, q LetterQuery, see func(*letter.Letter)) (letter.Place, error) {
	w, err := h.walkOf(ctx, name, q)
	if err != nil {
		return letter.Place{}, err
	}
	seen := 0
	return w.d.setup.Place, w.run(ctx, func(_ context.Context, l *letter.Letter) (letter.Verdict, error) {
		if q.Limit > 0 && seen == q.Limit {
			return letter.Verdict{}, errEnough
		}
		seen++
		see(l)
		return letter.Verdict{}, nil
	})
}

// Redriven is one dead letter that was sent again.
type Redriven struct {
	Letter *letter.Letter
	Err    error // why the function failed again; nil: it succeeded
}

// Redrive runs a function for its dead letters, one after the other and each by itself.
// One whose run succeeds is gone; one whose run fails is put back with its count. tell is
// told each. When ctx ends, the run that goes on ends first, and what becomes of its
// letter is durable. A letter may run once more after a crash between its run and that:
// at least once. Only one redrive of a function runs at a time.
func (h *Host) Redrive(ctx context.Context, name string, q LetterQuery, tell func(Redriven)) error {
	w, err := h.walkOf(ctx, name, q)
	if err != nil {
		return err
	}
	again, ok := w.f.starts.(trigger.Redriver)
	if !ok {
		return fault.New(fault.Invalid, "function "+name, "a %s cannot be run again for dead letters", w.f.kind.Type)
	}
	if !w.f.redriving.TryLock() {
		return fault.New(fault.Conflict, "function "+name, "its dead letters are being sent again already")
	}
	defer w.f.redriving.Unlock()
	sent := 0
	return w.run(ctx, func(ctx context.Context, l *letter.Letter) (letter.Verdict, error) {
		if q.Limit > 0 && sent == q.Limit {
			return letter.Verdict{}, errEnough
		}
		verdict, failed, err := h.sendAgain(ctx, w, again, l)
		if errors.Is(err, trigger.ErrNotMine) {
			return letter.Verdict{}, nil
		}
		if err == nil {
			sent++
			tell(Redriven{l, failed})
		}
		return verdict, err
	})
}

// sendAgain runs the function for one letter. failed is how the function failed; err is
// why it did not run to an end, and then the letter stays.
func (h *Host) sendAgain(ctx context.Context, w *letterWalk, again trigger.Redriver, l *letter.Letter) (_ letter.Verdict, failed, err error) {
	failed, err = h.runLetter(ctx, w.f, again, l)
	switch {
	case err != nil:
		return letter.Verdict{}, nil, err
	case failed == nil:
		return letter.Verdict{Gone: true, Then: w.dropOf(l)}, nil, nil
	case l.Raw:
		return letter.Verdict{}, failed, nil // it has no room for a count
	}
	back := *l
	back.Redrives++
	back.Attempts++
	back.Time, back.Error = time.Now().UTC(), failureOf(failed)
	if l.Blob != "" {
		back = *noteOf(&back, l.Blob)
	}
	return letter.Verdict{Gone: true, Instead: &back}, failed, nil
}

// dropOf deletes the letter that a note stands for, once the note is gone.
func (w *letterWalk) dropOf(l *letter.Letter) func(context.Context) error {
	if l.Blob == "" {
		return nil
	}
	return func(ctx context.Context) error {
		large, err := w.d.openLarge(ctx)
		if err != nil {
			return err
		}
		return letter.Delete(ctx, large, l.Blob)
	}
}

func (h *Host) runLetter(ctx context.Context, f *function, again trigger.Redriver, l *letter.Letter) (failed, err error) {
	leave, ok := h.enter()
	if !ok {
		return nil, fault.New(fault.Unavailable, "function "+f.decl.Name, "the host is stopping")
	}
	defer leave()
	call, err := again.Again(ctx, l.Item)
	switch {
	case errors.Is(err, trigger.ErrNothing):
		return nil, nil
	case errors.Is(err, trigger.ErrNotMine):
		return nil, err
	case err != nil:
		return err, nil
	}
	if f.breaker != nil {
		pass, after, ok := f.breaker.TryEnter()
		if !ok {
			return nil, fault.New(fault.Unavailable, "function "+f.decl.Name, "its circuit breaker is open; try again in %v", after.Round(time.Second))
		}
		defer func() {
			if err != nil {
				pass.Return()
				return
			}
			pass.Done(failed)
		}()
	}
	call.Reason = redriveReason
	_, failed = h.attempt(ctx, f, attempt{call: call, retry: 0})
	if errors.Is(failed, trigger.ErrCancelled) {
		return nil, failed
	}
	return failed, nil
}
