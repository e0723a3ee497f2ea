package cosmossql

import (
	"fmt"
	"strings"
)

// Explain says in a few lines how the plan reaches, filters, groups, sorts and
// limits its rows. With several ways to the documents, each Run takes the first
// that is worth its cost.
func (p *Plan) Explain() string {
	var sb strings.Builder
	p.explainBlock(&sb, p.root, "")
	return sb.String()
}

func (p *Plan) explainBlock(sb *strings.Builder, b *block, indent string) {
	line := func(verb, format string, args ...any) {
		fmt.Fprintf(sb, "%s%-6s %s\n", indent, verb, fmt.Sprintf(format, args...))
	}
	if len(b.from) == 0 {
		line("read", "nothing: one row")
	}
	for i := range b.from {
		p.explainSource(sb, b, i, indent, line)
	}
	for _, n := range b.conditions {
		line("filter", "%s", squeeze(p.text[n.at().start:n.at().end]))
	}
	if b.group != nil {
		explainGroup(b, p.mode, b == p.root, line)
	}
	if len(b.order) > 0 {
		line("sort", "%s", p.explainSort(b))
	}
	if b.distinct {
		line("unique", "rows")
	}
	if b.skip > 0 {
		line("skip", "%d rows", b.skip)
	}
	if b.take >= 0 {
		line("stop", "after %d rows", b.take)
	}
}

func (p *Plan) explainSource(sb *strings.Builder, b *block, i int, indent string, line func(verb, format string, args ...any)) {
	s := &b.from[i]
	switch s.kind {
	case fromContainer:
		switch {
		case b == p.root && p.mode == modeCount:
			line("count", "%s", s.choices.ways[0])
		case b == p.root && p.mode == modeKeys:
			line("read", "%s, keys only", walkText(*s.choices.keyWalk))
		default:
			for i := range s.choices.ways {
				verb := "read"
				if i > 0 {
					verb = "else"
				}
				line(verb, "%s", s.choices.ways[i])
			}
		}
	case fromPath:
		line("bind", "a path")
	case fromItems:
		line("join", "the elements of an array")
	case fromQuery:
		line("from", "a subquery")
		p.explainBlock(sb, s.query, indent+"  ")
	}
}

func explainGroup(b *block, m mode, root bool, line func(verb, format string, args ...any)) {
	switch {
	case root && m == modeCount:
		line("group", "all, by counters")
	case len(b.group.keys) == 0:
		line("group", "all into %d aggregates", len(b.group.aggs))
	default:
		line("group", "by %d keys into %d aggregates", len(b.group.keys), len(b.group.aggs))
	}
}

// explainSort says whether the walk saves the sorting.
func (p *Plan) explainSort(b *block) string {
	if b != p.root || p.mode != modeRows {
		return "all rows in memory"
	}
	const sorts = "the page's rows in memory"
	const none = "none: the walk gives the order"
	ways := b.from[0].choices.ways
	switch last := ways[len(ways)-1]; {
	case !last.ordered:
		return sorts
	case len(ways) > 1:
		return sorts + "; else " + none
	}
	return none
}

// String describes the way.
func (w way) String() string {
	if len(w.walks) == 0 {
		return "nothing: the conditions exclude each other"
	}
	s := walkText(w.walks[0])
	if n := len(w.walks); n > 1 {
		s += fmt.Sprintf(", and %d more such", n-1)
	}
	if w.few {
		s += ", if that is few documents"
	}
	return s
}

// walkText describes a walk.
func walkText(a Access) string {
	var sb strings.Builder
	switch {
	case a.ID != nil:
		fmt.Fprintf(&sb, "document %q", *a.ID)
	case a.Path != nil:
		fmt.Fprintf(&sb, "index %s%s", a.Path, boundsText(a))
	default:
		sb.WriteString("all documents")
	}
	if a.Partition != nil {
		sb.WriteString(" of partition [")
		for i, s := range a.Partition {
			if i > 0 {
				sb.WriteByte(',')
			}
			sb.WriteString(scalarText(s))
		}
		sb.WriteByte(']')
	}
	if a.Reverse {
		sb.WriteString(" backwards")
	}
	return sb.String()
}

func boundsText(a Access) string {
	switch {
	case a.Low == nil && a.High == nil:
		return ""
	case a.Low != nil && a.Low == a.High:
		return " = " + scalarText(a.Low.Value)
	}
	s := " from"
	if a.Low != nil {
		s += boundText(*a.Low)
	} else {
		s += " the start"
	}
	if a.High != nil {
		return s + " to" + boundText(*a.High)
	}
	return s + " to the end"
}

func boundText(b Bound) string {
	if b.Inclusive {
		return " " + scalarText(b.Value)
	}
	return " but not " + scalarText(b.Value)
}

// scalarText writes a scalar as JSON, and what has no JSON in words.
func scalarText(s Scalar) string {
	switch s.Kind {
	case Undefined:
		return "undefined"
	case Array:
		return "the first array"
	case Object:
		return "the first object"
	case Number:
		if s.Num < -1e308 {
			return "the least number"
		}
	}
	return string(appendJSON(nil, ofScalar(s)))
}

// squeeze writes text on one line.
func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }
