package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// hopping keeps the groups of a hopping window in panes: the longest stretches
// that no window of the grid cuts. A row is counted once, in its pane. The
// window's state is the join of its panes, kept by a queue of two stacks:
//
//	front (older panes)            back (newer panes)
//	each joined with all           as they are, and all of them
//	newer ones in front            joined in total
//
// so the window is the oldest of front joined with total. A pane that leaves is
// popped from front; when front is empty, back is turned into it. Each pane is
// joined at most twice in its life, whatever the number of overlapping windows,
// and no aggregate has to be undone, which MIN cannot and sums of floats should
// not.
type hopping struct {
	g     *group
	spec  *streamsql.WindowSpec
	pane  int64 // length
	cur   *pane // still open; nil if it has no rows
	front []*pane
	back  []*pane
	total *table
	next  int64 // end of the next window to emit, while there are panes
	spare []*table
}

type pane struct {
	end    int64
	groups *table
}

func newHopping(g *group, spec *streamsql.WindowSpec) *hopping {
	return &hopping{g: g, spec: spec, pane: gcd(spec.Size, spec.Hop), total: newTable(g.aggs.width)}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (h *hopping) empty() bool { return h.cur == nil && len(h.front) == 0 && len(h.back) == 0 }

func (h *hopping) add(row *streamsql.Row) error {
	if h.empty() {
		h.next = windowEnd(row.Time, h.spec.Hop, h.spec.Offset)
	}
	if end := windowEnd(row.Time, h.pane, h.spec.Offset); h.cur == nil || h.cur.end != end {
		h.seal()
		h.cur = &pane{end: end, groups: h.table()}
	}
	id, err := h.g.id(h.cur.groups)
	if err != nil {
		return err
	}
	return h.g.add(h.cur.groups.state(id), row.Time)
}

func (h *hopping) table() *table {
	if n := len(h.spare); n > 0 {
		t := h.spare[n-1]
		h.spare = h.spare[:n-1]
		return t
	}
	return newTable(h.g.aggs.width)
}

// seal moves the open pane to the back.
func (h *hopping) seal() {
	if h.cur == nil {
		return
	}
	h.back = append(h.back, h.cur)
	h.join(h.total, h.cur.groups)
	h.cur = nil
}

// join adds the groups of later panes to those in t.
func (h *hopping) join(t, later *table) {
	for id := range later.cap() {
		at, _ := t.insert(later.key(id), later.tail(id))
		h.g.aggs.merge(t.state(at), later.state(id))
	}
}

// evict drops the panes that end at or before t.
func (h *hopping) evict(t int64) {
	for {
		if len(h.front) == 0 {
			if len(h.back) == 0 || h.back[0].end > t {
				return
			}
			h.turn()
		}
		p := h.front[0]
		if p.end > t {
			return
		}
		h.g.clear(p.groups)
		h.spare = append(h.spare, p.groups)
		h.front = h.front[1:]
	}
}

// turn makes the front of the back.
func (h *hopping) turn() {
	for i := len(h.back) - 2; i >= 0; i-- {
		h.join(h.back[i].groups, h.back[i+1].groups)
	}
	h.front, h.back = append(h.front[:0:0], h.back...), h.back[:0]
	h.g.clear(h.total)
}

func (h *hopping) close(before int64) error {
	for !h.empty() && h.next < before {
		if h.cur != nil && h.cur.end <= h.next {
			h.seal()
		}
		h.evict(h.next - h.spec.Size)
		if err := h.emit(); err != nil {
			return err
		}
		h.next += h.spec.Hop
	}
	return nil
}

func (h *hopping) emit() error {
	if err := h.g.env.boundState(h.g.aggs, h.g.name); err != nil { // panes were joined
		return err
	}
	old := h.total
	if len(h.front) > 0 {
		old = h.front[0].groups
	}
	state := h.g.scratch
	for id := range old.cap() {
		if h.total == old {
			copy(state, old.state(id))
		} else {
			h.g.aggs.merge(state, old.state(id))
			if at := h.total.find(old.key(id)); at != missing {
				h.g.aggs.merge(state, h.total.state(at))
			}
		}
		if err := h.emitOne(old.tail(id), state, h.total != old); err != nil {
			return err
		}
	}
	if h.total != old {
		for id := range h.total.cap() {
			if old.find(h.total.key(id)) == missing {
				if err := h.g.emit(h.spec, h.next, h.total.tail(id), h.total.state(id)); err != nil {
					return err
				}
			}
		}
	}
	return h.g.out.flush()
}

// emitOne emits a state that is joined for this row only. Values of objects
// live until the row is handed on, so such rows go one by one.
func (h *hopping) emitOne(tail []byte, state []uint64, owned bool) error {
	err := h.g.emit(h.spec, h.next, tail, state)
	if !owned {
		clear(state)
		return err
	}
	if err == nil && !h.g.aggs.pool.empty() {
		err = h.g.out.flush()
	}
	h.g.aggs.release(state)
	return err
}

func (h *hopping) save(w *stateWriter) {
	w.int(h.next)
	w.bool(h.cur != nil)
	if h.cur != nil {
		h.savePane(w, h.cur)
	}
	for _, list := range [][]*pane{h.front, h.back} {
		w.uint(uint64(len(list)))
		for _, p := range list {
			h.savePane(w, p)
		}
	}
	h.total.save(w, h.g.aggs.saveState)
}

func (h *hopping) savePane(w *stateWriter, p *pane) {
	w.int(p.end)
	p.groups.save(w, h.g.aggs.saveState)
}

func (h *hopping) load(r *stateReader) error {
	h.next = r.int()
	if r.bool() {
		h.cur = h.loadPane(r)
	}
	for _, list := range []*[]*pane{&h.front, &h.back} {
		for range r.count(1) {
			*list = append(*list, h.loadPane(r))
		}
	}
	h.total.load(r, h.g.aggs.loadState)
	return r.err()
}

func (h *hopping) loadPane(r *stateReader) *pane {
	p := &pane{end: r.int(), groups: h.table()}
	p.groups.load(r, h.g.aggs.loadState)
	return p
}
