package stream

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// ErrorPolicy says what becomes of rows that an output can never take.
type ErrorPolicy uint8

// The policies.
const (
	RetryOutput ErrorPolicy = iota // try again for ever; the job waits and shows it
	DropOutput                     // count and leave out the rows at fault
)

const (
	outputBytes = 256 << 10 // rows are written when there are so many
	outputQueue = 4         // such pieces may wait for the sink
)

// output is one output of one lane: the lane fills a piece of rows, a writer
// goroutine hands pieces to the sink. When the sink is slow the lane waits.
type output struct {
	name    string
	origin  OutputBatch // without rows: what all batches have in common
	sink    Sink
	policy  ErrorPolicy
	env     *env
	sent    uint64 // rows of the lane so far; the lane's
	cur     *piece // being filled; the lane's
	queue   chan *piece
	free    chan *piece
	written atomic.Uint64
	mu      sync.Mutex
	moved   chan struct{} // guarded by mu: closed when written moves
}

// piece is a number of rows in one buffer.
type piece struct {
	first uint64
	buf   []byte
	ends  []int
	times []int64
	keys  []string
	rows  []OutputRow
}

func newOutput(e *env, origin OutputBatch, sink Sink, policy ErrorPolicy) *output {
	return &output{
		name: origin.Output, origin: origin, sink: sink, policy: policy, env: e, cur: &piece{},
		queue: make(chan *piece, outputQueue), free: make(chan *piece, outputQueue+1), moved: make(chan struct{}),
	}
}

func (o *output) restore(sent uint64) {
	o.sent = sent
	o.cur.first = sent
	o.written.Store(sent)
}

func (o *output) full() bool { return len(o.cur.buf) >= outputBytes }

// flush gives the current piece to the writer, waiting while it is behind.
func (o *output) flush(ctx context.Context) error {
	if len(o.cur.ends) == 0 {
		return nil
	}
	select {
	case o.queue <- o.cur:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case o.cur = <-o.free:
		p := o.cur
		p.buf, p.ends, p.times, p.keys = p.buf[:0], p.ends[:0], p.times[:0], p.keys[:0]
	default:
		o.cur = &piece{}
	}
	o.cur.first = o.sent
	return nil
}

// run writes pieces until ctx ends.
func (o *output) run(ctx context.Context) {
	for {
		select {
		case p := <-o.queue:
			if o.write(ctx, p.batch(o.origin)) != nil {
				return
			}
			o.done(p.first + uint64(len(p.ends)))
			select {
			case o.free <- p:
			default:
			}
		case <-ctx.Done():
			return
		}
	}
}

func (p *piece) batch(origin OutputBatch) OutputBatch {
	p.rows = p.rows[:0]
	start := 0
	for i, end := range p.ends {
		p.rows = append(p.rows, OutputRow{Time: p.times[i], JSON: p.buf[start:end:end], Key: p.keys[i]})
		start = end
	}
	origin.First, origin.Rows = p.first, p.rows
	return origin
}

// write writes a batch, again and again if need be. It fails only when ctx ends.
func (o *output) write(ctx context.Context, b OutputBatch) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := o.sink.Write(ctx, b)
		if err == nil {
			o.env.counters.block(o.name, nil)
			o.env.counters.wrote(o.name, len(b.Rows))
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		o.env.counters.failed(o.name, err)
		hopeless := fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge)
		if hopeless && o.policy == DropOutput {
			return o.dropBad(ctx, b)
		}
		o.env.counters.block(o.name, err)
		if err := run.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// dropBad halves the batch until the row at fault is alone, and leaves it out.
func (o *output) dropBad(ctx context.Context, b OutputBatch) error {
	if len(b.Rows) == 1 {
		o.env.counters.dropped.Add(1)
		return nil
	}
	first, second := b, b
	half := len(b.Rows) / 2
	first.Rows, second.Rows = b.Rows[:half], b.Rows[half:]
	second.First += uint64(half)
	if err := o.write(ctx, first); err != nil {
		return err
	}
	return o.write(ctx, second)
}

func (o *output) done(n uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.written.Store(n)
	close(o.moved)
	o.moved = make(chan struct{})
}

// wait returns when the first n rows are written.
func (o *output) wait(ctx context.Context, n uint64) error {
	for {
		o.mu.Lock()
		moved := o.moved
		o.mu.Unlock()
		if o.written.Load() >= n {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sinkOp encodes the rows of a SELECT … INTO for its output. Rows before the
// job's first output time are left out.
type sinkOp struct {
	env     *env
	out     *output
	encoder *streamsql.Encoder
	keys    []*streamsql.Expr
}

func (s *sinkOp) process(rows []streamsql.Row) error {
	p := s.out.cur
	for i := range rows {
		row := &rows[i]
		if row.Time < s.env.firstOutput {
			continue
		}
		key := ""
		if len(s.keys) > 0 {
			v := s.keys[0].Eval(row)
			if s.env.dataError(row) {
				continue
			}
			key = keyText(v)
		}
		if s.out.full() {
			if err := s.out.flush(s.env.ctx); err != nil {
				return err
			}
			p = s.out.cur
		}
		p.keys = append(p.keys, key)
		p.buf = s.encoder.AppendRow(p.buf, row)
		p.ends = append(p.ends, len(p.buf))
		p.times = append(p.times, row.Time)
		s.out.sent++
	}
	return nil
}

func keyText(v streamsql.Value) string {
	if v.Kind() == streamsql.String {
		return string([]byte(v.Text()))
	}
	return string(v.AppendJSON(nil))
}

func (s *sinkOp) advance(int64) error { return nil }

// ID names a row of a batch: the same on every replay, and none that the job has
// written in an earlier run.
func (b *OutputBatch) ID(i int) string {
	id := b.Job + "-" + b.Output + "-"
	if b.Run != "" {
		id += b.Run + "-"
	}
	return id + b.Lane + "-" + strconv.FormatUint(b.First+uint64(i), 10)
}
