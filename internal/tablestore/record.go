package tablestore

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"
)

// A record is the value of an entity's key:
//
//	+-------------+-------------------+----------------+------------- … per property … -----------+
//	| version 1:  | timestamp: ticks, | count: uvarint | name: uvarint | type:  | value            |
//	| 1 byte      | 8 bytes, big end  |                | and bytes     | 1 byte |                  |
//	+-------------+-------------------+----------------+---------------+--------+------------------+
//
//	String, Binary: uvarint length and bytes   GUID: 16 bytes   Boolean: 1 byte
//	Int32, Int64: varint                       Double, DateTime: 8 bytes, little end
const recordVersion = 1

const recordHead = 1 + 8

var errRecord = errors.New("malformed record of an entity")

// appendRecord appends the entity's record.
func appendRecord(dst []byte, e *Entity) []byte {
	dst = append(dst, recordVersion)
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.Timestamp))
	dst = binary.AppendUvarint(dst, uint64(len(e.Properties)))
	for i := range e.Properties {
		p := &e.Properties[i]
		dst = appendText(dst, p.Name)
		dst = appendValue(append(dst, byte(p.Value.typ)), &p.Value)
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendValue(dst []byte, v *Value) []byte {
	switch v.typ {
	case String, Binary:
		return appendText(dst, v.str)
	case GUID:
		return append(dst, v.str...)
	case Boolean:
		return append(dst, byte(v.num))
	case Int32, Int64:
		return binary.AppendVarint(dst, int64(v.num))
	}
	return binary.LittleEndian.AppendUint64(dst, v.num)
}

// stampOf returns the timestamp of a record.
func stampOf(record []byte) (Ticks, error) {
	if len(record) < recordHead || record[0] != recordVersion {
		return 0, errRecord
	}
	return Ticks(binary.BigEndian.Uint64(record[1:])), nil
}

// parse fills the timestamp and the properties, which share the record's memory
// and reuse e.Properties.
func (e *Entity) parse(record string) error {
	if len(record) < recordHead || record[0] != recordVersion {
		return errRecord
	}
	r := reader{left: record[1:]}
	e.Timestamp = Ticks(bigUint64(r.take(8)))
	n := r.uvarint()
	if n > uint64(len(r.left)) { // a property takes three bytes at least
		return errRecord
	}
	e.Properties = e.Properties[:0]
	for range n {
		name := r.text()
		e.Properties = append(e.Properties, Property{name, r.value()})
	}
	if r.bad || len(r.left) > 0 {
		return errRecord
	}
	return nil
}

// reader reads a record. It goes bad once and is asked at the end.
type reader struct {
	left string
	bad  bool
}

func (r *reader) take(n uint64) string {
	if n > uint64(len(r.left)) {
		r.bad, r.left = true, ""
		return ""
	}
	s := r.left[:n]
	r.left = r.left[n:]
	return s
}

func (r *reader) byte() byte {
	if s := r.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (r *reader) uvarint() (n uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

func (r *reader) text() string { return r.take(r.uvarint()) }

func (r *reader) value() Value {
	v := Value{typ: Type(r.byte())}
	switch v.typ {
	case String:
		v.str = r.text()
		r.bad = r.bad || !utf8.ValidString(v.str)
	case Binary:
		v.str = r.text()
	case GUID:
		v.str = r.take(16)
	case Boolean:
		v.num = uint64(r.byte())
		r.bad = r.bad || v.num > 1
	case Int32, Int64:
		u := r.uvarint()
		n := int64(u>>1) ^ -int64(u&1)
		v.num = uint64(n)
		r.bad = r.bad || v.typ == Int32 && (n < math.MinInt32 || n > math.MaxInt32)
	case Double, DateTime:
		v.num = littleUint64(r.take(8))
	default:
		r.bad = true
	}
	return v
}

// bigUint64 and littleUint64 read eight bytes of a string; of a shorter one 0.
func bigUint64(s string) (n uint64) {
	for i := range len(s) {
		n = n<<8 | uint64(s[i])
	}
	return n
}

func littleUint64(s string) (n uint64) {
	for i := len(s) - 1; i >= 0; i-- {
		n = n<<8 | uint64(s[i])
	}
	return n
}
