package stream

import (
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// analytic evaluates the functions with OVER of each row, before WHERE can hide
// rows from their history. Functions with the same PARTITION BY share one
// table of partitions.
type analytic struct {
	env   *env
	parts []*partitions
	next  port
	rows  []streamsql.Row // headers of the rows without error
}

// partitions are the values of one PARTITION BY with the history of each
// function that uses it. A partition whose rows are all too old for every
// function is forgotten.
type partitions struct {
	env   *env
	by    []*streamsql.Expr
	calls []history
	keys  *table // one word: time of the last row
	keep  int64  // the longest duration of the calls
	sweep int64  // when to look for old partitions
	key   []byte
	name  string
}

// history is one function's memory of all partitions, by their ids.
type history interface {
	// eval reads what it needs from the row, before any history changes.
	eval(row *streamsql.Row)
	// next writes the function's value for the row into its slot and takes
	// the row into the history.
	next(id uint32, row *streamsql.Row) error
	// forget drops a partition. Its id may come back as a new one.
	forget(id uint32)
	saveID(w *stateWriter, id uint32)
	loadID(r *stateReader, id uint32)
}

func newAnalytic(e *env, node *streamsql.Analytic, next port, name string) (*analytic, error) {
	a := &analytic{env: e, next: next}
	byText := map[string]*partitions{}
	for _, c := range node.Calls {
		text := ""
		for _, x := range c.PartitionBy {
			text += x.String() + ","
		}
		p := byText[text]
		if p == nil {
			p = &partitions{env: e, by: c.PartitionBy, keys: newTable(1), sweep: minTime, name: name}
			byText[text] = p
			a.parts = append(a.parts, p)
		}
		h, err := newHistory(e, c, name)
		if err != nil {
			return nil, err
		}
		p.calls = append(p.calls, h)
		p.keep = max(p.keep, c.Duration)
	}
	return a, nil
}

func newHistory(e *env, c *streamsql.AnalyticCall, name string) (history, error) {
	switch c.Func {
	case streamsql.Lag, streamsql.Last:
		return newLag(c), nil
	case streamsql.IsFirst:
		return &isFirst{call: c}, nil
	case streamsql.RollingAggregate:
		return newRolling(e, c, name), nil
	case streamsql.SpikeAndDip, streamsql.ChangePoint:
		return newAnomaly(e, c), nil
	}
	return nil, fault.New(fault.Invalid, "query", "line %d, column %d: %s is not supported here", c.Line, c.Col, c.Text)
}

func (a *analytic) process(rows []streamsql.Row) error {
	a.rows = a.rows[:0]
	for i := range rows {
		ok, err := a.row(&rows[i])
		if err != nil {
			return err
		}
		if ok {
			a.rows = append(a.rows, rows[i])
		}
	}
	if len(a.rows) == 0 {
		return nil
	}
	return a.next.process(a.rows)
}

// row evaluates all functions; a row with a data error is dropped and enters no
// history.
func (a *analytic) row(row *streamsql.Row) (bool, error) {
	for _, p := range a.parts {
		p.key = p.key[:0]
		for _, x := range p.by {
			p.key = x.Eval(row).AppendKey(p.key)
		}
		for _, c := range p.calls {
			c.eval(row)
		}
	}
	if a.env.dataError(row) {
		return false, nil
	}
	for _, p := range a.parts {
		id := p.keys.find(p.key)
		if id == missing {
			if p.keys.size() >= p.env.limits.Keys {
				return false, tooManyKeys(p.name, p.env.limits.Keys)
			}
			id, _ = p.keys.insert(p.key, nil)
		}
		p.keys.state(id)[0] = uint64(row.Time)
		for _, c := range p.calls {
			if err := c.next(id, row); err != nil {
				return false, err
			}
		}
	}
	return !a.env.dataError(row), nil
}

func (a *analytic) advance(wm int64) error {
	for _, p := range a.parts {
		p.forgetOld(wm)
	}
	return a.next.advance(wm)
}

// forgetOld looks through all partitions once in each longest duration.
func (p *partitions) forgetOld(wm int64) {
	if wm < p.sweep || wm == endOfTime {
		return
	}
	p.sweep = wm + p.keep
	for id := range p.keys.cap() {
		if p.keys.used(id) && int64(p.keys.state(id)[0]) < wm-p.keep {
			for _, c := range p.calls {
				c.forget(id)
			}
			p.keys.remove(id)
		}
	}
}

func (a *analytic) save(w *stateWriter) {
	for _, p := range a.parts {
		w.int(p.sweep)
		p.keys.save(w, saveWords)
		for id := range p.keys.cap() {
			if p.keys.used(id) {
				for _, c := range p.calls {
					c.saveID(w, id)
				}
			}
		}
	}
}

func (a *analytic) load(r *stateReader) error {
	for _, p := range a.parts {
		p.sweep = r.int()
		p.keys.load(r, loadWords)
		for id := range p.keys.cap() {
			if p.keys.used(id) {
				for _, c := range p.calls {
					c.loadID(r, id)
				}
			}
		}
	}
	return r.err()
}

// byID gives the element of a partition, growing the list.
func byID[T any](list *[]T, id uint32) *T {
	for int(id) >= len(*list) {
		var zero T
		*list = append(*list, zero)
	}
	return &(*list)[id]
}
