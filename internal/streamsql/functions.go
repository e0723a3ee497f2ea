package streamsql

import (
	"slices"
	"strings"
)

// scalarFunc describes a scalar function. Exactly one of f1, f2, f3 and fn is
// set, by the number of arguments; unless nulls, a NULL argument makes the result
// NULL without a call.
type scalarFunc struct {
	min, max int // number of arguments; max -1: any
	nulls    bool
	f1       func(r *Row, at *site, a Value) Value
	f2       func(r *Row, at *site, a, b Value) Value
	f3       func(r *Row, at *site, a, b, c Value) Value
	fn       func(r *Row, at *site, args []Value) Value
}

// unitFunc is a function whose first argument is a unit of time.
type unitFunc struct {
	f1 func(r *Row, at *site, u Unit, a Value) Value
	f2 func(r *Row, at *site, u Unit, a, b Value) Value
}

// maxArgs bounds the arguments of a function.
const maxArgs = 64

// scalarFunction finds a function by its name in lower case.
func scalarFunction(name string) (scalarFunc, bool) {
	for _, table := range [...]map[string]scalarFunc{mathFuncs(), stringFuncs(), textFuncs(), dateFuncs(), recordFuncs(), geoFuncs()} {
		if f, ok := table[name]; ok {
			return f, true
		}
	}
	return scalarFunc{}, false
}

// functionList names all scalar functions, for messages and tests.
func functionList() []string {
	names := []string{"coalesce", "iif", "nullif", "getmetadatapropertyvalue"}
	for _, table := range [...]map[string]scalarFunc{mathFuncs(), stringFuncs(), textFuncs(), dateFuncs(), recordFuncs(), geoFuncs()} {
		for name := range table {
			names = append(names, name)
		}
	}
	for name := range unitFuncs() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// scalar binds a call of a scalar function.
func (sc *scope) scalar(x *callExpr) *Expr {
	name := strings.ToLower(x.name.text)
	at := sc.site(x, x.name.text)
	if f, ok := unitFuncs()[name]; ok {
		return sc.unitCall(x, f, at)
	}
	f, ok := scalarFunction(name)
	if !ok {
		sc.fail(x.name.at, "'%s' is not a function%s", x.name.text, sc.b.instead(name))
	}
	sc.arity(x, f.min, f.max)
	if len(x.args) > maxArgs {
		sc.fail(x.at, "%s takes at most %d arguments", x.name.text, maxArgs)
	}
	args := sc.exprs(x.args)
	e := callScalar(f, at, args)
	if _, isString := stringFuncs()[name]; isString || slices.Contains([]string{"left", "right", "substring", "gettype"}, name) {
		e.static = String
	}
	return sc.fold(x, e, args...)
}

// callScalar compiles a call by its number of arguments.
func callScalar(f scalarFunc, at *site, args []*Expr) *Expr {
	switch {
	case f.f1 != nil:
		a := args[0]
		return newExpr("", span{}, func(r *Row) Value {
			x := a.Eval(r)
			if x.kind == Null && !f.nulls {
				return x
			}
			return f.f1(r, at, x)
		})
	case f.f2 != nil:
		a, b := args[0], args[1]
		return newExpr("", span{}, func(r *Row) Value {
			x, y := a.Eval(r), b.Eval(r)
			if (x.kind == Null || y.kind == Null) && !f.nulls {
				return NullValue
			}
			return f.f2(r, at, x, y)
		})
	case f.f3 != nil:
		a, b, c := args[0], args[1], args[2]
		return newExpr("", span{}, func(r *Row) Value {
			x, y, z := a.Eval(r), b.Eval(r), c.Eval(r)
			if (x.kind == Null || y.kind == Null || z.kind == Null) && !f.nulls {
				return NullValue
			}
			return f.f3(r, at, x, y, z)
		})
	}
	return newExpr("", span{}, func(r *Row) Value {
		mem := r.Scratch
		if mem == nil {
			mem = new(Scratch)
		}
		base := len(mem.args)
		null := false
		for _, a := range args { // an argument may use the stack above and leaves it as it was
			v := a.Eval(r)
			null = null || v.kind == Null
			mem.args = append(mem.args, v)
		}
		out := NullValue
		if !null || f.nulls {
			out = f.fn(r, at, mem.args[base:])
		}
		mem.args = mem.args[:base]
		return out
	})
}

// unitCall binds f(unit, a [, b]).
func (sc *scope) unitCall(x *callExpr, f unitFunc, at *site) *Expr {
	n := 2
	if f.f2 != nil {
		n = 3
	}
	sc.arity(x, n, n)
	unit := sc.b.unit(x.args[0])
	args := []*Expr{sc.timeOrExpr(x.args[1])}
	if f.f1 != nil {
		e := callScalar(scalarFunc{f1: func(r *Row, at *site, a Value) Value { return f.f1(r, at, unit, a) }}, at, args)
		return sc.fold(x, e, args...)
	}
	args = append(args, sc.timeOrExpr(x.args[2]))
	e := callScalar(scalarFunc{f2: func(r *Row, at *site, a, b Value) Value { return f.f2(r, at, unit, a, b) }}, at, args)
	return sc.fold(x, e, args...)
}

// timeOrExpr binds an argument that may name a source for its time.
func (sc *scope) timeOrExpr(x syntax) *Expr {
	if leaf := sc.timeLeaf(x); leaf != nil {
		return sc.located(slotExpr(leaf.lift(TimeSlot, sc.rel), ""), x)
	}
	return sc.expr(x)
}

// text checks that an argument is a string; a number or datetime is converted as
// by CAST.
func text(r *Row, at *site, v Value) (string, bool) {
	switch v.kind {
	case String:
		return v.str, true
	case Null, Record, Array:
		at.fail(r, "%s takes a string, not %s", at.name, v.kind.article())
		return "", false
	case Bit, BigInt, Float, DateTime:
	}
	return toText(v, r.Scratch), true
}

// whole checks that an argument is a whole number.
func whole(r *Row, at *site, v Value) (int64, bool) {
	switch v.kind {
	case BigInt, Bit:
		return v.Int(), true
	case Float, String:
		if n, ok := toBigInt(v); ok {
			return n.Int(), true
		}
	case Null, DateTime, Record, Array:
	}
	at.fail(r, "%s takes a whole number here, not %s", at.name, describe(v))
	return 0, false
}

// number checks that an argument is a number; a string is converted.
func number(r *Row, at *site, v Value) (Value, bool) {
	if v.kind == String {
		v = implicit(r, v, Float, at)
		return v, v.kind != Null
	}
	if _, ok := v.Number(); !ok {
		at.fail(r, "%s takes a number, not %s", at.name, v.kind.article())
		return v, false
	}
	if v.kind == Bit {
		v = BigIntValue(v.Int())
	}
	return v, true
}

// moment checks that an argument is a datetime; a string is converted.
func moment(r *Row, at *site, v Value) (int64, bool) {
	if v.kind == String {
		v = implicit(r, v, DateTime, at)
	}
	if v.kind != DateTime {
		at.fail(r, "%s takes a datetime, not %s", at.name, v.kind.article())
		return 0, false
	}
	return v.Ticks(), true
}
