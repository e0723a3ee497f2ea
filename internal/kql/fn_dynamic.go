package kql

import (
	"sort"
	"strconv"
	"strings"
)

// longestArray bounds what functions make, as the service does.
const longestArray = 1_048_576

func list(a []any) Value {
	if len(a) > longestArray {
		panic(limitError("E_RUNAWAY_QUERY", "an array has more than 1,048,576 values"))
	}
	return DynamicValue(a)
}

// dynamicFunctions work on arrays and bags.
var dynamicFunctions = []fn{
	{name: "array_length|arraylength", args: "d", out: Long, row: func(a []Value) Value {
		if l, ok := a[0].dyn.([]any); ok {
			return IntValue(Long, int64(len(l)))
		}
		return Null(Long)
	}},
	{name: "array_concat", args: "d+", out: Dynamic, nulls: true, row: func(a []Value) Value {
		out := []any{}
		for _, v := range a {
			if l, ok := v.dyn.([]any); ok {
				out = append(out, l...)
			} else if v.full {
				out = append(out, v.dyn)
			}
		}
		return list(out)
	}},
	{name: "array_reverse", args: "d", out: Dynamic, row: onArray(func(l []any, _ []Value) Value {
		out := make([]any, len(l))
		for i, v := range l {
			out[len(l)-1-i] = v
		}
		return list(out)
	})},
	{name: "array_slice", args: "dll", out: Dynamic, row: onArray(func(l []any, a []Value) Value {
		n := int64(len(l))
		from, to := a[1].Int(), a[2].Int()
		if from < 0 {
			from = max(0, from+n)
		}
		if to < 0 {
			to += n
		}
		to = min(to, n-1)
		if from > to {
			return list([]any{})
		}
		return list(l[from : to+1])
	})},
	{name: "array_index_of", args: "d*?lll", out: Long, row: onArray(func(l []any, a []Value) Value {
		what := toDynamic(a[1])
		from := int64(0)
		if len(a) > 2 {
			if from = a[2].Int(); from < 0 {
				from = max(0, from+int64(len(l)))
			}
		}
		for i := from; i < int64(len(l)); i++ {
			if sameDynamic(l[i], what) {
				return IntValue(Long, i)
			}
		}
		return IntValue(Long, -1)
	})},
	{name: "array_sum", args: "d", out: Real, row: onArray(func(l []any, _ []Value) Value {
		sum := 0.0
		for _, v := range l {
			n := convert(fromDynamic(v), Real)
			if !n.full {
				return Null(Real)
			}
			sum += n.Real()
		}
		return RealValue(sum)
	})},
	{name: "array_sort_asc", args: "d?*", out: Dynamic, row: onArray(func(l []any, _ []Value) Value { return arraySort(l, 1) })},
	{name: "array_sort_desc", args: "d?*", out: Dynamic, row: onArray(func(l []any, _ []Value) Value { return arraySort(l, -1) })},
	{name: "array_rotate_left", args: "dl", out: Dynamic, row: onArray(func(l []any, a []Value) Value { return rotate(l, a[1].Int()) })},
	{name: "array_rotate_right", args: "dl", out: Dynamic, row: onArray(func(l []any, a []Value) Value { return rotate(l, -a[1].Int()) })},
	{name: "array_shift_left", args: "dl?*", out: Dynamic, nulls: true, row: onArray(func(l []any, a []Value) Value { return shift(l, a, 1) })},
	{name: "array_shift_right", args: "dl?*", out: Dynamic, nulls: true, row: onArray(func(l []any, a []Value) Value { return shift(l, a, -1) })},
	{name: "array_iff|array_iif", args: "d**", out: Dynamic, nulls: true, row: onArray(func(l []any, a []Value) Value {
		pick := func(v Value, i int) any {
			if items, ok := v.dyn.([]any); ok {
				if i < len(items) {
					return items[i]
				}
				return nil
			}
			return toDynamic(v)
		}
		out := make([]any, len(l))
		for i, c := range l {
			switch b := convert(fromDynamic(c), Bool); {
			case !b.full:
			case b.Bool():
				out[i] = pick(a[1], i)
			default:
				out[i] = pick(a[2], i)
			}
		}
		return list(out)
	})},
	{name: "array_split", args: "d*", out: Dynamic, row: onArray(arraySplit)},
	{name: "set_union", args: "d+", out: Dynamic, row: func(a []Value) Value {
		s := newSet()
		for _, v := range a {
			s.addAll(v)
		}
		return list(s.list)
	}},
	{name: "set_intersect", args: "dd+", out: Dynamic, row: func(a []Value) Value {
		s := newSet()
		s.addAll(a[0])
		for _, v := range a[1:] {
			other, kept := newSet(), newSet()
			other.addAll(v)
			for _, x := range s.list {
				if other.has(x) {
					kept.add(x)
				}
			}
			s = kept
		}
		return list(s.list)
	}},
	{name: "set_difference", args: "dd+", out: Dynamic, row: func(a []Value) Value {
		gone, s := newSet(), newSet()
		for _, v := range a[1:] {
			gone.addAll(v)
		}
		l, _ := a[0].dyn.([]any)
		for _, x := range l {
			if !gone.has(x) {
				s.add(x)
			}
		}
		return list(s.list)
	}},
	{name: "set_has_element", args: "d*", out: Bool, row: onArrayKind(Bool, func(l []any, a []Value) Value {
		for _, v := range l {
			if sameDynamic(v, toDynamic(a[1])) {
				return BoolValue(true)
			}
		}
		return BoolValue(false)
	})},
	{name: "pack_array", args: "?*+", out: Dynamic, nulls: true, row: func(a []Value) Value {
		out := []any{}
		for _, v := range a {
			out = append(out, toDynamic(v))
		}
		return list(out)
	}},
	{name: "pack_dictionary|pack|bag_pack", args: "?*+", out: Dynamic, nulls: true, row: func(a []Value) Value {
		bag := &Bag{}
		for i := 0; i+1 < len(a); i += 2 {
			bag.Set(a[i].String(), toDynamic(a[i+1]))
		}
		return DynamicValue(bag)
	}},
	{name: "bag_keys", args: "d", out: Dynamic, row: func(a []Value) Value {
		bag, ok := a[0].dyn.(*Bag)
		if !ok {
			return Null(Dynamic)
		}
		out := make([]any, len(bag.Names))
		for i, n := range bag.Names {
			out[i] = n
		}
		return list(out)
	}},
	{name: "bag_merge", args: "d+", out: Dynamic, nulls: true, row: func(a []Value) Value {
		out := &Bag{}
		for _, v := range a { // the first to name a key has it
			if bag, ok := v.dyn.(*Bag); ok {
				for i, n := range bag.Names {
					if _, has := out.Get(n); !has {
						out.Set(n, bag.Values[i])
					}
				}
			}
		}
		return DynamicValue(out)
	}},
	{name: "bag_has_key", args: "ds", out: Bool, row: func(a []Value) Value {
		_, ok := atPath(a[0].dyn, a[1].text)
		return BoolValue(ok)
	}},
	{name: "bag_remove_keys", args: "dd", out: Dynamic, row: func(a []Value) Value {
		bag, ok := a[0].dyn.(*Bag)
		if !ok {
			return Null(Dynamic)
		}
		keys, _ := a[1].dyn.([]any)
		out := &Bag{}
		for i, n := range bag.Names {
			gone := false
			for _, k := range keys {
				gone = gone || dynamicText(k) == n || dynamicText(k) == "$."+n
			}
			if !gone {
				out.Set(n, bag.Values[i])
			}
		}
		return DynamicValue(out)
	}},
	{name: "bag_set_key", args: "ds*", out: Dynamic, nulls: true, row: func(a []Value) Value {
		bag, ok := a[0].dyn.(*Bag)
		if !ok {
			return Null(Dynamic)
		}
		out := &Bag{Names: append([]string{}, bag.Names...), Values: append([]any{}, bag.Values...)}
		out.Set(strings.TrimPrefix(a[1].text, "$."), toDynamic(a[2]))
		return DynamicValue(out)
	}},
	{name: "extract_json|extractjson|get_json_object", args: "ss?*", bind: extractJSON},
	{name: "treepath", args: "d", out: Dynamic, row: func(a []Value) Value { return list(treePath(nil, "", a[0].dyn, 0)) }},
	{name: "zip", args: "dd+", out: Dynamic, row: func(a []Value) Value {
		n := 0
		for _, v := range a {
			if l, ok := v.dyn.([]any); ok {
				n = max(n, len(l))
			}
		}
		out := make([]any, n)
		for i := range out {
			one := make([]any, len(a))
			for j, v := range a {
				if l, ok := v.dyn.([]any); ok && i < len(l) {
					one[j] = l[i]
				}
			}
			out[i] = one
		}
		return list(out)
	}},
	{name: "repeat", args: "*l", out: Dynamic, nulls: true, row: func(a []Value) Value {
		if !a[1].full || a[1].Int() < 0 {
			return Null(Dynamic)
		}
		if a[1].Int() > longestArray {
			return list(make([]any, longestArray+1))
		}
		out := make([]any, a[1].Int())
		for i := range out {
			out[i] = toDynamic(a[0])
		}
		return list(out)
	}},
	{name: "range", args: "**?*", bind: rangeOf},
	{name: "has_any_index", args: "sd", out: Long, row: func(a []Value) Value {
		l, _ := a[1].dyn.([]any)
		for i, w := range l {
			if fixedMatcher("has", dynamicText(w))(a[0].text) {
				return IntValue(Long, int64(i))
			}
		}
		return IntValue(Long, -1)
	}},
	{name: "dcount_hll", args: "d", out: Long, row: onArrayKind(Long, func(l []any, _ []Value) Value { return IntValue(Long, int64(len(l))) })},
	{name: "jaccard_index", args: "dd", out: Real, row: func(a []Value) Value {
		x, y := newSet(), newSet()
		x.addAll(a[0])
		y.addAll(a[1])
		both := 0
		for _, v := range x.list {
			if y.has(v) {
				both++
			}
		}
		return finite(float64(both) / float64(len(x.list)+len(y.list)-both))
	}},
}

// onArray is a function of an array; anything else gives null.
func onArray(f func(l []any, a []Value) Value) rowFunc { return onArrayKind(Dynamic, f) }

func onArrayKind(k Kind, f func(l []any, a []Value) Value) rowFunc {
	return func(a []Value) Value {
		l, ok := a[0].dyn.([]any)
		if !ok {
			return Null(k)
		}
		return f(l, a)
	}
}

func sameDynamic(x, y any) bool {
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	_, bag := x.(*Bag)
	_, array := x.([]any)
	if bag || array {
		return string(appendJSON(nil, x)) == string(appendJSON(nil, y))
	}
	return compareDynamic("==", DynamicValue(x), DynamicValue(y)).Bool()
}

// arraySort sorts values of one kind; nulls come last.
func arraySort(l []any, sign int) Value {
	out := append([]any{}, l...)
	sort.SliceStable(out, func(i, j int) bool {
		if out[i] == nil || out[j] == nil {
			return out[i] != nil && out[j] == nil
		}
		return orderValues(DynamicValue(out[i]), DynamicValue(out[j]))*sign < 0
	})
	return list(out)
}

func rotate(l []any, n int64) Value {
	if len(l) == 0 {
		return list(l)
	}
	at := n % int64(len(l))
	if at < 0 {
		at += int64(len(l))
	}
	return list(append(append([]any{}, l[at:]...), l[:at]...))
}

func shift(l []any, a []Value, sign int64) Value {
	var fill any
	if len(a) > 2 {
		fill = toDynamic(a[2])
	}
	if !a[1].full {
		return Null(Dynamic)
	}
	out := make([]any, len(l))
	for i := range out {
		from := int64(i) + sign*max(min(a[1].Int(), longestArray), -longestArray)
		if out[i] = fill; from >= 0 && from < int64(len(l)) {
			out[i] = l[from]
		}
	}
	return list(out)
}

func arraySplit(l []any, a []Value) Value {
	var at []int64
	switch d := toDynamic(a[1]).(type) {
	case int64:
		at = []int64{d}
	case []any:
		for _, v := range d {
			if n, ok := v.(int64); ok {
				at = append(at, n)
			}
		}
	}
	out := []any{}
	from := int64(0)
	for _, n := range at {
		if n < 0 {
			n += int64(len(l))
		}
		n = max(from, min(n, int64(len(l))))
		out = append(out, append([]any{}, l[from:n]...))
		from = n
	}
	return list(append(out, append([]any{}, l[from:]...)))
}

// set keeps distinct values in the order in which they came.
type set struct {
	seen map[string]bool
	list []any
}

func newSet() *set { return &set{map[string]bool{}, []any{}} }

func (s *set) has(v any) bool { return s.seen[string(appendJSON(nil, v))] }

func (s *set) add(v any) {
	key := string(appendJSON(nil, v))
	if !s.seen[key] {
		s.seen[key] = true
		s.list = append(s.list, v)
	}
}

func (s *set) addAll(v Value) {
	l, _ := v.dyn.([]any)
	for _, x := range l {
		s.add(x)
	}
}

// atPath follows $.a.b[0]['c'], or is one key.
func atPath(v any, path string) (any, bool) {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		if bag, isBag := v.(*Bag); isBag {
			return bag.Get(path)
		}
		return nil, false
	}
	for rest != "" {
		var key string
		switch {
		case strings.HasPrefix(rest, "["):
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, false
			}
			key, rest = strings.Trim(rest[1:end], `'"`), rest[end+1:]
			if l, isList := v.([]any); isList {
				i, err := strconv.Atoi(key)
				if err != nil || i < 0 || i >= len(l) {
					return nil, false
				}
				v = l[i]
				continue
			}
		case strings.HasPrefix(rest, "."):
			rest = rest[1:]
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			key, rest = rest[:end], rest[end:]
			if key == "" {
				continue
			}
		default:
			return nil, false
		}
		bag, isBag := v.(*Bag)
		if !isBag {
			return nil, false
		}
		if v, ok = bag.Get(key); !ok {
			return nil, false
		}
	}
	return v, true
}

// extractJSON is extract_json(path, text[, typeof(kind)]).
func extractJSON(b *binder, c *call, args []*node) *node {
	path := args[0].constantText(b, c, 0)
	out := lift(String, []*node{args[1]}, func(a []Value) Value {
		v, ok := atPath(parseDynamic(a[0].text), path)
		if !ok {
			return Null(String)
		}
		return text(dynamicText(v))
	})
	if len(args) > 2 {
		kind, ok := kindWords[args[2].constantText(b, c, 2)]
		if !ok {
			b.fail(c.args[2].where(), "SEM0218", "%s(): argument #3 is expected to be typeof(type)", c.name)
		}
		return out.to(kind)
	}
	return out
}

func treePath(out []any, at string, v any, depth int) []any {
	if depth > 50 || len(out) > 10_000 {
		return out
	}
	switch v := v.(type) {
	case *Bag:
		for i, n := range v.Names {
			p := strings.TrimPrefix(at+"['"+n+"']", ".")
			out = treePath(append(out, p), p, v.Values[i], depth+1)
		}
	case []any:
		p := at + "[0]"
		if len(v) > 0 {
			out = treePath(append(out, p), p, v[0], depth+1)
		}
	}
	return out
}

// rangeOf is range(from, to[, step]) as an array.
func rangeOf(b *binder, c *call, args []*node) *node {
	x := args[0]
	step := constantNode(IntValue(Long, 1))
	if len(args) > 2 {
		step = args[2]
	} else if x.kind == Datetime || x.kind == Timespan {
		step = constantNode(IntValue(Timespan, Hour))
	}
	k := x.kind
	switch {
	case (k == Datetime || k == Timespan) && args[1].kind == k && step.kind == Timespan:
	case (isNumber(k) || k == Dynamic) && (isNumber(args[1].kind) || args[1].kind == Dynamic) && isNumber(step.kind):
		if k = Long; !isWhole(x.kind) || !isWhole(step.kind) {
			k = Real
		}
	default:
		b.fail(c.span, "SEM0218", "range(): there is no range from %s to %s by %s", x.kind, args[1].kind, step.kind)
	}
	stepKind := k
	if k == Datetime {
		stepKind = Timespan
	}
	return lift(Dynamic, []*node{x.to(k), args[1].to(k), step.to(stepKind)}, func(a []Value) Value {
		if !a[0].full || !a[1].full || !a[2].full {
			return Null(Dynamic)
		}
		out := []any{}
		steps(a[0], a[1], a[2], func(v Value) bool {
			out = append(out, toDynamic(v))
			return len(out) <= longestArray
		})
		return list(out)
	})
}

// steps yields from, from+step, … up to and with to.
func steps(from, to, step Value, yield func(Value) bool) {
	if from.kind == Real {
		s := step.Real()
		for i := 0; s != 0; i++ {
			v := from.Real() + float64(i)*s
			if s > 0 && v > to.Real() || s < 0 && v < to.Real() || !yield(RealValue(v)) {
				return
			}
		}
		return
	}
	s := step.Int()
	for v := from.Int(); s > 0 && v <= to.Int() || s < 0 && v >= to.Int(); {
		if !yield(IntValue(from.kind, v)) {
			return
		}
		next := v + s
		if (next > v) != (s > 0) {
			return
		}
		v = next
	}
}
