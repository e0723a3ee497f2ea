package hub

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
)

// maxTogether bounds an event that is made of several rows, as the vendor's
// output does.
const maxTogether = 256 << 10

// outRow is a row on its way.
type outRow struct {
	json       []byte
	key        string
	properties amqp.Map
}

// form makes events of rows.
type form func(rows []outRow) ([]Outgoing, error)

// formOf is what an output asks for:
//
//	json   an event a row (the default); columns may become properties
//	array  an event for the rows of one key, as a JSON array
//	csv    an event for the rows of one key, with a header line
func formOf(out jobs.Output) (form, error) {
	switch {
	case out.Format == "" || out.Format == "json":
		return each, nil
	case len(out.Properties) > 0:
		return nil, fault.New(fault.Invalid, "format "+out.Format, "puts several rows into an event, which has one set of properties: properties need format json")
	case out.Format == "array":
		return func(rows []outRow) ([]Outgoing, error) { return together(rows, appendArray) }, nil
	case out.Format == "csv":
		return func(rows []outRow) ([]Outgoing, error) { return together(rows, appendCSV) }, nil
	}
	return nil, fault.New(fault.Invalid, "format "+out.Format, "is not one of json, array and csv")
}

func each(rows []outRow) ([]Outgoing, error) {
	events := make([]Outgoing, len(rows))
	for i, r := range rows {
		events[i] = Outgoing{Body: r.json, Key: r.key, Properties: r.properties}
	}
	return events, nil
}

// appendRow adds a row to an event's body; fits is false when it belongs into
// another.
type appendRow func(body, row []byte) (grown []byte, fits bool, err error)

// together puts the rows of one key into as few events as they fit in.
func together(rows []outRow, add appendRow) ([]Outgoing, error) {
	var events []Outgoing
	open := map[string]int{} // by key: the event that takes rows
	for _, r := range rows {
		if at, ok := open[r.key]; ok && len(events[at].Body)+len(r.json) < maxTogether {
			body, fits, err := add(events[at].Body, r.json)
			if err != nil {
				return nil, err
			}
			if fits {
				events[at].Body = body
				continue
			}
		}
		body, _, err := add(nil, r.json)
		if err != nil {
			return nil, err
		}
		open[r.key] = len(events)
		events = append(events, Outgoing{Body: body, Key: r.key})
	}
	return events, nil
}

func appendArray(body, row []byte) ([]byte, bool, error) {
	if len(body) == 0 {
		body = append(body, '[')
	} else {
		body[len(body)-1] = ','
	}
	return append(append(body, row...), ']'), true, nil
}

// appendCSV adds a line, and the header before the first. A row with other
// columns has another header, so it begins another event.
func appendCSV(body, row []byte) ([]byte, bool, error) {
	columns, err := rows.ColumnsOf(row)
	if err != nil {
		return nil, false, err
	}
	header, err := columns.CSVHeader(',')
	if err != nil {
		return nil, false, err
	}
	if len(body) == 0 {
		body = slices.Clone(header)
	} else if !bytes.HasPrefix(body, header) {
		return nil, false, nil
	}
	line, err := columns.CSVLine(',')
	return append(body, line...), true, err
}

// fields are a row's columns in their order.
type fields struct{ rows.Columns }

func fieldsOf(row []byte) (fields, error) {
	c, err := rows.ColumnsOf(row)
	return fields{c}, err
}

func (f fields) raw(name string) (json.RawMessage, bool) {
	i := slices.Index(f.Names, name)
	if i < 0 {
		return nil, false
	}
	return f.Raws[i], true
}

// text is a column that is a text and not empty.
func (f fields) text(name string) (string, bool) {
	raw, ok := f.raw(name)
	var text string
	if !ok || json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	return text, text != ""
}

// value is a column as the value of a property: texts, numbers and booleans as
// they are, anything else as JSON text. NULL is no property.
func (f fields) value(name string) (amqp.Value, bool) {
	raw, ok := f.raw(name)
	if !ok || string(raw) == "null" {
		return nil, false
	}
	var whole int64
	if json.Unmarshal(raw, &whole) == nil {
		return whole, true
	}
	var v any
	if json.Unmarshal(raw, &v) == nil {
		switch v := v.(type) {
		case string, bool, float64:
			return v, true
		}
	}
	return string(raw), true
}
