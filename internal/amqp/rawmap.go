package amqp

// RawMap is an encoded map: its pairs without the map's own head.
type RawMap struct {
	Pairs []byte // key, value, key, value … encoded
	Count int    // values, so twice the number of pairs
}

// Map returns the raw map of an annotations or application-properties
// section, without copying. Sizes inside are checked as it is read.
func (s Section) Map() (RawMap, error) { return ParseRawMap(s.Body) }

// ParseRawMap takes the head off an encoded map, which must fill b.
func ParseRawMap(b []byte) (RawMap, error) {
	d := newDecoder(b)
	ctor := d.u8()
	if d.err == nil && ctor != ctorMap8 && ctor != ctorMap32 {
		return RawMap{}, decodeError("0x%02x where a map belongs", ctor)
	}
	inner, count := d.compound(ctor)
	switch {
	case inner.err != nil:
		return RawMap{}, inner.err
	case len(d.b) != 0:
		return RawMap{}, decodeError("%d bytes after a map", len(d.b))
	case count%2 != 0:
		return RawMap{}, decodeError("map with an odd number of values, %d", count)
	}
	return RawMap{Pairs: inner.b, Count: int(count)}, nil
}

// Pair is one encoded key and value of a RawMap.
type Pair struct{ Key, Value []byte }

// Next takes the first pair off the front of m. It reports false at the end
// or when what follows is malformed; Count is then not zero.
func (m *RawMap) Next() (p Pair, ok bool) {
	if m.Count < 2 {
		return p, false
	}
	rest, err := SkipValue(m.Pairs)
	if err != nil {
		return p, false
	}
	p.Key = m.Pairs[:len(m.Pairs)-len(rest)]
	after, err := SkipValue(rest)
	if err != nil {
		return p, false
	}
	p.Value = rest[:len(rest)-len(after)]
	m.Pairs, m.Count = after, m.Count-2
	return p, true
}

// Lookup returns the encoded value of a string or symbol key, without
// allocating; DecodeValue or TextOf reads it.
func (m RawMap) Lookup(key string) (value []byte, ok bool) {
	for p, more := m.Next(); more; p, more = m.Next() {
		if name, isText := TextOf(p.Key); isText && string(name) == key {
			return p.Value, true
		}
	}
	return nil, false
}

// TextOf returns the bytes of an encoded string or symbol, without copying.
func TextOf(encoded []byte) (text []byte, ok bool) {
	if len(encoded) < 2 {
		return nil, false
	}
	switch ctor := encoded[0]; ctor {
	case ctorString8, ctorSymbol8, ctorString32, ctorSymbol32:
		d := newDecoder(encoded[1:])
		text = d.sized(ctor)
		return text, d.err == nil
	}
	return nil, false
}
