package kql

import "strings"

// betweenNode is x between (low .. high), both included.
func (b *binder) betweenNode(e *between, s *scope) *node {
	x, low, high := b.scalar(e.x, s), b.scalar(e.low, s), b.scalar(e.high, s)
	if high.kind == Timespan && x.kind == Datetime && low.kind == Datetime { // from low, so long
		high = b.arithmeticNode(&operation{op: "+", at: e.high.where()}, low, high)
	}
	p := b.compareNode(">=", e.low.where(), x, low)
	q := b.compareNode("<=", e.high.where(), x, high)
	out := lift(Bool, []*node{p, q}, func(a []Value) Value {
		if !a[0].full || !a[1].full {
			if a[0].full && !a[0].Bool() || a[1].full && !a[1].Bool() {
				return BoolValue(e.not)
			}
			return Null(Bool)
		}
		return BoolValue((a[0].Bool() && a[1].Bool()) != e.not)
	})
	if !e.not {
		out.facts = append(append(out.facts, p.facts...), q.facts...)
	}
	return out
}

// withinNode is x in (…), has_any (…) and their kin.
func (b *binder) withinNode(e *within, s *scope) *node {
	x := b.scalar(e.x, s)
	op, not := strings.CutPrefix(e.op, "!")
	var constants []Value
	var others []*node
	for _, item := range e.list {
		if b.isTable(item) {
			constants = append(constants, b.firstColumn(item)...)
			continue
		}
		n := b.scalar(item, s)
		switch {
		case n.value == nil:
			others = append(others, n)
		case n.kind == Dynamic: // an array stands for its values
			if list, ok := n.value.dyn.([]any); ok {
				for _, v := range list {
					constants = append(constants, fromDynamic(v))
				}
			} else {
				constants = append(constants, fromDynamic(n.value.dyn))
			}
		default:
			constants = append(constants, *n.value)
		}
	}
	if op == "has_any" || op == "has_all" {
		return b.hasListNode(op == "has_all", x, constants, others)
	}
	return b.inNode(e, op == "in~", not, x, constants, others)
}

// firstColumn runs a tabular expression and gives the values of its first column.
func (b *binder) firstColumn(e expr) []Value {
	r := b.table(e)
	if len(r.cols) == 0 {
		return nil
	}
	r.cols[0].use()
	var values []Value
	seen := map[string]bool{}
	var key []byte
	r.flow(func(c *Chunk) bool {
		b.q.tick(c.N)
		v := c.Columns[0].load()
		for i := range c.N {
			one := v.At(i)
			if key = appendKey(key[:0], one); !seen[string(key)] {
				seen[string(key)] = true
				b.q.hold(int64(120 + len(key)))
				values = append(values, one)
			}
		}
		return true
	})
	return values
}

func (b *binder) inNode(e *within, folding, not bool, x *node, constants []Value, others []*node) *node {
	k := x.kind
	if k == Dynamic {
		k = String
		if len(constants) > 0 && isNumber(constants[0].kind) {
			k = Real
		} else if len(constants) > 0 && constants[0].kind != Dynamic && constants[0].kind != None {
			k = constants[0].kind
		}
		x = x.as(k)
	}
	for _, c := range constants {
		if c.kind == Dynamic || c.kind == None {
			continue
		}
		y := constantNode(c)
		if common := b.common(e.where(), x, y); common == Real && isWhole(k) {
			x, k = x.to(Real), Real
		}
	}
	set := map[string]bool{}
	key := make([]byte, 0, 64)
	null := false
	for _, c := range constants {
		if k == Bool && c.kind == String || k == GUID && c.kind == String || k == String && c.kind != String || isNumber(k) || c.kind == Dynamic {
			c = convert(c, k)
		}
		if !c.full {
			null = true
			continue
		}
		if folding {
			c.text = fold2(c.text)
		}
		key = appendKey(key[:0], c)
		set[string(key)] = true
	}
	args := append([]*node{x}, others...)
	for i, o := range others {
		if o.kind == Dynamic {
			args[i+1] = o.as(k)
		} else if b.common(e.where(), x, o); o.kind != k {
			args[i+1] = o.to(k)
		}
	}
	buf := make([]byte, 0, 64)
	out := lift(Bool, args, func(a []Value) Value {
		v := a[0]
		if !v.full {
			return BoolValue(null != not)
		}
		if folding {
			v.text = fold2(v.text)
		}
		buf = appendKey(buf[:0], v)
		found := set[string(buf)]
		for _, o := range a[1:] {
			if folding {
				o.text = fold2(o.text)
			}
			if o.full && orderValues(v, o) == 0 {
				found = true
			}
		}
		return BoolValue(found != not)
	})
	if !not && x.column != nil && len(constants) == 1 && len(others) == 0 && k == String {
		how := "=="
		if folding {
			how = "=~"
		}
		out.facts = []fact{{x.column, how, convert(constants[0], String)}}
	}
	return out
}

func (b *binder) hasListNode(all bool, x *node, constants []Value, others []*node) *node {
	tests := make([]func(string) bool, len(constants))
	for i, c := range constants {
		tests[i] = fixedMatcher("has", c.String())
	}
	args := []*node{x.to(String)}
	for _, o := range others {
		if o.kind == Dynamic {
			args = append(args, o)
		} else {
			args = append(args, o.to(String))
		}
	}
	return lift(Bool, args, func(a []Value) Value {
		text := a[0].text
		for _, t := range tests {
			if t(text) != all {
				return BoolValue(!all)
			}
		}
		for _, o := range a[1:] {
			list, ok := o.dyn.([]any)
			if !ok {
				list = []any{toDynamic(o)}
			}
			for _, w := range list {
				if fixedMatcher("has", dynamicText(w))(text) != all {
					return BoolValue(!all)
				}
			}
		}
		return BoolValue(all)
	})
}
