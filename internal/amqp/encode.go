package amqp

import (
	"encoding/binary"
	"math"
	"time"
)

// AppendNull appends null.
func AppendNull(dst []byte) []byte { return append(dst, ctorNull) }

// AppendBool appends a boolean.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, ctorTrue)
	}
	return append(dst, ctorFalse)
}

// AppendUint appends a uint (32 bits).
func AppendUint(dst []byte, n uint32) []byte {
	switch {
	case n == 0:
		return append(dst, ctorUint0)
	case n <= math.MaxUint8:
		return append(dst, ctorSmallUint, byte(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, ctorUint), n)
}

// AppendUlong appends a ulong.
func AppendUlong(dst []byte, n uint64) []byte {
	switch {
	case n == 0:
		return append(dst, ctorUlong0)
	case n <= math.MaxUint8:
		return append(dst, ctorSmallUlong, byte(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, ctorUlong), n)
}

// AppendInt appends an int (32 bits).
func AppendInt(dst []byte, n int32) []byte {
	if n == int32(int8(n)) {
		return append(dst, ctorSmallInt, byte(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, ctorInt), uint32(n))
}

// AppendLong appends a long.
func AppendLong(dst []byte, n int64) []byte {
	if n == int64(int8(n)) {
		return append(dst, ctorSmallLong, byte(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, ctorLong), uint64(n))
}

// AppendTimestamp appends a timestamp, cut to milliseconds.
func AppendTimestamp(dst []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(append(dst, ctorTimestamp), uint64(timestampMillis(t)))
}

// AppendString appends a string.
func AppendString(dst []byte, s string) []byte {
	return append(appendVariableHead(dst, ctorString8, len(s)), s...)
}

// AppendSymbol appends a symbol.
func AppendSymbol(dst []byte, s Symbol) []byte {
	return append(appendVariableHead(dst, ctorSymbol8, len(s)), s...)
}

// AppendBinary appends a binary.
func AppendBinary(dst []byte, b []byte) []byte {
	return append(appendVariableHead(dst, ctorBinary8, len(b)), b...)
}

// appendVariableHead appends the constructor and size of n bytes to come;
// ctor is the narrow constructor.
func appendVariableHead(dst []byte, ctor byte, n int) []byte {
	if n <= math.MaxUint8 {
		return append(dst, ctor, byte(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, ctor|0x10), uint32(n))
}

// compoundHead is the width of a wide compound head: constructor, size, count.
const compoundHead = 9

// openCompound appends room for a compound head; closeCompound fills it in.
// The mark is the head's place.
func openCompound(dst []byte) (grown []byte, mark int) {
	return append(dst, make([]byte, compoundHead)...), len(dst)
}

// closeCompound writes the head of the list or map opened at mark, whose
// values follow it: narrow when they fit, moving them down, else wide. ctor
// is the narrow constructor.
func closeCompound(dst []byte, mark int, ctor byte, count int) []byte {
	size := len(dst) - mark - compoundHead
	if ctor == ctorList8 && count == 0 {
		return append(dst[:mark], ctorList0)
	}
	if size+1 <= math.MaxUint8 && count <= math.MaxUint8 {
		dst[mark], dst[mark+1], dst[mark+2] = ctor, byte(size+1), byte(count)
		n := copy(dst[mark+3:], dst[mark+compoundHead:])
		return dst[:mark+3+n]
	}
	putCompoundHead(dst[mark:], ctor|0x10, size, count)
	return dst
}

// putCompoundHead writes a wide head; size is that of the values alone.
func putCompoundHead(b []byte, ctor byte, size, count int) {
	b[0] = ctor
	binary.BigEndian.PutUint32(b[1:], uint32(size+4))
	binary.BigEndian.PutUint32(b[5:], uint32(count))
}
