package cosmossql

// aggregate is one aggregate call of a block.
type aggregate struct {
	fn    string // in capitals
	arg   expr
	index int // of its result in frame.aggs
}

// aggregateNames are the functions that fold many rows into one value.
var aggregateNames = map[string]bool{
	"COUNT": true, "SUM": true, "AVG": true, "MIN": true, "MAX": true,
	"COUNTIF": true, "MAKELIST": true, "MAKESET": true,
}

// accumulator folds the values of one aggregate in one group.
//
// COUNT counts defined values, null included, and COUNTIF what is true. SUM and
// AVG pass over undefined and are undefined once they meet anything else that is
// no number; MIN and MAX order across types and are undefined once they meet an
// array or object. Over nothing, counts are 0, lists empty, the rest undefined.
type accumulator struct {
	n    int64
	sum  float64
	best value
	bad  bool
	list []byte
	seen map[string]bool
}

// add folds in one value. What it keeps is cloned.
func (a *accumulator) add(fn string, v value, r *running) {
	if !v.defined() {
		return
	}
	switch fn {
	case "COUNT":
		a.n++
	case "COUNTIF":
		if v.kind == True {
			a.n++
		}
	case "SUM", "AVG":
		if v.kind != Number {
			a.bad = true
		}
		a.n++
		a.sum += v.num
	case "MIN", "MAX":
		if !v.isPrimitive() {
			a.bad = true
			return
		}
		c := compare(v, a.best)
		if a.best.kind == Undefined || (fn == "MIN" && c < 0) || (fn == "MAX" && c > 0) {
			a.best = v.clone()
		}
	case "MAKELIST", "MAKESET":
		if v.isJSON() {
			a.append(fn, v, r)
		}
	}
}

// append adds v to the list, or to the set unless it is there.
func (a *accumulator) append(fn string, v value, r *running) {
	if fn == "MAKESET" {
		key := string(appendCanonical(nil, v))
		if a.seen[key] {
			return
		}
		if a.seen == nil {
			a.seen = map[string]bool{}
		}
		a.seen[key] = true
		r.hold(len(key) + 16)
	}
	before := len(a.list)
	if before > 0 {
		a.list = append(a.list, ',')
	}
	a.list = appendJSON(a.list, v)
	r.hold(len(a.list) - before)
}

// result is the aggregate's value so far.
func (a *accumulator) result(fn string, r *running) value {
	switch fn {
	case "COUNT", "COUNTIF":
		return numberValue(float64(a.n))
	case "MAKELIST", "MAKESET":
		return r.sized(arrayValue(append(append([]byte{'['}, a.list...), ']')))
	}
	if a.bad {
		return undefined
	}
	switch fn {
	case "SUM":
		if a.n == 0 {
			return undefined
		}
		return finite(a.sum)
	case "AVG":
		return finite(a.sum / float64(a.n))
	}
	return a.best
}
