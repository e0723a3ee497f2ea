package streamsql

import "cmp"

// comparison compiles a op b. Operands that are slots and constants get
// closures of their own, since most conditions are one of each.
func comparison(op string, a, b *Expr, at *site) *Expr {
	accept := acceptOrder(op)
	switch {
	case a.slot >= 0 && b.con != nil:
		return predicate(compareSlotConst(a.slot, *b.con, accept, at))
	case b.slot >= 0 && a.con != nil:
		flip := [3]truth{accept[2], accept[1], accept[0]}
		return predicate(compareSlotConst(b.slot, *a.con, flip, at))
	}
	return predicate(func(r *Row) truth { return compareValues(r, a.Eval(r), b.Eval(r), accept, at) })
}

// acceptOrder says for less, equal and greater whether the operator holds.
func acceptOrder(op string) [3]truth {
	switch op {
	case "=":
		return [3]truth{isFalse, isTrue, isFalse}
	case "<>":
		return [3]truth{isTrue, isFalse, isTrue}
	case "<":
		return [3]truth{isTrue, isFalse, isFalse}
	case "<=":
		return [3]truth{isTrue, isTrue, isFalse}
	case ">":
		return [3]truth{isFalse, isFalse, isTrue}
	}
	return [3]truth{isFalse, isTrue, isTrue} // >=
}

// compareSlotConst has a fast path for a value of the constant's own type.
func compareSlotConst(slot int, c Value, accept [3]truth, at *site) func(*Row) truth {
	switch c.kind {
	case BigInt, Float:
		f, _ := c.Number()
		exact := c.kind == Float || int64(f) == c.Int() && f < 1<<53 && f > -1<<53
		i := c.Int()
		return func(r *Row) truth {
			v := &r.Slots[slot]
			switch {
			case v.kind == Float && exact:
				return orderTruth(v.Float(), f, &accept)
			case v.kind == BigInt && c.kind == BigInt:
				return accept[1+cmp.Compare(int64(v.num), i)]
			}
			return compareValues(r, *v, c, accept, at)
		}
	case String:
		if accept[0] == accept[2] { // = and <>
			return func(r *Row) truth {
				v := &r.Slots[slot]
				if v.kind != String {
					return compareValues(r, *v, c, accept, at)
				}
				if v.str == c.str {
					return accept[1]
				}
				return accept[0]
			}
		}
	case Null, Bit, DateTime, Record, Array:
	}
	return func(r *Row) truth { return compareValues(r, r.Slots[slot], c, accept, at) }
}

// orderTruth compares floats; NaN equals nothing.
func orderTruth(a, b float64, accept *[3]truth) truth {
	switch {
	case a < b:
		return accept[0]
	case a == b:
		return accept[1]
	case a > b:
		return accept[2]
	}
	if accept[0] == isTrue && accept[2] == isTrue { // <>
		return isTrue
	}
	return isFalse
}

// compareValues compares any two values. As in T-SQL a string is converted to
// the other operand's type (number, bit or datetime); if that fails, or if the
// types have no order, it is a data error.
func compareValues(r *Row, a, b Value, accept [3]truth, at *site) truth {
	if a.kind == Null || b.kind == Null {
		return isUnknown
	}
	if a.kind == String && b.kind != String {
		a = implicit(r, a, b.kind, at)
	} else if b.kind == String && a.kind != String {
		b = implicit(r, b, a.kind, at)
	}
	if r.Err != nil {
		return isUnknown
	}
	if a.kind == Float || b.kind == Float {
		x, okX := a.Number()
		y, okY := b.Number()
		if okX && okY && a.kind != BigInt && b.kind != BigInt {
			return orderTruth(x, y, &accept)
		}
		if okX && x != x || okY && y != y {
			return orderTruth(x, y, &accept)
		}
	}
	order, ok := Compare(a, b)
	if !ok {
		at.fail(r, "%s cannot be compared with %s", a.kind.article(), b.kind.article())
		return isUnknown
	}
	return accept[1+order]
}

// implicit converts a string to the kind of the value that it meets.
func implicit(r *Row, v Value, to Kind, at *site) Value {
	switch to {
	case BigInt, Float, Bit:
		if n, ok := parseNumber(v.str); ok {
			return n
		}
		if b, ok := toBit(v); ok && to == Bit {
			return b
		}
	case DateTime:
		if t, ok := ParseDateTime(v.str); ok {
			return DateTimeValue(t)
		}
	case Null, String, Record, Array:
	}
	return at.fail(r, "the string '%s' cannot be converted to %s for %s", shorten(v.str), to, at.name)
}
