package stream

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// batchRows is how many rows go from one operator to the next at once.
const batchRows = 512

// port takes the rows of one stream.
type port interface {
	// process takes rows in order of Time, none below an earlier watermark.
	// Rows and what their values point to are the caller's again on return:
	// what is kept is copied. The callee may set Err and reserved slots.
	process(rows []streamsql.Row) error
	// advance promises that no later row has a Time below wm. The operator
	// emits what that settles, then passes the promise on. endOfTime is the
	// end of the input.
	advance(wm int64) error
}

// endOfTime is the watermark after the last row.
const endOfTime = int64(maxTime)

// stateful is an operator with something to save. load is called on a new
// operator, before any row.
type stateful interface {
	save(w *stateWriter)
	load(r *stateReader) error
}

// env is what the operators of a lane share. It belongs to the lane's goroutine.
type env struct {
	// ctx ends when what is under way in the operators is to be given up; nil
	// before the lane runs.
	ctx      context.Context
	scratch  streamsql.Scratch
	limits   Limits
	counters *counters
	// firstOutput is the time before which rows are not written.
	firstOutput int64
	held        int   // rows that wait for the watermark, in all operators and timelines
	heldBytes   int64 // of those that joins and unions hold
	looked      int   // see look
}

// alive fails when the work that is under way is to be given up. Whatever makes
// rows asks at each batch of them.
func (e *env) alive() error {
	if e.ctx == nil {
		return nil
	}
	return e.ctx.Err()
}

// lookEvery is how often look looks: what is looked for may come a millisecond late.
const lookEvery = 1024

// look is alive for work that may go on for long without making a row. It costs
// little.
func (e *env) look() error {
	if e.looked++; e.looked%lookEvery != 0 {
		return nil
	}
	return e.alive()
}

// dataError counts and clears a row's error; it says whether there was one.
func (e *env) dataError(row *streamsql.Row) bool {
	if row.Err == nil {
		return false
	}
	e.counters.dataError(row.Err)
	row.Err = nil
	return true
}

func (e *env) hold(n int, what string) error {
	e.held += n
	if e.held > e.limits.HeldRows {
		return tooManyRows(what, e.limits.HeldRows)
	}
	return nil
}

// holdBytes takes note of the bytes of rows that are held, or no longer.
func (e *env) holdBytes(n int, what string) error {
	e.heldBytes += int64(n)
	if e.heldBytes > e.limits.StateSize {
		return tooManyRowBytes(what, e.limits.StateSize)
	}
	return nil
}

// boundState fails when aggregates have collected more than an operator may.
func (e *env) boundState(a *aggregates, what string) error {
	if a.pool.bytes > e.limits.StateSize {
		return tooMuchState(what, e.limits.StateSize)
	}
	return nil
}

// emitter collects rows for the next operator and hands them over in batches.
// Rows it returns are complete with Width slots of unknown content.
type emitter struct {
	env   *env
	next  port
	width int
	rows  []streamsql.Row
	slots []streamsql.Value
}

func newEmitter(e *env, next port, width int) emitter {
	return emitter{env: e, next: next, width: width}
}

// add returns the next row to fill, flushing first if the batch is full.
func (e *emitter) add(time int64) (*streamsql.Row, error) {
	n := len(e.rows)
	if n == batchRows {
		if err := e.flush(); err != nil {
			return nil, err
		}
		n = 0
	}
	if n == cap(e.rows) {
		e.grow()
	}
	e.rows = e.rows[:n+1]
	row := &e.rows[n]
	*row = streamsql.Row{Time: time, Slots: e.slots[n*e.width : (n+1)*e.width : (n+1)*e.width], Scratch: &e.env.scratch}
	return row, nil
}

// grow makes room for twice the rows. Slots of rows already filled stay where
// they are.
func (e *emitter) grow() {
	n := min(max(2*cap(e.rows), 8), batchRows)
	e.rows = append(make([]streamsql.Row, 0, n), e.rows...)
	e.slots = append(make([]streamsql.Value, 0, n*e.width), e.slots...)[:n*e.width]
	for i := range e.rows {
		e.rows[i].Slots = e.slots[i*e.width : (i+1)*e.width : (i+1)*e.width]
	}
}

// undo takes the last row back.
func (e *emitter) undo() { e.rows = e.rows[:len(e.rows)-1] }

func (e *emitter) flush() error {
	if len(e.rows) == 0 {
		return nil
	}
	rows := e.rows
	e.rows = e.rows[:0]
	if err := e.env.alive(); err != nil {
		return err
	}
	return e.next.process(rows)
}

// fanOut gives the rows of a step to all of its readers.
type fanOut struct{ to []port }

func (f *fanOut) process(rows []streamsql.Row) error {
	for _, p := range f.to {
		if err := p.process(rows); err != nil {
			return err
		}
	}
	return nil
}

func (f *fanOut) advance(wm int64) error {
	for _, p := range f.to {
		if err := p.advance(wm); err != nil {
			return err
		}
	}
	return nil
}
