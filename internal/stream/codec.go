package stream

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// Values are kept by operators and checkpoints in one form:
//
//	┌──────┬──────────────────────────────────────────────┐
//	│ kind │ Bit: 1 byte · BigInt, DateTime: zigzag varint │
//	│ 1 B  │ Float: 8 bytes · String, Record, Array: varint length, text │
//	└──────┴──────────────────────────────────────────────┘

// appendValue appends a value.
func appendValue(dst []byte, v streamsql.Value) []byte {
	k := v.Kind()
	dst = append(dst, byte(k))
	switch k {
	case streamsql.Null:
	case streamsql.Bit:
		dst = append(dst, byte(v.Int()))
	case streamsql.BigInt, streamsql.DateTime:
		dst = binary.AppendVarint(dst, v.Int())
	case streamsql.Float:
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float()))
	case streamsql.String, streamsql.Record, streamsql.Array:
		dst = binary.AppendUvarint(dst, uint64(len(v.Text())))
		dst = append(dst, v.Text()...)
	}
	return dst
}

// readValue reads a value that appendValue wrote and returns the rest. The text
// of the value is part of b. A form that appendValue does not write gives a nil
// rest and NULL.
func readValue(b []byte) (streamsql.Value, []byte) {
	if len(b) == 0 {
		return streamsql.NullValue, nil
	}
	kind, b := streamsql.Kind(b[0]), b[1:]
	switch kind {
	case streamsql.Null:
		return streamsql.NullValue, b
	case streamsql.Bit:
		if len(b) > 0 {
			return streamsql.BitValue(b[0] != 0), b[1:]
		}
	case streamsql.BigInt, streamsql.DateTime:
		n, size := binary.Varint(b)
		if size <= 0 {
			break
		}
		if kind == streamsql.DateTime {
			return streamsql.DateTimeValue(n), b[size:]
		}
		return streamsql.BigIntValue(n), b[size:]
	case streamsql.Float:
		if len(b) >= 8 {
			return streamsql.FloatValue(math.Float64frombits(binary.LittleEndian.Uint64(b))), b[8:]
		}
	case streamsql.String, streamsql.Record, streamsql.Array:
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			break
		}
		return textValue(kind, alias(b[size:size+int(n)])), b[size+int(n):]
	}
	return streamsql.NullValue, nil
}

func textValue(kind streamsql.Kind, text string) streamsql.Value {
	switch kind {
	case streamsql.Record:
		return streamsql.RecordValue(text)
	case streamsql.Array:
		return streamsql.ArrayValue(text)
	default:
		return streamsql.StringValue(text)
	}
}

// alias is the bytes as a string, without a copy.
func alias(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// stateWriter collects a snapshot.
type stateWriter struct{ b []byte }

func (w *stateWriter) int(n int64)    { w.b = binary.AppendVarint(w.b, n) }
func (w *stateWriter) uint(n uint64)  { w.b = binary.AppendUvarint(w.b, n) }
func (w *stateWriter) bytes(b []byte) { w.uint(uint64(len(b))); w.b = append(w.b, b...) }
func (w *stateWriter) text(s string)  { w.uint(uint64(len(s))); w.b = append(w.b, s...) }
func (w *stateWriter) bool(b bool) {
	if b {
		w.uint(1)
	} else {
		w.uint(0)
	}
}

func (w *stateWriter) float(f float64) {
	w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f))
}

func (w *stateWriter) rawWords(ws []uint64) {
	for _, x := range ws {
		w.b = binary.LittleEndian.AppendUint64(w.b, x)
	}
}

// stateReader reads a snapshot. It goes bad once, and returns zeros from then
// on; err is checked at the end.
type stateReader struct {
	b   []byte
	bad bool
}

func (r *stateReader) err() error {
	if r.bad {
		return fault.New(fault.Internal, "checkpoint", "the snapshot is damaged; start with another start mode than last")
	}
	return nil
}

func (r *stateReader) int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *stateReader) uint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *stateReader) bool() bool { return r.uint() != 0 }

// count reads a length of items that take at least size bytes each.
func (r *stateReader) count(size int) int {
	n := r.uint()
	if n > uint64(len(r.b)/max(size, 1)) {
		r.bad, r.b = true, nil
		return 0
	}
	return int(n)
}

// bytes returns a part of the snapshot.
func (r *stateReader) bytes() []byte {
	n := r.count(1)
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *stateReader) text() string { return string(r.bytes()) }

// value reads what appendValue wrote. Its text is part of the snapshot.
func (r *stateReader) value() streamsql.Value {
	v, rest := readValue(r.b)
	if rest == nil {
		r.bad = true
	}
	r.b = rest
	return v
}

func (r *stateReader) float() float64 {
	if len(r.b) < 8 {
		r.bad, r.b = true, nil
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(r.b))
	r.b = r.b[8:]
	return f
}
