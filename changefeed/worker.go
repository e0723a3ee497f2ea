package changefeed

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// releaseTime bounds how long a lease is given back at an end: who cannot lets it
// expire.
const releaseTime = 5 * time.Second

// own processes a lease that was taken until stop ends, the lease is lost, its
// range is split, or the handler fails; the lease is renewed beside it, and given
// back unless it is lost.
func (p *Processor) own(stop context.Context, l *lease) error {
	ctx, cancel := context.WithCancelCause(stop)
	defer cancel(nil)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		for pause(ctx, p.o.RenewInterval) == nil {
			if err := l.renew(ctx); errors.Is(err, errLost) {
				cancel(err)
			} // what fails else shows when a position is saved; the lease may expire meanwhile
		}
	}()
	w := &worker{p: p, l: l}
	w.span, _ = l.doc.span()
	err := w.pump(ctx)
	if lost := context.Cause(ctx); errors.Is(lost, errLost) {
		err = errLost
	}
	cancel(nil)
	<-renewed
	return p.letGo(stop, l, err)
}

// letGo ends the processing of a lease, for the reason given.
func (p *Processor) letGo(stop context.Context, l *lease, why error) error {
	switch {
	case errors.Is(why, errLost):
		p.o.Log.Info("another instance took the lease", "lease", l.token())
		p.tell(l.token(), nil) // it goes on elsewhere
		return nil
	case errors.Is(why, ErrSplit):
		err := p.split(stop, l)
		if err == nil {
			p.tell(l.token(), nil)
			p.lookSoon()
			return nil
		}
		why = fmt.Errorf("follow the split of range %s: %w", l.token(), err)
	}
	if stop.Err() == nil {
		p.tell(l.token(), why)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stop), releaseTime)
	defer cancel()
	if err := l.release(ctx); err != nil && !errors.Is(err, errLost) {
		p.o.Log.Warn("the lease could not be given back; others have it when it expires", "lease", l.token(), "error", err)
	}
	return why
}

// worker hands the changes of one lease to the handler.
type worker struct {
	p    *Processor
	l    *lease
	span Range
}

// result is what one read gave.
type result struct {
	Page
	err error
}

func (w *worker) read(ctx context.Context, after string, most int) result {
	page, err := w.p.source.Read(ctx, Query{Range: w.span, After: after, Since: w.p.o.StartFrom, Max: most})
	return result{page, err}
}

// pump hands over pages, one after the other, and saves the position after each.
// While the handler has one page the next is read; what has come since is added
// while the position is saved. It returns why it ended, always an error.
func (w *worker) pump(ctx context.Context) error {
	position := w.l.doc.position()
	w.p.o.Checkpointed(w.l.token(), position)
	page := w.read(ctx, position, w.p.o.MaxItems)
	ahead := make(chan result, 1)
	for ctx.Err() == nil {
		if page.err != nil || len(page.Docs) == 0 {
			var err error
			if position, err = w.idle(ctx, position, page); err != nil {
				return err
			}
			page = w.read(ctx, position, w.p.o.MaxItems)
			continue
		}
		w.p.tell(w.l.token(), nil)
		next := page.Next
		go func() { ahead <- w.read(ctx, next, w.p.o.MaxItems) }()
		err := w.p.handle(ctx, page.Docs)
		page = <-ahead
		if err != nil {
			return fmt.Errorf("the handler of range %s: %w", w.l.token(), err)
		}
		go func(r result) { ahead <- w.fill(ctx, r) }(page)
		err = w.save(ctx, next)
		page = <-ahead
		if err != nil {
			return err
		}
		position = next
		w.p.o.Checkpointed(w.l.token(), position)
	}
	return ctx.Err()
}

// idle waits after a read that gave no documents, until there may be some, or it
// may go better. It returns the position to read on from.
func (w *worker) idle(ctx context.Context, position string, page result) (string, error) {
	switch {
	case errors.Is(page.err, ErrSplit), errors.Is(page.err, ErrDeleted), page.err != nil && ctx.Err() != nil:
		return position, page.err
	case page.err != nil:
		w.p.tell(w.l.token(), page.err)
		return position, pause(ctx, w.p.o.PollInterval)
	}
	w.p.tell(w.l.token(), nil)
	if page.Next != "" {
		position = page.Next
	}
	if waiter, waits := w.p.source.(Waiter); waits {
		return position, waiter.Wait(ctx, w.span, position)
	}
	return position, pause(ctx, w.p.o.PollInterval)
}

// save saves the position of what was handled, also when ctx has ended, and while
// it has not until that succeeds.
func (w *worker) save(ctx context.Context, position string) error {
	for {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.p.o.LeaseExpiration)
		err := w.l.save(limited, position)
		cancel()
		if err == nil || errors.Is(err, errLost) {
			return err
		}
		w.p.tell(w.l.token(), err)
		if pause(ctx, w.p.o.PollInterval) != nil {
			return err
		}
	}
}

// fill adds what has come since a page was read that is not full.
func (w *worker) fill(ctx context.Context, r result) result {
	room := w.p.o.MaxItems - len(r.Docs)
	if r.err != nil || len(r.Docs) == 0 || room <= 0 {
		return r
	}
	more := w.read(ctx, r.Next, room)
	if more.err != nil || len(more.Docs) == 0 {
		return r // an error shows again at the next read
	}
	return result{Page{append(r.Docs, more.Docs...), more.Next}, nil}
}
