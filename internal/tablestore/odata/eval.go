package odata

import (
	"cmp"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// Row is what a filter is asked about.
type Row interface {
	// Lookup returns the value of a property; the zero Value when there is none.
	Lookup(name string) tablestore.Value
}

// Match reports whether the filter is true of a row. A nil filter is of every one.
func (f *Filter) Match(row Row) bool { return f == nil || f.root.truth(row) }

// truth is the node's value as true or false; what is neither is false.
func (n *node) truth(row Row) bool {
	switch n.op {
	case opAnd:
		return n.left.truth(row) && n.right.truth(row)
	case opOr:
		return n.left.truth(row) || n.right.truth(row)
	case opNot:
		return !n.left.truth(row)
	case opProperty, opLiteral:
		v := n.operand(row)
		return v.Type() == tablestore.Boolean && v.Bool()
	default:
		return n.compare(n.left.operand(row), n.right.operand(row))
	}
}

// operand is what a node compares as.
func (n *node) operand(row Row) tablestore.Value {
	switch n.op {
	case opProperty:
		return row.Lookup(n.name)
	case opLiteral:
		return n.value
	default:
		return tablestore.BoolValue(n.truth(row))
	}
}

func (n *node) compare(a, b tablestore.Value) bool {
	order, ok := compare(a, b)
	if !ok {
		return false
	}
	switch n.op {
	case opEq:
		return order == 0
	case opNe:
		return order != 0
	case opGt:
		return order > 0 && order != unordered
	case opGe:
		return order >= 0 && order != unordered
	case opLt:
		return order < 0
	default:
		return order <= 0
	}
}

// unordered is the order of NaN and anything: not equal, not less, not more.
const unordered = 2

// compare compares two values of comparable types.
func compare(a, b tablestore.Value) (order int, ok bool) {
	x, y := a.Type(), b.Type()
	if isNumber(x) && isNumber(y) {
		return compareNumbers(a, b), true
	}
	if x != y {
		return 0, false
	}
	switch x {
	case tablestore.String:
		return sign(tablestore.Compare(a.Text(), b.Text())), true
	case tablestore.Binary, tablestore.GUID:
		return strings.Compare(a.Bytes(), b.Bytes()), true
	case tablestore.DateTime:
		return cmp.Compare(a.Ticks(), b.Ticks()), true
	case tablestore.Boolean:
		return cmp.Compare(a.Int(), b.Int()), true
	}
	return 0, false
}

func isNumber(t tablestore.Type) bool {
	return t == tablestore.Int32 || t == tablestore.Int64 || t == tablestore.Double
}

func compareNumbers(a, b tablestore.Value) int {
	if a.Type() != tablestore.Double && b.Type() != tablestore.Double {
		return cmp.Compare(a.Int(), b.Int())
	}
	x, y := double(a), double(b)
	if x != x || y != y {
		return unordered
	}
	return cmp.Compare(x, y)
}

func double(v tablestore.Value) float64 {
	if v.Type() == tablestore.Double {
		return v.Double()
	}
	return float64(v.Int())
}

func sign(n int) int { return cmp.Compare(n, 0) }
