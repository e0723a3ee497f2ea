package store

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/klauspost/compress/zstd"
)

// values are a column of a block as it is read.
type values struct {
	texts []string // one per row, or a dictionary if there are codes
	codes []uint32
	ints  []int64
	reals []float64
	same  bool // index 0 stands for every row
}

var errColumn = errors.New("a column cannot be read although its checksum is right")

// decode reads a column of so many rows from its payload. Whatever the payload
// is, it takes no more memory than the payload's own size allows.
func decode(p place, kind storage, rows int, payload []byte, unpack *zstd.Decoder) (values, error) {
	raw := payload
	if p.packed {
		var err error
		if raw, err = unpack.DecodeAll(payload, make([]byte, 0, min(int(p.raw), 64*len(payload)+1024))); err != nil {
			return values{}, err
		}
	}
	if len(raw) != int(p.raw) {
		return values{}, errColumn
	}
	r := reader{b: raw}
	var v values
	switch {
	case p.coding == sameText && kind == texts:
		return values{texts: []string{string(raw)}, same: true}, nil
	case p.coding == dictText && kind == texts:
		n := r.uvarint()
		if n > uint64(rows) {
			return v, errColumn
		}
		v.texts = r.texts(int(n))
		v.codes = r.codes(rows, int(n))
	case p.coding == eachText && kind == texts:
		v.texts = r.texts(rows)
	case p.coding == sameInt && kind == ints:
		v.ints, v.same = []int64{r.varint()}, true
	case p.coding == deltaInt && kind == ints:
		v.ints = r.deltas(rows)
	case p.coding == eachReal && kind == reals:
		v.reals = r.planes(rows)
	case p.coding == tickReal && kind == reals:
		ticks := r.deltas(rows)
		v.reals = make([]float64, len(ticks))
		for i, t := range ticks {
			v.reals[i] = float64(t) / 1e4
		}
	default:
		return v, errColumn
	}
	if r.bad || len(r.b) != 0 {
		return values{}, errColumn
	}
	return v, nil
}

// texts reads n lengths and then n texts, which share one piece of memory.
func (r *reader) texts(n int) []string {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	lengths := make([]uint32, n)
	total := uint64(0)
	for i := range lengths {
		length := r.uvarint()
		total += length
		if length > maxPayload || total > maxPayload {
			r.bad = true
			return nil
		}
		lengths[i] = uint32(length)
	}
	all := r.text(total)
	if r.bad {
		return nil
	}
	out := make([]string, n)
	for i, length := range lengths {
		out[i], all = all[:length], all[length:]
	}
	return out
}

// codes reads a code below n for each row.
func (r *reader) codes(rows, n int) []uint32 {
	width := 4
	switch {
	case n <= 1<<8:
		width = 1
	case n <= 1<<16:
		width = 2
	}
	b := r.take(uint64(rows * width))
	if r.bad {
		return nil
	}
	out := make([]uint32, rows)
	top := uint32(0)
	for i := range out {
		switch width {
		case 1:
			out[i] = uint32(b[i])
		case 2:
			out[i] = uint32(binary.LittleEndian.Uint16(b[2*i:]))
		default:
			out[i] = binary.LittleEndian.Uint32(b[4*i:])
		}
		top = max(top, out[i])
	}
	if int(top) >= n {
		r.bad = true
		return nil
	}
	return out
}

func (r *reader) deltas(rows int) []int64 {
	if r.bad || rows > len(r.b) {
		r.bad = true
		return nil
	}
	out := make([]int64, rows)
	b, at := int64(0), 0
	for i := range out {
		d, n := binary.Varint(r.b[at:])
		if n <= 0 {
			r.bad = true
			return nil
		}
		at += n
		b += d
		out[i] = b
	}
	r.b = r.b[at:]
	return out
}

func (r *reader) planes(rows int) []float64 {
	b := r.take(uint64(rows) * 8)
	if r.bad {
		return nil
	}
	out := make([]float64, rows)
	for i := range out {
		bits := uint64(0)
		for plane := range 8 {
			bits |= uint64(b[plane*rows+i]) << (8 * plane)
		}
		out[i] = math.Float64frombits(bits)
	}
	return out
}
