package cosmossql

import (
	"math"
	"slices"
	"strings"
)

// restriction is what conditions say about the scalar at one path: it is one of
// some points, or within a range. It covers all that the conditions allow.
type restriction struct {
	path      Path
	points    []Scalar // sorted and distinct; nil: the range counts
	low, high *Bound
	exact     bool // the conditions allow nothing less
	terms     int  // how many conditions are in it
}

// maxRestrictions is how many paths the planner looks at; what is beyond is only
// evaluated.
const maxRestrictions = 200

// restrictions reads the conditions that limit a path of the container at slot.
func restrictions(where []condition, slot int) []*restriction {
	var list []*restriction
	for _, c := range where {
		if len(list) == maxRestrictions {
			break
		}
		r := restrict(c.x, slot)
		if r == nil {
			continue
		}
		r.terms = 1
		if i := slices.IndexFunc(list, func(o *restriction) bool { return slices.Equal(o.path, r.path) }); i >= 0 {
			list[i].and(r)
		} else {
			list = append(list, r)
		}
	}
	return list
}

// restrict reads one condition; nil if it limits no path.
func restrict(x expr, slot int) *restriction {
	switch x := x.(type) {
	case *cmpExpr:
		if r := restrictCompare(x.op, x.l, x.r, slot); r != nil {
			return r
		}
		return restrictCompare(mirrored[x.op], x.r, x.l, slot)
	case *betweenExpr:
		low := restrictCompare(">=", x.x, x.low, slot)
		high := restrictCompare("<=", x.x, x.high, slot)
		if low == nil || high == nil {
			return nil
		}
		low.and(high)
		return low
	case *inExpr:
		return restrictIn(x, slot)
	case *orExpr:
		return restrictOr(x, slot)
	case *likeExpr:
		if prefix, exact := x.ready.prefix(); x.constant && prefix != "" {
			return restrictPrefix(x.x, []byte(prefix), exact, slot)
		}
	case *callExpr:
		return restrictCall(x, slot)
	}
	return nil
}

// mirrored is the operator after its operands have changed places.
var mirrored = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// indexedPath returns the document path that x reads from slot.
func indexedPath(x expr, slot int) (Path, bool) {
	p, ok := x.(*pathExpr)
	if !ok || p.slot != slot {
		return nil, false
	}
	return p.documentPath()
}

// constScalar returns the primitive that x is. NaN is none: it has no place in an
// order.
func constScalar(x expr) (Scalar, bool) {
	c, ok := x.(*constExpr)
	if !ok || !c.val.isPrimitive() || math.IsNaN(c.val.num) {
		return Scalar{}, false
	}
	return c.val.scalar(), true
}

// The ends of the types that have a range.
var (
	lowest  = map[Kind]Scalar{Number: {Kind: Number, Num: math.Inf(-1)}, String: {Kind: String}}
	highest = map[Kind]Scalar{Number: {Kind: String}, String: {Kind: Array}} // exclusive: what follows the type
)

func restrictCompare(op string, l, r expr, slot int) *restriction {
	path, ok := indexedPath(l, slot)
	if !ok {
		return nil
	}
	s, ok := constScalar(r)
	if !ok {
		return nil
	}
	out := &restriction{path: path, exact: true}
	if op == "=" {
		out.points = []Scalar{s}
		return out
	}
	if s.Kind != Number && s.Kind != String {
		return nil
	}
	switch op {
	case "<", "<=":
		out.low, out.high = &Bound{lowest[s.Kind], true}, &Bound{s, op == "<="}
	case ">", ">=":
		out.low, out.high = &Bound{s, op == ">="}, &Bound{highest[s.Kind], false}
	default:
		return nil
	}
	return out
}

func restrictIn(x *inExpr, slot int) *restriction {
	path, ok := indexedPath(x.x, slot)
	if !ok {
		return nil
	}
	out := &restriction{path: path, exact: true}
	for _, item := range x.list {
		s, ok := constScalar(item)
		if !ok {
			return nil
		}
		out.points = append(out.points, s)
	}
	out.points = distinctScalars(out.points)
	return out
}

// restrictOr joins points of one path.
func restrictOr(x *orExpr, slot int) *restriction {
	var out *restriction
	for _, t := range x.terms {
		r := restrict(t, slot)
		if r == nil || r.points == nil || (out != nil && !slices.Equal(out.path, r.path)) {
			return nil
		}
		if out == nil {
			out = r
			continue
		}
		out.points = append(out.points, r.points...)
		out.exact = out.exact && r.exact
	}
	out.points = distinctScalars(out.points)
	return out
}

func restrictCall(x *callExpr, slot int) *restriction {
	switch x.name {
	case "STARTSWITH", "STRINGEQUALS":
		s, ok := constScalar(x.args[1])
		if !ok || s.Kind != String || len(x.args) > 2 {
			return nil
		}
		if x.name == "STRINGEQUALS" {
			return restrictCompare("=", x.args[0], x.args[1], slot)
		}
		return restrictPrefix(x.args[0], s.Text, true, slot)
	case "IS_NULL":
		return restrictCompare("=", x.args[0], &constExpr{nullValue}, slot)
	}
	return nil
}

// restrictPrefix is the range of the strings that begin with prefix.
func restrictPrefix(x expr, prefix []byte, exact bool, slot int) *restriction {
	path, ok := indexedPath(x, slot)
	if !ok {
		return nil
	}
	out := &restriction{path: path, exact: exact, low: &Bound{Scalar{Kind: String, Text: prefix}, true}, high: &Bound{highest[String], false}}
	for n := len(prefix); n > 0; n-- {
		if prefix[n-1] < 0xFF {
			end := slices.Clone(prefix[:n])
			end[n-1]++
			out.high = &Bound{Scalar{Kind: String, Text: end}, false}
			break
		}
	}
	return out
}

// and narrows r by another restriction of the same path.
func (r *restriction) and(o *restriction) {
	r.terms += o.terms
	r.exact = r.exact && o.exact
	if r.points == nil && o.points != nil {
		r.points, o.points = o.points, nil
		r.points = slices.DeleteFunc(r.points, func(s Scalar) bool { return !r.within(s) })
		r.low, r.high = nil, nil
	}
	switch {
	case o.points != nil:
		r.points = slices.DeleteFunc(r.points, func(s Scalar) bool {
			return !slices.ContainsFunc(o.points, func(t Scalar) bool { return s.Compare(t) == 0 })
		})
	case r.points != nil:
		r.points = slices.DeleteFunc(r.points, func(s Scalar) bool { return !o.within(s) })
	default:
		r.low = tighter(r.low, o.low, 1)
		r.high = tighter(r.high, o.high, -1)
	}
}

// within says whether s is in the range; no range holds everything.
func (r *restriction) within(s Scalar) bool {
	if r.low != nil {
		if c := s.Compare(r.low.Value); c < 0 || (c == 0 && !r.low.Inclusive) {
			return false
		}
	}
	if r.high != nil {
		if c := s.Compare(r.high.Value); c > 0 || (c == 0 && !r.high.Inclusive) {
			return false
		}
	}
	return true
}

// tighter picks the narrower bound; sign is 1 for low bounds, -1 for high ones.
func tighter(a, b *Bound, sign int) *Bound {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	c := a.Value.Compare(b.Value) * sign
	if c < 0 || (c == 0 && !b.Inclusive) {
		return b
	}
	return a
}

// twoSided says whether the range is bounded within its type on both ends.
func (r *restriction) twoSided() bool {
	if r.low == nil || r.high == nil {
		return false
	}
	l, h := r.low.Value, r.high.Value
	return l.Kind == h.Kind && !(l.Kind == Number && math.IsInf(l.Num, -1)) && !(l.Kind == String && len(l.Text) == 0)
}

func distinctScalars(s []Scalar) []Scalar {
	slices.SortFunc(s, Scalar.Compare)
	return slices.CompactFunc(s, func(a, b Scalar) bool { return a.Compare(b) == 0 })
}

// String writes the path as c.a.b would, without the alias.
func (p Path) String() string {
	var sb strings.Builder
	for _, name := range p {
		sb.WriteByte('/')
		sb.WriteString(name)
	}
	return sb.String()
}
