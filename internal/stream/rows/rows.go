// Package rows cuts text into JSON objects, one a row: what files of events, of
// reference data and of expected results hold, and messages with several events.
//
// The text is JSON objects, a line each or in any layout, or one array of
// objects; or, by its name, CSV with a header, whose values are strings. It knows
// nothing of queries.
package rows

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// MaxRow is the longest row in bytes, of JSON or CSV, and the most white space
// before one. A CSV has at most maxColumns.
const (
	MaxRow     = 16 << 20
	maxColumns = 1 << 16
)

// readAhead is how much of the text is read at once.
const readAhead = 1 << 18

// Reader reads the rows of a text.
//
// A text whose first line is a whole object has an object a line: a line that
// is broken is one bad row, and does not swallow those after it. Behind an error
// nothing more is read: where the next row begins is not known.
type Reader struct {
	name   string
	in     *bufio.Reader
	bound  *bounded // below in
	err    error    // of Next, which stays
	read   int      // rows
	csv    *csv.Reader
	header []string
	buf    []byte
	rest   []byte // of the line that was read last, in the reader's buffer
	arrays int    // that are open, by the brackets between the rows
	began  bool   // an object was found
	lines  bool   // an object a line
}

// Form is how a text holds rows.
type Form struct {
	Format Format
	Comma  rune // between the values of CSV; 0 is the comma
}

// Format is what a text is written in.
type Format uint8

// The formats.
const (
	ByName Format = iota // CSV where the name ends with .csv, else JSON
	JSON
	CSV
)

// NewReader reads a text. The name, of a file, is for errors, and says by .csv
// that it is CSV. What is neither JSON nor CSV in UTF-8 is refused with an error
// of kind fault.Invalid that names what it is.
func NewReader(in io.Reader, name string) (*Reader, error) { return Form{}.Reader(in, name) }

// Reader is NewReader for a text of the form. A name says nothing of one whose
// format is known.
func (f Form) Reader(in io.Reader, name string) (*Reader, error) {
	bound := &bounded{in: in, left: math.MaxInt}
	o := &Reader{name: name, bound: bound, in: bufio.NewReaderSize(bound, readAhead)}
	if what := o.foreign(f.Format == ByName); what != "" {
		return nil, fault.New(fault.Invalid, name, "is %s; events and reference data are read as JSON or CSV in UTF-8", what)
	}
	if mark, _ := o.in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := o.in.Discard(3); err != nil {
			return nil, err
		}
	}
	if f.Format == JSON || f.Format == ByName && !strings.EqualFold(filepath.Ext(name), ".csv") {
		return o, nil
	}
	o.csv = csv.NewReader(o.in)
	if f.Comma != 0 {
		o.csv.Comma = f.Comma
	}
	o.csv.FieldsPerRecord = -1
	header, err := o.record(0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return o, o.setHeader(header)
}

// foreign names a format that is not read, by the text's first bytes or, unless
// the format is known, by the name.
func (o *Reader) foreign(named bool) string {
	first, _ := o.in.Peek(4)
	for magic, what := range map[string]string{
		"Obj\x01": "Avro", "PAR1": "Parquet", "ORC": "ORC", "\x1f\x8b": "compressed (gzip)", "PK\x03\x04": "compressed (zip)",
		"\xff\xfe": "UTF-16", "\xfe\xff": "UTF-16",
	} {
		if strings.HasPrefix(string(first), magic) {
			return what
		}
	}
	if !named {
		return ""
	}
	return map[string]string{
		".avro": "Avro", ".parquet": "Parquet", ".orc": "ORC", ".gz": "compressed (gzip)", ".zip": "compressed (zip)", ".xml": "XML",
	}[strings.ToLower(filepath.Ext(o.name))]
}

// setHeader takes the names of the columns, which must differ.
func (o *Reader) setHeader(names []string) error {
	seen := map[string]bool{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		if key := strings.ToLower(name); seen[key] {
			return fault.New(fault.Invalid, o.name, "the header names the column '%s' twice", name)
		} else {
			seen[key] = true
		}
		o.header = append(o.header, name)
	}
	return nil
}

// All returns all rows of a text, which must be whole: a table that lacks rows
// gives wrong answers. An array that is not closed is of a text that was cut off,
// or that somebody still writes.
func All(in io.Reader, name string) ([][]byte, error) { return Form{}.all(in, name) }

func (f Form) all(in io.Reader, name string) ([][]byte, error) {
	r, err := f.Reader(in, name)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			if err := r.Whole(len(all)); err != nil {
				return nil, err
			}
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, bytes.Clone(row))
	}
}

// Whole says, once Next gave io.EOF after a number of rows, whether that was the
// whole text: an array that is not closed is fault.Invalid.
func (o *Reader) Whole(read int) error {
	if o.arrays > 0 {
		return fault.New(fault.Invalid, o.name, "its array is not closed: the text is cut off after %d rows", read)
	}
	return nil
}

// between is what may stand between two objects.
const between = " \t\r\n,[]"

// Next returns the next object, valid until the one after, or io.EOF. Text that
// is no object is returned too: the decoder says what is wrong with it. An error,
// fault.Invalid or fault.TooLarge or the text's own, is the same from then on.
func (o *Reader) Next() (row []byte, err error) {
	switch {
	case o.err != nil:
		return nil, o.err
	case o.csv != nil:
		row, err = o.row()
	default:
		row, err = o.object()
	}
	if err != nil {
		o.err = err
		return nil, err
	}
	o.read++
	return row, nil
}

func (o *Reader) tooLong() error {
	return fault.New(fault.TooLarge, o.name, "row %d is longer than %d bytes", o.read+1, MaxRow)
}

func (o *Reader) object() ([]byte, error) {
	o.buf = o.buf[:0]
	blank := 0
	var braces braceCount
	for {
		line, err := o.line()
		inLines := !o.began
		if len(o.buf) == 0 {
			inLines = inLines && len(line) > 0 && line[0] == '{'
			blank += len(line)
			line = o.trimLeft(line)
			if blank -= len(line); blank > MaxRow {
				return nil, fault.New(fault.TooLarge, o.name, "there is no row in the %d bytes behind row %d", MaxRow, o.read)
			}
		} else {
			inLines = false
		}
		if end := braces.end(line); end > 0 {
			if len(o.buf)+end > MaxRow {
				return nil, o.tooLong()
			}
			o.began, o.lines, o.rest = true, o.lines || inLines, line[end:]
			if len(o.buf) == 0 {
				return line[:end], nil // the common case: an object a line
			}
			o.buf = append(o.buf, line[:end]...)
			return o.buf, nil
		}
		o.buf = append(o.buf, line...)
		if len(o.buf) > MaxRow {
			return nil, o.tooLong()
		}
		text := bytes.TrimRight(o.buf, between)
		switch {
		case errors.Is(err, bufio.ErrBufferFull): // the line goes on
		case err != nil && (len(text) == 0 || !errors.Is(err, io.EOF)):
			return nil, err
		case err != nil:
			o.trimLeft(o.buf[len(text):])
			return text, nil
		case len(text) == 0:
			o.buf = o.buf[:0]
		case o.lines || braces.depth <= 0 || braces.text: // a line break cannot stand in a text
			o.trimLeft(o.buf[len(text):])
			return text, nil
		}
	}
}

// trimLeft cuts off what stands between two rows, and counts its brackets.
func (o *Reader) trimLeft(text []byte) []byte {
	for i, c := range text {
		switch c {
		case '[':
			o.arrays++
		case ']':
			o.arrays--
		case ' ', '\t', '\r', '\n', ',':
		default:
			return text[i:]
		}
	}
	return nil
}

// line returns the rest of the line that was read last, or the next line.
func (o *Reader) line() ([]byte, error) {
	if rest := o.trimLeft(o.rest); len(rest) > 0 {
		o.rest = nil
		if rest[len(rest)-1] != '\n' {
			return rest, bufio.ErrBufferFull
		}
		return rest, nil
	}
	o.rest = nil
	return o.in.ReadSlice('\n')
}

// braceCount follows the braces of JSON text over its pieces.
type braceCount struct {
	depth         int
	text, escaped bool
}

// end returns the length of the part of the line that closes the object, or 0.
func (b *braceCount) end(line []byte) int {
	for i, c := range line {
		switch {
		case b.escaped:
			b.escaped = false
		case b.text && c == '\\':
			b.escaped = true
		case c == '"':
			b.text = !b.text
		case b.text:
		case c == '{':
			b.depth++
		case c == '}':
			if b.depth--; b.depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
