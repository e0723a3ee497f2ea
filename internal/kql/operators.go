package kql

// apply binds an operator over a relation. The operators are in op_NAME.go.
func (b *binder) apply(op operator, r *relation) *relation {
	defer b.step(op.where())()
	old := b.word
	defer func() { b.word = old }()
	var out *relation
	switch op := op.(type) {
	case *opWhere:
		b.word = "where"
		out = b.where(op, r)
	case *opProject:
		b.word = op.word
		out = b.projectLike(op, r)
	case *opReorder:
		b.word = "project-reorder"
		out = b.reorder(op, r)
	case *opRename:
		b.word = "project-rename"
		out = b.rename(op, r)
	case *opSummarize:
		b.word = "summarize"
		out = b.summarize(op, r)
	case *opSort:
		b.word = "sort"
		out = b.sort(op.keys, r, -1)
	case *opTop:
		b.word = "top"
		out = b.top(op, r)
	case *opTopNested:
		b.word = "top-nested"
		out = b.topNested(op, r)
	case *opTake:
		b.word = "take"
		out = b.take(op, r)
	case *opSample:
		b.word = "sample"
		out = b.sample(op, r)
	case *opCount:
		b.word = "count"
		out = b.count1(r)
	case *opJoin:
		b.word = op.word
		out = b.join(op, r)
	case *opUnion:
		b.word = "union"
		out = b.union(op, r)
	case *opExpand:
		b.word = "mv-expand"
		if op.apply != nil {
			b.word = "mv-apply"
		}
		out = b.expand(op, r)
	case *opMakeSeries:
		b.word = "make-series"
		out = b.makeSeries(op, r)
	case *opParse:
		b.word = "parse"
		out = b.parse(op, r)
	case *opParseKV:
		b.word = "parse-kv"
		out = b.parseKV(op, r)
	case *opEvaluate:
		b.word = "evaluate"
		out = b.evaluate(op, r)
	case *opSchema:
		out = b.schema(r)
	case *opRender:
		out = b.render(op, r)
	case *opAs:
		out = b.as(op, r)
	case *opConsume:
		out = b.consume(r)
	case *opInvoke:
		b.word = "invoke"
		out = b.invoke(op, r)
	case *opSearch:
		b.word = "search"
		out = b.search(op, r)
	default:
		b.fail(op.where(), "SEM0001", "this operator begins a query: it does not follow '|'")
	}
	if out.render == nil {
		out.render = r.render
	}
	return out
}

// sourceOf binds what begins with a word.
func (b *binder) sourceOf(op operator) *relation {
	old := b.word
	defer func() { b.word = old }()
	switch op := op.(type) {
	case *opPrint:
		b.word = "print"
		return b.print(op)
	case *opRange:
		b.word = "range"
		return b.rangeTable(op)
	case *opDatatable:
		b.word = "datatable"
		return b.datatable(op)
	case *opUnion:
		b.word = "union"
		return b.union(op, nil)
	case *opSearch:
		b.word = "search"
		return b.search(op, nil)
	}
	b.fail(op.where(), "SEM0001", "this is no source of rows")
	return nil
}

// whole makes the relation one chunk, for functions that look at other rows.
func (b *binder) whole(r *relation) *relation {
	out := &relation{cols: r.cols, ordered: r.ordered}
	out.flow = func(yield func(*Chunk) bool) {
		chunks := b.q.collect(r)
		if len(chunks) > 0 {
			yield(joinChunks(chunks, kindsOf(r.cols)))
		}
	}
	return out
}

// uniqueName gives a name that is not taken yet: x, x1, x2, …
func uniqueName(name string, taken map[string]bool) string {
	out := name
	for i := 1; taken[out]; i++ {
		out = name + string(appendInt(nil, i))
	}
	taken[out] = true
	return out
}
