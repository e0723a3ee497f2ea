package cosmossql

// block is one bound SELECT: the outermost or a subquery. Rows flow from its
// sources through its conditions into groups, order and limits.
type block struct {
	from     []source
	where    []condition
	group    *grouping // nil: each row stands for itself
	order    []sortKey
	distinct bool
	skip     int64 // OFFSET
	take     int64 // TOP or LIMIT; -1: all
	out      expr  // what a row becomes

	conditions []node // the terms of WHERE as written, for planning and Explain
	groupBy    []node
}

// source is one FROM or JOIN: what it binds, row by row.
type source struct {
	slot    int
	kind    sourceKind
	x       expr   // fromPath, fromItems
	query   *block // fromQuery
	items   bool   // with fromQuery: the elements of the rows, which are arrays
	choices *access
}

type sourceKind uint8

const (
	fromContainer sourceKind = iota // every document
	fromPath                        // the value of a path, if it is defined
	fromItems                       // the elements of an array
	fromQuery                       // the rows of a subquery
)

// condition is one term of WHERE, checked as soon as the sources it names are
// bound: behind from[level], or before all with level -1.
type condition struct {
	level int
	x     expr
}

// sortKey is one key of ORDER BY.
type sortKey struct {
	x    expr
	desc bool
}

// grouping is GROUP BY with its aggregates, or aggregates alone, which make one
// group of everything.
type grouping struct {
	keys  []expr
	slots []int // where a group's keys are bound for the select list
	aggs  []aggregate
}

// rows binds the sources level by level and calls fn for each combination that
// passes the conditions. It returns false when fn did or the query must stop.
func (b *block) rows(f *frame, level int, fn func() bool) bool {
	if level == 0 && !b.passes(f, -1) {
		return true
	}
	if level == len(b.from) {
		return fn()
	}
	s := &b.from[level]
	bound := func(v value) bool {
		if !f.run.tick() {
			return false
		}
		f.slots[s.slot] = v
		if !b.passes(f, level) {
			return true
		}
		return b.rows(f, level+1, fn)
	}
	switch s.kind {
	case fromContainer:
		return s.choices.scan(f, bound)
	case fromPath:
		if v := s.x.eval(f); v.defined() {
			return bound(v)
		}
	case fromItems:
		return eachItem(s.x.eval(f), bound)
	case fromQuery:
		more := true
		s.query.each(f, func(v value) bool {
			if s.items {
				more = eachItem(v, bound)
			} else {
				more = bound(v)
			}
			return more
		})
		return more && f.run.err == nil
	}
	return true
}

// eachItem calls bound with the elements of v, if it is an array.
func eachItem(v value, bound func(value) bool) bool {
	if v.kind != Array {
		return true
	}
	for e := elementsOf(v.raw); ; {
		item, ok := e.nextValue()
		if !ok {
			return true
		}
		if !bound(item) {
			return false
		}
	}
}

// passes checks the conditions of a level.
func (b *block) passes(f *frame, level int) bool {
	for i := range b.where {
		if b.where[i].level == level && b.where[i].x.eval(f).kind != True {
			return false
		}
	}
	return true
}

// each computes the block and calls emit for each of its values in order, until
// emit returns false. The values are valid during the call.
func (b *block) each(f *frame, emit func(v value) bool) {
	if b.take == 0 {
		return
	}
	l := limiter{skip: b.skip, take: b.take, distinct: b.distinct, run: f.run, emit: emit}
	switch {
	case b.group != nil:
		b.group.each(f, b, l.deliver)
	case len(b.order) > 0:
		b.sorted(f, l.deliver)
	default:
		b.rows(f, 0, func() bool { return l.deliver(b.out.eval(f)) })
	}
}

// sorted collects all rows, sorts and delivers them.
func (b *block) sorted(f *frame, deliver func(value) bool) {
	list := sorter{keys: b.order}
	b.rows(f, 0, func() bool {
		out := b.out.eval(f)
		if !out.isJSON() {
			return true
		}
		list.see(f)
		list.keep(out, f.run)
		return f.run.err == nil
	})
	list.sort()
	for i := range list.rows {
		if f.run.err != nil || !deliver(list.rows[i].out) {
			return
		}
	}
}

// limiter applies DISTINCT, OFFSET and LIMIT to values on their way out.
type limiter struct {
	skip, take int64
	distinct   bool
	seen       map[string]bool
	buf        []byte
	run        *running
	emit       func(value) bool
}

// deliver passes one value on; it returns false when no more are wanted.
func (l *limiter) deliver(v value) bool {
	if !v.isJSON() {
		return true
	}
	if l.distinct && !l.isNew(v) {
		return l.run.err == nil
	}
	if l.skip > 0 {
		l.skip--
		return true
	}
	if l.take > 0 {
		l.take--
	}
	return l.emit(v) && l.take != 0
}

func (l *limiter) isNew(v value) bool {
	l.buf = digest(appendCanonical(l.buf[:0], v))
	if l.seen[string(l.buf)] {
		return false
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[string(l.buf)] = true
	l.run.hold(len(l.buf) + 48)
	return true
}
