package streamsql

import "fmt"

// site is the place of an operation in the script; it makes data errors.
type site struct {
	line, col int
	name      string // of the operation, for the message
}

// fail records a data error and returns NULL.
func (s *site) fail(r *Row, format string, args ...any) Value {
	if r.Err == nil {
		r.Err = &DataError{Line: s.line, Col: s.col, Msg: fmt.Sprintf(format, args...)}
	}
	return NullValue
}

// newExpr makes an expression of a closure.
func newExpr(text string, at span, eval func(*Row) Value) *Expr {
	return &Expr{eval: eval, text: text, at: at, slot: -1}
}

// slotExpr reads a slot. TimeSlot reads the row's time.
func slotExpr(slot int, text string) *Expr {
	if slot == TimeSlot {
		return newExpr(text, span{}, func(r *Row) Value { return DateTimeValue(r.Time) })
	}
	return &Expr{slot: slot, text: text}
}

// constExpr is a constant.
func constExpr(v Value, at span) *Expr {
	return &Expr{
		eval: func(*Row) Value { return v }, slot: -1, con: &v, at: at, static: v.kind,
		text: string(v.AppendJSON(nil)),
	}
}

// predicate makes an expression of a three-valued test.
func predicate(test func(*Row) truth) *Expr {
	return &Expr{slot: -1, test: test, eval: func(r *Row) Value {
		switch test(r) {
		case isTrue:
			return BitValue(true)
		case isFalse:
			return BitValue(false)
		}
		return NullValue
	}}
}

// testExpr makes a predicate of an expression: a bit or NULL is as it is,
// anything else a data error.
func testExpr(e *Expr, at *site) *Expr {
	if e.test != nil {
		return e
	}
	return predicate(func(r *Row) truth {
		switch v := e.Eval(r); v.kind {
		case Bit:
			return truth(v.num)
		case Null:
		default:
			at.fail(r, "a condition is a bit, not %s: compare it with something", v.kind.article())
		}
		return isUnknown
	})
}

// andExpr and orExpr and notExpr take predicates.
func andExpr(a, b *Expr) *Expr {
	x, y := constTest(a), constTest(b)
	return predicate(func(r *Row) truth {
		p := x(r)
		if p == isFalse {
			return isFalse
		}
		switch q := y(r); {
		case q == isFalse:
			return isFalse
		case p == isTrue && q == isTrue:
			return isTrue
		}
		return isUnknown
	})
}

func orExpr(a, b *Expr) *Expr {
	x, y := constTest(a), constTest(b)
	return predicate(func(r *Row) truth {
		p := x(r)
		if p == isTrue {
			return isTrue
		}
		switch q := y(r); {
		case q == isTrue:
			return isTrue
		case p == isFalse && q == isFalse:
			return isFalse
		}
		return isUnknown
	})
}

func notExpr(a *Expr) *Expr {
	x := constTest(a)
	return predicate(func(r *Row) truth {
		switch x(r) {
		case isTrue:
			return isFalse
		case isFalse:
			return isTrue
		}
		return isUnknown
	})
}

// constTest is the test of a predicate that may have been folded to a constant.
func constTest(e *Expr) func(*Row) truth {
	if e.test != nil {
		return e.test
	}
	return func(r *Row) truth {
		if v := e.Eval(r); v.kind == Bit {
			return truth(v.num)
		}
		return isUnknown
	}
}

// isNullTest is x IS [NOT] NULL.
func isNullTest(x *Expr, not bool) *Expr {
	yes, no := isTrue, isFalse
	if not {
		yes, no = no, yes
	}
	return predicate(func(r *Row) truth {
		if x.Eval(r).kind == Null {
			return yes
		}
		return no
	})
}

// staticText is String if all results are strings or the constant NULL.
func staticText(results ...*Expr) Kind {
	kind := Null
	for _, e := range results {
		if v, ok := e.Constant(); ok && v.kind == Null {
			continue
		}
		if e.static != String {
			return Null
		}
		kind = String
	}
	return kind
}

// typed gives an expression a static type.
func typed(e *Expr, kind Kind) *Expr {
	e.static = kind
	return e
}

type caseBranch struct{ cond, result *Expr }

// caseWhen evaluates only the branch that is taken.
func caseWhen(branches []caseBranch, other *Expr) *Expr {
	results := []*Expr{other}
	for _, b := range branches {
		results = append(results, b.result)
	}
	return typed(newExpr("", span{}, func(r *Row) Value {
		for i := range branches {
			if branches[i].cond.Test(r) {
				return branches[i].result.Eval(r)
			}
		}
		return other.Eval(r)
	}), staticText(results...))
}

// coalesce is the first argument that is not NULL.
func coalesce(args []*Expr) *Expr {
	return typed(newExpr("", span{}, func(r *Row) Value {
		for _, a := range args {
			if v := a.Eval(r); v.kind != Null {
				return v
			}
		}
		return NullValue
	}), staticText(args...))
}

// nullIf is a, or NULL if the comparison holds or fails.
func nullIf(a, same *Expr) *Expr {
	return typed(newExpr("", span{}, func(r *Row) Value {
		v := a.Eval(r)
		if same.Test(r) || r.Err != nil {
			return NullValue
		}
		return v
	}), a.static)
}

// pathExpr searches a path of property names within a value; anything but a
// record has no properties.
func pathExpr(e *Expr, path []string) *Expr {
	if len(path) == 0 {
		return e
	}
	text := e.text
	for _, p := range path {
		text += "." + p
	}
	return newExpr(text, e.at, func(r *Row) Value {
		v := e.Eval(r)
		for _, name := range path {
			if v.kind != Record {
				return NullValue
			}
			v = recordProperty(v.str, name, r.Scratch)
		}
		return v
	})
}

// recordExpr builds a record of columns; of one spread column it is the record
// itself.
func recordExpr(cols []Column) *Expr {
	if len(cols) == 1 && cols[0].Spread {
		return slotExpr(cols[0].Slot, "")
	}
	enc := NewEncoder(&Schema{Columns: cols}, false)
	return newExpr("", span{}, func(r *Row) Value {
		return RecordValue(r.Scratch.keep(enc.AppendRow(r.Scratch.buffer(256), r)))
	})
}
