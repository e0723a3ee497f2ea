package amqp

import (
	"encoding/binary"
	"fmt"
)

// Limits on what one decoded value may make us build.
const (
	// MaxDepth is how deep lists, maps, arrays and described values may nest.
	MaxDepth = 32
	// MaxValues is how many values, counted through all levels, one
	// performative, one decoded value or one parsed message may hold.
	MaxValues = 65536
)

// DecodeValue decodes the first value of b and returns what follows it. Binary
// values point into b. Errors are *Error with condition amqp:decode-error.
func DecodeValue(b []byte) (v Value, rest []byte, err error) {
	d := newDecoder(b)
	v = d.value(0)
	if d.err != nil {
		return nil, nil, d.err
	}
	return v, d.b, nil
}

// SkipValue returns b without its first value, whose outer size is checked
// but whose inside is not.
func SkipValue(b []byte) (rest []byte, err error) {
	d := newDecoder(b)
	d.skip(0)
	if d.err != nil {
		return nil, d.err
	}
	return d.b, nil
}

// decoder reads from the front of b. It goes bad once: after the first error
// every read gives zero values, and the caller checks err at the end.
type decoder struct {
	b      []byte
	err    error
	values int // how many more values may be built
}

func newDecoder(b []byte) decoder { return decoder{b: b, values: MaxValues} }

// fail records the first error; b is emptied so that loops end.
func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = &Error{Condition: ErrDecode, Description: fmt.Sprintf(format, args...)}
	}
	d.b = nil
}

// short is what every read gives at the end of the bytes.
func (d *decoder) short() byte {
	d.fail("value is cut short")
	return 0
}

// u8 is written to be inlined: it is called for every constructor.
func (d *decoder) u8() (v byte) {
	if len(d.b) == 0 {
		return d.short()
	}
	v, d.b = d.b[0], d.b[1:]
	return
}

func (d *decoder) u16() uint16 {
	if len(d.b) < 2 {
		return uint16(d.short())
	}
	v := binary.BigEndian.Uint16(d.b)
	d.b = d.b[2:]
	return v
}

func (d *decoder) u32() uint32 {
	if len(d.b) < 4 {
		return uint32(d.short())
	}
	v := binary.BigEndian.Uint32(d.b)
	d.b = d.b[4:]
	return v
}

func (d *decoder) u64() uint64 {
	if len(d.b) < 8 {
		return uint64(d.short())
	}
	v := binary.BigEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

// take returns the next n bytes of b.
func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail("size %d is larger than the %d bytes left", n, len(d.b))
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

// sized reads the size of a variable or compound value, 1 or 4 bytes wide by
// its constructor, and returns the bytes it covers.
func (d *decoder) sized(ctor byte) []byte {
	if wide(ctor) {
		return d.take(uint64(d.u32()))
	}
	return d.take(uint64(d.u8()))
}

// wide reports whether a variable, compound or array constructor has 4-byte
// size and count.
func wide(ctor byte) bool { return ctor&0x10 != 0 }

// compound reads a list, map or array head: the count and a decoder over what
// follows it within the value's size. The inner decoder shares the budget, so
// that it must be given back with join.
func (d *decoder) compound(ctor byte) (inner decoder, count uint32) {
	body := d.sized(ctor)
	inner = decoder{b: body, err: d.err, values: d.values}
	if inner.err != nil {
		return inner, 0
	}
	if wide(ctor) {
		count = inner.u32()
	} else {
		count = uint32(inner.u8())
	}
	if inner.err == nil && uint64(count) > uint64(inner.values) {
		inner.fail("collection of %d values exceeds the limit", count)
	}
	return inner, count
}

// join takes over the budget and the error of an inner decoder, which must
// have been read to its end.
func (d *decoder) join(inner *decoder) {
	d.values = inner.values
	if inner.err != nil {
		d.err, d.b = inner.err, nil
		return
	}
	if len(inner.b) != 0 {
		d.fail("%d bytes left over inside a collection", len(inner.b))
	}
}

// skip passes over one value by its sizes.
func (d *decoder) skip(depth int) {
	ctor := d.u8()
	for ctor == ctorDescribed && d.err == nil {
		if depth++; depth > MaxDepth {
			d.fail("values nest deeper than %d", MaxDepth)
			return
		}
		d.skip(depth)
		ctor = d.u8()
	}
	if d.err == nil {
		d.skipBody(ctor)
	}
}

// skipBody passes over what follows the constructor.
func (d *decoder) skipBody(ctor byte) {
	if !known(ctor) {
		d.fail("unknown constructor 0x%02x", ctor)
		return
	}
	switch ctor >> 4 {
	case 0x4:
	case 0x5, 0x6, 0x7, 0x8, 0x9:
		d.take(1 << (ctor>>4 - 5))
	default:
		d.sized(ctor)
	}
}

// known reports whether the constructor is one of the protocol's.
func known(ctor byte) bool {
	switch ctor {
	case ctorNull, ctorTrue, ctorFalse, ctorUint0, ctorUlong0, ctorList0,
		ctorUbyte, ctorByte, ctorSmallUint, ctorSmallUlong, ctorSmallInt, ctorSmallLong, ctorBool,
		ctorUshort, ctorShort, ctorUint, ctorInt, ctorFloat, ctorChar, ctorDecimal32,
		ctorUlong, ctorLong, ctorDouble, ctorTimestamp, ctorDecimal64, ctorDecimal128, ctorUUID,
		ctorBinary8, ctorString8, ctorSymbol8, ctorBinary32, ctorString32, ctorSymbol32,
		ctorList8, ctorMap8, ctorList32, ctorMap32, ctorArray8, ctorArray32:
		return true
	}
	return false
}
