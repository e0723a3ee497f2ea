// Package limit counts calls: sliding windows for rate limits, fixed windows for
// quotas, and places for concurrency.
//
// The counters are in memory; what changes is written behind by Run, together with what
// changes soon after: each write syncs the log, which takes the machine from the calls.
// So a call does not wait for the disk, and after a crash at most the calls of the last
// tenth of a second are forgotten.
//
// Windows are exact: each call is remembered with its time until it leaves, in steps of
// a hundred-thousandth of the window. Keys of records:
//
//	prefix | 'w' | key | 0 | time (8 bytes)  ->  period (8 bytes), calls (4 bytes)
//	prefix | 'q' | key                       ->  begin (8 bytes), calls (8), bytes (8)
package limit

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Book is the counters of one gateway. It is safe for concurrent use.
type Book struct {
	db     *kv.DB
	prefix []byte
	clock  func() time.Time

	mu      sync.Mutex // guards the maps, what is in them, and pending
	windows map[string]*window
	quotas  map[string]*fixed
	held    map[string]int
	pending []change
	writes  uint64        // how often pending was taken to be written
	more    chan struct{} // tells Run of pending
}

// window is the calls of the trailing period, oldest first.
type window struct {
	entries []entry
	sum     int
	period  time.Duration
	newest  []byte // the value in pending of the last entry, while writes is what it was
	writes  uint64
}

type entry struct {
	at int64 // unix nanoseconds
	n  int32
}

// fixed is what was counted since begin.
type fixed struct {
	begin        int64 // unix seconds
	calls, bytes int64
}

// change is a record to be written; a nil value deletes it.
type change struct{ key, value []byte }

// The kinds of records.
const (
	windowKind = 'w'
	quotaKind  = 'q'
)

// steps is into how many parts a window's time is cut.
const steps = 100_000

// Open reads the counters below a prefix. clock may be nil.
func Open(db *kv.DB, prefix []byte, clock func() time.Time) (*Book, error) {
	if clock == nil {
		clock = time.Now
	}
	b := &Book{
		db: db, prefix: prefix, clock: clock, windows: map[string]*window{}, quotas: map[string]*fixed{}, held: map[string]int{}, more: make(chan struct{}, 1),
	}
	now := clock().UnixNano()
	err := kv.Each(db, prefix, func(key, value []byte) error { return b.read(key[len(prefix):], value, now) })
	return b, err
}

func (b *Book) read(key, value []byte, now int64) error {
	damaged := fault.New(fault.Internal, "gateway counter", "its record is damaged")
	if len(key) < 1 {
		return damaged
	}
	switch kind, key := key[0], key[1:]; kind {
	case windowKind:
		if len(key) < 9 || len(value) != 12 {
			return damaged
		}
		name, at := string(key[:len(key)-9]), int64(binary.BigEndian.Uint64(key[len(key)-8:]))                //nolint:gosec // a time
		period, n := time.Duration(binary.BigEndian.Uint64(value)), int32(binary.BigEndian.Uint32(value[8:])) //nolint:gosec // as written
		w := b.window(name)
		w.period = period
		w.entries = append(w.entries, entry{at, n})
		w.sum += int(n)
		if at <= now-int64(period) {
			b.expire(name, w, now)
		}
	case quotaKind:
		if len(value) != 24 {
			return damaged
		}
		b.quotas[string(key)] = &fixed{
			int64(binary.BigEndian.Uint64(value)), int64(binary.BigEndian.Uint64(value[8:])), int64(binary.BigEndian.Uint64(value[16:])), //nolint:gosec // as written
		}
	default:
		return damaged
	}
	return nil
}

func (b *Book) window(key string) *window {
	w := b.windows[key]
	if w == nil {
		w = &window{}
		b.windows[key] = w
	}
	return w
}

// expire takes out what has left the window. mu is held, or nobody else is there.
func (b *Book) expire(key string, w *window, now int64) {
	n := 0
	for n < len(w.entries) && w.entries[n].at <= now-int64(w.period) {
		w.sum -= int(w.entries[n].n)
		b.write(b.windowKey(key, w.entries[n].at), nil)
		n++
	}
	w.entries = w.entries[n:]
}

func (b *Book) windowKey(key string, at int64) []byte {
	k := make([]byte, 0, len(b.prefix)+len(key)+10)
	k = append(append(append(k, b.prefix...), windowKind), key...)
	return binary.BigEndian.AppendUint64(append(k, 0), uint64(at)) //nolint:gosec // a time of now
}

func (b *Book) write(key, value []byte) {
	b.pending = append(b.pending, change{key, value})
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// Window implements policy.Limits.
func (b *Book) Window(key string, calls, n int, period time.Duration) (ok bool, left int, wait time.Duration) {
	now := b.clock().UnixNano()
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.window(key)
	if period > w.period { // a longer one shares the key: nothing that it counts has to leave
		w.period = period
	}
	b.expire(key, w, now)
	sum, oldest := w.within(now, period)
	if sum+n > calls || n == 0 && sum >= calls && calls > 0 {
		return false, max(0, calls-sum), time.Duration(oldest + int64(period) - now)
	}
	if n > 0 {
		b.count(key, w, now, n)
	}
	return true, max(0, calls-sum-n), 0
}

// within is how many calls a period has, and the time of the oldest of them.
func (w *window) within(now int64, period time.Duration) (sum int, oldest int64) {
	if period == w.period {
		if len(w.entries) == 0 {
			return 0, now
		}
		return w.sum, w.entries[0].at
	}
	oldest = now
	for i := len(w.entries) - 1; i >= 0 && w.entries[i].at > now-int64(period); i-- {
		sum += int(w.entries[i].n)
		oldest = w.entries[i].at
	}
	return sum, oldest
}

// count adds n calls now.
func (b *Book) count(key string, w *window, now int64, n int) {
	w.sum += n
	last := len(w.entries) - 1
	if last >= 0 && now-w.entries[last].at < int64(w.period)/steps {
		w.entries[last].n += int32(n) //nolint:gosec // bounded by the limit
		if w.newest != nil && w.writes == b.writes {
			binary.BigEndian.PutUint32(w.newest[8:], uint32(w.entries[last].n)) //nolint:gosec // not negative
			return
		}
	} else {
		if last >= 0 && now <= w.entries[last].at { // the clock went back
			now = w.entries[last].at + 1
		}
		w.entries = append(w.entries, entry{now, int32(n)}) //nolint:gosec // as above
		last++
	}
	value := binary.BigEndian.AppendUint64(make([]byte, 0, 12), uint64(w.period)) //nolint:gosec // not negative
	value = binary.BigEndian.AppendUint32(value, uint32(w.entries[last].n))       //nolint:gosec // not negative
	b.write(b.windowKey(key, w.entries[last].at), value)
	w.newest, w.writes = value, b.writes
}

// Quota implements policy.Limits.
func (b *Book) Quota(key string, q policy.Quota) (ok, byBytes bool, wait time.Duration) {
	now := b.clock()
	begin := windowBegin(now, q)
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.quotas[key]
	if f == nil || f.begin != begin.Unix() {
		f = &fixed{begin: begin.Unix()}
		b.quotas[key] = f
	}
	if !q.Only {
		over := q.Calls > 0 && f.calls+max(q.AddCalls, 1) > q.Calls // what the reply decides may count
		byBytes = q.Bytes > 0 && f.bytes >= q.Bytes
		if over || byBytes {
			return false, byBytes && !over, begin.Add(q.Period).Sub(now)
		}
	}
	if q.AddCalls == 0 && q.AddBytes == 0 {
		return true, false, 0
	}
	f.calls += q.AddCalls
	f.bytes += q.AddBytes
	value := binary.BigEndian.AppendUint64(make([]byte, 0, 24), uint64(f.begin)) //nolint:gosec // bits
	value = binary.BigEndian.AppendUint64(value, uint64(f.calls))                //nolint:gosec // bits
	value = binary.BigEndian.AppendUint64(value, uint64(f.bytes))                //nolint:gosec // bits
	k := append(append(append(make([]byte, 0, len(b.prefix)+1+len(key)), b.prefix...), quotaKind), key...)
	b.write(k, value)
	return true, false, 0
}

// windowBegin is when the fixed window that now is in began.
func windowBegin(now time.Time, q policy.Quota) time.Time {
	if q.Period <= 0 {
		return q.First
	}
	period := int64(q.Period / time.Second)
	since := now.Unix() - q.First.Unix()
	n := since / period
	if since < 0 && since%period != 0 {
		n--
	}
	return time.Unix(q.First.Unix()+n*period, 0)
}

// Hold implements policy.Limits.
func (b *Book) Hold(key string, most int) (release func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[key] >= most {
		return nil, false
	}
	b.held[key]++
	return sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.held[key]--; b.held[key] == 0 {
			delete(b.held, key)
		}
	}), true
}

// sweepEvery is how often windows are dropped that nobody asked for.
const sweepEvery = time.Minute

// gather is how long a change waits for others to be written with.
const gather = 50 * time.Millisecond

// Run writes what changes until ctx ends, then the rest.
func (b *Book) Run(ctx context.Context) error {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return b.Flush()
		case <-sweep.C:
			b.sweep()
		case <-b.more:
			pause(ctx, gather)
		}
		if err := b.Flush(); err != nil {
			// The store tells of it, and refuses until it has room; counting goes on.
			pause(ctx, time.Second)
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (b *Book) sweep() {
	now := b.clock().UnixNano()
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, w := range b.windows {
		if b.expire(key, w, now); len(w.entries) == 0 {
			delete(b.windows, key)
		}
	}
}

// Flush writes what has changed.
func (b *Book) Flush() error {
	b.mu.Lock()
	all := b.pending
	b.pending = nil
	b.writes++
	b.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	batch := b.db.NewBatch(64 * len(all))
	for _, c := range all {
		if c.value == nil {
			batch.Delete(c.key)
		} else {
			batch.Set(c.key, c.value)
		}
	}
	if err := batch.Commit(); err != nil {
		b.mu.Lock()
		if len(b.pending) < maxPending {
			b.pending = append(all, b.pending...)
		}
		b.mu.Unlock()
		return err
	}
	return nil
}

// maxPending bounds what is kept while the store refuses writes.
const maxPending = 1 << 16
