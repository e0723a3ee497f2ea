package cosmossql

// order binds ORDER BY. Aggregates without GROUP BY make one row, so that its
// keys are checked and change nothing.
func (b *binder) order(bl *block, sc *scope, q *selectNode) {
	sc.nowhere = "ORDER BY"
	grouped := sc.grouped
	sc.grouped = nil
	for _, k := range q.order {
		b.orderable(q, k.x)
		bl.order = append(bl.order, sortKey{b.expr(sc, k.x), k.desc})
	}
	sc.grouped = grouped
	if bl.group != nil {
		bl.order = nil
	}
}

// orderable refuses a key that the service cannot find in an index: anything
// but a property, and a property of what is not the document itself, as the
// elements that a JOIN yields and the rows of a subquery that aggregates. The
// first sentence of each message is the service's own (dotnet/efcore issue
// 16150, Azure/azure-cosmos-dotnet-v2 issue 679).
func (b *binder) orderable(q *selectNode, key node) {
	root, ok := documentPath(key)
	if !ok {
		b.fail(key.at(), codeOrderBy, "Unsupported ORDER BY clause. ORDER BY item expression could not be mapped to a document path: order by a property, as in ORDER BY c.name; store a value that is to be computed with the document")
		return
	}
	for i := range q.from {
		f := &q.from[i]
		switch {
		case f.name() != root.name:
		case i > 0 || f.iterate:
			b.fail(key.at(), codeOrderBy, "Order-by over correlated collections is not supported: '%s' stands for elements of the documents; order by a property of the documents, or sort in the client", root.name)
		case f.q != nil && (len(f.q.group) > 0 || b.aggregates(f.q)):
			b.fail(key.at(), codeOrderBy, "Unsupported ORDER BY clause. ORDER BY item expression could not be mapped to a document path: '%s' is computed by the subquery; sort in the client", b.source(key))
		}
	}
}

// documentPath returns the alias that a path begins with; false if n is no path
// of names and constant indexes.
func documentPath(n node) (*nameNode, bool) {
	switch n := n.(type) {
	case *nameNode:
		return n, true
	case *memberNode:
		return documentPath(n.x)
	case *indexNode:
		switch n.index.(type) {
		case *litNode, *paramNode:
			return documentPath(n.x)
		}
	}
	return nil, false
}

// name is the alias that f introduces, written or inferred.
func (f *fromNode) name() string {
	if f.alias == "" && f.q == nil {
		return lastName(f.x)
	}
	return f.alias
}

// noneInSubquery refuses the clauses that the service takes in the outermost
// SELECT only.
func (b *binder) noneInSubquery(q *selectNode) {
	switch {
	case len(q.order) > 0:
		b.fail(q.order[0].x.at(), codeSubqueryOrder, "'ORDER BY' is not supported in subqueries")
	case q.top != nil:
		b.fail(q.top.at(), codeSubqueryTop, "'TOP' is not supported in subqueries")
	case q.limit != nil:
		b.fail(q.offset.at().to(q.limit.at()), codeSubqueryLimit, "'OFFSET LIMIT' clause is not supported in subqueries")
	}
}
