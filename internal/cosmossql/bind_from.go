package cosmossql

// from binds one source of FROM or JOIN and makes its alias known.
func (b *binder) from(bl *block, sc *scope, f *fromNode, mayScan bool) {
	s := source{kind: fromQuery, items: f.iterate}
	alias := f.alias
	switch {
	case f.q != nil:
		// the aliases to the left are visible in a JOIN's subquery
		s.query = b.block(f.q, sc, mayScan, false)
	case f.iterate && isComputed(f.x):
		s.kind, s.x = fromItems, b.expr(sc, f.x)
	default:
		root, steps := splitPath(f.x)
		if alias == "" {
			alias = lastName(f.x)
		}
		b.full = root
		slot, known := b.resolve(sc, root)
		switch {
		case known:
		case mayScan:
			b.scans++
			c := source{kind: fromContainer, slot: b.newSlot(), choices: &access{}}
			if len(steps) == 0 && !f.iterate {
				b.addSource(bl, sc, f, c, alias)
				return
			}
			bl.from = append(bl.from, c)
			slot = c.slot
		default:
			b.fail(root.span, codeIdentifier, "Identifier '%s' could not be resolved: a subquery or JOIN reads from an alias, as in x IN c.items", root.name)
		}
		s.kind = fromPath
		if f.iterate {
			s.kind = fromItems
		}
		s.x = b.steps(sc, &pathExpr{slot: slot}, steps)
	}
	s.slot = b.newSlot()
	b.addSource(bl, sc, f, s, alias)
}

// isComputed says whether n is a function's result or a part of it, and so no
// path.
func isComputed(n node) bool {
	switch n := n.(type) {
	case *memberNode:
		return isComputed(n.x)
	case *indexNode:
		return isComputed(n.x)
	case *callNode, *subqueryNode:
		return true
	}
	return false
}

// addSource appends s and binds its alias.
func (b *binder) addSource(bl *block, sc *scope, f *fromNode, s source, alias string) {
	bl.from = append(bl.from, s)
	if alias == "" {
		return
	}
	if _, taken := sc.names[alias]; taken {
		b.fail(f.span, codeSyntax, "The input alias '%s' is specified more than once in the FROM clause", alias)
	}
	sc.names[alias] = binding{s.slot, len(bl.from) - 1}
}

// splitPath takes a path apart: its root name and the nodes that follow, from
// the root outwards.
func splitPath(n node) (*nameNode, []node) {
	var steps []node
	for {
		switch x := n.(type) {
		case *memberNode:
			steps = append(steps, x)
			n = x.x
		case *indexNode:
			steps = append(steps, x)
			n = x.x
		case *nameNode:
			for i, j := 0, len(steps)-1; i < j; i, j = i+1, j-1 {
				steps[i], steps[j] = steps[j], steps[i]
			}
			return x, steps
		default:
			return &nameNode{span: n.at()}, nil
		}
	}
}

// lastName is the alias that a path has of itself, or "".
func lastName(n node) string {
	switch x := n.(type) {
	case *nameNode:
		return x.name
	case *memberNode:
		return x.name
	}
	return ""
}
