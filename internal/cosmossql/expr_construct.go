package cosmossql

// arrayExpr is [a, b]. Elements that JSON cannot hold are left out.
type arrayExpr struct{ elems []expr }

func (e *arrayExpr) eval(f *frame) value {
	raw := []byte{'['}
	for _, x := range e.elems {
		raw = appendElement(raw, x.eval(f))
	}
	return f.run.sized(arrayValue(append(raw, ']')))
}

// arrayValue is an array of the given text.
func arrayValue(raw []byte) value { return value{kind: Array, raw: raw} }

// objectValue is an object of the given text.
func objectValue(raw []byte) value { return value{kind: Object, raw: raw} }

// appendElement appends v to an array that is still open.
func appendElement(raw []byte, v value) []byte {
	if !v.isJSON() {
		return raw
	}
	if len(raw) > 1 {
		raw = append(raw, ',')
	}
	return appendJSON(raw, v)
}

// objectExpr is {"k": v}, and the row of a SELECT list. Members that JSON cannot
// hold are left out.
type objectExpr struct {
	keys [][]byte // quoted, with the colon
	vals []expr
}

func newObjectExpr(keys []string, vals []expr) *objectExpr {
	e := &objectExpr{vals: vals}
	for _, k := range keys {
		e.keys = append(e.keys, append(appendQuoted(nil, []byte(k)), ':'))
	}
	return e
}

func (e *objectExpr) eval(f *frame) value {
	return f.run.sized(objectValue(e.append(make([]byte, 0, 128), f)))
}

// append appends the object's text.
func (e *objectExpr) append(dst []byte, f *frame) []byte {
	dst = append(dst, '{')
	first := len(dst)
	for i, x := range e.vals {
		v := x.eval(f)
		if !v.isJSON() {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = appendJSON(append(dst, e.keys[i]...), v)
	}
	return append(dst, '}')
}
