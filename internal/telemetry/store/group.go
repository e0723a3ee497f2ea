package store

import (
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// group is what becomes one segment: the rows of all tables that came in one
// after another.
type group struct {
	number  uint64    // of its journal and of its segment
	first   int64     // sequence number of its first row
	made    time.Time // when its first row came
	rows    int
	bytes   int64 // of texts
	blocks  [item.Types]*block
	journal *journal
	scratch []byte // JSON of a value; owned by the writer
}

func newGroup(number uint64, first int64, made time.Time) *group {
	return &group{number: number, first: first, made: made}
}

// block is the rows of one table in a group. The writer appends to its columns
// under the store's mutex, and only ever behind what readers have seen.
type block struct {
	schema   *item.Schema
	rows     int
	from, to int64 // earliest and latest time, in ticks
	columns  []column
	numbers  []int64 // sequence number of each row
}

// column is a field's values. Which slice is used follows from the field's kind:
// String, Bool (as "True" and "False") and Dynamic are texts, Datetime, Int and
// Long ints, Real reals.
type column struct {
	texts []string // dictionary; 0 is ""
	codes []uint32 // nil while all are 0
	ints  []int64  // nullInt is null
	reals []float64

	index map[string]uint32 // of texts; nil once the column has turned out to be of many texts
	last  uint32            // the code before
}

// nullInt is stored where an int is null, and nullReal where a real is.
const nullInt = math.MinInt64

var nullReal = math.Float64frombits(0x7ff8_c0de_0000_0001)

// manyTexts is from how many on a dictionary is not looked up any more when half
// of the values are new.
const manyTexts = 1024

func (g *group) block(t item.Type) *block {
	b := g.blocks[t]
	if b == nil {
		s := item.Of(t)
		b = &block{schema: s, columns: make([]column, len(s.Fields))}
		for i := range b.columns {
			if stores(s.Fields[i].Kind) == texts {
				b.columns[i].texts = []string{""}
				b.columns[i].index = map[string]uint32{}
			}
		}
		g.blocks[t] = b
	}
	return b
}

// storage is how a column is kept.
type storage uint8

const (
	texts storage = iota
	ints
	reals
)

func stores(k item.Kind) storage {
	switch k {
	case item.String, item.Bool, item.Dynamic:
		return texts
	case item.Real:
		return reals
	default:
		return ints
	}
}

const (
	yes = "True"
	no  = "False"
)

// add puts an item's row into its table, and appends the row to a journal's
// record.
func (g *group) add(i *item.Item, record []byte) []byte {
	b := g.block(i.Body.Type())
	record = append(record, byte(i.Body.Type()))
	at := len(record)
	record = append(record, 0, 0, 0, 0, 0, 0, 0, 0)
	present := uint64(0)
	for k := range b.schema.Fields {
		f, c := &b.schema.Fields[k], &b.columns[k]
		var code uint32
		var fresh bool
		switch f.Kind {
		case item.String:
			code, fresh = c.addText(f.Text(i), b.rows)
		case item.Bool:
			text := no
			if f.Flag(i) {
				text = yes
			}
			code, fresh = c.addText(text, b.rows)
		case item.Dynamic:
			g.scratch = f.JSON(g.scratch[:0], i)
			code, fresh = c.addBytes(g.scratch, b.rows)
		case item.Datetime:
			t := kql.Ticks(f.Time(i))
			b.sees(t)
			c.ints = append(c.ints, t)
			present |= 1 << k
			record = binary.AppendVarint(record, t)
			continue
		case item.Real:
			v, ok := f.Real(i)
			if !ok {
				v = nullReal
			}
			c.reals = append(c.reals, v)
			if bits := math.Float64bits(v); bits != 0 {
				present |= 1 << k
				record = binary.LittleEndian.AppendUint64(record, bits)
			}
			continue
		default:
			v, ok := f.Long(i)
			if !ok {
				v = nullInt
			}
			c.ints = append(c.ints, v)
			if v != 0 {
				present |= 1 << k
				record = binary.AppendVarint(record, v)
			}
			continue
		}
		if code == 0 {
			continue
		}
		present |= 1 << k
		record = binary.AppendUvarint(record, uint64(code))
		if fresh {
			text := c.texts[code]
			g.bytes += int64(len(text))
			record = binary.AppendUvarint(record, uint64(len(text)))
			record = append(record, text...)
		}
	}
	binary.LittleEndian.PutUint64(record[at:], present)
	g.count(b)
	return record
}

// count gives the row that was just added its number.
func (g *group) count(b *block) {
	b.numbers = append(b.numbers, g.first+int64(g.rows))
	b.rows++
	g.rows++
}

func (b *block) sees(t int64) {
	if b.rows == 0 {
		b.from, b.to = t, t
	}
	b.from, b.to = min(b.from, t), max(b.to, t)
}

// addText appends the value of a row and returns its code, and whether its text
// is new.
func (c *column) addText(s string, row int) (code uint32, fresh bool) {
	if s == c.texts[c.last] {
		code = c.last
	} else if s != "" {
		var known bool
		if code, known = c.index[s]; !known {
			return c.addNew(strings.Clone(s), row), true // s may be part of something large
		}
	}
	c.addCode(code, row)
	return code, false
}

// addBytes is addText of a text that is made anew for each row.
func (c *column) addBytes(s []byte, row int) (code uint32, fresh bool) {
	if len(s) > 0 {
		var known bool
		if code, known = c.index[string(s)]; !known {
			return c.addNew(string(s), row), true
		}
	}
	c.addCode(code, row)
	return code, false
}

// addCode appends the value of a row whose text is in the dictionary.
func (c *column) addCode(code uint32, row int) {
	if code == 0 && c.codes == nil {
		return
	}
	if c.codes == nil {
		c.codes = make([]uint32, row, max(2*row, 64))
	}
	c.codes, c.last = append(c.codes, code), code
}

// addNew appends the value of a row whose text is not in the dictionary.
func (c *column) addNew(s string, row int) uint32 {
	code := uint32(len(c.texts))
	c.texts = append(c.texts, s)
	c.addCode(code, row)
	if c.index != nil {
		c.index[s] = code
		if len(c.texts) > manyTexts && len(c.texts) > len(c.codes)/2 {
			c.index = nil
		}
	}
	return code
}

// replay adds the rows of a journal's record, and says what is wrong with it.
func (g *group) replay(record []byte) string {
	r := reader{b: record}
	for len(r.b) > 0 && !r.bad {
		t := r.byte()
		present := r.fixed64()
		if r.bad || int(t) >= item.Types {
			return "a row is of no known table"
		}
		b := g.block(item.Type(t))
		if present>>len(b.columns) != 0 {
			return "a row has more values than its table"
		}
		for k := range b.columns {
			c, has := &b.columns[k], present&(1<<k) != 0
			switch stores(b.schema.Fields[k].Kind) {
			case texts:
				code := uint64(0)
				if has {
					code = r.uvarint()
				}
				switch {
				case code == uint64(len(c.texts)):
					text := r.text(r.uvarint())
					g.bytes += int64(len(text))
					c.addNew(text, b.rows)
				case code > uint64(len(c.texts)):
					r.bad = true
				default:
					c.addCode(uint32(code), b.rows)
				}
			case ints:
				v := int64(0)
				if has {
					v = r.varint()
				}
				c.ints = append(c.ints, v)
				if b.schema.Fields[k].Kind == item.Datetime {
					b.sees(v)
				}
			case reals:
				v := uint64(0)
				if has {
					v = r.fixed64()
				}
				c.reals = append(c.reals, math.Float64frombits(v))
			}
			if r.bad {
				return "a row does not end"
			}
		}
		g.count(b)
	}
	if r.bad {
		return "a record ends inside a row"
	}
	return ""
}

// moment is a time in ticks as others have it.
func moment(ticks int64) time.Time { return kql.Moment(ticks) }

func isNull(v float64) bool { return math.Float64bits(v) == math.Float64bits(nullReal) }
