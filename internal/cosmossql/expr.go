package cosmossql

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// expr is a bound expression. It yields undefined where the language says so;
// it never fails, except through running.fail.
type expr interface {
	eval(f *frame) value
}

// frame holds what the names of a query mean at one moment: one value for each
// alias of the whole query, subqueries included, and one for each aggregate.
type frame struct {
	slots []value
	aggs  []value
	args  []value // of the calls under evaluation, innermost last
	run   *running
}

// running is the state of one Run.
type running struct {
	ctx     context.Context
	now     time.Time
	src     Source // nil in a condition on one document
	small   int64  // up to how many documents a source is read whole
	err     error  // the first failure; evaluation goes on but its result is dropped
	ticks   uint
	ordinal uint64 // of the document at hand
	way     int    // the way taken to the container; -1 before it is chosen
	held    int    // bytes kept for sorting, grouping and DISTINCT
	stats   Stats

	regexTime time.Duration // spent in the backtracking engine
}

// maxHeld bounds what one query keeps in memory at a time; maxValue the size of
// one computed value.
const (
	maxHeld  = 256 << 20
	maxValue = 16 << 20
)

// fail records the first failure.
func (r *running) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// tick is called once for each row looked at. It returns false when the query
// must stop.
func (r *running) tick() bool {
	if r.ticks++; r.ticks%256 == 0 && r.ctx != nil && r.ctx.Err() != nil {
		r.fail(r.ctx.Err())
	}
	return r.err == nil
}

// hold counts n bytes kept, or fails.
func (r *running) hold(n int) {
	if r.held += n; r.held > maxHeld {
		r.fail(fault.New(fault.TooLarge, "query", "sorting, grouping or DISTINCT would keep more than %d MB in memory; narrow the query with WHERE", maxHeld>>20))
	}
}

// sized passes a computed value, unless it has grown beyond all measure.
func (r *running) sized(v value) value {
	if len(v.text)+len(v.raw) > maxValue {
		r.fail(fault.New(fault.TooLarge, "query", "a computed value has more than %d MB", maxValue>>20))
		return undefined
	}
	return v
}

// constExpr is a constant.
type constExpr struct{ val value }

func (e *constExpr) eval(*frame) value { return e.val }

// pathExpr is an alias and what follows it: c.data.temperature. It is the
// search that filters live on.
type pathExpr struct {
	slot  int
	steps []step
}

// step is one member name or array index.
type step struct {
	name  string
	index int // if name is not used
	isIdx bool
}

func (e *pathExpr) eval(f *frame) value {
	v := f.slots[e.slot]
	if len(e.steps) == 0 {
		return v
	}
	raw := v.raw
	if v.kind != Object && v.kind != Array {
		return undefined
	}
	for i := range e.steps {
		if raw = e.steps[i].follow(raw); raw == nil {
			return undefined
		}
	}
	v, _ = loadValue(raw)
	return v
}

// follow returns the text of the step's target in raw, or nil.
func (s *step) follow(raw []byte) []byte {
	if !s.isIdx {
		return member(raw, s.name)
	}
	if len(raw) == 0 || raw[0] != '[' {
		return nil
	}
	e := elementsOf(raw)
	for range s.index {
		if e.next() == nil {
			return nil
		}
	}
	return e.next()
}

// documentPath returns the names if the path consists of names only.
func (e *pathExpr) documentPath() (Path, bool) {
	if len(e.steps) == 0 {
		return nil, false
	}
	p := make(Path, len(e.steps))
	for i, s := range e.steps {
		if s.isIdx {
			return nil, false
		}
		p[i] = s.name
	}
	return p, true
}

// indexExpr is x[i] with a computed i, or a member of something that is no path.
type indexExpr struct{ x, index expr }

func (e *indexExpr) eval(f *frame) value {
	x, i := e.x.eval(f), e.index.eval(f)
	var s step
	switch {
	case x.kind == Object && i.kind == String:
		s.name = string(i.text)
	case x.kind == Array && i.kind == Number && i.num >= 0 && i.num < maxValue && i.num == float64(int(i.num)):
		s.index, s.isIdx = int(i.num), true
	default:
		return undefined
	}
	raw := s.follow(x.raw)
	if raw == nil {
		return undefined
	}
	v, _ := loadValue(raw)
	return v
}

// aggExpr is the result of an aggregate.
type aggExpr struct{ index int }

func (e *aggExpr) eval(f *frame) value { return f.aggs[e.index] }

// slotExpr is a whole alias, or a group's key.
type slotExpr struct{ slot int }

func (e *slotExpr) eval(f *frame) value { return f.slots[e.slot] }
