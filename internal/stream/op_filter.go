package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// filter passes rows for which a condition is true (WHERE, HAVING). It copies
// row headers, not slots.
type filter struct {
	env  *env
	cond *streamsql.Expr
	next port
	rows []streamsql.Row
}

func (f *filter) process(rows []streamsql.Row) error {
	f.rows = f.rows[:0]
	for i := range rows {
		r := &rows[i]
		if keep := f.cond.Test(r); !f.env.dataError(r) && keep {
			f.rows = append(f.rows, *r)
		}
	}
	if len(f.rows) == 0 {
		return nil
	}
	return f.next.process(f.rows)
}

func (f *filter) advance(wm int64) error { return f.next.advance(wm) }
