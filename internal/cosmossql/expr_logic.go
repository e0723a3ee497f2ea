package cosmossql

// The logic has three values: true, false and undefined. Anything that is no
// boolean counts as undefined.

// andExpr is true if all terms are, and false if one is.
type andExpr struct{ terms []expr }

func (e *andExpr) eval(f *frame) value {
	result := trueValue
	for _, t := range e.terms {
		switch t.eval(f).kind {
		case False:
			return falseValue
		case True:
		default:
			result = undefined
		}
	}
	return result
}

// orExpr is false if all terms are, and true if one is.
type orExpr struct{ terms []expr }

func (e *orExpr) eval(f *frame) value {
	result := falseValue
	for _, t := range e.terms {
		switch t.eval(f).kind {
		case True:
			return trueValue
		case False:
		default:
			result = undefined
		}
	}
	return result
}

// notExpr turns true and false around.
type notExpr struct{ x expr }

func (e *notExpr) eval(f *frame) value { return negate(e.x.eval(f)) }

func negate(v value) value {
	switch v.kind {
	case True:
		return falseValue
	case False:
		return trueValue
	}
	return undefined
}

// condExpr is test ? yes : no, where only true is yes.
type condExpr struct{ test, yes, no expr }

func (e *condExpr) eval(f *frame) value {
	if e.test.eval(f).kind == True {
		return e.yes.eval(f)
	}
	return e.no.eval(f)
}

// coalesceExpr is l ?? r: r only where l is undefined; null is a value.
type coalesceExpr struct{ l, r expr }

func (e *coalesceExpr) eval(f *frame) value {
	if v := e.l.eval(f); v.defined() {
		return v
	}
	return e.r.eval(f)
}
