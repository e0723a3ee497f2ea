package stream

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// readRows is how many events a reader asks for at once.
const readRows = batchRows

// inBatch is a piece of a partition, decoded. It goes back to its feed when all
// timelines are done with its rows.
type inBatch struct {
	batch   Batch
	rows    []streamsql.Row
	slots   []streamsql.Value
	times   [][]int64  // for each Source node: the event time, or noTime
	keys    [][][]byte // for each Source node with OVER: the keys
	keyBuf  []byte
	offsets []int64 // of the rows
	scratch streamsql.Scratch
	kept    rowQueue // rows of a checkpoint instead of a batch
	next    int64    // offset behind the last event
	err     error    // instead of rows; io.EOF at the end
	refs    int
	home    *feed
}

func (b *inBatch) release(n int) {
	if b.refs -= n; b.refs == 0 && b.home != nil {
		select {
		case b.home.free <- b:
		default:
		}
	}
}

// feed reads and decodes one partition of one input in a goroutine of its own.
// That work keeps no state, so a lane can forget what it has not taken.
type feed struct {
	id        int // among all partitions of the lane's inputs; stays when inputs grow
	input     *streamsql.Input
	nodes     []*streamsql.Source
	partition int
	source    Source
	start     Position
	free      chan *inBatch
	ready     chan *inBatch
	wake      chan<- struct{}
	counters  *counters // of the lane
	numbers   feedCounters
	clocks    *clocks
	keys      *keyWatch // nil: no key to watch
	now       func() time.Time
	waiting   atomic.Int64 // since when Read waits, in ticks; 0 while it does not

	// The lane's part.
	merges   []*sourceMerge
	lines    []*timeline // one for each node
	next     int64       // offset behind the last event taken; -1 before the first
	last     int64       // arrival of the last event
	lastWall int64       // when it was taken
	done     bool
	idleWM   int64      // last watermark by the clock
	journal  []idleMark // to be applied again
}

// run reads until the end of the input, a fatal error, or the end of ctx.
func (f *feed) run(ctx context.Context) {
	err := f.loop(ctx)
	if ctx.Err() != nil {
		return
	}
	f.send(ctx, &inBatch{err: err})
}

func (f *feed) loop(ctx context.Context) error {
	reader, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer func() { reader.Close() }()
	decoder := f.input.NewDecoder()
	for ctx.Err() == nil {
		b := f.batch()
		f.waiting.Store(Ticks(f.now()))
		err := reader.Read(ctx, &b.batch, readRows)
		f.waiting.Store(0)
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) || ctx.Err() != nil:
			return err
		case !fault.Is(err, fault.Unavailable):
			return fault.Wrap(fault.KindOf(err), "input "+f.input.Name, err, "partition %d cannot be read", f.partition)
		default:
			f.counters.note(err)
			if err := pause(ctx, time.Second); err != nil {
				return err
			}
			continue
		}
		f.numbers.backlog.Store(max(reader.Backlog(), 0))
		f.decode(decoder, b)
		f.send(ctx, b)
	}
	return ctx.Err()
}

// open opens the source, waiting while it is unavailable.
func (f *feed) open(ctx context.Context) (Reader, error) {
	for {
		r, err := f.source.Open(ctx, f.partition, f.start)
		if err == nil || !fault.Is(err, fault.Unavailable) {
			return r, err
		}
		f.counters.note(err)
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
	}
}

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

func (f *feed) batch() *inBatch {
	select {
	case b := <-f.free:
		b.scratch.Reset()
		return b
	default:
		b := &inBatch{home: f, times: make([][]int64, len(f.nodes)), keys: make([][][]byte, len(f.nodes))}
		return b
	}
}

func (f *feed) send(ctx context.Context, b *inBatch) {
	select {
	case f.ready <- b:
		select {
		case f.wake <- struct{}{}:
		default:
		}
	case <-ctx.Done():
	}
}

// decode fills the rows. Malformed events are counted and left out.
func (f *feed) decode(d *streamsql.Decoder, b *inBatch) {
	width := f.input.Schema().Width
	n := len(b.batch.Events)
	if cap(b.rows) < n {
		b.rows = make([]streamsql.Row, 0, max(n, readRows))
		b.slots = make([]streamsql.Value, cap(b.rows)*width)
	}
	b.rows, b.refs = b.rows[:0], 0
	for k := range f.nodes {
		b.times[k], b.keys[k] = b.times[k][:0], b.keys[k][:0]
	}
	b.keyBuf, b.offsets = b.keyBuf[:0], b.offsets[:0]
	size, unkeyed, lastRow, lastEvent := 0, 0, 0, 0
	for i := range b.batch.Events {
		e := &b.batch.Events[i]
		size += len(e.Body)
		k := len(b.rows)
		b.rows = b.rows[:k+1]
		row := &b.rows[k]
		*row = streamsql.Row{Arrival: e.Arrival, Partition: int32(f.partition), Slots: b.slots[k*width : k*width : (k+1)*width], Scratch: &b.scratch}
		if err := d.Decode(e.Body, row); err != nil {
			b.rows = b.rows[:k]
			f.inputError(e, err)
			continue
		}
		b.offsets = append(b.offsets, e.Offset)
		if f.keys != nil && f.keys.differs(row, e) {
			unkeyed++
			lastRow, lastEvent = k, i
		}
		for _, m := range f.input.Meta {
			f.meta(m, e, row)
		}
		for j, node := range f.nodes {
			b.times[j] = append(b.times[j], f.eventTime(node, row))
			if len(node.Over) > 0 {
				start := len(b.keyBuf)
				for _, x := range node.Over {
					b.keyBuf = x.Eval(row).AppendKey(b.keyBuf)
				}
				b.keys[j] = append(b.keys[j], b.keyBuf[start:len(b.keyBuf):len(b.keyBuf)])
			}
		}
		row.Err = nil
	}
	if n > 0 {
		b.next = b.batch.Events[n-1].Offset + 1
	}
	if unkeyed > 0 {
		f.keys.note(unkeyed, &b.rows[lastRow], &b.batch.Events[lastEvent])
	}
	f.numbers.in.Add(int64(n))
	f.numbers.bytes.Add(int64(size))
}

func (f *feed) inputError(e *Event, err error) {
	var data *streamsql.DataError
	if errors.As(err, &data) {
		f.numbers.conversion.Add(1)
	} else {
		f.numbers.malformed.Add(1)
	}
	f.counters.note(fault.Wrap(fault.Invalid, "input "+f.input.Name, err, "partition %d, offset %d", f.partition, e.Offset))
}

// eventTime evaluates TIMESTAMP BY. A row that has no time there is no event of
// that node; it is counted as a conversion error.
func (f *feed) eventTime(node *streamsql.Source, row *streamsql.Row) int64 {
	if node.Timestamp == nil {
		return row.Arrival
	}
	v := node.Timestamp.Eval(row)
	if row.Err == nil {
		switch v.Kind() {
		case streamsql.DateTime:
			return v.Ticks()
		case streamsql.String:
			if ticks, ok := streamsql.ParseDateTime(v.Text()); ok {
				return ticks
			}
		}
	}
	f.numbers.conversion.Add(1)
	if row.Err != nil {
		f.counters.note(row.Err)
		row.Err = nil
	} else {
		f.counters.note(fault.New(fault.Invalid, "input "+f.input.Name, "TIMESTAMP BY %s: %s is not a datetime", node.Timestamp, v.AppendJSON(nil)))
	}
	return noTime
}

// take puts a batch into the timelines of all nodes.
func (f *feed) take(b *inBatch) error {
	b.refs = 1 // ours, until the end of this function
	events := b.batch.Events
	defer b.release(1)
	if len(events) > 0 {
		f.last, f.lastWall = events[len(events)-1].Arrival, Ticks(f.now())
	}
	if len(f.journal) > 0 {
		return f.takeMarked(b)
	}
	if err := f.place(b, 0, len(b.rows)); err != nil {
		return err
	}
	f.next = b.next
	return nil
}

func (f *feed) place(b *inBatch, from, to int) error {
	for j := range f.nodes {
		t, times := f.lines[j], b.times[j]
		for i := from; i < to; i++ {
			if times[i] == noTime {
				continue
			}
			var key []byte
			if t.over != nil {
				key = b.keys[j][i]
			}
			if err := t.add(b, i, times[i], b.rows[i].Arrival, key); err != nil {
				return err
			}
		}
	}
	return nil
}
