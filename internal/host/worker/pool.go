package worker

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// MaxCount is how many processes a pool has at most.
const MaxCount = 100

// Pool keeps the worker processes of one app alive, as many as are wanted. Each has
// a slot, in which it is started again when it ends; a crash of one is nothing to
// the others. Who invokes gets the one that is least busy, in turn among equals;
// while none runs Acquire waits: events stay in their sources rather than fail.
//
// The first starts alone, since it tells which functions there are; the others
// follow, each when the one before it runs.
type Pool struct {
	log      *slog.Logger
	group    string
	numbers  *Numbers
	onChange func(Status)
	waiting  atomic.Int64  // who waits in Acquire
	changes  chan struct{} // of cap 1: Run looks again

	mu       sync.Mutex // guards the fields below
	launcher Launcher
	slots    []*slot
	orphans  []*slot // taken out with a worker before Run kept them
	proven   bool    // a worker has run, so the functions are known
	stopped  bool
	since    time.Time     // when it stopped, or was left without slots
	turn     int           // where the search for the least busy begins
	woken    uint64        // see Counts
	starts   int           // of slots that are no more
	changed  chan struct{} // closed and replaced at every change
}

// Options are what a pool is made of.
type Options struct {
	Launcher Launcher // of the workers
	Count    int      // how many at first; at least one, unless Known
	// Known: which functions there are is known already, so none needs to run to tell.
	Known bool
	// Group is whose workers they are among those of the app, where it has several pools.
	Group string
	// Numbers are those of the workers of the app; nil are the pool's own.
	Numbers *Numbers
	// OnChange is told every change of a worker's state, those of one worker in
	// order. It must not block, and may be nil.
	OnChange func(Status)
	Log      *slog.Logger
}

// NewPool returns a pool, whose workers Run starts.
func NewPool(o Options) *Pool {
	if o.OnChange == nil {
		o.OnChange = func(Status) {}
	}
	if o.Numbers == nil {
		o.Numbers = &Numbers{}
	}
	p := &Pool{
		launcher: o.Launcher, log: discard(o.Log), group: o.Group, numbers: o.Numbers, onChange: o.OnChange,
		proven: o.Known, since: time.Now(), changed: make(chan struct{}), changes: make(chan struct{}, 1),
	}
	least := 1
	if o.Known {
		least = 0
	}
	p.grow(max(least, min(o.Count, MaxCount)))
	return p
}

// Run starts and restarts workers until ctx ends, and then stops them. It always
// returns nil: a worker that cannot start is a state, not an error, because the
// next build of it may.
func (p *Pool) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for ctx.Err() == nil {
		s, again := p.due()
		if s != nil {
			all.Go(func() { p.keep(ctx, s) })
			continue
		}
		select {
		case <-p.changes:
		case <-again:
		case <-ctx.Done():
		}
	}
	p.mu.Lock()
	p.stopped, p.since = true, time.Now()
	given := p.orphans
	for _, s := range p.slots {
		if !s.begun && s.given != nil {
			given = append(given, s)
		}
	}
	p.tell()
	p.mu.Unlock()
	for _, s := range given {
		all.Go(func() { p.keep(ctx, s) })
	}
	all.Wait()
	return nil
}

// startsApart is how long a worker that starts holds up the start of the next.
const startsApart = 10 * time.Second

// due is the next slot that is to be kept; nil while another worker starts, and
// then again says when to look without a change.
func (p *Pool) due() (next *slot, again <-chan time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.orphans) > 0 {
		next, p.orphans = p.orphans[0], p.orphans[1:]
		return next, nil
	}
	left := time.Duration(0) // until one that starts holds up nobody
	for i, s := range p.slots {
		switch {
		case s.begun && s.status.State == Starting:
			left = max(left, startsApart-time.Since(s.status.Since))
		case s.begun:
		case i > 0 && !p.proven:
			return nil, nil
		case left > 0:
			return nil, time.After(left)
		default:
			s.begun = true
			return s, nil
		}
	}
	return nil, nil
}

// tell wakes who waits for a change. The caller holds mu.
func (p *Pool) tell() {
	close(p.changed)
	p.changed = make(chan struct{})
	select {
	case p.changes <- struct{}{}:
	default: // Run has not looked yet
	}
}

// grow adds slots until there are n. The caller holds mu, or has p alone.
func (p *Pool) grow(n int) {
	for len(p.slots) < n {
		p.slots = append(p.slots, newSlot(p.numbers.take(), p.group))
	}
}

// SetCount says how many workers there are to be from now on, 0 to MaxCount, and
// returns at once. Those that are too many, the idle ones first, are asked nothing
// more, go on with what they run, and end. With 0 none runs until somebody asks for
// one, which makes it 1 again. Before a worker has run 0 is as 1: which functions
// there are is not known.
func (p *Pool) SetCount(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n = max(0, min(n, MaxCount))
	if n == 0 && !p.proven {
		n = 1
	}
	if n == len(p.slots) || p.stopped {
		return
	}
	for len(p.slots) > n {
		p.retire(p.spareSlot(), true)
	}
	p.grow(n)
	p.since = time.Now()
	p.tell()
}

// spareSlot is the slot that is missed least. The caller holds mu.
func (p *Pool) spareSlot() int {
	least, at := int64(0), -1
	for i := len(p.slots) - 1; i >= 0; i-- {
		if busy := p.slots[i].busy(); at < 0 || busy < least {
			least, at = busy, i
		}
	}
	return at
}

// retire takes a slot out. Its worker, if it has one, is returned; unless drain
// says that the slot itself looks after its end. The caller holds mu.
func (p *Pool) retire(i int, drain bool) *Seat {
	s := p.slots[i]
	p.slots = append(p.slots[:i:i], p.slots[i+1:]...)
	p.starts += s.status.Starts
	p.numbers.free(s.status.Number)
	s.retired = true
	if s.end != nil {
		s.end()
	}
	if drain {
		if !s.begun && s.seat != nil {
			p.orphans = append(p.orphans, s)
		}
		return nil
	}
	seat := s.seat
	s.seat = nil
	return seat
}

// Counts is how much of a pool is in use at one moment.
type Counts struct {
	Wanted   int // as SetCount said last
	Ready    int // processes that can be invoked
	Starting int
	Busy     int    // of the ready ones, those that run something
	Running  int    // invocations that workers have
	Waiting  int    // invocations that wait for a worker
	Woken    uint64 // how often somebody asked when none was wanted
}

// Counts returns what is in use now.
func (p *Pool) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := Counts{Wanted: len(p.slots), Waiting: int(p.waiting.Load()), Woken: p.woken}
	for _, s := range p.slots {
		switch {
		case s.seat != nil && !s.seat.isLost():
			c.Ready++
			held := int(s.seat.holders.Load())
			c.Running += held
			c.Busy += min(held, 1)
		case s.status.State == Starting:
			c.Starting++
		}
	}
	return c
}

// Acquire waits for a running worker, and holds it: whoever has a seat gives it
// back with Release when it is done with the worker.
func (p *Pool) Acquire(ctx context.Context) (*Seat, error) {
	var seat *Seat
	err := p.await(ctx, false, func() bool { seat = p.pick(); return seat != nil })
	return seat, err
}

// AcquireSoon is Acquire for who has a caller that waits: while none runs or
// starts because the last one did not start, it says why at once.
func (p *Pool) AcquireSoon(ctx context.Context) (*Seat, error) {
	var seat *Seat
	err := p.await(ctx, true, func() bool { seat = p.pick(); return seat != nil })
	return seat, err
}

// Ready waits as AcquireSoon does, and tells of a worker that runs.
func (p *Pool) Ready(ctx context.Context) (Info, error) {
	var info Info
	err := p.await(ctx, true, func() bool {
		for _, s := range p.slots {
			if s.seat != nil && !s.seat.isLost() {
				info = s.seat.Info()
				return true
			}
		}
		return false
	})
	return info, err
}

// await waits until there is what found looks for, which is called with mu.
func (p *Pool) await(ctx context.Context, soon bool, found func() bool) error {
	waits := false
	defer func() {
		if waits {
			p.waiting.Add(-1)
		}
	}()
	for {
		p.mu.Lock()
		if found() {
			p.mu.Unlock()
			return nil
		}
		stopped, trouble := p.stopped, p.trouble()
		if !stopped {
			p.wake()
		}
		changed := p.changed
		p.mu.Unlock()
		if stopped {
			return ErrStopped
		}
		if soon && trouble != "" {
			return fault.New(fault.Unavailable, "worker", "%s", trouble)
		}
		if !waits {
			waits = true
			p.waiting.Add(1)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pick holds the least busy of the workers that run, in turn among equals; nil when
// none does. The caller holds mu.
func (p *Pool) pick() *Seat {
	var best *Seat
	least, next := int64(0), p.turn
	for i := range p.slots {
		at := (p.turn + i) % len(p.slots)
		seat := p.slots[at].seat
		if seat == nil || seat.isLost() {
			continue
		}
		if held := seat.holders.Load(); best == nil || held < least {
			best, least, next = seat, held, at+1
		}
	}
	if best != nil {
		p.turn = next
		best.hold()
	}
	return best
}

// wake makes a worker wanted when none is. The caller holds mu.
func (p *Pool) wake() {
	if len(p.slots) == 0 {
		p.woken++
		p.grow(1)
		p.tell()
	}
}

// trouble is why there is no worker, when none starts either; "" otherwise. One
// that ran and ended is started again at once, and that is no trouble until it
// happens time and again. The caller holds mu.
func (p *Pool) trouble() string {
	why := ""
	for _, s := range p.slots {
		st := s.status
		if !s.begun && why != "" {
			continue // it waits for the one that does not start
		}
		if st.State == Failing || st.State == Waiting && st.Unstarted {
			why = st.LastError
			continue
		}
		return ""
	}
	return why
}

// Swap puts a worker that runs in the place of all that do, and a launcher in that
// of the one that starts others after it, as many as before. meanwhile runs while
// nobody can acquire any. The old workers go on with what they were asked and are
// the caller's to stop; nobody acquires them any more. Once the pool has ended it
// is false, and nothing changes.
func (p *Pool) Swap(l Launcher, w Worker, meanwhile func()) (old []*Seat, ok bool) {
	p.mu.Lock()
	if p.stopped {
		p.mu.Unlock()
		return nil, false
	}
	count := len(p.slots)
	old = p.clearOut()
	p.launcher, p.proven = l, true
	first := newSlot(p.numbers.take(), p.group)
	first.given = &Seat{Worker: w}
	p.slots = append(p.slots, first)
	p.grow(max(1, count))
	meanwhile()
	first.status.Starts++
	status := p.change(first, Running, first.given, "")
	p.mu.Unlock()
	p.onChange(status)
	return old, true
}

// Renew puts a launcher in the place of the one that starts workers, and starts as many
// as there were by it. As with Swap, the old ones are the caller's to stop. Once the
// pool has ended nothing changes.
func (p *Pool) Renew(l Launcher) (old []*Seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil
	}
	count := len(p.slots)
	old = p.clearOut()
	p.launcher = l
	p.grow(count)
	p.tell()
	return old
}

// clearOut retires all slots, and returns the workers that they had. The caller holds mu.
func (p *Pool) clearOut() (old []*Seat) {
	for len(p.slots) > 0 {
		if seat := p.retire(0, false); seat != nil {
			old = append(old, seat)
		}
	}
	return old
}

// Replace ends a worker that can no longer be trusted, for instance because a
// function overran its time. A new one is started as after a crash.
func (p *Pool) Replace(w *Seat, reason string) {
	p.mu.Lock()
	mine := p.has(w) && w.doom(reason, false)
	p.mu.Unlock()
	if mine {
		stopped, cancel := context.WithCancel(context.Background())
		cancel() // no grace: it is stuck
		w.Stop(stopped)
	}
}

// Restart ends the running workers, with the grace that they have for what they
// run, and others are started at once. It returns when they have ended.
func (p *Pool) Restart(ctx context.Context, reason string) {
	var doomed []*Seat
	p.mu.Lock()
	for _, s := range p.slots {
		if s.seat != nil && s.seat.doom(reason, true) {
			doomed = append(doomed, s.seat)
		}
	}
	p.mu.Unlock()
	if len(doomed) == 0 {
		return
	}
	p.log.Info("stopping the worker", "reason", reason, "processes", len(doomed))
	var all sync.WaitGroup
	for _, w := range doomed {
		all.Go(func() { w.Stop(ctx) })
	}
	all.Wait()
}

func (p *Pool) has(w *Seat) bool {
	for _, s := range p.slots {
		if s.seat == w {
			return true
		}
	}
	return false
}

// doom notes why a worker will end; false when that is known. The caller has the
// pool's mu.
func (s *Seat) doom(reason string, wanted bool) bool {
	if s.doomed {
		return false
	}
	s.doomed, s.reason, s.wanted = true, reason, wanted
	return true
}
