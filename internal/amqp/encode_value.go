package amqp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// AppendValue appends any Value in its shortest encoding. It fails on Go
// types outside the table at Value, on arrays of mixed types, and on nesting
// deeper than MaxDepth; dst is then returned as it was.
func AppendValue(dst []byte, v Value) ([]byte, error) {
	grown, err := appendValue(dst, v, 0)
	if err != nil {
		return dst, err
	}
	return grown, nil
}

func appendValue(dst []byte, v Value, depth int) ([]byte, error) {
	if err := checkDepth(v, depth); err != nil {
		return dst, err
	}
	switch x := v.(type) {
	case nil:
		return AppendNull(dst), nil
	case bool:
		return AppendBool(dst, x), nil
	case uint32:
		return AppendUint(dst, x), nil
	case uint64:
		return AppendUlong(dst, x), nil
	case int32:
		return AppendInt(dst, x), nil
	case int64:
		return AppendLong(dst, x), nil
	case int:
		return AppendLong(dst, int64(x)), nil
	case string:
		return AppendString(dst, x), nil
	case Symbol:
		return AppendSymbol(dst, x), nil
	case []byte:
		return AppendBinary(dst, x), nil
	case []any:
		return appendList(dst, x, depth)
	case Map:
		return appendMap(dst, x, depth)
	case Array:
		return appendArray(dst, x, depth)
	case Described:
		dst, err := appendValue(append(dst, ctorDescribed), x.Descriptor, depth+1)
		if err != nil {
			return dst, err
		}
		return appendValue(dst, x.Value, depth+1)
	}
	ctor, err := arrayConstructor(Array{v})
	if err != nil {
		return dst, err
	}
	return appendFixed(append(dst, ctor), v), nil
}

// checkDepth refuses what the decoder would refuse.
func checkDepth(v Value, depth int) error {
	if depth < MaxDepth {
		return nil
	}
	switch v.(type) {
	case []any, Map, Array, Described:
		return fmt.Errorf("amqp: values nest deeper than %d", MaxDepth)
	}
	return nil
}

func appendList(dst []byte, list []any, depth int) ([]byte, error) {
	dst, mark := openCompound(dst)
	var err error
	for _, v := range list {
		if dst, err = appendValue(dst, v, depth+1); err != nil {
			return dst, err
		}
	}
	return closeCompound(dst, mark, ctorList8, len(list)), nil
}

func appendMap(dst []byte, m Map, depth int) ([]byte, error) {
	dst, mark := openCompound(dst)
	var err error
	for _, e := range m {
		if dst, err = appendValue(dst, e.Key, depth+1); err != nil {
			return dst, err
		}
		if dst, err = appendValue(dst, e.Value, depth+1); err != nil {
			return dst, err
		}
	}
	return closeCompound(dst, mark, ctorMap8, 2*len(m)), nil
}

// appendArray writes the wide form:
//
//	┌──────┬──────────┬───────────┬─────────────────────────┬──────────┐
//	│ 0xf0 │ size u32 │ count u32 │ [0x00 descriptor …] ctor │ elements │
//	└──────┴──────────┴───────────┴─────────────────────────┴──────────┘
func appendArray(dst []byte, a Array, depth int) ([]byte, error) {
	dst, mark := openCompound(dst)
	dst, err := appendArrayBody(dst, a, depth+1)
	if err != nil {
		return dst, err
	}
	putCompoundHead(dst[mark:], ctorArray32, len(dst)-mark-compoundHead, len(a))
	return dst, nil
}

// appendArrayBody writes the constructor and the elements, which are at the
// given depth.
func appendArrayBody(dst []byte, a Array, depth int) ([]byte, error) {
	if len(a) > 0 {
		if err := checkDepth(a[0], depth); err != nil {
			return dst, err
		}
		if _, ok := a[0].(Described); ok {
			return appendDescribedArray(dst, a, depth)
		}
	}
	ctor, err := arrayConstructor(a)
	if err != nil {
		return dst, err
	}
	dst = append(dst, ctor)
	for _, v := range a {
		if dst, err = appendElement(dst, ctor, v, depth); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendDescribedArray writes the common descriptor once and the bare
// elements as an array body of their own.
func appendDescribedArray(dst []byte, a Array, depth int) ([]byte, error) {
	var head []byte
	bare := make(Array, len(a))
	for i, v := range a {
		d, ok := v.(Described)
		if !ok {
			return dst, fmt.Errorf("amqp: array mixes described values and %T", v)
		}
		enc, err := appendValue(nil, d.Descriptor, depth)
		if err != nil {
			return dst, err
		}
		if i == 0 {
			head = enc
		} else if !bytes.Equal(head, enc) {
			return dst, fmt.Errorf("amqp: array mixes descriptors")
		}
		bare[i] = d.Value
	}
	dst = append(append(dst, ctorDescribed), head...)
	return appendArrayBody(dst, bare, depth+1)
}

// arrayConstructor returns the one constructor that holds all elements.
func arrayConstructor(a Array) (byte, error) {
	if len(a) == 0 {
		return ctorNull, nil
	}
	ctor := elementConstructor(a[0])
	if ctor == 0 {
		return 0, fmt.Errorf("amqp: cannot encode a Go value of type %T", a[0])
	}
	for _, v := range a {
		c := elementConstructor(v)
		if c|0x10 == ctor|0x10 && c >= 0xa0 && ctor >= 0xa0 {
			ctor = max(c, ctor) // the wide form once one element needs it
			continue
		}
		if c != ctor {
			return 0, fmt.Errorf("amqp: array mixes %T and %T", a[0], v)
		}
	}
	return ctor, nil
}

// elementConstructor returns the constructor of a value inside an array,
// where all elements share one width; 0 when there is none.
func elementConstructor(v any) byte {
	variable := func(ctor byte, n int) byte {
		if n > math.MaxUint8 {
			return ctor | 0x10
		}
		return ctor
	}
	switch x := v.(type) {
	case nil:
		return ctorNull
	case bool:
		return ctorBool
	case uint8:
		return ctorUbyte
	case uint16:
		return ctorUshort
	case uint32:
		return ctorUint
	case uint64:
		return ctorUlong
	case int8:
		return ctorByte
	case int16:
		return ctorShort
	case int32:
		return ctorInt
	case int64, int:
		return ctorLong
	case float32:
		return ctorFloat
	case float64:
		return ctorDouble
	case Char:
		return ctorChar
	case time.Time:
		return ctorTimestamp
	case Decimal32:
		return ctorDecimal32
	case Decimal64:
		return ctorDecimal64
	case Decimal128:
		return ctorDecimal128
	case UUID:
		return ctorUUID
	case []byte:
		return variable(ctorBinary8, len(x))
	case string:
		return variable(ctorString8, len(x))
	case Symbol:
		return variable(ctorSymbol8, len(x))
	case []any:
		return ctorList32
	case Map:
		return ctorMap32
	case Array:
		return ctorArray32
	}
	return 0
}

// appendElement appends an array element, which has no constructor of its own.
func appendElement(dst []byte, ctor byte, v any, depth int) ([]byte, error) {
	switch x := v.(type) {
	case []byte:
		return append(appendSize(dst, ctor, len(x)), x...), nil
	case string:
		return append(appendSize(dst, ctor, len(x)), x...), nil
	case Symbol:
		return append(appendSize(dst, ctor, len(x)), x...), nil
	case []any, Map, Array:
		return appendWideElement(dst, v, depth)
	}
	return appendFixed(dst, v), nil
}

func appendSize(dst []byte, ctor byte, n int) []byte {
	if wide(ctor) {
		return binary.BigEndian.AppendUint32(dst, uint32(n))
	}
	return append(dst, byte(n))
}

// appendWideElement appends a list, map or array in wide form without its
// constructor.
func appendWideElement(dst []byte, v any, depth int) ([]byte, error) {
	if err := checkDepth(v, depth); err != nil {
		return dst, err
	}
	dst, mark := openCompound(dst)
	var err error
	var count int
	switch x := v.(type) {
	case Array:
		count = len(x)
		dst, err = appendArrayBody(dst, x, depth+1)
	case []any:
		count = len(x)
		for i := 0; i < len(x) && err == nil; i++ {
			dst, err = appendValue(dst, x[i], depth+1)
		}
	case Map:
		count = 2 * len(x)
		for i := 0; i < len(x) && err == nil; i++ {
			if dst, err = appendValue(dst, x[i].Key, depth+1); err == nil {
				dst, err = appendValue(dst, x[i].Value, depth+1)
			}
		}
	}
	if err != nil {
		return dst, err
	}
	putCompoundHead(dst[mark:], 0, len(dst)-mark-compoundHead, count)
	n := copy(dst[mark:], dst[mark+1:])
	return dst[:mark+n], nil
}

// appendFixed appends the fixed-width bytes of a value at full width.
func appendFixed(dst []byte, v any) []byte {
	be := binary.BigEndian
	switch x := v.(type) {
	case bool:
		if x {
			return append(dst, 1)
		}
		return append(dst, 0)
	case uint8:
		return append(dst, x)
	case int8:
		return append(dst, byte(x))
	case uint16:
		return be.AppendUint16(dst, x)
	case int16:
		return be.AppendUint16(dst, uint16(x))
	case uint32:
		return be.AppendUint32(dst, x)
	case int32:
		return be.AppendUint32(dst, uint32(x))
	case Char:
		return be.AppendUint32(dst, uint32(x))
	case float32:
		return be.AppendUint32(dst, math.Float32bits(x))
	case uint64:
		return be.AppendUint64(dst, x)
	case int64:
		return be.AppendUint64(dst, uint64(x))
	case int:
		return be.AppendUint64(dst, uint64(x))
	case float64:
		return be.AppendUint64(dst, math.Float64bits(x))
	case time.Time:
		return be.AppendUint64(dst, uint64(timestampMillis(x)))
	case Decimal32:
		return append(dst, x[:]...)
	case Decimal64:
		return append(dst, x[:]...)
	case Decimal128:
		return append(dst, x[:]...)
	case UUID:
		return append(dst, x[:]...)
	}
	return dst
}
