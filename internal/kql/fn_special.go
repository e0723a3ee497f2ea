package kql

// specials are functions whose arguments are not plain values: names, tables,
// types, or the query itself.
func (b *binder) specials() map[string]func(c *call, s *scope) *node {
	if b.special == nil {
		b.special = map[string]func(c *call, s *scope) *node{
			"now": b.now, "ago": b.ago, "toscalar": b.toScalar, "typeof": b.typeOf,
			"column_ifexists": b.columnIfExists, "columnifexists": b.columnIfExists,
			"new_guid": b.newGUID, "pack_all": b.packAll, "bag_pack_columns": b.packColumns,
			"row_number": b.rowNumber, "row_cumsum": b.rowSum, "row_rank_dense": b.rowRank, "row_rank_min": b.rowRank, "prev": b.prev, "next": b.next,
		}
	}
	return b.special
}

func (b *binder) arity(c *call, least, most int) {
	if len(c.args) < least || len(c.args) > most {
		if least == most {
			b.fail(c.span, "SEM0219", "%s(): function expects %d argument(s)", c.name, least)
		}
		b.fail(c.span, "SEM0219", "%s(): function expects %d to %d argument(s)", c.name, least, most)
	}
}

func (b *binder) now(c *call, s *scope) *node {
	b.arity(c, 0, 1)
	out := constantNode(IntValue(Datetime, b.q.now))
	if len(c.args) == 0 {
		return out
	}
	return b.arithmeticNode(&operation{op: "+", at: c.span}, out, b.argument(c, 0, 'p', b.scalar(c.args[0], s)))
}

func (b *binder) ago(c *call, s *scope) *node {
	b.arity(c, 1, 1)
	return b.arithmeticNode(&operation{op: "-", at: c.span}, constantNode(IntValue(Datetime, b.q.now)), b.argument(c, 0, 'p', b.scalar(c.args[0], s)))
}

// toScalar runs a query and gives the first value of its first column.
func (b *binder) toScalar(c *call, s *scope) *node {
	b.arity(c, 1, 1)
	if !b.isTable(c.args[0]) {
		return b.scalar(c.args[0], s)
	}
	r := b.table(c.args[0])
	if len(r.cols) == 0 {
		b.fail(c.span, "SEM0005", "toscalar(): the table has no columns")
	}
	r.cols[0].use()
	out := Null(r.cols[0].kind)
	r.flow(func(ch *Chunk) bool {
		b.q.tick(ch.N)
		if ch.N == 0 {
			return true
		}
		out = ch.Columns[0].load().At(0)
		return false
	})
	return constantNode(out)
}

// typeOf is the name of a type.
func (b *binder) typeOf(c *call, _ *scope) *node {
	b.arity(c, 1, 1)
	if n, ok := c.args[0].(*name); ok {
		if k, ok := kindWords[n.text]; ok {
			return constantNode(TextValue(String, k.String()))
		}
	}
	b.fail(c.args[0].where(), "SEM0218", "typeof(): a type is expected")
	return nil
}

// columnIfExists is a column, or a default where there is none of that name.
func (b *binder) columnIfExists(c *call, s *scope) *node {
	b.arity(c, 2, 2)
	n, ok := c.args[0].(*name)
	column := ""
	if ok {
		column = n.text
	} else if v := b.scalar(c.args[0], s); v.value != nil && v.kind == String {
		column = v.value.text
	} else {
		b.fail(c.args[0].where(), "SEM0006", "%s(): the column's name must be a constant", c.name)
	}
	for i, col := range s.cols {
		if col.name == column {
			return columnNode(col, i)
		}
	}
	out := *b.scalar(c.args[1], s)
	out.name = column
	return &out
}

func (b *binder) newGUID(c *call, _ *scope) *node {
	b.arity(c, 0, 0)
	return &node{kind: GUID, eval: func(ch *Chunk) *Vector {
		out := newBuilder(GUID, ch.N)
		for range ch.N {
			out.add(TextValue(GUID, randomGUID()))
		}
		return out.vector()
	}}
}

// packAll is a bag of all columns.
func (b *binder) packAll(c *call, s *scope) *node {
	b.arity(c, 0, 1)
	skip := false
	if len(c.args) == 1 {
		skip = b.constant(c.args[0], "pack_all's argument").Bool()
	}
	args := make([]*node, len(s.cols))
	for i, col := range s.cols {
		args[i] = columnNode(col, i)
	}
	return b.pack(args, skip)
}

// packColumns is a bag of some columns, under their names.
func (b *binder) packColumns(c *call, s *scope) *node {
	args := make([]*node, len(c.args))
	for i, a := range c.args {
		if args[i] = b.scalar(a, s); args[i].name == "" {
			b.fail(a.where(), "SEM0218", "bag_pack_columns(): a column is expected")
		}
	}
	return b.pack(args, false)
}

func (b *binder) pack(args []*node, skip bool) *node {
	if len(args) == 0 {
		return constantNode(DynamicValue(&Bag{}))
	}
	return lift(Dynamic, args, func(a []Value) Value {
		bag := &Bag{}
		for i, v := range a {
			if !skip || v.full && !empty(v) {
				bag.Set(args[i].name, toDynamic(v))
			}
		}
		return DynamicValue(bag)
	})
}
