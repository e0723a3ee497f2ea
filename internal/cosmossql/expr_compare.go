package cosmossql

import "math"

// cmpExpr is l op r for = != < <= > >=. Values of different types, and
// undefined, give undefined; arrays and objects know only = and !=.
type cmpExpr struct {
	op   string
	l, r expr
}

func (e *cmpExpr) eval(f *frame) value { return compareOp(e.op, e.l.eval(f), e.r.eval(f)) }

func compareOp(op string, l, r value) value {
	if !sameType(l, r) {
		return undefined
	}
	switch op {
	case "=":
		return boolValue(equal(l, r))
	case "!=":
		return boolValue(!equal(l, r))
	}
	if l.kind == Array || l.kind == Object {
		return undefined
	}
	if math.IsNaN(l.num) || math.IsNaN(r.num) {
		return falseValue
	}
	c := compare(l, r)
	switch op {
	case "<":
		return boolValue(c < 0)
	case "<=":
		return boolValue(c <= 0)
	case ">":
		return boolValue(c > 0)
	}
	return boolValue(c >= 0)
}

// inExpr is x IN (list): a chain of = joined by OR.
type inExpr struct {
	x    expr
	list []expr
	set  map[string]bool // the canonical list, if it is long and constant
}

func (e *inExpr) eval(f *frame) value {
	x := e.x.eval(f)
	if !x.defined() {
		return undefined
	}
	if e.set != nil {
		var buf [64]byte
		return boolValue(e.set[string(appendCanonical(buf[:0], x))])
	}
	result := falseValue
	for _, item := range e.list {
		v := item.eval(f)
		switch {
		case !v.defined():
			result = undefined
		case equal(x, v):
			return trueValue
		}
	}
	return result
}

// betweenExpr is x >= low AND x <= high.
type betweenExpr struct{ x, low, high expr }

func (e *betweenExpr) eval(f *frame) value {
	x := e.x.eval(f)
	low, high := compareOp(">=", x, e.low.eval(f)), compareOp("<=", x, e.high.eval(f))
	switch {
	case low.kind == False || high.kind == False:
		return falseValue
	case low.kind == True && high.kind == True:
		return trueValue
	}
	return undefined
}
