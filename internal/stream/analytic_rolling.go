package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// rolling is an aggregate with OVER(… LIMIT DURATION …) and without a window:
// at each row, over the rows not older than the duration for which WHEN was
// true, the row itself included.
type rolling struct {
	env     *env
	call    *streamsql.AnalyticCall
	aggs    *aggregates
	rollers []roller
	state   []uint64
	when    bool
	name    string
}

func newRolling(e *env, c *streamsql.AnalyticCall, name string) *rolling {
	a := newAggregates([]*streamsql.AggregateCall{c.Aggregate})
	return &rolling{env: e, call: c, aggs: a, state: make([]uint64, a.width), name: name}
}

func (x *rolling) eval(row *streamsql.Row) {
	x.when = x.call.When == nil || x.call.When.Test(row)
	x.aggs.eval(row)
}

func (x *rolling) next(id uint32, row *streamsql.Row) error {
	r := byID(&x.rollers, id)
	x.env.held -= r.popBefore(x.aggs, row.Time-x.call.Duration)
	if x.when {
		if err := x.env.hold(1, x.name); err != nil {
			return err
		}
		r.push(x.aggs, row.Time)
		if err := x.env.boundState(x.aggs, x.name); err != nil {
			return err
		}
	}
	r.result(x.aggs, x.state)
	v, err := x.aggs.result(0, x.state, x.env)
	row.Slots[x.call.Slot] = row.Scratch.Copy(v)
	if err != nil && row.Err == nil {
		row.Err = err
	}
	x.aggs.release(x.state)
	return nil
}

func (x *rolling) forget(id uint32) {
	if int(id) < len(x.rollers) {
		x.env.held -= x.rollers[id].popBefore(x.aggs, maxTime)
	}
}

func (x *rolling) saveID(w *stateWriter, id uint32) { byID(&x.rollers, id).save(w, x.aggs) }

func (x *rolling) loadID(r *stateReader, id uint32) {
	roll := byID(&x.rollers, id)
	roll.load(r, x.aggs)
	x.env.held += roll.len()
}
