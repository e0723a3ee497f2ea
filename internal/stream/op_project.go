package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// project computes the columns of a SELECT list.
type project struct {
	exprs []*streamsql.Expr
	out   emitter
}

func (p *project) process(rows []streamsql.Row) error {
	for i := range rows {
		in := &rows[i]
		row, err := p.out.add(in.Time)
		if err != nil {
			return err
		}
		row.Arrival, row.Partition = in.Arrival, in.Partition
		for s, x := range p.exprs {
			if x == nil { // reserved for an analytic function of a later step
				row.Slots[s] = streamsql.NullValue
				continue
			}
			row.Slots[s] = x.Eval(in)
		}
		if p.out.env.dataError(in) {
			p.out.undo()
		}
	}
	return p.out.flush()
}

func (p *project) advance(wm int64) error { return p.out.next.advance(wm) }
