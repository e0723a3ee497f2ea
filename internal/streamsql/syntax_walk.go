package streamsql

import "strings"

// walk visits an expression and what it contains, parents first, until visit
// returns false for a subtree.
func walk(x syntax, visit func(syntax) bool) {
	if x == nil || !visit(x) {
		return
	}
	each := func(xs ...syntax) {
		for _, x := range xs {
			walk(x, visit)
		}
	}
	switch x := x.(type) {
	case *callExpr:
		each(x.values()...)
		if x.over != nil {
			each(x.over.partitionBy...)
			for _, o := range x.over.orderBy {
				each(o.expr)
			}
			each(x.over.when)
		}
	case *fieldExpr:
		each(x.x)
	case *unaryExpr:
		each(x.x)
	case *binaryExpr:
		each(x.x, x.y)
	case *betweenExpr:
		each(x.x, x.low, x.high)
	case *inExpr:
		each(x.x)
		each(x.list...)
	case *likeExpr:
		each(x.x, x.pattern, x.escape)
	case *isNullExpr:
		each(x.x)
	case *caseExpr:
		each(x.operand)
		for _, w := range x.whens {
			each(w.cond, w.result)
		}
		each(x.other)
	case *castExpr:
		each(x.x)
	}
}

// contains says whether any part of x satisfies the test.
func contains(x syntax, test func(syntax) bool) bool {
	found := false
	walk(x, func(x syntax) bool {
		found = found || test(x)
		return !found
	})
	return found
}

// values are the arguments but for a leading unit of time, which is no
// expression.
func (e *callExpr) values() []syntax {
	if len(e.args) > 0 && e.prefix == "" && takesUnit(strings.ToLower(e.name.text)) {
		return e.args[1:]
	}
	return e.args
}

// takesUnit says whether the first argument of a function is a unit of time.
func takesUnit(name string) bool {
	if name == "isfirst" {
		return true
	}
	_, ok := unitFuncs()[name]
	return ok
}
