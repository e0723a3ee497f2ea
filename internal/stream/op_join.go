package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// join is a temporal join. Each side keeps its rows until no row of the other
// side can come that is within the bounds; a row is matched when it comes
// against what the other side keeps. A left row of an outer join that leaves
// without a match is emitted then, alone.
type join struct {
	*merger
	node   *streamsql.Join
	out    emitter
	kept   [2]keptRows
	keys   [2][]*streamsql.Expr
	alone  timeHeap[struct{}] // left rows of an outer join by the time they can match no longer
	low    int64
	high   int64
	other  []streamsql.Value // a row of the side that is searched
	key    []byte
	hasKey bool
	dates  bool // see joinKey
}

func newJoin(e *env, node *streamsql.Join, next port, name string) *join {
	widths := []int{node.Left.Schema().Width, node.Right.Schema().Width}
	j := &join{merger: newMerger(e, name, widths...), node: node, out: newEmitter(e, next, node.Schema().Width)}
	j.low, j.high = node.Bounds.Range()
	j.keys = [2][]*streamsql.Expr{node.LeftKeys, node.RightKeys}
	j.other = make([]streamsql.Value, max(widths[0], widths[1]))
	for i := range j.kept {
		j.kept[i].keys = newTable(2)
	}
	j.take, j.flush = j.row, j.out.flush
	j.pass = func(wm int64) error {
		if err := j.expire(wm); err != nil {
			return err
		}
		if err := j.out.flush(); err != nil {
			return err
		}
		return next.advance(wm)
	}
	return j
}

func (j *join) row(side int, row *streamsql.Row) error {
	if err := j.expire(row.Time); err != nil {
		return err
	}
	j.key, j.hasKey, j.dates = joinKey(j.key[:0], j.keys[side], row)
	leftTime := row.Time
	if side == 0 && j.node.Bounds.LeftTime != nil {
		leftTime = j.node.Bounds.LeftTime.Eval(row).Ticks()
	}
	if j.env.dataError(row) {
		return nil
	}
	matched := false
	if j.hasKey {
		var err error
		if matched, err = j.probe(side, row, leftTime); err != nil {
			return err
		}
	}
	if !j.hasKey && !(side == 0 && j.node.Outer) {
		return nil
	}
	if err := j.env.hold(1, j.name); err != nil {
		return err
	}
	mine := &j.kept[side]
	if mine.keys.size() >= j.env.limits.Keys {
		return tooManyKeys(j.name, j.env.limits.Keys)
	}
	at := mine.push(row, leftTime, j.key, j.hasKey)
	if err := j.env.holdBytes(mine.entry(at).size, j.name); err != nil {
		return err
	}
	if side == 0 && j.node.Outer {
		mine.entry(at).matched = matched
		j.alone.push(moment[struct{}]{time: max(j.node.Bounds.Expiry(leftTime), row.Time), seq: at})
	}
	return nil
}

// probe emits the matches of a row with what the other side keeps.
func (j *join) probe(side int, row *streamsql.Row, leftTime int64) (bool, error) {
	kept := &j.kept[1-side]
	id := kept.keys.find(j.key)
	if id == missing {
		return false, nil
	}
	matched := false
	for at := kept.keys.state(id)[0]; at != 0; {
		if err := j.env.look(); err != nil {
			return matched, err
		}
		e := kept.entry(at)
		lt, rt := leftTime, e.time
		if side == 1 {
			lt, rt = e.leftTime, row.Time
		}
		if d := rt - lt; d >= j.low && d <= j.high {
			other := kept.read(e, j.other)
			if j.dates && !j.same(side, row, other) {
				at = e.next
				continue
			}
			ok, err := j.pair(side, row, other, e.time)
			if err != nil {
				return matched, err
			}
			if ok {
				matched = true
				e.matched = true
			}
		}
		at = e.next
	}
	return matched, nil
}

// same compares the keys themselves.
func (j *join) same(side int, row *streamsql.Row, other []streamsql.Value) bool {
	o := streamsql.Row{Slots: other, Scratch: &j.env.scratch}
	return equalKeys(j.keys[side], j.keys[1-side], row, &o)
}

// pair emits a joined row if the condition holds.
func (j *join) pair(side int, row *streamsql.Row, other []streamsql.Value, otherTime int64) (bool, error) {
	out, err := j.out.add(max(row.Time, otherTime))
	if err != nil {
		return false, err
	}
	out.Arrival, out.Partition = row.Arrival, row.Partition
	if side == 0 {
		fillJoined(out, j.node.Slots, row.Slots, other, row.Time, otherTime)
	} else {
		fillJoined(out, j.node.Slots, other, row.Slots, otherTime, row.Time)
	}
	ok := j.node.Residual == nil || j.node.Residual.Test(out)
	if j.env.dataError(out) || !ok {
		j.out.undo()
		return false, nil
	}
	return true, nil
}

// expire emits unmatched left rows that can match no row of time t or later,
// and forgets the rows of both sides that cannot.
func (j *join) expire(t int64) error {
	left, right := &j.kept[0], &j.kept[1]
	for len(j.alone) > 0 && j.alone[0].time < t {
		e := j.alone.pop()
		if entry := left.entry(e.seq); !entry.matched {
			out, err := j.out.add(e.time)
			if err != nil {
				return err
			}
			fillJoined(out, j.node.Slots, left.read(entry, j.other), nil, entry.time, 0)
		}
	}
	for left.len() > 0 && max(j.node.Bounds.Expiry(left.first().leftTime), left.first().time) < t {
		j.env.heldBytes -= int64(left.pop())
		j.env.held--
	}
	for right.len() > 0 && right.first().time-j.low < t-j.node.Bounds.LeftLag {
		j.env.heldBytes -= int64(right.pop())
		j.env.held--
	}
	for i := range j.kept {
		if j.kept[i].wasteful() {
			if err := j.out.flush(); err != nil {
				return err
			}
			j.kept[i].compact()
		}
	}
	return nil
}

func (j *join) save(w *stateWriter) {
	j.merger.save(w)
	for i := range j.kept {
		j.kept[i].save(w)
	}
	w.uint(uint64(len(j.alone)))
	for _, e := range j.alone {
		w.int(e.time)
		w.uint(e.seq)
	}
}

func (j *join) load(r *stateReader) error {
	j.merger.load(r)
	for i := range j.kept {
		j.kept[i].load(r)
		j.env.held += j.kept[i].len()
		j.env.heldBytes += int64(j.kept[i].size())
	}
	for range r.count(2) {
		e := moment[struct{}]{time: r.int(), seq: r.uint()}
		if k := &j.kept[0]; e.seq < k.base || e.seq >= k.base+uint64(k.len()) {
			r.bad = true
			break
		}
		j.alone = append(j.alone, e)
	}
	return r.err()
}
