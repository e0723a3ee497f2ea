package tables

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// appendEntity writes an entity as Azure's host hands it over: its keys and its
// properties, without Timestamp and ETag.
func appendEntity(b []byte, e *tablestore.Entity) []byte {
	b = appendText(append(b, `{"PartitionKey":`...), e.PartitionKey)
	b = appendText(append(b, `,"RowKey":`...), e.RowKey)
	for i := range e.Properties {
		p := &e.Properties[i]
		b = append(appendText(append(b, ','), p.Name), ':')
		b = appendValue(b, p.Value)
	}
	return append(b, '}')
}

func appendText(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a text always encodes
	}
	return append(b, text...)
}

func appendValue(b []byte, v tablestore.Value) []byte {
	switch v.Type() {
	case tablestore.Boolean:
		return strconv.AppendBool(b, v.Bool())
	case tablestore.Int32, tablestore.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case tablestore.Double:
		return appendDouble(b, v.Double())
	case tablestore.DateTime:
		return append(v.Ticks().Time().AppendFormat(append(b, '"'), "2006-01-02T15:04:05.9999999+00:00"), '"')
	case tablestore.GUID:
		g := hex.EncodeToString([]byte(v.Bytes()))
		return appendText(b, g[:8]+"-"+g[8:12]+"-"+g[12:16]+"-"+g[16:20]+"-"+g[20:])
	case tablestore.Binary:
		return appendText(b, base64.StdEncoding.EncodeToString([]byte(v.Bytes())))
	case tablestore.String:
	}
	return appendText(b, v.Text())
}

// appendDouble writes a number that is read as one with a fraction again; what JSON
// has no word for is a text.
func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	b = append(b, text...)
	if !strings.ContainsAny(text, ".e") {
		b = append(b, ".0"...)
	}
	return b
}

// readOp reads an entity of a function's output: a JSON object whose texts, numbers and
// truths become String, Int64 or Double, and Boolean, and anything deeper its JSON as
// text, as Azure's host has it. A null is no property. ETag "*" replaces what is
// there, another one only that state; without one the entity must be new.
func readOp(object []byte, partition, row string) (*tablestore.Op, error) {
	op := &tablestore.Op{Kind: tablestore.Insert, Entity: tablestore.Entity{PartitionKey: partition, RowKey: row}}
	keys := map[string]*string{"partitionkey": &op.Entity.PartitionKey, "rowkey": &op.Entity.RowKey}
	given := map[string]bool{"partitionkey": partition != "", "rowkey": row != ""}
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fault.New(fault.Invalid, "output", "an entity is a JSON object")
	}
	for d.More() {
		name, raw, err := member(d)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "output", err, "not an entity")
		}
		lower := strings.ToLower(name)
		switch {
		case keys[lower] != nil:
			if raw[0] != '"' || json.Unmarshal(raw, keys[lower]) != nil {
				return nil, fault.New(fault.Invalid, "output", "%s of an entity must be a text, is %s", name, raw)
			}
			given[lower] = true
		case lower == "etag" || lower == "odata.etag":
			err = setCondition(op, raw)
		case lower == "timestamp": // the table's own
		case string(raw) != "null":
			var v tablestore.Value
			v, err = readValue(name, raw)
			op.Entity.Properties = append(op.Entity.Properties, tablestore.Property{Name: name, Value: v})
		}
		if err != nil {
			return nil, err
		}
	}
	if !given["partitionkey"] || !given["rowkey"] {
		return nil, fault.New(fault.Invalid, "output", "an entity needs a PartitionKey and a RowKey, its own or those of the binding")
	}
	return op, nil
}

func member(d *json.Decoder) (name string, raw json.RawMessage, err error) {
	t, err := d.Token()
	if err != nil {
		return "", nil, err
	}
	name, ok := t.(string)
	if !ok {
		return "", nil, io.ErrUnexpectedEOF
	}
	return name, raw, d.Decode(&raw)
}

func setCondition(op *tablestore.Op, raw json.RawMessage) error {
	var etag string
	if string(raw) != "null" && json.Unmarshal(raw, &etag) != nil {
		return fault.New(fault.Invalid, "output", "ETag of an entity must be a text, is %s", raw)
	}
	switch etag {
	case "":
	case "*":
		op.Kind = tablestore.Upsert
	default:
		inner := strings.TrimSuffix(strings.TrimPrefix(strings.Trim(strings.TrimPrefix(etag, "W/"), `"`), "datetime'"), "'")
		t, ok := tablestore.ParseTicks(strings.NewReplacer("%3A", ":", "%3a", ":").Replace(inner))
		if !ok {
			return fault.New(fault.Invalid, "output", "ETag %s is none of a table", etag)
		}
		op.Kind, op.IfMatch = tablestore.Replace, t
	}
	return nil
}

func readValue(name string, raw json.RawMessage) (tablestore.Value, error) {
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return tablestore.StringValue(s), err
	case 't', 'f':
		return tablestore.BoolValue(raw[0] == 't'), nil
	case '{', '[':
		var text bytes.Buffer
		err := json.Indent(&text, raw, "", "  ")
		return tablestore.StringValue(text.String()), err
	}
	if bytes.ContainsAny(raw, ".eE") {
		f, err := strconv.ParseFloat(string(raw), 64)
		return tablestore.DoubleValue(f), err
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return tablestore.Value{}, fault.New(fault.Invalid, "output", "%s: %s is too large for a whole number of 64 bits", name, raw)
	}
	return tablestore.Int64Value(n), nil
}
