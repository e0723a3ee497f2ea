package streamsql

import (
	"slices"
	"strings"
)

// inputSource makes the fields of an input.
type inputSource struct {
	in        *Input
	declared  []columnDecl   // CREATE TABLE; nil: any column
	envelopes []string       // columns that the input adds to each event
	paths     map[string]int // lower-case path -> slot
}

// envelopeColumns are the columns that an input adds to each event.
func envelopeColumns(o InputOptions) []string {
	switch {
	case o.EventHub:
		return []string{"EventProcessedUtcTime", "PartitionId", "EventEnqueuedUtcTime"}
	case o.Blob:
		return []string{"EventProcessedUtcTime", "PartitionId", "BlobName", "BlobLastModifiedUtcTime"}
	}
	return nil
}

func (s *inputSource) open() bool { return s.declared == nil }

func (s *inputSource) reserve() int {
	s.in.schema.Width++
	return s.in.schema.Width - 1
}

func (s *inputSource) path(parts []string) (int, []string, bool) {
	kind := Null
	if s.declared != nil {
		i := slices.IndexFunc(s.declared, func(c columnDecl) bool { return strings.EqualFold(c.name.text, parts[0]) })
		if i < 0 {
			return s.envelope(parts)
		}
		kind = s.declared[i].kind
		return s.field(parts[:1], kind), parts[1:], true
	}
	if slot, rest, ok := s.envelope(parts); ok {
		return slot, rest, ok
	}
	return s.field(parts, kind), nil, true
}

func (s *inputSource) static(slot int) Kind {
	for _, f := range s.in.Fields {
		if f.Slot == slot && f.Type == String {
			return String
		}
	}
	return Null
}

// field returns the slot of a path, "" being the whole event.
func (s *inputSource) field(parts []string, kind Kind) int {
	key := strings.ToLower(strings.Join(parts, "\x00"))
	if slot, ok := s.paths[key]; ok {
		return slot
	}
	slot := s.reserve()
	s.paths[key] = slot
	s.in.Fields = append(s.in.Fields, Field{Path: slices.Clone(parts), Slot: slot, Type: kind})
	return slot
}

// envelopeColumn says whether the input adds a column of this name.
func (s *inputSource) envelopeColumn(name string) (string, bool) {
	for _, known := range s.envelopes {
		if strings.EqualFold(known, name) {
			return known, true
		}
	}
	return "", false
}

// envelope resolves a column that the input adds. A property of the event
// with the same name wins.
func (s *inputSource) envelope(parts []string) (int, []string, bool) {
	if len(parts) != 1 {
		return 0, nil, false
	}
	name, ok := s.envelopeColumn(parts[0])
	if !ok {
		return 0, nil, false
	}
	_, known := s.paths[strings.ToLower(name)]
	slot := s.field([]string{name}, Null)
	if !known {
		s.in.Meta = append(s.in.Meta, MetaField{Slot: slot, Name: name, IfMissing: true})
	}
	return slot, nil, true
}

// meta returns the slot of a property of the envelope.
func (s *inputSource) meta(name string, user bool) int {
	for _, m := range s.in.Meta {
		if !m.IfMissing && m.User == user && strings.EqualFold(m.Name, name) {
			return m.Slot
		}
	}
	slot := s.reserve()
	s.in.Meta = append(s.in.Meta, MetaField{Slot: slot, Name: name, User: user})
	return slot
}

func (s *inputSource) columns() []Column {
	var cols []Column
	if s.declared == nil {
		cols = append(cols, Column{Slot: s.field(nil, Null), Spread: true})
	}
	for _, c := range s.declared {
		cols = append(cols, Column{Name: c.name.text, Slot: s.field([]string{c.name.text}, c.kind)})
	}
	for _, name := range s.envelopes {
		slot, _, _ := s.envelope([]string{name})
		cols = append(cols, Column{Name: name, Slot: slot})
	}
	return cols
}

// projectSource is the output of a SELECT.
type projectSource struct {
	node  *Project
	stars []starSource
	top   *relation
	paths map[string]int
}

// starSource is what * of a SELECT list stands for: a leaf, or a record.
type starSource struct {
	rel    *relation
	record *Expr
	before int // columns of the list to its left
}

func (s starSource) open() bool { return s.record != nil || s.rel.src.open() }

func (s *projectSource) open() bool { return slices.ContainsFunc(s.stars, starSource.open) }

func (s *projectSource) columns() []Column { return s.node.schema.Columns }

func (s *projectSource) static(slot int) Kind {
	if e := s.node.Exprs[slot]; e != nil {
		return e.static
	}
	return Null
}

func (s *projectSource) reserve() int { return s.add(nil) }

// add appends a slot with its expression.
func (s *projectSource) add(e *Expr) int {
	s.node.Exprs = append(s.node.Exprs, e)
	s.node.schema.Width = len(s.node.Exprs)
	return len(s.node.Exprs) - 1
}

// path prefers what is on the left of the SELECT list, see Encoder.
func (s *projectSource) path(parts []string) (int, []string, bool) {
	named := slices.IndexFunc(s.node.schema.Columns, func(c Column) bool {
		return !c.Spread && strings.EqualFold(c.Name, parts[0])
	})
	stars := s.stars
	if named >= 0 {
		stars = slices.Clone(stars)
		stars = slices.DeleteFunc(stars, func(l starSource) bool { return !l.open() || l.before > named })
		if len(stars) == 0 {
			return s.node.schema.Columns[named].Slot, parts[1:], true
		}
	}
	key := strings.ToLower(strings.Join(parts, "\x00"))
	if slot, ok := s.paths[key]; ok {
		return slot, nil, true
	}
	var found *Expr
	either := func(e *Expr) {
		if found != nil {
			e = firstPresent(found, e)
		}
		found = e
	}
	for _, l := range stars {
		if l.record != nil {
			either(pathExpr(l.record, parts))
			continue
		}
		slot, rest, ok := l.rel.src.path(parts)
		if !ok {
			continue
		}
		either(pathExpr(slotExpr(l.rel.lift(slot, s.top), strings.Join(parts, ".")), rest))
		if !l.open() {
			break
		}
	}
	if named >= 0 {
		either(pathExpr(s.node.Exprs[s.node.schema.Columns[named].Slot], parts[1:]))
	}
	if found == nil {
		return 0, nil, false
	}
	slot := s.add(found)
	s.paths[key] = slot
	return slot, nil, true
}

// firstPresent is a.name unless it is NULL, then b.name: which of two open
// sources has a property is known only for each row.
func firstPresent(a, b *Expr) *Expr {
	return newExpr(a.text, a.at, func(r *Row) Value {
		if v := a.Eval(r); v.kind != Null {
			return v
		}
		return b.Eval(r)
	})
}

// unionSource is the output of a UNION.
type unionSource struct {
	node     *Union
	branches []rowSource
	paths    map[string]int
}

func (s *unionSource) open() bool { return s.branches[0].open() }
func (s *unionSource) static(slot int) Kind {
	for b, src := range s.branches {
		if from := s.node.Slots[b][slot]; from == Reserved || src.static(from) != String {
			return Null
		}
	}
	return String
}
func (s *unionSource) columns() []Column { return s.node.schema.Columns }

func (s *unionSource) reserve() int {
	from := make([]int, len(s.branches))
	for b := range from {
		from[b] = Reserved
	}
	return s.add(from)
}

// add appends a slot that each branch fills from its own.
func (s *unionSource) add(from []int) int {
	for b, slot := range from {
		s.node.Slots[b] = append(s.node.Slots[b], slot)
	}
	s.node.schema.Width++
	return s.node.schema.Width - 1
}

func (s *unionSource) path(parts []string) (int, []string, bool) {
	for _, c := range s.node.schema.Columns {
		if !c.Spread && strings.EqualFold(c.Name, parts[0]) {
			return c.Slot, parts[1:], true
		}
	}
	key := strings.ToLower(parts[0])
	if slot, ok := s.paths[key]; ok {
		return slot, parts[1:], true
	}
	from := make([]int, len(s.branches))
	for b, src := range s.branches {
		slot, rest, ok := src.path(parts[:1])
		if !ok || len(rest) > 0 {
			return 0, nil, false
		}
		from[b] = slot
	}
	slot := s.add(from)
	s.paths[key] = slot
	return slot, parts[1:], true
}

// listSource has fixed columns: the elements of an APPLY, the result of a
// MATCH_RECOGNIZE.
type listSource struct {
	cols []Column
	grow func() int
}

func (s *listSource) open() bool        { return false }
func (s *listSource) static(int) Kind   { return Null }
func (s *listSource) columns() []Column { return s.cols }
func (s *listSource) reserve() int      { return s.grow() }

func (s *listSource) path(parts []string) (int, []string, bool) {
	for _, c := range s.cols {
		if strings.EqualFold(c.Name, parts[0]) {
			return c.Slot, parts[1:], true
		}
	}
	return 0, nil, false
}
