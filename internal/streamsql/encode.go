package streamsql

import (
	"slices"
	"strings"
)

// Encoder writes rows as JSON objects. It has no state and may be shared.
type Encoder struct {
	cols     []encodedColumn
	named    []string // names of the columns that are not spread
	spreads  int
	omitNull bool
}

type encodedColumn struct {
	key    string // "name": with quotes and colon
	slot   int
	spread bool
	left   int // named columns before it
}

// NewEncoder returns an encoder for the columns of a schema. Names keep their
// spelling and order. NULL is written as null, or left out if omitNull. Of two
// columns of one name, of which * brings one, the left one is written (the rule
// of the vendor's page on SELECT), unless it is NULL and the other is not from *.
func NewEncoder(schema *Schema, omitNull bool) *Encoder {
	e := &Encoder{omitNull: omitNull}
	for _, c := range schema.Columns {
		if c.Spread {
			e.spreads++
			e.cols = append(e.cols, encodedColumn{slot: c.Slot, spread: true, left: len(e.named)})
			continue
		}
		key := string(append(appendString(nil, c.Name), ':'))
		e.cols = append(e.cols, encodedColumn{key: key, slot: c.Slot, left: len(e.named)})
		e.named = append(e.named, c.Name)
	}
	return e
}

// AppendRow appends the row as one JSON object without white space around it.
func (e *Encoder) AppendRow(dst []byte, row *Row) []byte {
	if len(e.cols) == 1 && e.spreads == 1 && !e.omitNull {
		if v := row.Slots[e.cols[0].slot]; v.kind == Record {
			return appendCompact(dst, v.str)
		}
		return append(dst, "{}"...)
	}
	dst = append(dst, '{')
	start := len(dst)
	var covered []int // named columns that a property to their left stands for
	for i := range e.cols {
		c := &e.cols[i]
		v := row.Slots[c.slot]
		if c.spread {
			dst = e.appendSpread(dst, start, v, row, i, &covered)
			continue
		}
		if v.kind == Null && e.omitNull || slices.Contains(covered, c.left) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = v.AppendJSON(append(dst, c.key...))
	}
	return append(dst, '}')
}

// appendSpread appends the properties of a record that nothing to its left has.
func (e *Encoder) appendSpread(dst []byte, start int, v Value, row *Row, col int, covered *[]int) []byte {
	if v.kind != Record {
		return dst
	}
	members(v.str, func(key string, escaped bool, value string) bool {
		if value == "null" && e.omitNull || e.hidden(key, escaped, value, row, col, covered) {
			return true
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, key...)
		dst = append(dst, '"', ':')
		dst = appendCompact(dst, value)
		return true
	})
	return dst
}

// hidden says whether a property gives way to another column. One that a named
// column to its right gives way to is added to covered.
func (e *Encoder) hidden(key string, escaped bool, value string, row *Row, col int, covered *[]int) bool {
	if escaped {
		key = string(unescape(nil, key))
	}
	for n, name := range e.named {
		if !strings.EqualFold(name, key) {
			continue
		}
		if n < e.cols[col].left || value == "null" || slices.Contains(*covered, n) {
			return true
		}
		*covered = append(*covered, n)
	}
	if e.spreads == 1 {
		return false
	}
	found := false
	for _, c := range e.cols[:col] {
		if v := row.Slots[c.slot]; c.spread && v.kind == Record {
			members(v.str, func(other string, esc bool, _ string) bool {
				found = found || sameKey(other, esc, key)
				return !found
			})
		}
	}
	return found
}
