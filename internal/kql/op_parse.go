package kql

import (
	"regexp"
	"strings"
)

// parse takes columns out of a text by a pattern. simple: every column fits its
// type, or none is given; relaxed: a column that does not is null; regex: the
// texts of the pattern are regular expressions.
func (b *binder) parse(op *opParse, r *relation) *relation {
	x := b.scalar(op.x, &scope{cols: r.cols})
	if x.kind != String && x.kind != Dynamic {
		x = x.to(String)
	}
	x = x.to(String)
	re, parts := b.parsePattern(op)
	m := &parsing{x: x, re: re, parts: parts, strict: op.kind == "simple"}
	if op.only {
		for _, ref := range x.refs {
			ref.use()
		}
		in, before := r.flow, r
		r = &relation{cols: before.cols, scans: before.scans, mixed: before.mixed, ordered: before.ordered}
		r.flow = func(yield func(*Chunk) bool) {
			in(func(c *Chunk) bool {
				var kept []int32
				v := x.eval(c)
				for i := range c.N {
					if m.match(v.text(v.at(i))) != nil {
						kept = append(kept, int32(i))
					}
				}
				return len(kept) == 0 || yield(c.pick(kept))
			})
		}
	}
	all := make([]projected, 0, len(r.cols)+len(parts))
	at := map[string]int{}
	for i, c := range r.cols {
		at[c.name] = i
		all = append(all, projected{name: c.name, node: columnNode(c, i)})
	}
	for i, p := range parts {
		made := projected{name: p.column, node: m.node(i)}
		if old, ok := at[p.column]; ok {
			all[old] = made
			continue
		}
		at[p.column] = len(all)
		all = append(all, made)
	}
	return project(r, all)
}

// parsePattern makes one regular expression of the pattern.
func (b *binder) parsePattern(op *opParse) (*regexp.Regexp, []parsePart) {
	var s strings.Builder
	s.WriteString("(?")
	flags := "s"
	for _, f := range op.flags {
		switch f {
		case 'U', 'i', 's', 'm':
			if !strings.ContainsRune(flags, f) {
				flags += string(f)
			}
		default:
			b.fail(op.span, "SEM0028", "the flag '%c' is unknown: i, m, s and U are", f)
		}
	}
	s.WriteString(flags + ")^")
	var columns []parsePart
	for i, p := range op.parts {
		last := i == len(op.parts)-1
		switch {
		case p.star && last:
			s.WriteString(".*")
		case p.star:
			s.WriteString(".*?")
		case p.column == "" && op.kind == "regex":
			b.regex(p.text, p.at)
			s.WriteString("(?:" + strings.ReplaceAll(p.text, "(?P<", "(?:<") + ")")
		case p.column == "":
			s.WriteString(regexp.QuoteMeta(p.text))
		default:
			for _, c := range columns {
				if c.column == p.column {
					b.fail(p.at, "SEM0017", "the column '%s' is defined twice", p.column)
				}
			}
			columns = append(columns, p)
			switch {
			case op.kind != "relaxed" && (p.kind == Long || p.kind == Int):
				s.WriteString(`([-+]?\d+)`)
			case op.kind != "relaxed" && (p.kind == Real || p.kind == Decimal):
				s.WriteString(`([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)`)
			case last:
				s.WriteString("(.*)")
			default:
				s.WriteString("(.*?)")
			}
		}
	}
	if op.kind == "regex" {
		return b.regex(b.plainGroups(op, s.String()), op.span), columns
	}
	return b.regex(s.String(), op.span), columns
}

// plainGroups fails for groups of the user's own: the columns are the groups.
func (b *binder) plainGroups(op *opParse, pattern string) string {
	re := b.regex(pattern, op.span)
	columns := 0
	for _, p := range op.parts {
		if p.column != "" {
			columns++
		}
	}
	if re.NumSubexp() != columns {
		b.fail(op.span, "SEM0420", "a group of the pattern is expected not to capture: (?:…)")
	}
	return pattern
}

// parsing is a parse that runs. The columns of a row share one match.
type parsing struct {
	x      *node
	re     *regexp.Regexp
	parts  []parsePart
	strict bool
	chunk  *Chunk
	made   []*Vector
}

// match gives the columns' values, or nil where the text does not fit.
func (m *parsing) match(s string) []Value {
	found := m.re.FindStringSubmatch(s)
	if found == nil {
		return nil
	}
	out := make([]Value, len(m.parts))
	for i, p := range m.parts {
		out[i] = convert(TextValue(String, found[i+1]), p.kind)
		if !out[i].full && m.strict {
			return nil
		}
	}
	return out
}

func (m *parsing) node(i int) *node {
	return &node{kind: m.parts[i].kind, refs: m.x.refs, eval: func(c *Chunk) *Vector {
		if m.chunk != c {
			m.chunk, m.made = c, m.vectors(c)
		}
		return m.made[i]
	}}
}

func (m *parsing) vectors(c *Chunk) []*Vector {
	v := m.x.eval(c)
	builders := make([]*builder, len(m.parts))
	for i, p := range m.parts {
		builders[i] = newBuilder(p.kind, c.N)
	}
	last, values := "", []Value(nil)
	for i := range c.N {
		if s := v.text(v.at(i)); i == 0 || s != last {
			last, values = s, m.match(s)
		}
		for k, b := range builders {
			if values == nil {
				b.add(Null(m.parts[k].kind))
			} else {
				b.add(values[k])
			}
		}
	}
	out := make([]*Vector, len(builders))
	for i, b := range builders {
		out[i] = b.vector()
	}
	return out
}

// parseKV takes columns out of key=value pairs.
func (b *binder) parseKV(op *opParseKV, r *relation) *relation {
	pair, kv, quote := " ", "=", `"`
	for _, o := range op.options {
		var v string
		if n, ok := o.x.(*name); ok {
			v = n.text
		} else {
			v = b.constant(o.x, "an option").String()
		}
		switch o.names[0] {
		case "pair_delimiter":
			pair = v
		case "kv_delimiter":
			kv = v
		case "quote":
			quote = v
		default:
			b.refuse(o.span, "the option '"+o.names[0]+"'")
		}
	}
	if pair == "" || kv == "" {
		b.fail(op.span, "SEM0028", "a delimiter must not be empty")
	}
	x := b.argument(&call{name: "parse-kv", args: []expr{op.x}}, 0, 's', b.scalar(op.x, &scope{cols: r.cols}))
	all := make([]projected, 0, len(r.cols)+len(op.columns))
	taken := map[string]int{}
	for i, c := range r.cols {
		taken[c.name] = i
		all = append(all, projected{name: c.name, node: columnNode(c, i)})
	}
	for _, c := range op.columns {
		made := projected{name: c.Name, node: lift(c.Kind, []*node{x}, func(a []Value) Value {
			v, ok := pairOf(a[0].text, c.Name, pair, kv, quote)
			if !ok {
				return Null(c.Kind)
			}
			return convert(TextValue(String, v), c.Kind)
		})}
		if i, ok := taken[c.Name]; ok {
			all[i] = made
			continue
		}
		taken[c.Name] = len(all)
		all = append(all, made)
	}
	return project(r, all)
}

// pairOf finds key=value in a text of pairs; a value in quotes may have delimiters.
func pairOf(s, key, pair, kv, quote string) (string, bool) {
	for s != "" {
		k, rest, ok := strings.Cut(s, kv)
		if !ok {
			return "", false
		}
		var value, next string
		if quote != "" && strings.HasPrefix(rest, quote) {
			value, next, _ = strings.Cut(rest[len(quote):], quote)
			_, next, _ = strings.Cut(next, pair)
		} else {
			value, next, _ = strings.Cut(rest, pair)
		}
		if i := strings.LastIndex(k, pair); i >= 0 {
			k = k[i+len(pair):]
		}
		if strings.TrimSpace(k) == key {
			return value, true
		}
		s = next
	}
	return "", false
}
