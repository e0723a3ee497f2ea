package changefeed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Processor hands the changes of a container to a handler, in as many ranges as
// this instance has leases for. See the package's description.
type Processor struct {
	source Source
	leases LeaseStore
	handle Handler
	o      Options
	prefix string // of the ids of leases; known once Run has begun

	look chan struct{} // asks for a look at the leases before its time

	mu      sync.Mutex
	running map[string]bool  // the tokens that are processed here; guarded by mu
	state   map[string]error // what State was told last; guarded by mu
}

// New makes a processor of a container's changes. leases are in another
// container. o may be nil.
func New(source Source, leases LeaseStore, handle Handler, o *Options) (*Processor, error) {
	if source == nil || leases == nil || handle == nil {
		return nil, errors.New("changefeed: a source, leases and a handler are needed")
	}
	if o == nil {
		o = &Options{}
	}
	if o.StartFromBeginning && !o.StartFrom.IsZero() {
		return nil, errors.New("changefeed: StartFromBeginning and StartFrom exclude each other")
	}
	return &Processor{
		source: source, leases: leases, handle: handle, o: o.withDefaults(),
		look: make(chan struct{}, 1), running: map[string]bool{}, state: map[string]error{},
	}, nil
}

// Run processes changes until ctx ends; then it waits for the handlers that run,
// saves what they have processed, gives its leases back, and returns nil. It
// returns an error when the containers cannot be reached at the start, and
// ErrDeleted when one of them is there no more; what fails else is tried again,
// and told to Options.State. A processor runs once at a time.
func (p *Processor) Run(ctx context.Context) error {
	if err := p.begin(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("changefeed: %w", err)
	}
	stop, cancel := context.WithCancelCause(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel(nil)
	for {
		err := p.balance(stop, func(l *lease) {
			workers.Go(func() {
				if err := p.own(stop, l); errors.Is(err, ErrDeleted) {
					cancel(err)
				}
				p.ended(l)
			})
		})
		if errors.Is(err, ErrDeleted) {
			cancel(err)
		}
		if stop.Err() == nil {
			p.tell("", err)
		}
		if p.rest(stop) != nil {
			break
		}
	}
	if cause := context.Cause(stop); errors.Is(cause, ErrDeleted) {
		return fmt.Errorf("changefeed: %w", cause)
	}
	return nil
}

// rest waits until the leases are to be looked at again, or returns ctx's error when
// that ends before.
func (p *Processor) rest(ctx context.Context) error {
	t := time.NewTimer(p.o.AcquireInterval)
	defer t.Stop()
	select {
	case <-p.look:
	case <-t.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// pause waits, or returns ctx's error when that ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// balance looks at the leases and starts those that this instance takes.
func (p *Processor) balance(ctx context.Context, start func(*lease)) error {
	all, err := p.list(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	running := make(map[string]bool, len(p.running))
	for token := range p.running {
		running[token] = true
	}
	p.mu.Unlock()
	for _, d := range choose(all, p.o.Owner, running, time.Now(), p.o.LeaseExpiration) {
		l := &lease{store: p.leases, owner: p.o.Owner, doc: d}
		switch err := l.take(ctx); {
		case errors.Is(err, errLost): // another was faster
			continue
		case err != nil:
			return err
		}
		p.o.Log.Info("took a lease", "lease", d.LeaseToken, "before", d.owner())
		p.mu.Lock()
		p.running[d.LeaseToken] = true
		p.mu.Unlock()
		start(l)
	}
	return nil
}

func (p *Processor) list(ctx context.Context) ([]document, error) {
	texts, err := p.leases.List(ctx, p.prefix+"..")
	if err != nil {
		return nil, fmt.Errorf("list the leases: %w", err)
	}
	all := make([]document, len(texts))
	for i, t := range texts {
		if all[i], err = readDocument(t); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ended forgets a lease that is not processed here any more.
func (p *Processor) ended(l *lease) {
	p.mu.Lock()
	delete(p.running, l.token())
	p.mu.Unlock()
}

// lookSoon asks for a look at the leases at once.
func (p *Processor) lookSoon() {
	select {
	case p.look <- struct{}{}:
	default: // one is due already
	}
}

// tell tells State how the processing of a lease goes, when that is news.
func (p *Processor) tell(token string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.state[token]
	if err == nil {
		delete(p.state, token)
	} else {
		p.state[token] = err
	}
	switch {
	case err == nil && before == nil:
	case err != nil && before != nil && err.Error() == before.Error():
	default:
		if err != nil {
			p.o.Log.Warn("the change feed is held up; it is tried again", "lease", token, "error", err)
		}
		p.o.State(token, err)
	}
}
