package kql

import "slices"

// joinKinds by name; lookup has leftouter and inner.
var joinKinds = []string{
	"innerunique", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "rightsemi", "leftanti", "leftantisemi", "anti", "rightanti", "rightantisemi",
}

// join matches rows of two tables whose keys are equal. The right table is held
// in memory; so is the left one where rows without a match are wanted of the
// right, or where kind is innerunique and only its first row of a key counts.
func (b *binder) join(op *opJoin, left *relation) *relation {
	kind := op.kind
	if kind == "" {
		if kind = "innerunique"; op.word == "lookup" {
			kind = "leftouter"
		}
	}
	if !slices.Contains(joinKinds, kind) || op.word == "lookup" && kind != "leftouter" && kind != "inner" {
		hint := ""
		if n := nearestName(kind, joinKinds); n != "" {
			hint = ". Did you mean '" + n + "'?"
		}
		b.fail(op.kindAt, "SEM0023", "there is no kind '%s' of %s%s", kind, op.word, hint)
	}
	var right *relation
	word := b.word
	b.word = ""
	right = b.table(op.right)
	b.word = word
	if len(op.on) == 0 {
		b.fail(op.span, "SEM0024", "'on' with the columns to match is expected")
	}
	leftKeys, rightKeys := b.joinKeys(op, left, right)
	j := &joining{q: b.q, kind: kind, left: left, right: right, leftKeys: leftKeys, rightKeys: rightKeys}
	out := &relation{}
	taken := map[string]bool{}
	leftOnly := kind == "leftsemi" || kind == "leftanti" || kind == "leftantisemi" || kind == "anti"
	rightOnly := kind == "rightsemi" || kind == "rightanti" || kind == "rightantisemi"
	if !rightOnly {
		for i, c := range left.cols {
			taken[c.name] = true
			out.cols = append(out.cols, joined(c, c.name))
			j.takeLeft = append(j.takeLeft, i)
		}
	}
	if !leftOnly {
		for i, c := range right.cols {
			if op.word == "lookup" && slices.ContainsFunc(rightKeys, func(k *node) bool { return k.column == c }) {
				continue
			}
			out.cols = append(out.cols, joined(c, uniqueName(c.name, taken)))
			j.takeRight = append(j.takeRight, i)
		}
	}
	out.flow = j.run
	return out
}

// joined is a column behind a join: conditions on it say nothing about the
// tables' rows, which may be missing.
func joined(c *column, name string) *column {
	return &column{name: name, kind: c.kind, from: []*column{c}}
}

// joinKeys binds what follows on: names that both have, $left.a == $right.b.
func (b *binder) joinKeys(op *opJoin, left, right *relation) (leftKeys, rightKeys []*node) {
	for _, on := range op.on {
		for _, e := range conjuncts(on, nil) {
			l, r := b.joinKey(e, left, right)
			k := b.common(e.where(), l, r)
			if l.kind == Dynamic || r.kind == Dynamic {
				b.fail(e.where(), "SEM0018", "a key is expected, not a dynamic: tostring() makes one")
			}
			for _, ref := range append(append([]*column{}, l.refs...), r.refs...) {
				ref.use()
			}
			leftKeys, rightKeys = append(leftKeys, l.toKeeping(k)), append(rightKeys, r.toKeeping(k))
		}
	}
	return leftKeys, rightKeys
}

// toKeeping converts, and still knows which column it is.
func (n *node) toKeeping(k Kind) *node {
	if n.kind == k {
		return n
	}
	out := *n.to(k)
	out.column = n.column
	return &out
}

func (b *binder) joinKey(e expr, left, right *relation) (l, r *node) {
	if n, ok := e.(*name); ok {
		i, lc := left.find(n.text)
		j, rc := right.find(n.text)
		if lc == nil || rc == nil {
			where, cols := "left", left.cols
			if lc != nil {
				where, cols = "right", right.cols
			}
			b.unresolved(n.span, "column on the "+where+" side", n.text, columnNames(cols))
		}
		return columnNode(lc, i), columnNode(rc, j)
	}
	o, ok := e.(*operation)
	if !ok || o.op != "==" {
		b.fail(e.where(), "SEM0025", "a column that both sides have, or $left.a == $right.b, is expected")
	}
	sides := map[string]*node{}
	for _, x := range []expr{o.x, o.y} {
		side := sideOf(x)
		rel := left
		if side == "$right" {
			rel = right
		}
		if side == "" || sides[side] != nil {
			b.fail(e.where(), "SEM0025", "$left.a == $right.b is expected: one column of each side")
		}
		s := &scope{sided: true, cols: left.cols}
		if side == "$right" {
			s = &scope{sided: true, right: rel.cols}
		}
		sides[side] = b.scalar(x, s)
	}
	return sides["$left"], sides["$right"]
}

// sideOf finds $left or $right in an expression.
func sideOf(e expr) string {
	switch e := e.(type) {
	case *member:
		if n, ok := e.of.(*name); ok && !n.quoted && (n.text == "$left" || n.text == "$right") {
			return n.text
		}
		return sideOf(e.of)
	case *element:
		return sideOf(e.of)
	case *call:
		for _, a := range e.args {
			if s := sideOf(a); s != "" {
				return s
			}
		}
	}
	return ""
}

// joining is a join that runs.
type joining struct {
	q                   *query
	kind                string
	left, right         *relation
	leftKeys, rightKeys []*node
	takeLeft, takeRight []int
}

// table1 is a side in memory: its rows by the number of their key.
type table1 struct {
	chunk *Chunk
	byKey [][]int32
}

func (j *joining) run(yield func(*Chunk) bool) {
	kinds := make([]Kind, len(j.rightKeys))
	for i, k := range j.rightKeys {
		kinds[i] = k.kind
	}
	g := newGrouper(j.q, kinds)
	build, probe := j.right, j.left
	buildKeys, probeKeys := j.rightKeys, j.leftKeys
	swapped := j.kind == "innerunique" || j.kind == "rightsemi" || j.kind == "rightanti" || j.kind == "rightantisemi"
	if swapped { // the left side is held, and its first row of each key may do
		build, probe, buildKeys, probeKeys = probe, build, probeKeys, buildKeys
	}
	held := j.hold(g, build, buildKeys, j.kind == "innerunique")
	matched := make([]bool, 0)
	if held.chunk != nil {
		matched = make([]bool, held.chunk.N)
	}
	more := true
	probe.flow(func(c *Chunk) bool {
		j.q.tick(c.N)
		if c.N > 0 {
			more = j.probe(g, c, probeKeys, held, matched, swapped, yield)
		}
		return more
	})
	if !more {
		return
	}
	if held.chunk != nil && (j.kind == "rightouter" || j.kind == "fullouter") {
		var rest []int32
		for i, m := range matched {
			if !m {
				rest = append(rest, int32(i))
			}
		}
		if len(rest) > 0 {
			yield(j.output(nil, nil, held.chunk, rest))
		}
	}
}

// hold reads a side into memory. With unique only the first row of a key is kept.
func (j *joining) hold(g *grouper, r *relation, keys []*node, unique bool) table1 {
	chunks := j.q.collect(r)
	if len(chunks) == 0 {
		return table1{}
	}
	t := table1{chunk: joinChunks(chunks, kindsOf(r.cols))}
	ids, nulls := j.keysOf(g, t.chunk, keys)
	t.byKey = make([][]int32, g.n)
	j.q.hold(int64(28*g.n + 4*t.chunk.N))
	for i, id := range ids {
		if nulls.Has(i) || unique && len(t.byKey[id]) > 0 {
			continue
		}
		t.byKey[id] = append(t.byKey[id], int32(i))
	}
	return t
}

// keysOf numbers the keys of a chunk's rows; a null matches nothing.
func (j *joining) keysOf(g *grouper, c *Chunk, keys []*node) ([]int32, Bitmap) {
	vectors := make([]*Vector, len(keys))
	nulls := NewBitmap(c.N)
	for i, k := range keys {
		vectors[i] = k.eval(c)
		if vectors[i].Nulls != nil {
			for r := range c.N {
				if vectors[i].Nulls.Has(vectors[i].at(r)) {
					nulls.Set(r)
				}
			}
		}
	}
	return g.add(vectors, c.N), nulls
}

func (j *joining) probe(g *grouper, c *Chunk, keys []*node, held table1, matched []bool, swapped bool, yield func(*Chunk) bool) bool {
	ids, nulls := j.keysOf(g, c, keys)
	var probeRows, heldRows []int32
	flush := func() bool {
		if len(probeRows) == 0 {
			return true
		}
		j.q.tick(len(probeRows))
		var out *Chunk
		if swapped {
			out = j.output(held.chunk, heldRows, c, probeRows)
		} else {
			out = j.output(c, probeRows, held.chunk, heldRows)
		}
		probeRows, heldRows = nil, nil
		return yield(out)
	}
	add := func(p, h int32) bool {
		probeRows, heldRows = append(probeRows, p), append(heldRows, h)
		return len(probeRows) < 4*chunkRows || flush()
	}
	for i, id := range ids {
		var matches []int32
		if int(id) < len(held.byKey) && !nulls.Has(i) {
			matches = held.byKey[id]
		}
		row := int32(i)
		switch j.kind {
		case "leftsemi", "rightsemi":
			if len(matches) > 0 && !add(row, -1) {
				return false
			}
			continue
		case "leftanti", "leftantisemi", "anti", "rightanti", "rightantisemi":
			if len(matches) == 0 && !add(row, -1) {
				return false
			}
			continue
		case "leftouter", "fullouter":
			if len(matches) == 0 && !add(row, -1) {
				return false
			}
		}
		for _, m := range matches {
			matched[m] = true
			if !add(row, m) {
				return false
			}
		}
	}
	return flush()
}

// output is a chunk of pairs of rows; -1 is no row, a nil chunk no rows at all.
func (j *joining) output(left *Chunk, leftRows []int32, right *Chunk, rightRows []int32) *Chunk {
	out := &Chunk{N: max(len(leftRows), len(rightRows))}
	side := func(c *Chunk, rows []int32, take []int, cols []*column) {
		if len(take) == 0 {
			return
		}
		if c == nil {
			for _, i := range take {
				out.Columns = append(out.Columns, constant(Null(cols[i].kind)))
			}
			return
		}
		picked := c.pick(rows)
		for _, i := range take {
			out.Columns = append(out.Columns, picked.Columns[i])
		}
	}
	side(left, leftRows, j.takeLeft, j.left.cols)
	side(right, rightRows, j.takeRight, j.right.cols)
	return out
}
