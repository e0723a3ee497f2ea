package cosmossql

import "slices"

// stream emits rows as the walk yields documents and stops when the page is
// full. The next page goes on behind the last document whose rows were all
// given; rows of the document after it that were given are counted. A position
// too long for a continuation (its index value is a long string) is replaced by
// the number of rows given, which the next page passes over.
func (p *Plan) stream(f *frame, w *way, t *bookmark, out *pager) {
	b := p.root
	c := cursor{run: f.run, walks: w.walks, at: t.walk, after: t.after}
	defer c.close()
	s := streamState{plan: p, frame: f, out: out, done: t.done, skipped: t.skipped, given: t.sub}
	if t.kind == tokenCount {
		s.done, s.skipped, s.pass = 0, 0, t.done
	}
	s.end.walk, s.end.after = t.walk, slices.Clone(t.after)
	joins := len(b.from) > 1
	for c.next() {
		f.slots[b.from[0].slot] = c.document()
		s.sub = 0
		if b.passes(f, 0) && !b.rows(f, 1, s.row) {
			break
		}
		s.given = 0
		if joins {
			s.end.walk, s.end.after = c.at, append(s.end.after[:0], c.rows.Position()...)
		}
	}
	if f.run.err != nil || !s.full {
		return
	}
	if !joins {
		s.end.walk, s.end.after, s.sub = c.at, slices.Clone(c.rows.Position()), 0
		if !c.next() {
			return
		}
	}
	if len(s.end.after) > maxPosition {
		n := p.next(f.run, tokenCount)
		n.done = s.done
		out.page.Continuation = n.encode()
		return
	}
	n := p.next(f.run, tokenWalk)
	n.done, n.skipped = s.done, s.skipped
	n.walk, n.after, n.sub = s.end.walk, s.end.after, s.sub
	out.page.Continuation = n.encode()
}

// streamState is what stream counts while a page fills.
type streamState struct {
	plan          *Plan
	frame         *frame
	out           *pager
	done, skipped int64
	pass          int64 // rows to leave out because pages before gave them
	given         int   // rows of the document at hand that the page before gave
	sub           int   // rows of it seen
	full          bool
	end           struct {
		walk  int
		after []byte
	}
}

// row takes one row; false when the page or the query is at its end.
func (s *streamState) row() bool {
	if s.sub++; s.sub <= s.given {
		return true
	}
	b := s.plan.root
	if s.skipped < b.skip {
		s.skipped++
		return true
	}
	if s.done < s.pass {
		if b.out.eval(s.frame).defined() {
			s.done++
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
