package streamsql

import (
	"slices"
	"strings"
)

// from binds a FROM clause to a tree of relations.
func (b *binder) from(item fromItem) *relation {
	switch item := item.(type) {
	case *sourceItem:
		r := b.source(item)
		if r.input != nil && r.input.Reference {
			b.fail(item.at, "reference data is not a stream: read it with stream JOIN %s ON …", item.name.text)
		}
		return r
	case *joinItem:
		return b.join(item)
	case *applyItem:
		return b.apply(item)
	case *matchItem:
		return b.match(item)
	}
	panic("unknown FROM item")
}

// source binds an input, a step or a subquery.
func (b *binder) source(s *sourceItem) *relation {
	r := &relation{alias: s.name.text}
	if s.alias != nil {
		r.alias = s.alias.text
	}
	var part *Partitioning
	st := b.steps[strings.ToLower(s.name.text)]
	if s.sub != nil {
		if into := intoOf(s.sub); into != nil {
			b.fail(into.output.at, "INTO is not allowed in a subquery")
		}
		st = b.step(ident{}, s.sub)
	}
	switch {
	case st != nil && st.reference != nil:
		if s.timestamp != nil || len(s.partitionBy) > 0 {
			b.fail(s.at, "reference data has neither TIMESTAMP BY nor PARTITION BY")
		}
		node := &Source{Input: st.reference, Alias: r.alias}
		r.node, r.src, r.input, part = node, st.src, st.reference, &node.Partition
	case st != nil:
		if s.timestamp != nil {
			b.fail(s.timestamp.where(), "TIMESTAMP BY is only for inputs: the rows of a step have their time already")
		}
		st.step.Consumers++
		node := &StepRef{Step: st.step, Alias: r.alias}
		r.node, r.src, part = node, st.src, &node.Partition
	default:
		src := b.input(s.name)
		node := &Source{Input: src.in, Alias: r.alias}
		r.node, r.src, r.input, part = node, src, src.in, &node.Partition
		if src.in.Reference {
			if s.timestamp != nil {
				b.fail(s.timestamp.where(), "reference data has no TIMESTAMP BY")
			}
			break
		}
		sc := &scope{b: b, rel: r, clause: "TIMESTAMP BY"}
		if s.timestamp != nil {
			node.Timestamp = sc.expr(s.timestamp)
		}
		node.Over = sc.exprs(s.over)
	}
	sc := &scope{b: b, rel: r, clause: "PARTITION BY"}
	part.Into = s.into
	for _, key := range s.partitionBy {
		if st == nil || !st.passesPartition(key) {
			part.Keys = append(part.Keys, sc.expr(key))
		}
	}
	return r
}

// passesPartition says whether PARTITION BY of a step repeats what its rows are
// partitioned by already, in a column that the step does not project. Level 1.2
// splits by itself, so that there is nothing to do.
func (st *boundStep) passesPartition(key syntax) bool {
	name, ok := key.(*nameExpr)
	if !ok || len(name.parts) != 1 || st.src.open() {
		return false
	}
	if _, _, projected := st.src.path([]string{name.parts[0].text}); projected {
		return false
	}
	return strings.EqualFold(name.parts[0].text, "PartitionId") ||
		slices.ContainsFunc(st.partitions, func(p string) bool { return strings.EqualFold(p, name.parts[0].text) })
}

// partitionNames are the columns that FROM … PARTITION BY of a query names, here
// or in the steps that it reads.
func (b *binder) partitionNames(q query) []string {
	switch q := q.(type) {
	case *selectQuery:
		if s, ok := q.from.(*sourceItem); ok {
			return b.sourcePartitions(s)
		}
	case *unionQuery:
		return b.partitionNames(q.branches[0])
	}
	return nil
}

func (b *binder) sourcePartitions(s *sourceItem) []string {
	var names []string
	for _, key := range s.partitionBy {
		if name, ok := key.(*nameExpr); ok {
			names = append(names, name.parts[len(name.parts)-1].text)
		}
	}
	switch st := b.steps[strings.ToLower(s.name.text)]; {
	case s.sub != nil:
		names = append(names, b.partitionNames(s.sub)...)
	case st != nil:
		names = append(names, st.partitions...)
	}
	return names
}

// apply binds CROSS APPLY and OUTER APPLY.
func (b *binder) apply(a *applyItem) *relation {
	left := b.from(a.left)
	if left.leaf(a.alias.text) != nil {
		b.fail(a.alias.at, "the alias '%s' is used twice", a.alias.text)
	}
	if len(a.call.args) != 1 || a.call.star || a.call.over != nil {
		b.fail(a.call.at, "%s takes one argument", a.call.name.text)
	}
	node := &Apply{Outer: a.outer}
	names := [2]string{"ArrayIndex", "ArrayValue"}
	if strings.EqualFold(a.call.name.text, "GetRecordProperties") {
		node.Kind = RecordProperties
		names = [2]string{"PropertyName", "PropertyValue"}
	}
	sc := &scope{b: b, rel: left, clause: "APPLY"}
	kind := Array
	if node.Kind == RecordProperties {
		kind = Record
	}
	node.Arg = wanted(kind, sc.expr(a.call.args[0]), sc.site(a.call.args[0], a.call.name.text))
	right := &relation{alias: a.alias.text, element: true, src: &listSource{
		cols: []Column{{Name: names[0], Slot: 0}, {Name: names[1], Slot: 1}},
	}}
	r := combine(left, right, &node.Slots, &node.schema)
	r.node = node
	return r
}

// settle connects the nodes below r, now that all analytic calls are attached,
// and returns the topmost.
func (r *relation) settle() Node {
	for _, kid := range r.kids {
		if kid.element {
			continue
		}
		kid.settle()
	}
	switch n := r.node.(type) {
	case *Join:
		n.Left, n.Right = r.kids[0].build(), r.kids[1].build()
	case *RefJoin:
		n.Left = r.kids[0].build()
	case *Apply:
		n.Input = r.kids[0].build()
	}
	return r.build()
}
