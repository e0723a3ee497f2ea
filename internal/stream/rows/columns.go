package rows

import (
	"bytes"
	"encoding/csv"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Columns are a row's columns in their order.
type Columns struct {
	Names []string
	Raws  []json.RawMessage
}

// ColumnsOf reads a row, a JSON object.
func ColumnsOf(row []byte) (c Columns, err error) {
	dec := json.NewDecoder(bytes.NewReader(row))
	if _, err = dec.Token(); err != nil {
		return c, fault.Wrap(fault.Invalid, "row", err, "it is no JSON object")
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return c, fault.Wrap(fault.Invalid, "row", err, "it is no JSON object")
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return c, fault.Wrap(fault.Invalid, "row", err, "it is no JSON object")
		}
		text, _ := name.(string)
		c.Names, c.Raws = append(c.Names, text), append(c.Raws, raw)
	}
	return c, nil
}

// CSVHeader is the line of the columns' names.
func (c Columns) CSVHeader(comma rune) ([]byte, error) { return CSVLine(c.Names, comma) }

// CSVLine is the line of the columns' values.
func (c Columns) CSVLine(comma rune) ([]byte, error) {
	values := make([]string, len(c.Raws))
	for i, raw := range c.Raws {
		values[i] = Plain(raw)
	}
	return CSVLine(values, comma)
}

// CSVLine ends a line as RFC 4180 says. What is between its quotes stays as it
// is: csv.Writer's own way to such line ends changes those of the values too. An
// only value that is empty has quotes, because readers leave out empty lines.
func CSVLine(values []string, comma rune) ([]byte, error) {
	if len(values) == 1 && values[0] == "" {
		return []byte("\"\"\r\n"), nil
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if comma != 0 {
		w.Comma = comma
	}
	if err := w.Write(values); err != nil {
		return nil, fault.Wrap(fault.Invalid, "row", err, "cannot be written as CSV")
	}
	w.Flush()
	return append(bytes.TrimSuffix(b.Bytes(), []byte("\n")), "\r\n"...), w.Error()
}

// Plain is a column's value as text: a string without quotes, NULL as nothing.
func Plain(raw json.RawMessage) string {
	var text string
	switch {
	case string(raw) == "null":
		return ""
	case json.Unmarshal(raw, &text) == nil:
		return text
	}
	return string(raw)
}
