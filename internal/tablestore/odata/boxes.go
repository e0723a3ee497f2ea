package odata

import "github.com/lazuli-dev/lazuli/internal/tablestore"

// maxBoxes bounds what Boxes works out; a filter that means more ranges of keys is
// taken to mean all.
const maxBoxes = 1000

// Boxes are ranges of keys outside of which the filter is true of no entity; nil is
// all keys. The filter still decides on what is inside.
func (f *Filter) Boxes() []tablestore.Box {
	if f == nil {
		return nil
	}
	return f.root.boxes()
}

// boxes is nil for all keys, and empty but not nil for none.
func (n *node) boxes() []tablestore.Box {
	switch n.op {
	case opAnd:
		return intersect(n.left.boxes(), n.right.boxes())
	case opOr:
		left, right := n.left.boxes(), n.right.boxes()
		if left == nil || right == nil || len(left)+len(right) > maxBoxes {
			return nil
		}
		return append(left, right...)
	case opEq, opGt, opGe, opLt, opLe:
		if n.left.op == opProperty && n.right.op == opLiteral {
			return keyBox(n.left.name, n.op, n.right.value)
		}
		if n.left.op == opLiteral && n.right.op == opProperty {
			return keyBox(n.right.name, turned(n.op), n.left.value)
		}
	}
	return nil
}

// turned is the operator for the operands the other way round.
func turned(o op) op {
	switch o {
	case opGt:
		return opLt
	case opGe:
		return opLe
	case opLt:
		return opGt
	case opLe:
		return opGe
	}
	return o
}

// keyBox is what a comparison of a key means.
func keyBox(name string, o op, v tablestore.Value) []tablestore.Box {
	if name != tablestore.PartitionKeyName && name != tablestore.RowKeyName {
		return nil
	}
	if v.Type() != tablestore.String {
		return []tablestore.Box{} // keys are texts: it is never true
	}
	bound := tablestore.Bound{Key: v.Text(), Inclusive: o == opEq || o == opGe || o == opLe, Set: true}
	var i tablestore.Interval
	if o == opEq || o == opGt || o == opGe {
		i.Low = bound
	}
	if o == opEq || o == opLt || o == opLe {
		i.High = bound
	}
	if name == tablestore.PartitionKeyName {
		return []tablestore.Box{{Partition: i}}
	}
	return []tablestore.Box{{Row: i}}
}

// intersect are the keys in both.
func intersect(a, b []tablestore.Box) []tablestore.Box {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case len(a)*len(b) > maxBoxes:
		return a // more than both, and right all the same
	}
	both := make([]tablestore.Box, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			p, ok := narrow(x.Partition, y.Partition)
			r, fine := narrow(x.Row, y.Row)
			if ok && fine {
				both = append(both, tablestore.Box{Partition: p, Row: r})
			}
		}
	}
	return both
}

// narrow is what is in both intervals, if anything is.
func narrow(a, b tablestore.Interval) (tablestore.Interval, bool) {
	if !a.Low.Set || b.Low.Set && stricter(b.Low, a.Low, tablestore.Compare(b.Low.Key, a.Low.Key)) {
		a.Low = b.Low
	}
	if !a.High.Set || b.High.Set && stricter(b.High, a.High, tablestore.Compare(a.High.Key, b.High.Key)) {
		a.High = b.High
	}
	if !a.Low.Set || !a.High.Set {
		return a, true
	}
	c := tablestore.Compare(a.Low.Key, a.High.Key)
	return a, c < 0 || c == 0 && a.Low.Inclusive && a.High.Inclusive
}

// stricter reports whether bound a leaves less than b; by is more than 0 when its
// key is further in.
func stricter(a, b tablestore.Bound, by int) bool {
	return by > 0 || by == 0 && !a.Inclusive && b.Inclusive
}
