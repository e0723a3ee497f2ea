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
		p.explainGroup(b, line)
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
			line("count", "%s, without reading", s.choices.ways[0].walksText())
		case b == p.root && p.mode == modeKeys:
			line("read", "%s, keys only", *s.choices.keyWalk)
		case b == p.root && p.mode == modeEdges:
			for _, w := range s.choices.edges {
				line("read", "%s, first entry", w)
			}
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

// explainGroup names keys and aggregates.
func (p *Plan) explainGroup(b *block, line func(verb, format string, args ...any)) {
	var keys, aggs []string
	for _, k := range b.groupBy {
		keys = append(keys, squeeze(p.text[k.at().start:k.at().end]))
	}
	for _, a := range b.group.aggs {
		aggs = append(aggs, a.fn)
	}
	by := "all"
	if len(keys) > 0 {
		by = "by " + strings.Join(keys, ", ")
	}
	if len(aggs) > 0 {
		by += ": " + strings.Join(aggs, ", ")
	}
	line("group", "%s", by)
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
	if w.few {
		return w.walksText() + ", if that is few documents"
	}
	return w.walksText()
}

func (w way) walksText() string {
	switch n := len(w.walks); n {
	case 0:
		return "nothing: the conditions exclude each other"
	case 1:
		return w.walks[0].String()
	default:
		return fmt.Sprintf("%s, and %d more such", w.walks[0], n-1)
	}
}

// String describes the walk as Explain does: index ["n"] > 1, all documents.
func (a Access) String() string {
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

// boundsText writes the bounds as comparisons. An end that only keeps the walk
// within the type of the other is left out.
func boundsText(a Access) string {
	if a.Low != nil && a.Low == a.High {
		return " = " + scalarText(a.Low.Value)
	}
	var parts []string
	add := func(b *Bound, op string, typeEnd bool) {
		if typeEnd || b.Value.Kind == Undefined {
			return
		}
		if b.Inclusive {
			op += "="
		}
		parts = append(parts, op+" "+scalarText(b.Value))
	}
	if a.Low != nil {
		add(a.Low, ">", a.High != nil && a.Low.Value.Compare(lowest[a.Low.Value.Kind]) == 0)
	}
	if a.High != nil {
		add(a.High, "<", a.Low != nil && a.High.Value.Compare(highest[a.Low.Value.Kind]) == 0)
	}
	if len(parts) == 0 {
		return ""
	}
	return " " + strings.Join(parts, " and ")
}

// scalarText writes a scalar as a query would.
func scalarText(s Scalar) string {
	if s.Kind == Number && !isFinite(s.Num) {
		return notFiniteText(s.Num)
	}
	return string(appendJSON(nil, ofScalar(s)))
}

// squeeze writes text on one line.
func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }
