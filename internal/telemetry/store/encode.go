package store

import (
	"encoding/binary"
	"math"

	"github.com/klauspost/compress/zstd"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// coding is how a column's values are written. The numbers are in files.
type coding uint8

const (
	sameText coding = iota // one text, which is the payload
	dictText               // count, lengths, texts; then a code of 1, 2 or 4 bytes per row
	eachText               // a length per row, then the texts
	sameInt                // one varint
	deltaInt               // the first as a varint, then differences
	eachReal               // 8 planes of a byte per row
	tickReal               // ten-thousandths, coded as deltaInt: what milliseconds are
)

// place says where a column's payload is, and what it is.
type place struct {
	coding coding
	packed bool   // zstd
	at     uint64 // in the file
	length uint32
	raw    uint32 // length when it is unpacked
	crc    uint32 // of what is in the file
}

const (
	maxRows    = 1 << 20   // of a block
	maxPayload = 256 << 20 // of a column, unpacked
	packFrom   = 64        // shorter payloads are not packed
)

// encoder writes blocks behind each other.
type encoder struct {
	out  []byte
	raw  []byte
	pack *zstd.Encoder
}

func newEncoder() (*encoder, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	return &encoder{pack: pack}, err
}

// put writes e.raw as a payload.
func (e *encoder) put(c coding) place {
	p := place{coding: c, at: uint64(len(e.out)), raw: uint32(len(e.raw))}
	if len(e.raw) >= packFrom {
		e.out = e.pack.EncodeAll(e.raw, e.out)
		p.packed = len(e.out)-int(p.at) < len(e.raw)
	}
	if !p.packed {
		e.out = append(e.out[:p.at], e.raw...)
	}
	p.length = uint32(len(e.out) - int(p.at))
	p.crc = checksum(e.out[p.at:])
	return p
}

// column writes one column of a block of so many rows.
func (e *encoder) column(c *column, kind item.Kind, rows int) place {
	e.raw = e.raw[:0]
	switch stores(kind) {
	case texts:
		return e.put(e.texts(c.texts, c.codes, c.index == nil))
	case reals:
		return e.put(e.reals(c.reals[:rows]))
	default:
		return e.put(e.ints(c.ints[:rows]))
	}
}

// texts writes texts; repeats says that the dictionary may have one twice, which
// no dictionary in a file has.
func (e *encoder) texts(dict []string, codes []uint32, repeats bool) coding {
	used := make([]bool, len(dict))
	distinct, last := 0, uint32(0)
	once, all := 0, 0 // bytes of the texts, and of one per row
	for _, code := range codes {
		all += len(dict[code])
		if !used[code] {
			used[code], last = true, code
			once += len(dict[code])
			distinct++
		}
	}
	switch {
	case distinct <= 1:
		e.raw = append(e.raw, dict[last]...)
		return sameText
	case (repeats || distinct > len(codes)/4 && distinct > 64) && all <= 2*once+1<<10:
		for _, code := range codes {
			e.raw = binary.AppendUvarint(e.raw, uint64(len(dict[code])))
		}
		for _, code := range codes {
			e.raw = append(e.raw, dict[code]...)
		}
		return eachText
	}
	renamed := make([]uint32, len(dict))
	var kept []string
	known := map[string]uint32{} // only of one that repeats
	for code, text := range dict {
		if !used[code] {
			continue
		}
		if at, ok := known[text]; ok {
			renamed[code] = at
			continue
		}
		renamed[code] = uint32(len(kept))
		if repeats {
			known[text] = renamed[code]
		}
		kept = append(kept, text)
	}
	e.raw = binary.AppendUvarint(e.raw, uint64(len(kept)))
	for _, text := range kept {
		e.raw = binary.AppendUvarint(e.raw, uint64(len(text)))
	}
	for _, text := range kept {
		e.raw = append(e.raw, text...)
	}
	for _, code := range codes {
		switch code = renamed[code]; {
		case len(kept) <= 1<<8:
			e.raw = append(e.raw, byte(code))
		case len(kept) <= 1<<16:
			e.raw = binary.LittleEndian.AppendUint16(e.raw, uint16(code))
		default:
			e.raw = binary.LittleEndian.AppendUint32(e.raw, code)
		}
	}
	return dictText
}

func (e *encoder) ints(values []int64) coding {
	same := true
	for _, v := range values {
		same = same && v == values[0]
	}
	if same {
		e.raw = binary.AppendVarint(e.raw, values[0])
		return sameInt
	}
	e.deltas(values)
	return deltaInt
}

func (e *encoder) deltas(values []int64) {
	before := int64(0)
	for _, v := range values {
		e.raw = binary.AppendVarint(e.raw, v-before) // wraps where it must, and back
		before = v
	}
}

func (e *encoder) reals(values []float64) coding {
	if ticks, ok := inTicks(values); ok {
		e.deltas(ticks)
		return tickReal
	}
	n := len(values)
	e.raw = append(e.raw, make([]byte, 8*n)...)
	for i, v := range values {
		b := math.Float64bits(v)
		for plane := range 8 {
			e.raw[plane*n+i] = byte(b >> (8 * plane))
		}
	}
	return eachReal
}

// inTicks returns the values in ten-thousandths, if that is exactly what they
// are.
func inTicks(values []float64) ([]int64, bool) {
	ticks := make([]int64, len(values))
	for i, v := range values {
		t := math.Round(v * 1e4)
		if math.IsNaN(t) || math.Abs(t) >= 1<<52 {
			return nil, false
		}
		ticks[i] = int64(t)
		if math.Float64bits(float64(ticks[i])/1e4) != math.Float64bits(v) {
			return nil, false
		}
	}
	return ticks, true
}

// encodeSegment writes a group as a segment file.
func encodeSegment(g *group, salt uint64) ([]byte, error) {
	e, err := newEncoder()
	if err != nil {
		return nil, err
	}
	e.out = append(make([]byte, 0, 4<<20), segmentMagic...)
	var d []byte
	le := binary.LittleEndian
	d = le.AppendUint64(d, salt)
	d = le.AppendUint64(d, g.number)
	d = le.AppendUint64(d, uint64(g.first))
	d = le.AppendUint64(d, uint64(g.made.UnixMilli()))
	d = binary.AppendUvarint(d, uint64(g.rows))
	blocks := 0
	for _, b := range g.blocks {
		if b != nil && b.rows > 0 {
			blocks++
		}
	}
	d = append(d, byte(blocks))
	for _, b := range g.blocks {
		if b != nil && b.rows > 0 {
			d = e.block(b, d)
		}
	}
	at := len(e.out)
	e.out = append(e.out, d...)
	e.out = le.AppendUint64(e.out, uint64(at))
	e.out = le.AppendUint32(e.out, uint32(len(d)))
	e.out = le.AppendUint32(e.out, checksum(d))
	return append(e.out, segmentMagic...), nil
}

// block writes a block, and what is said of it to the directory.
func (e *encoder) block(b *block, d []byte) []byte {
	d = append(d, byte(b.schema.Type))
	d = binary.AppendUvarint(d, uint64(b.rows))
	d = binary.AppendVarint(d, b.from)
	d = binary.AppendVarint(d, b.to)
	d = binary.AppendVarint(d, b.numbers[0])
	d = binary.AppendVarint(d, b.numbers[b.rows-1])
	size := 0
	for k := range b.columns {
		for _, text := range b.columns[k].texts {
			size += len(text)
		}
	}
	words := newFilter(size)
	d = append(d, byte(len(b.columns)+1))
	for k := range b.columns {
		f, c := &b.schema.Fields[k], &b.columns[k]
		d = appendPlace(d, f.Name, stores(f.Kind), e.column(c, f.Kind, b.rows))
		if stores(f.Kind) == texts {
			for _, text := range c.texts {
				words.addWords(text, f.Kind == item.Dynamic)
			}
		}
	}
	e.raw = e.raw[:0]
	d = appendPlace(d, numbersName, ints, e.put(e.ints(b.numbers[:b.rows])))
	at := len(e.out)
	for _, w := range words.fold() {
		e.out = binary.LittleEndian.AppendUint64(e.out, w)
	}
	d = binary.AppendUvarint(d, uint64(at))
	d = binary.AppendUvarint(d, uint64(len(e.out)-at))
	return binary.LittleEndian.AppendUint32(d, checksum(e.out[at:]))
}

// numbersName is the column of the rows' sequence numbers.
const numbersName = "#"

func appendPlace(d []byte, name string, s storage, p place) []byte {
	d = append(append(d, byte(len(name))), name...)
	packed := byte(0)
	if p.packed {
		packed = 1
	}
	d = append(d, byte(s), byte(p.coding), packed)
	d = binary.AppendUvarint(d, p.at)
	d = binary.AppendUvarint(d, uint64(p.length))
	d = binary.AppendUvarint(d, uint64(p.raw))
	return binary.LittleEndian.AppendUint32(d, p.crc)
}
