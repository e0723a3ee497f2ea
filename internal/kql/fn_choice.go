package kql

// choiceFunctions choose between values of one kind.
var choiceFunctions = []fn{
	{name: "iff|iif", args: "b**", bind: func(b *binder, c *call, args []*node) *node { return b.choose(c, args) }},
	{name: "case", args: "***+", bind: func(b *binder, c *call, args []*node) *node {
		if len(args)%2 == 0 {
			b.fail(c.span, "SEM0219", "case(): function expects an odd number of arguments: conditions with values, and what is else")
		}
		for i := 0; i+1 < len(args); i += 2 {
			args[i] = b.argument(c, i, 'b', args[i])
		}
		return b.choose(c, args)
	}},
	{name: "coalesce", args: "**+", bind: coalesce},
	{name: "max_of", args: "*+", bind: extreme(1)},
	{name: "min_of", args: "*+", bind: extreme(-1)},
	{name: "assert", args: "bs", bind: func(b *binder, c *call, args []*node) *node {
		if args[0].value == nil {
			b.fail(c.args[0].where(), "SEM0006", "assert(): the condition must be a constant")
		}
		if !args[0].value.Bool() {
			e := place(b.q.text, c.span)
			e.Class, e.Code, e.Message = RunError, "E_ASSERT", "assert() failed with message: "+args[1].constantText(b, c, 1)
			panic(e)
		}
		return args[0]
	}},
}

// same gives nodes one kind: numbers the widest, anything beside dynamic dynamic.
func (b *binder) same(c *call, nodes []*node, at func(i int) span) ([]*node, Kind) {
	k := None
	for i, n := range nodes {
		switch {
		case k == None || n.kind == k:
			k = n.kind
		case n.kind == None:
		case isWhole(k) && isWhole(n.kind):
			k = Long
		case isNumber(k) && isNumber(n.kind):
			if k == Decimal && isWhole(n.kind) || n.kind == Decimal && isWhole(k) {
				k = Decimal
			} else {
				k = Real
			}
		case k == Dynamic || n.kind == Dynamic:
			k = Dynamic
		default:
			b.fail(at(i), "SEM0221", "%s(): the values are expected to be of one type: this is a %s, not a %s", c.name, n.kind, k)
		}
	}
	out := make([]*node, len(nodes))
	for i, n := range nodes {
		out[i] = n.to(k)
	}
	return out, k
}

// choose is condition, value, condition, value, …, else.
func (b *binder) choose(c *call, args []*node) *node {
	values := []*node{}
	where := []int{}
	for i := 1; i < len(args); i += 2 {
		values, where = append(values, args[i]), append(where, i)
	}
	values, where = append(values, args[len(args)-1]), append(where, len(args)-1)
	values, k := b.same(c, values, func(i int) span { return c.args[where[i]].where() })
	all := []*node{}
	for i := 0; i+1 < len(args); i += 2 {
		all = append(all, args[i], values[i/2])
	}
	all = append(all, values[len(values)-1])
	return lift(k, all, func(a []Value) Value {
		for i := 0; i+1 < len(a); i += 2 {
			if a[i].full && a[i].Bool() {
				return a[i+1]
			}
		}
		return a[len(a)-1]
	})
}

// coalesce is the first value that is not null, and of texts not empty.
func coalesce(b *binder, c *call, args []*node) *node {
	args, k := b.same(c, args, func(i int) span { return c.args[i].where() })
	return lift(k, args, func(a []Value) Value {
		for _, v := range a {
			if v.full && (k != String || v.text != "") {
				return v
			}
		}
		return Null(k)
	})
}

// extreme is the largest or least of the arguments that are not null.
func extreme(sign int) func(*binder, *call, []*node) *node {
	return func(b *binder, c *call, args []*node) *node {
		args, k := b.same(c, args, func(i int) span { return c.args[i].where() })
		return lift(k, args, func(a []Value) Value {
			best := Null(k)
			if k == String {
				best = a[0]
			}
			for _, v := range a {
				if v.full && (!best.full || orderValues(v, best)*sign > 0) {
					best = v
				}
			}
			return best
		})
	}
}
