package streamsql

import (
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Decoder writes the fields that a script reads from JSON events into slots, in
// one pass over each event. It is owned by one goroutine.
type Decoder struct {
	in    *Input
	root  pathNode
	typed []typedSlot
	plain bool // the event has neither escapes nor control characters
}

// pathNode is a property name on the way to fields.
type pathNode struct {
	name  string
	slot  int // -1: only its children are read
	ascii bool
	kids  []pathNode
	// Events repeat the order of their properties: seen[n] is the n-th key that
	// came last time, and what it means.
	seen    []seenKey
	learned int
}

type seenKey struct {
	key string
	kid *pathNode // nil: not read
}

// Limits of what is remembered of keys, so that events without an order cost no
// memory.
const (
	maxSeen    = 256
	maxLearned = 4 * maxSeen
)

type typedSlot struct {
	slot int
	kind Kind
	name string
}

// absent marks the slot of a declared column until the event is found to have
// it. It never leaves the decoder.
const absent Kind = 0xff

// NewDecoder returns a decoder for the input's Fields.
func (in *Input) NewDecoder() *Decoder {
	d := &Decoder{in: in, root: pathNode{slot: -1}}
	for _, f := range in.Fields {
		at := &d.root
		for _, name := range f.Path {
			at = at.child(name)
		}
		at.slot = f.Slot
		if f.Type != Null && !slices.ContainsFunc(in.Meta, func(m MetaField) bool { return m.Slot == f.Slot }) {
			d.typed = append(d.typed, typedSlot{f.Slot, f.Type, strings.Join(f.Path, ".")})
		}
	}
	return d
}

// child finds or makes the child of a name.
func (n *pathNode) child(name string) *pathNode {
	for i := range n.kids {
		if strings.EqualFold(n.kids[i].name, name) {
			return &n.kids[i]
		}
	}
	ascii := true
	for i := range len(name) {
		ascii = ascii && name[i] < utf8.RuneSelf
	}
	n.kids = append(n.kids, pathNode{name: name, slot: -1, ascii: ascii})
	return &n.kids[len(n.kids)-1]
}

// find returns the child that the n-th key of an object names, or nil, and
// remembers it.
func (n *pathNode) find(key string, escaped bool, nth int) (kid *pathNode) {
	text := key
	if escaped {
		text = string(unescape(nil, key))
	}
	for i := range n.kids {
		if k := &n.kids[i]; k.name == text || sameName(k, text) {
			kid = k
			break
		}
	}
	if escaped || nth > len(n.seen) || nth >= maxSeen || n.learned >= maxLearned {
		return kid
	}
	n.learned++
	if nth == len(n.seen) {
		n.seen = append(n.seen, seenKey{})
	}
	n.seen[nth] = seenKey{strings.Clone(key), kid}
	return kid
}

// sameName compares without case.
func sameName(k *pathNode, key string) bool {
	if k.ascii && len(key) == len(k.name) {
		for i := range len(key) {
			if (key[i]^k.name[i])&^0x20 != 0 {
				return false // not even the same letters
			}
		}
	}
	return (len(key) == len(k.name) || !k.ascii) && strings.EqualFold(k.name, key)
}

// Decode reads one JSON object and sets row.Slots, whose capacity it reuses, to
// Schema().Width values: the fields found, all others (Meta and reserved slots
// too) NULL. The values refer to event and to row.Scratch; event must stay
// unchanged until the row is done with. Of a property that occurs twice the
// last counts.
//
// The whole event is checked for well-formed JSON in UTF-8. A malformed event,
// and a number that is read but fits no type, are an error of kind fault.Invalid
// that names the offset (a deserialisation error); a declared column that is not
// there, or does not convert without loss, is a *DataError.
func (d *Decoder) Decode(event []byte, row *Row) error {
	width := d.in.schema.Width
	if cap(row.Slots) < width {
		row.Slots = make([]Value, width)
	} else {
		row.Slots = row.Slots[:width]
		clear(row.Slots)
	}
	for i := range d.typed {
		row.Slots[d.typed[i].slot].kind = absent
	}
	var ascii bool
	if ascii, d.plain = survey(event); !ascii && !utf8.Valid(event) {
		return fault.New(fault.Invalid, "", "the event is not UTF-8")
	}
	s := unsafe.String(unsafe.SliceData(event), len(event))
	i := skipSpace(s, 0)
	if i >= len(s) || s[i] != '{' {
		return fault.New(fault.Invalid, "", "the event is not a JSON object: at offset %d '{' is expected", i)
	}
	end, at := d.object(&d.root, s, i, row, 0)
	if end == bad {
		return fault.New(fault.Invalid, "", "the event is not valid JSON near offset %d", at)
	}
	if rest := skipSpace(s, end); rest != len(s) {
		return fault.New(fault.Invalid, "", "there is more than one JSON object: at offset %d", rest)
	}
	if d.root.slot >= 0 {
		row.Slots[d.root.slot] = RecordValue(s[i:end])
	}
	return d.convert(row)
}

// object reads the object that begins at i; at is where it went bad.
func (d *Decoder) object(n *pathNode, s string, i int, row *Row, depth int) (end, at int) {
	if depth > maxJSONDepth {
		return bad, i
	}
	i = skipSpace(s, i+1)
	if i < len(s) && s[i] == '}' {
		return i + 1, 0
	}
	for nth := 0; ; nth++ {
		if i >= len(s) || s[i] != '"' {
			return bad, i
		}
		var kid *pathNode
		if i++; nth < len(n.seen) && beginsWithKey(s[i:], n.seen[nth].key) {
			kid = n.seen[nth].kid
			i += len(n.seen[nth].key) + 1
		} else {
			keyEnd, escaped := d.string(s, i)
			if keyEnd == bad {
				return bad, i
			}
			kid = n.find(s[i:keyEnd], escaped, nth)
			i = keyEnd + 1
		}
		if i < len(s) && s[i] != ':' {
			i = skipSpace(s, i)
		}
		if i >= len(s) || s[i] != ':' {
			return bad, i
		}
		if i++; i < len(s) && s[i] <= ' ' {
			i = skipSpace(s, i)
		}
		start := i
		switch {
		case kid != nil:
			i, at = d.value(kid, s, i, row, depth)
		case d.plain && i < len(s) && s[i] == '"':
			if i, _ = d.string(s, i+1); i != bad {
				i++
			}
		default:
			i = skipValue(s, i, depth)
		}
		if i == bad {
			return bad, max(start, at)
		}
		if i < len(s) && s[i] <= ' ' {
			i = skipSpace(s, i)
		}
		if i >= len(s) {
			return bad, i
		}
		if s[i] == '}' {
			return i + 1, 0
		}
		if s[i] != ',' {
			return bad, i
		}
		if i++; i < len(s) && s[i] <= ' ' {
			i = skipSpace(s, i)
		}
	}
}

// beginsWithKey says whether s begins with the key and its closing quote. Keys
// that are remembered have no escapes and no quotes.
func beginsWithKey(s, key string) bool {
	return len(s) > len(key) && s[len(key)] == '"' && s[:len(key)] == key
}

// string is scanString, faster for events without escapes.
func (d *Decoder) string(s string, i int) (end int, escaped bool) {
	if !d.plain {
		return scanString(s, i)
	}
	n := strings.IndexByte(s[i:], '"')
	if n < 0 {
		return bad, false
	}
	return i + n, false
}

// value reads the value of a field, or of something that contains fields.
func (d *Decoder) value(n *pathNode, s string, i int, row *Row, depth int) (end, at int) {
	if i >= len(s) {
		return bad, i
	}
	var v Value
	switch s[i] {
	case '"':
		closing, escaped := d.string(s, i+1)
		if closing == bad {
			return bad, i
		}
		v, end = StringValue(unescaped(s[i+1:closing], escaped, row.Scratch)), closing+1
	case '{':
		if len(n.kids) > 0 {
			end, at = d.object(n, s, i, row, depth+1)
		} else {
			end = skipValue(s, i, depth+1)
		}
		if end == bad {
			return bad, at
		}
		v = RecordValue(s[i:end])
	case '[':
		if end = skipValue(s, i, depth+1); end == bad {
			return bad, i
		}
		v = ArrayValue(s[i:end])
	case 't':
		v, end = BitValue(true), skipWord(s, i, "true")
	case 'f':
		v, end = BitValue(false), skipWord(s, i, "false")
	case 'n':
		end = skipWord(s, i, "null")
	default:
		v, end = scanNumber(s, i)
	}
	if n.slot >= 0 {
		row.Slots[n.slot] = v
	}
	return end, i
}

// convert applies the declared types.
func (d *Decoder) convert(row *Row) error {
	for _, t := range d.typed {
		v := row.Slots[t.slot]
		switch v.kind {
		case t.kind, Null:
			continue
		case absent:
			return &DataError{Missing: true, Msg: "the column '" + t.name + "', declared by CREATE TABLE, is not in the event"}
		}
		c, ok := convertInput(v, t.kind, row.Scratch)
		if !ok {
			return &DataError{Msg: "the column '" + t.name + "' is declared as " + t.kind.String() + " but the event has " + describe(v)}
		}
		row.Slots[t.slot] = c
	}
	return nil
}
