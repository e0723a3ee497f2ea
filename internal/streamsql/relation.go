package streamsql

import "strings"

// rowSource is what a FROM item reads: it knows its columns and makes slots for
// those that are asked for.
type rowSource interface {
	// path returns the slot that holds the value of a dotted path, and the part
	// of the path that is to be searched within that value. ok is false if
	// there is no such column.
	path(parts []string) (slot int, rest []string, ok bool)
	// columns are what * stands for.
	columns() []Column
	// static is Expr.static of a slot that path has returned.
	static(slot int) Kind
	// open says that the source takes any column name.
	open() bool
	// reserve makes a slot that an Analytic above may write.
	reserve() int
}

// relation is a node of the FROM tree of one SELECT: a leaf (an input, a step, or
// the elements of an APPLY) or a combination of two.
type relation struct {
	parent *relation
	side   int // in parent
	kids   []*relation

	// Of a leaf.
	alias   string
	src     rowSource
	node    Node
	element bool   // of an APPLY
	input   *Input // if the leaf reads an input

	// Of a combination. slots points to the node's Slots.
	slots  *[]JoinSlot
	index  map[JoinSlot]int
	schema *Schema
	bounds *JoinBounds // of a stream join

	analytic *Analytic // above this relation, or nil
}

func combine(left, right *relation, slots *[]JoinSlot, schema *Schema) *relation {
	r := &relation{kids: []*relation{left, right}, slots: slots, schema: schema, index: map[JoinSlot]int{}}
	left.parent, left.side = r, 0
	right.parent, right.side = r, 1
	return r
}

// take returns the slot of a combination that carries a slot of one side.
func (r *relation) take(from JoinSlot) int {
	if i, ok := r.index[from]; ok && from.Side != Reserved {
		return i
	}
	i := len(*r.slots)
	*r.slots = append(*r.slots, from)
	r.schema.Width = len(*r.slots)
	r.index[from] = i
	return i
}

// lift returns the slot in rows of an ancestor that carries a slot of r.
func (r *relation) lift(slot int, to *relation) int {
	for r != to {
		slot = r.parent.take(JoinSlot{r.side, slot})
		r = r.parent
	}
	return slot
}

// reserve makes a slot for an Analytic above r.
func (r *relation) reserve() int {
	if r.src != nil {
		return r.src.reserve()
	}
	return r.take(JoinSlot{Side: Reserved})
}

// leaves returns the leaves below r, from left to right.
func (r *relation) leaves() []*relation {
	if r.src != nil {
		return []*relation{r}
	}
	return append(r.kids[0].leaves(), r.kids[1].leaves()...)
}

// leaf finds a leaf by alias.
func (r *relation) leaf(alias string) *relation {
	for _, l := range r.leaves() {
		if strings.EqualFold(l.alias, alias) {
			return l
		}
	}
	return nil
}

// under says whether r is top or below it.
func (r *relation) under(top *relation) bool {
	for ; r != nil; r = r.parent {
		if r == top {
			return true
		}
	}
	return false
}

// build returns the node with the analytic calls that were attached.
func (r *relation) build() Node {
	if r.analytic != nil {
		r.analytic.Input = r.node
		return r.analytic
	}
	return r.node
}

// attach adds an analytic call above r, or returns the slot of an equal one.
func (r *relation) attach(call *AnalyticCall, key string, known map[string]int) int {
	if slot, ok := known[key]; ok {
		return slot
	}
	if r.analytic == nil {
		r.analytic = &Analytic{}
	}
	call.Slot = r.reserve()
	known[key] = call.Slot
	r.analytic.Calls = append(r.analytic.Calls, call)
	return call.Slot
}
