package blob

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Copies are the copies under way whose sources are elsewhere, of all accounts of a
// store. Copy Blob answers when the source's server does; then the content comes, and
// the copy ends by itself:
//
//	request ── answer of the source ──▶ begin (the blob is empty, pending) ──▶ 202
//	                                      │
//	               Run: fetch ◀── order ──┘     a source that fails for the moment is
//	                 │                          asked again, from its start; a restart
//	                 └──▶ success, or failed    begins with what is pending
//
// It is safe for concurrent use.
type Copies struct {
	o     CopiesOptions
	slots chan struct{} // one for each copy that has a connection
	news  chan struct{} // there is something in begun

	mu    sync.Mutex // guards the rest
	all   map[string]*fetching
	begun []*fetching
}

// CopiesOptions configure NewCopies. Store and Log are required.
type CopiesOptions struct {
	Store *objectstore.Store
	Log   *slog.Logger
	// Retry spaces out the tries of one copy; default 1 s, doubled up to 30 s.
	Retry run.Backoff
	// Tries is after how many a copy has failed; default 10, some minutes.
	Tries int
}

// maxFetches is how many copies have a connection at once; others wait.
const maxFetches = 16

// NewCopies returns copies that Run does.
func NewCopies(o CopiesOptions) *Copies {
	if o.Retry == (run.Backoff{}) {
		o.Retry = run.Backoff{First: time.Second, Longest: 30 * time.Second}
	}
	if o.Tries == 0 {
		o.Tries = 10
	}
	return &Copies{o: o, slots: make(chan struct{}, maxFetches), news: make(chan struct{}, 1), all: map[string]*fetching{}}
}

// Run goes on with what a process before this one left, and does what is begun, until
// ctx ends. What has not ended then stays pending in the store.
func (c *Copies) Run(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	left, err := c.o.Store.PendingCopies(ctx)
	if err != nil {
		return err
	}
	for _, p := range left {
		if f := c.resumed(p); f != nil {
			work.Go(func() { c.do(ctx, f) })
		}
	}
	for {
		for _, f := range c.takeBegun() {
			work.Go(func() { c.do(ctx, f) })
		}
		select {
		case <-c.news:
		case <-ctx.Done():
			return nil
		}
	}
}

// resumed is a copy that is not under way in this process; nil when it is.
func (c *Copies) resumed(p objectstore.PendingCopy) *fetching {
	f := newFetching(p.ID, copyOrder{})
	f.pending, f.bad = p, f.order.read(p.Order)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[f.id] != nil {
		return nil
	}
	c.all[f.id] = f
	return f
}

// expect takes a copy in whose blob is not pending yet, so that no look into the store
// finds it first.
func (c *Copies) expect(f *fetching) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[f.id] = f
}

// begin has Run do a copy that was expected. Without a slot for it the connection to
// its source is closed, and made again later.
func (c *Copies) begin(f *fetching) {
	select {
	case c.slots <- struct{}{}:
		f.slot = true
	default:
		f.hangUp()
	}
	c.mu.Lock()
	c.begun = append(c.begun, f)
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func (c *Copies) takeBegun() []*fetching {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.begun
	c.begun = nil
	return all
}

// stop ends the work for a copy, whatever became of it.
func (c *Copies) stop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.all[id]; f != nil {
		f.cancel()
	}
}

func (c *Copies) forget(f *fetching) {
	f.hangUp()
	f.cancel()
	if f.slot {
		<-c.slots
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, f.id)
}

// now is what is known of a copy, of one under way how far it has come.
func (c *Copies) now(known *objectstore.Copy) *objectstore.Copy {
	if known == nil || known.Status != objectstore.CopyPending {
		return known
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.all[known.ID]
	if f == nil {
		return known
	}
	moved := *known
	moved.Copied = f.came.Load()
	moved.Total = max(moved.Total, moved.Copied)
	return &moved
}

// do tries until the copy has ended, or the process is about to.
func (c *Copies) do(ctx context.Context, f *fetching) {
	defer c.forget(f)
	defer context.AfterFunc(ctx, f.cancel)()
	if !f.slot {
		select {
		case c.slots <- struct{}{}:
			f.slot = true
		case <-f.ctx.Done():
			return
		}
	}
	wait := c.o.Retry
	for try := 1; ; try++ {
		err := f.try()
		switch {
		case err == nil, f.ctx.Err() != nil, ended(err):
			return
		case final(err) || try >= c.o.Tries:
			c.o.Log.Warn("a copy has failed", "blob", f.pending.Resource(), "copy_id", f.id, "error", err)
			err = f.pending.Fail(description(err), f.came.Load())
			if err == nil || ended(err) {
				return
			}
		}
		if wait.Wait(f.ctx) != nil {
			return
		}
	}
}

// ended reports whether an error says that there is no copy to end any more: it was
// aborted, or its container was deleted.
func ended(err error) bool {
	return fault.CodeOf(err) == objectstore.NoPendingCopyOperation || fault.CodeOf(err) == objectstore.ContainerNotFound
}

// final reports whether a copy that fails so need not be tried again.
func final(err error) bool {
	var r *refusedFetch
	return errors.As(err, &r) && r.status < http.StatusInternalServerError && r.status != http.StatusTooManyRequests && r.status != http.StatusRequestTimeout
}
