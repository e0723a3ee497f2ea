package rows

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// bounded reads a text as far as it may be read now.
type bounded struct {
	in   io.Reader
	left int
	over bool // more was wanted
}

var errOver = errors.New("the bound is reached")

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.over = true
		return 0, errOver
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// record reads a line of CSV, or several where a text has line breaks. Number 0 is
// the header.
func (o *Reader) record(number int) ([]string, error) {
	start := o.csv.InputOffset()
	o.bound.left = MaxRow + readAhead
	record, err := o.csv.Read()
	switch {
	case o.bound.over || o.csv.InputOffset()-start > MaxRow:
		return nil, fault.New(fault.TooLarge, o.name, "%s is longer than %d bytes, or a quote is not closed", recordName(number), MaxRow)
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, o.name, err, "%s cannot be read", recordName(number))
	case len(record) > maxColumns:
		return nil, fault.New(fault.TooLarge, o.name, "%s has %d columns; at most %d", recordName(number), len(record), maxColumns)
	}
	return record, nil
}

func recordName(number int) string {
	if number == 0 {
		return "the header"
	}
	return fmt.Sprintf("row %d", number)
}

// row is the next record as a JSON object.
func (o *Reader) row() ([]byte, error) {
	record, err := o.record(o.read + 1)
	if err != nil {
		return nil, err
	}
	size := 0
	row := make(map[string]string, len(record))
	for i, v := range record {
		name := fmt.Sprintf("Column%d", i+1)
		if i < len(o.header) {
			name = o.header[i]
		}
		row[name] = v
		size += len(name) + len(v)
	}
	if size > MaxRow { // by the names
		return nil, o.tooLong()
	}
	text, err := json.Marshal(row)
	if len(text) > MaxRow {
		return nil, o.tooLong()
	}
	return text, err
}
