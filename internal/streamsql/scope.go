package streamsql

import "strings"

// scope is where an expression stands: which names it sees and what it may use.
type scope struct {
	b        *binder
	rel      *relation      // rows that it reads, before grouping
	clause   string         // for messages
	times    bool           // DATEDIFF(unit, source, source) reads the sources' times
	analytic map[string]int // slots of the functions with OVER; nil if there may be none
	groups   *grouping      // reads groups instead of rows
	aliases  []selectItem   // SELECT list whose aliases are visible (HAVING)
	match    *matching      // within MATCH_RECOGNIZE
	depth    int            // of aliases within aliases
}

// in returns the same scope for another clause.
func (sc *scope) in(clause string) *scope {
	c := *sc
	c.clause = clause
	return &c
}

func (sc *scope) fail(at span, format string, args ...any) { sc.b.fail(at, format, args...) }

func (sc *scope) exprs(xs []syntax) []*Expr {
	var out []*Expr
	for _, x := range xs {
		out = append(out, sc.expr(x))
	}
	return out
}

// aliasList names the sources for a message.
func (sc *scope) aliasList() string {
	var names []string
	for _, l := range sc.rel.leaves() {
		names = append(names, l.alias)
	}
	return "; there is " + strings.Join(names, ", ")
}

// streams counts the sources other than the elements of an APPLY.
func (sc *scope) streams() int {
	n := 0
	for _, l := range sc.rel.leaves() {
		if !l.element {
			n++
		}
	}
	return n
}

// findLeaf returns the leaf that a name refers to and the path within it; a path
// of no parts is the whole row. The leaf is nil if nothing has the name.
func (sc *scope) findLeaf(x *nameExpr) (*relation, []string) {
	parts := make([]string, len(x.parts))
	for i, p := range x.parts {
		parts[i] = p.text
	}
	leaves := sc.rel.leaves()
	if l := sc.rel.leaf(parts[0]); l != nil && len(parts) > 1 {
		return l, parts[1:]
	}
	var streams, having []*relation
	for _, l := range leaves {
		if !l.element {
			streams = append(streams, l)
		}
		if _, _, ok := peekPath(l.src, parts); ok && !l.src.open() {
			having = append(having, l)
		}
	}
	switch {
	case len(having) == 1:
		return having[0], parts
	case len(having) > 1:
		sc.fail(x.at, "'%s' is in several sources: write source.%[1]s%s", parts[0], sc.aliasList())
	}
	if l := sc.rel.leaf(parts[0]); l != nil && len(leaves) > 1 {
		return l, nil
	}
	if len(streams) == 1 {
		if streams[0].src.open() {
			return streams[0], parts
		}
		if l := sc.rel.leaf(parts[0]); l != nil {
			return l, nil
		}
		return nil, nil
	}
	var open []*relation
	for _, l := range streams {
		if l.src.open() {
			open = append(open, l)
		}
	}
	switch len(open) {
	case 0:
		return nil, nil
	case 1:
		return open[0], parts
	}
	sc.fail(x.at, "'%s' could be in several sources: write source.%[1]s%s", parts[0], sc.aliasList())
	return nil, nil
}

// peekPath says whether a source that is not open has the column, without
// making a slot.
func peekPath(src rowSource, parts []string) (slot int, rest []string, ok bool) {
	if src.open() {
		return 0, nil, false
	}
	if in, isInput := src.(*inputSource); isInput {
		for _, c := range in.declared {
			if strings.EqualFold(c.name.text, parts[0]) {
				return 0, nil, true
			}
		}
	}
	return src.path(parts)
}

// name binds a path to a slot.
func (sc *scope) name(x *nameExpr) *Expr {
	if len(x.parts) == 1 {
		switch strings.ToLower(x.parts[0].text) {
		case "true", "false":
			sc.fail(x.at, "'%s' is no literal: compare a bit with 1 or 0, or write [%[1]s] for a column of that name", x.parts[0].text)
		}
	}
	leaf, parts := sc.findLeaf(x)
	if leaf == nil {
		src := sc.rel.leaves()[0].src
		sc.fail(x.at, "'%s' is not a column here%s", x.parts[0].text, candidates(src))
	}
	if len(parts) == 0 {
		return sc.record(leaf, x)
	}
	slot, rest, ok := leaf.src.path(parts)
	if !ok {
		sc.fail(x.at, "'%s' is not a column of '%s'%s", parts[0], leaf.alias, candidates(leaf.src))
	}
	e := slotExpr(leaf.lift(slot, sc.rel), sc.source(x))
	if len(rest) == 0 {
		e.static = leaf.src.static(slot)
	}
	return sc.located(pathExpr(e, rest), x)
}

// nameOrRow binds a path, or the name of a source, which stands for its whole
// row as a record. Of an input that takes any column name, a property of that
// name comes first; which it is, is known only for each event.
func (sc *scope) nameOrRow(x *nameExpr) *Expr {
	e := sc.name(x)
	if len(x.parts) != 1 {
		return e
	}
	leaf := sc.rel.leaf(x.parts[0].text)
	if leaf == nil || leaf.element || !leaf.src.open() {
		return e
	}
	if found, rest := sc.findLeaf(x); found == leaf && len(rest) == 0 {
		return e
	}
	return sc.located(firstPresent(e, sc.record(leaf, x)), x)
}

// record is the whole row of a leaf as a record.
func (sc *scope) record(leaf *relation, x syntax) *Expr {
	cols := leaf.src.columns()
	lifted := make([]Column, len(cols))
	for i, c := range cols {
		c.Slot = leaf.lift(c.Slot, sc.rel)
		lifted[i] = c
	}
	return sc.located(recordExpr(lifted), x)
}

// allRecord is the whole row of all sources as a record.
func (sc *scope) allRecord(x syntax) *Expr {
	var cols []Column
	for _, l := range sc.rel.leaves() {
		if l.element {
			continue
		}
		for _, c := range l.src.columns() {
			c.Slot = l.lift(c.Slot, sc.rel)
			cols = append(cols, c)
		}
	}
	return sc.located(recordExpr(cols), x)
}

// timeLeaf returns the source that an argument of DATEDIFF names.
func (sc *scope) timeLeaf(x syntax) *relation {
	name, ok := x.(*nameExpr)
	if !ok || len(name.parts) != 1 || !sc.times || sc.rel.src != nil {
		return nil
	}
	if l := sc.rel.leaf(name.parts[0].text); l != nil && !l.element {
		return l
	}
	return nil
}

// source returns the text of an expression with single blanks.
func (sc *scope) source(x syntax) string {
	at := x.where()
	return strings.Join(strings.Fields(sc.b.text[at.start:at.end]), " ")
}

// located gives an expression its place.
func (sc *scope) located(e *Expr, x syntax) *Expr {
	c := *e
	c.at, c.text = x.where(), sc.source(x)
	return &c
}

// canon renders an expression so that two that mean the same are the same text:
// names are resolved and lower-case.
func (sc *scope) canon(x syntax) string {
	var sb strings.Builder
	sc.writeCanon(&sb, x)
	return sb.String()
}
