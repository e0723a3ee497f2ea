package streamsql

import (
	"slices"
	"strings"
)

// referenceStep binds a step of WITH that reads reference data, or returns nil: it
// is reference data again, whose columns are computed when a version is loaded. It
// takes columns and WHERE; a JOIN reads it.
func (b *binder) referenceStep(q query) *boundStep {
	sel, ok := q.(*selectQuery)
	if !ok {
		return nil
	}
	item, ok := sel.from.(*sourceItem)
	if !ok || item.sub != nil || !b.isReference(item.name) {
		return nil
	}
	switch {
	case item.timestamp != nil, len(item.partitionBy) > 0:
		b.fail(item.at, "reference data has neither TIMESTAMP BY nor PARTITION BY")
	case len(sel.groupBy) > 0, sel.having != nil, contains(listOf(sel.items), isAggregateCall):
		b.fail(sel.at, "a step that reads reference data takes columns and WHERE, no groups: JOIN it to a stream")
	}
	src := b.newInput(item.name)
	src.in.View = &View{}
	b.prog.Inputs = append(b.prog.Inputs, src.in)
	rel := &relation{alias: item.name.text, src: src, input: src.in}
	if item.alias != nil {
		rel.alias = item.alias.text
	}
	sc := &scope{b: b, rel: rel, clause: "a step that reads reference data"}
	view := &viewSource{in: src}
	for _, it := range sel.items {
		if it.star {
			if len(it.starOf) > 1 || len(it.starOf) == 1 && !strings.EqualFold(it.starOf[0].text, rel.alias) {
				b.fail(it.at, "only * and %s.* are valid in a step that reads reference data", rel.alias)
			}
			view.star = true
			view.cols = append(view.cols, src.columns()...)
			continue
		}
		name, _ := itemName(it)
		if slices.ContainsFunc(view.cols, func(c Column) bool { return strings.EqualFold(c.Name, name) }) {
			b.fail(it.at, "the column '%s' is given twice; name one of them with AS", name)
		}
		slot := src.reserve()
		src.in.View.Slots = append(src.in.View.Slots, slot)
		src.in.View.Exprs = append(src.in.View.Exprs, sc.expr(it.expr))
		view.cols = append(view.cols, Column{Name: name, Slot: slot})
	}
	if sel.cond != nil {
		src.in.View.Cond = sc.condition(sel.cond)
	}
	return &boundStep{src: view, reference: src.in}
}

// isReference says whether a name is that of reference data, and of no step.
func (b *binder) isReference(name ident) bool {
	return b.steps[strings.ToLower(name.text)] == nil && slices.ContainsFunc(b.opts.Inputs, func(o InputOptions) bool {
		return o.Reference && strings.EqualFold(o.Name, name.text)
	})
}

// listOf makes one expression of a SELECT list, to search it.
func listOf(items []selectItem) syntax {
	list := &callExpr{}
	for _, it := range items {
		if it.expr != nil {
			list.args = append(list.args, it.expr)
		}
	}
	return list
}

// viewSource is what a step over reference data gives.
type viewSource struct {
	in   *inputSource
	cols []Column
	star bool // with all columns of the input
}

func (s *viewSource) open() bool        { return s.star && s.in.open() }
func (s *viewSource) columns() []Column { return s.cols }
func (s *viewSource) reserve() int      { return s.in.reserve() }

func (s *viewSource) static(slot int) Kind {
	if i := slices.Index(s.in.in.View.Slots, slot); i >= 0 {
		return s.in.in.View.Exprs[i].static
	}
	return s.in.static(slot)
}

func (s *viewSource) path(parts []string) (int, []string, bool) {
	for _, c := range s.cols {
		if !c.Spread && strings.EqualFold(c.Name, parts[0]) {
			return c.Slot, parts[1:], true
		}
	}
	if !s.star {
		return 0, nil, false
	}
	return s.in.path(parts)
}
