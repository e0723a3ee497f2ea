package cosmossql

// scalarQuery is (SELECT …) as a value: its first row, or undefined.
type scalarQuery struct{ q *block }

func (e *scalarQuery) eval(f *frame) value {
	var v value
	e.q.each(f, func(row value) bool {
		v = row
		return false
	})
	return v
}

// existsQuery is EXISTS(SELECT …): whether there is a row.
type existsQuery struct{ q *block }

func (e *existsQuery) eval(f *frame) value {
	found := false
	e.q.each(f, func(value) bool {
		found = true
		return false
	})
	return boolValue(found)
}

// arrayQuery is ARRAY(SELECT …): all rows as an array.
type arrayQuery struct{ q *block }

func (e *arrayQuery) eval(f *frame) value {
	raw := []byte{'['}
	e.q.each(f, func(row value) bool {
		raw = appendElement(raw, row)
		return len(raw) <= maxValue
	})
	return f.run.sized(arrayValue(append(raw, ']')))
}
