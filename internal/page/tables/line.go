package tables

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// An entity as a line of JSON is what the service answers with minimal metadata: a
// property whose type its value does not show is named twice.
//
//	{"PartitionKey":"seoul","RowKey":"1","at@odata.type":"Edm.DateTime","at":"2026-…Z","ok":true}

const typeSuffix = "@odata.type"

// appendLine appends an entity as a line.
func appendLine(b []byte, e *tablestore.Entity) []byte {
	b = append(b, `{"PartitionKey":`...)
	b = appendString(b, e.PartitionKey)
	b = append(b, `,"RowKey":`...)
	b = appendString(b, e.RowKey)
	b = append(b, `,"Timestamp":`...)
	b = appendString(b, e.Timestamp.String())
	for i := range e.Properties {
		b = appendProperty(append(b, ','), &e.Properties[i])
	}
	return append(b, '}', '\n')
}

func appendProperty(b []byte, p *tablestore.Property) []byte {
	typ, text := p.Value.Type(), textOf(p.Value)
	bare := typ == tablestore.Int32 || typ == tablestore.Boolean || typ == tablestore.Double && strings.ContainsAny(text, ".eE")
	if !bare && typ != tablestore.String {
		b = appendString(b, p.Name+typeSuffix)
		b = append(b, ':')
		b = append(appendString(b, typ.String()), ',')
	}
	b = append(appendString(b, p.Name), ':')
	if bare {
		return append(b, text...)
	}
	return appendString(b, text)
}

func appendString(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a text always marshals
	}
	return append(b, text...)
}

// parseLine reads a line as an entity.
func parseLine(line []byte) (e tablestore.Entity, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return e, fault.New(fault.Invalid, "", "it is no JSON object")
	}
	types, values := map[string]string{}, []given{}
	for d.More() {
		name, value, err := member(d)
		if err != nil {
			return e, err
		}
		if plain, isType := strings.CutSuffix(name, typeSuffix); isType {
			types[plain], _ = value.(string)
		} else if value != nil && !strings.HasPrefix(name, "odata.") && name != tablestore.TimestampName {
			values = append(values, given{name, value})
		}
	}
	if _, err := d.Token(); err != nil {
		return e, fault.New(fault.Invalid, "", "it is not JSON: %v", err)
	}
	if d.More() {
		return e, fault.New(fault.Invalid, "", "something stands behind the object")
	}
	return entityFrom(types, values)
}

// given is a property as a line has it.
type given struct {
	name  string
	value any // string, bool or json.Number
}

// member reads a name and its value.
func member(d *json.Decoder) (name string, value any, err error) {
	t, err := d.Token()
	if err != nil {
		return "", nil, fault.New(fault.Invalid, "", "it is not JSON: %v", err)
	}
	name, _ = t.(string)
	if value, err = d.Token(); err != nil {
		return name, nil, fault.New(fault.Invalid, "", "it is not JSON: %v", err)
	}
	if _, nested := value.(json.Delim); nested {
		return name, nil, fault.New(fault.Invalid, "property "+clip(name), "it is an object or an array; tables have none")
	}
	return name, value, nil
}

func entityFrom(types map[string]string, values []given) (e tablestore.Entity, err error) {
	keys, seen := 0, map[string]bool{}
	for _, g := range values {
		if seen[g.name] {
			return e, fault.New(fault.Invalid, "property "+clip(g.name), "it is there twice")
		}
		seen[g.name] = true
		text, isText := g.value.(string)
		switch g.name {
		case tablestore.PartitionKeyName:
			e.PartitionKey = text
		case tablestore.RowKeyName:
			e.RowKey = text
		default:
			v, err := g.as(types[g.name])
			if err != nil {
				return e, err
			}
			e.Properties = append(e.Properties, tablestore.Property{Name: g.name, Value: v})
			continue
		}
		if !isText {
			return e, fault.New(fault.Invalid, g.name, "it is no text")
		}
		keys++
	}
	if keys < 2 {
		return e, fault.New(fault.Invalid, "", "it has no PartitionKey or no RowKey")
	}
	return e, nil
}

// as is the value as a type, or as what it looks like where that is "".
func (g given) as(typ string) (tablestore.Value, error) {
	text := fmt.Sprint(g.value)
	if typ != "" {
		return valueOf(clip(g.name), typ, text)
	}
	switch g.value.(type) {
	case bool:
		return tablestore.BoolValue(text == "true"), nil
	case json.Number:
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			return tablestore.Int32Value(int32(n)), nil
		}
		return valueOf(clip(g.name), tablestore.Double.String(), text)
	}
	return valueOf(clip(g.name), tablestore.String.String(), text)
}
