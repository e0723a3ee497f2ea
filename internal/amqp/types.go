package amqp

import "time"

// Value is any AMQP value in its Go form:
//
//	null       nil             timestamp  time.Time (UTC, milliseconds)
//	boolean    bool            uuid       UUID
//	ubyte      uint8           binary     []byte
//	ushort     uint16          string     string
//	uint       uint32          symbol     Symbol
//	ulong      uint64          list       []any
//	byte       int8            map        Map (order kept)
//	short      int16           array      Array (elements of one type)
//	int        int32           described  Described
//	long       int64           decimal32  Decimal32 (opaque bytes)
//	float      float32         decimal64  Decimal64 (opaque bytes)
//	double     float64         decimal128 Decimal128 (opaque bytes)
//	char       Char
//
// Encoding also takes int, as a long.
type Value = any

// Symbol is the protocol's ASCII name type.
type Symbol string

// Char is one Unicode code point.
type Char rune

// UUID is the RFC 4122 form, most significant byte first.
type UUID [16]byte

// Decimal32 holds the IEEE 754 bytes of a decimal32 as they travelled.
type Decimal32 [4]byte

// Decimal64 holds the IEEE 754 bytes of a decimal64 as they travelled.
type Decimal64 [8]byte

// Decimal128 holds the IEEE 754 bytes of a decimal128 as they travelled.
type Decimal128 [16]byte

// Described is a value with a descriptor, which is a uint64 or a Symbol in
// every practical case.
type Described struct {
	Descriptor any
	Value      any
}

// Array is a sequence whose elements have one and the same AMQP type.
type Array []any

// Map is an AMQP map in the order of the wire.
type Map []Entry

// Entry is one pair of a Map.
type Entry struct{ Key, Value any }

// Get returns the value whose key is the string or the symbol.
func (m Map) Get(key string) (any, bool) {
	for i := range m {
		switch k := m[i].Key.(type) {
		case string:
			if k == key {
				return m[i].Value, true
			}
		case Symbol:
			if string(k) == key {
				return m[i].Value, true
			}
		}
	}
	return nil, false
}

// String returns the value of the key when it is a string or a symbol, else "".
func (m Map) String(key string) string {
	v, _ := m.Get(key)
	switch s := v.(type) {
	case string:
		return s
	case Symbol:
		return string(s)
	}
	return ""
}

// Int returns the value of the key when it is any integer type that fits an
// int64.
func (m Map) Int(key string) (int64, bool) {
	v, _ := m.Get(key)
	return AsInt(v)
}

// AsInt returns v as an int64 when it is of any AMQP integer type and fits.
func AsInt(v Value) (int64, bool) {
	switch n := v.(type) {
	case int8:
		return int64(n), true
	case int16:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case int:
		return int64(n), true
	case uint8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint32:
		return int64(n), true
	case uint64:
		return int64(n), n <= 1<<63-1
	}
	return 0, false
}

// timestampMillis and millisTime convert between Go's time and the protocol's
// milliseconds since the Unix epoch.
func timestampMillis(t time.Time) int64 { return t.UnixMilli() }

func millisTime(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
