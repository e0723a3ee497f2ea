package cosmossql

import (
	"cmp"
	"slices"
)

// stream emits rows as the walk yields documents and stops when the page is
// full. The next page goes on behind the last document whose rows were all
// given; if the page ends between two rows of a document, the next page leaves
// out those that were given. A position too long for a continuation (its index
// value is a long string) is replaced by the number of rows given, and the
// following page is collected.
func (p *Plan) stream(f *frame, w *way, t *bookmark, out *pager) {
	b := p.root
	c := cursor{run: f.run, walks: w.walks, at: t.walk, after: t.after}
	defer c.close()
	s := streamState{plan: p, frame: f, out: out, done: t.done, skipped: t.skipped}
	end := bookmark{walk: t.walk, after: slices.Clone(t.after)}
	joins := len(b.from) > 1
	if t.sub > 0 && len(t.keys) == 1 {
		s.partial = t
	}
	for c.next() {
		f.slots[b.from[0].slot] = c.document()
		if s.begin(&c) && b.passes(f, 0) && !b.rows(f, 1, s.row) {
			break
		}
		if joins {
			end.walk, end.after = c.at, append(end.after[:0], c.rows.Position()...)
		}
	}
	if f.run.err != nil || !s.full {
		return
	}
	if joins {
		last := c.row.Value
		last.Text = slices.Clone(last.Text)
		end.sub, end.ordinal, end.keys, end.rowWalk = s.sub, c.row.Ordinal, []Scalar{last}, c.at
	} else {
		end.walk, end.after = c.at, slices.Clone(c.rows.Position())
		if !c.next() {
			return
		}
	}
	if len(end.after)+len(appendScalars(nil, end.keys)) > maxPosition {
		p.nextByCount(f.run, t, out)
		return
	}
	end.hash, end.kind, end.way = p.hash, tokenWalk, max(f.run.way, 0)
	end.done, end.skipped = s.done, s.skipped
	out.page.Continuation = end.encode()
}

// streamState is what stream counts while a page fills.
type streamState struct {
	plan          *Plan
	frame         *frame
	out           *pager
	done, skipped int64
	partial       *bookmark // the document that the page before gave in part, until the walk is past it
	given         int       // rows of the document at hand that were given
	sub           int       // rows of it seen
	full          bool
}

// begin prepares for the document at hand; false if it lies before the one that
// was given in part, so that it came there since.
func (s *streamState) begin(c *cursor) bool {
	s.sub, s.given = 0, 0
	if s.partial == nil {
		return true
	}
	order := c.at - s.partial.rowWalk
	if order == 0 {
		order = cmp.Or(c.row.Value.Compare(s.partial.keys[0]), cmp.Compare(c.row.Ordinal, s.partial.ordinal))
		if c.walks[c.at].Reverse {
			order = -order
		}
	}
	if order < 0 {
		return false
	}
	if order == 0 {
		s.given = s.partial.sub
	}
	s.partial = nil
	return true
}

// row takes one row; false when the page or the query is at its end.
func (s *streamState) row() bool {
	if s.sub++; s.sub <= s.given {
		return true
	}
	b := s.plan.root
	if s.skipped < b.skip {
		if b.out.eval(s.frame).isJSON() {
			s.skipped++
		}
		return true
	}
	if !s.out.add(b.out, s.frame) {
		return true
	}
	if s.done++; b.take >= 0 && s.done >= b.take {
		return false
	}
	s.full = s.out.full()
	return !s.full
}
