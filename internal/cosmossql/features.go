package cosmossql

// Features says which clauses the outermost SELECT of a query uses, for
// services that must tell a cross-partition query from a simple one.
type Features struct {
	Top, OffsetLimit, Distinct, OrderBy, GroupBy, Aggregate, Join, Value bool
}

// Features says what the query uses.
func (q *Query) Features() Features {
	s := q.root
	f := Features{
		Top: s.top != nil, OffsetLimit: s.limit != nil, Distinct: s.distinct,
		OrderBy: len(s.order) > 0, GroupBy: len(s.group) > 0, Join: len(s.from) > 1, Value: s.value != nil,
	}
	f.Aggregate = (&binder{}).aggregates(s)
	return f
}
