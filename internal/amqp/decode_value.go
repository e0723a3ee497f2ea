package amqp

import (
	"math"
	"unicode/utf8"
)

// value builds the next value.
func (d *decoder) value(depth int) Value {
	ctor := d.u8()
	if d.err != nil {
		return nil
	}
	if ctor == ctorDescribed {
		return d.described(depth)
	}
	return d.body(ctor, depth)
}

func (d *decoder) described(depth int) Value {
	if depth >= MaxDepth {
		d.fail("values nest deeper than %d", MaxDepth)
		return nil
	}
	descriptor := d.value(depth + 1)
	v := d.value(depth + 1)
	if d.err != nil {
		return nil
	}
	return Described{Descriptor: descriptor, Value: v}
}

// body builds the value that follows a constructor.
func (d *decoder) body(ctor byte, depth int) Value {
	if d.values--; d.values < 0 {
		d.fail("more values than the limit")
		return nil
	}
	switch ctor {
	case ctorNull:
		return nil
	case ctorTrue:
		return true
	case ctorFalse:
		return false
	case ctorBool:
		return d.boolByte()
	case ctorUbyte:
		return d.u8()
	case ctorUshort:
		return d.u16()
	case ctorUint0:
		return uint32(0)
	case ctorSmallUint:
		return uint32(d.u8())
	case ctorUint:
		return d.u32()
	case ctorUlong0:
		return uint64(0)
	case ctorSmallUlong:
		return uint64(d.u8())
	case ctorUlong:
		return d.u64()
	case ctorByte:
		return int8(d.u8())
	case ctorShort:
		return int16(d.u16())
	case ctorSmallInt:
		return int32(int8(d.u8()))
	case ctorInt:
		return int32(d.u32())
	case ctorSmallLong:
		return int64(int8(d.u8()))
	case ctorLong:
		return int64(d.u64())
	case ctorFloat:
		return math.Float32frombits(d.u32())
	case ctorDouble:
		return math.Float64frombits(d.u64())
	case ctorChar:
		return d.char()
	case ctorTimestamp:
		return millisTime(int64(d.u64()))
	case ctorDecimal32:
		return Decimal32(fixed(d, 4))
	case ctorDecimal64:
		return Decimal64(fixed(d, 8))
	case ctorDecimal128:
		return Decimal128(fixed(d, 16))
	case ctorUUID:
		return UUID(fixed(d, 16))
	case ctorBinary8, ctorBinary32:
		return d.sized(ctor)
	case ctorString8, ctorString32:
		return d.stringBody(ctor)
	case ctorSymbol8, ctorSymbol32:
		return d.symbolBody(ctor)
	case ctorList0, ctorList8, ctorList32:
		return d.list(ctor, depth)
	case ctorMap8, ctorMap32:
		return d.mapping(ctor, depth)
	case ctorArray8, ctorArray32:
		return d.array(ctor, depth)
	}
	d.fail("unknown constructor 0x%02x", ctor)
	return nil
}

func (d *decoder) boolByte() bool {
	switch d.u8() {
	case 0:
		return false
	case 1:
		return true
	}
	d.fail("boolean is neither 0 nor 1")
	return false
}

func (d *decoder) char() Value {
	r := d.u32()
	if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
		d.fail("0x%x is not a character", r)
		return nil
	}
	return Char(r)
}

func (d *decoder) stringBody(ctor byte) string { return string(d.text(ctor)) }

func (d *decoder) symbolBody(ctor byte) Symbol { return Symbol(d.text(ctor)) }

// text returns the bytes of a string, which must be UTF-8, or of a symbol,
// which must be ASCII.
func (d *decoder) text(ctor byte) []byte {
	b := d.sized(ctor)
	if ctor&0x0f == ctorString8&0x0f {
		if !utf8.Valid(b) {
			d.fail("string is not UTF-8")
		}
		return b
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			d.fail("symbol is not ASCII")
			break
		}
	}
	return b
}

// fixed returns n bytes, zeros once the decoder is bad.
func fixed(d *decoder, n int) []byte {
	if b := d.take(uint64(n)); b != nil {
		return b
	}
	return make([]byte, n)
}

func (d *decoder) list(ctor byte, depth int) Value {
	if ctor == ctorList0 {
		return []any{}
	}
	inner, count := d.nested(ctor, depth)
	list := make([]any, 0, inner.capacity(count))
	for i := uint32(0); i < count && inner.err == nil; i++ {
		list = append(list, inner.value(depth+1))
	}
	d.join(&inner)
	return list
}

func (d *decoder) mapping(ctor byte, depth int) Map {
	inner, count := d.nested(ctor, depth)
	if count%2 != 0 {
		inner.fail("map with an odd number of values, %d", count)
	}
	m := make(Map, 0, inner.capacity(count/2))
	for i := uint32(0); i < count/2 && inner.err == nil; i++ {
		key := inner.value(depth + 1)
		m = append(m, Entry{Key: key, Value: inner.value(depth + 1)})
	}
	d.join(&inner)
	return m
}

func (d *decoder) array(ctor byte, depth int) Value {
	inner, count := d.nested(ctor, depth)
	if inner.err == nil && count == 0 && len(inner.b) == 0 {
		d.join(&inner)
		return Array{} // some encoders leave out the constructor of nothing
	}
	var descriptors []any
	element := inner.u8()
	for element == ctorDescribed && inner.err == nil {
		if len(descriptors) >= MaxDepth-depth {
			inner.fail("values nest deeper than %d", MaxDepth)
			break
		}
		descriptors = append(descriptors, inner.value(depth+1+len(descriptors)))
		element = inner.u8()
	}
	if inner.err == nil && !known(element) {
		inner.fail("unknown constructor 0x%02x", element)
	}
	a := make(Array, 0, inner.capacity(count))
	for i := uint32(0); i < count && inner.err == nil; i++ {
		v := inner.body(element, depth+1+len(descriptors))
		for j := len(descriptors) - 1; j >= 0; j-- {
			v = Described{Descriptor: descriptors[j], Value: v}
		}
		a = append(a, v)
	}
	d.join(&inner)
	return a
}

// nested is compound one level deeper.
func (d *decoder) nested(ctor byte, depth int) (decoder, uint32) {
	if depth >= MaxDepth {
		d.fail("values nest deeper than %d", MaxDepth)
		return decoder{err: d.err}, 0
	}
	return d.compound(ctor)
}

// capacity bounds an announced count by the bytes that are really there, so
// that memory is spent only on what was sent.
func (d *decoder) capacity(count uint32) int { return int(min(uint64(count), uint64(len(d.b)))) }
