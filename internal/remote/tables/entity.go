package tables

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// typeSuffix ends the name of a member that says of which type another is.
const typeSuffix = "@odata.type"

// readEntities reads a page of entities.
func readEntities(text []byte) ([]*tablestore.Entity, error) {
	var page struct {
		Value []json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(text, &page); err != nil {
		return nil, err
	}
	all := make([]*tablestore.Entity, len(page.Value))
	for i, v := range page.Value {
		var err error
		if all[i], err = readEntity(v); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readEntity reads an entity in the service's JSON, which says the types that JSON does
// not have.
func readEntity(text []byte) (*tablestore.Entity, error) {
	names, members, err := object(text)
	if err != nil {
		return nil, err
	}
	e := &tablestore.Entity{}
	keys := map[string]*string{tablestore.PartitionKeyName: &e.PartitionKey, tablestore.RowKeyName: &e.RowKey}
	for _, name := range names {
		raw := members[name]
		switch {
		case keys[name] != nil:
			err = json.Unmarshal(raw, keys[name])
		case name == tablestore.TimestampName, strings.HasSuffix(name, typeSuffix), strings.HasPrefix(name, "odata."), string(raw) == "null":
		default:
			var v tablestore.Value
			v, err = readValue(jsonText(members[name+typeSuffix]), raw)
			e.Properties = append(e.Properties, tablestore.Property{Name: name, Value: v})
		}
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", name, err)
		}
	}
	return e, nil
}

// object is the members of an object, and their names in order.
func object(text []byte) (names []string, members map[string]json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil {
		return nil, nil, fmt.Errorf("an entity: %w", err)
	} else if t != json.Delim('{') {
		return nil, nil, fmt.Errorf("an entity is a JSON object, and this begins with %v", t)
	}
	members = map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		name, _ := t.(string) // names of members are texts
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, nil, err
		}
		names, members[name] = append(names, name), raw
	}
	_, err = d.Token()
	return names, members, err
}

// jsonText is a text of JSON, or "".
func jsonText(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s) // what is none says nothing
	return s
}

func readValue(typ string, raw json.RawMessage) (v tablestore.Value, err error) {
	s := jsonText(raw)
	switch typ {
	case "Edm.Int64":
		n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
		return tablestore.Int64Value(n), err
	case "Edm.DateTime":
		t, ok := tablestore.ParseTicks(s)
		if !ok {
			return v, fmt.Errorf("%s is no time", raw)
		}
		return tablestore.DateTimeValue(t), nil
	case "Edm.Guid":
		b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
		if err != nil || len(b) != 16 {
			return v, fmt.Errorf("%s is no GUID", raw)
		}
		return tablestore.GUIDValue([16]byte(b)), nil
	case "Edm.Binary":
		b, err := base64.StdEncoding.DecodeString(s)
		return tablestore.BinaryValue(string(b)), err
	case "Edm.Double":
		return readDouble(strings.Trim(string(raw), `"`))
	case "Edm.Int32":
		n, err := strconv.ParseInt(string(raw), 10, 32)
		return tablestore.Int32Value(int32(n)), err
	}
	switch {
	case raw[0] == '"':
		return tablestore.StringValue(s), nil
	case raw[0] == 't', raw[0] == 'f':
		return tablestore.BoolValue(raw[0] == 't'), nil
	case bytes.ContainsAny(raw, ".eE"):
		return readDouble(string(raw))
	}
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil {
		return v, fmt.Errorf("%s is no value of a property", raw)
	}
	return tablestore.Int32Value(int32(n)), nil
}

func readDouble(text string) (tablestore.Value, error) {
	switch text {
	case "NaN":
		return tablestore.DoubleValue(math.NaN()), nil
	case "Infinity":
		return tablestore.DoubleValue(math.Inf(1)), nil
	case "-Infinity":
		return tablestore.DoubleValue(math.Inf(-1)), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	return tablestore.DoubleValue(f), err
}

// appendEntity writes an entity for the service, which reads the types that are told.
// The client reads it once more and writes a number without a fraction as a whole one:
// Double is told always.
func appendEntity(b []byte, e *tablestore.Entity) []byte {
	b = appendText(append(b, `{"PartitionKey":`...), e.PartitionKey)
	b = appendText(append(b, `,"RowKey":`...), e.RowKey)
	for i := range e.Properties {
		p := &e.Properties[i]
		typ, text := wireValue(p.Value)
		if typ != "" {
			b = appendText(append(b, ','), p.Name+typeSuffix)
			b = appendText(append(b, ':'), typ)
		}
		b = append(appendText(append(b, ','), p.Name), ':')
		b = append(b, text...)
	}
	return append(b, '}')
}

// wireValue is a value as JSON, and the type where that must be told.
func wireValue(v tablestore.Value) (typ string, text []byte) {
	switch v.Type() {
	case tablestore.Boolean:
		return "", strconv.AppendBool(nil, v.Bool())
	case tablestore.Int32:
		return "", strconv.AppendInt(nil, v.Int(), 10)
	case tablestore.Int64:
		return v.Type().String(), append(strconv.AppendInt([]byte{'"'}, v.Int(), 10), '"')
	case tablestore.Double:
		return v.Type().String(), appendDouble(nil, v.Double())
	case tablestore.DateTime:
		return v.Type().String(), appendText(nil, v.Ticks().String())
	case tablestore.GUID:
		g := hex.EncodeToString([]byte(v.Bytes()))
		return v.Type().String(), appendText(nil, g[:8]+"-"+g[8:12]+"-"+g[12:16]+"-"+g[16:20]+"-"+g[20:])
	case tablestore.Binary:
		return v.Type().String(), appendText(nil, base64.StdEncoding.EncodeToString([]byte(v.Bytes())))
	}
	return "", appendText(nil, v.Text())
}

// appendDouble writes a number; what JSON has no word for is a text.
func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

func appendText(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a text always encodes
	}
	return append(b, text...)
}

// etagOf is the ETag of an entity that was written at a time, as the service makes it.
func etagOf(t tablestore.Ticks) azcore.ETag {
	return azcore.ETag(`W/"datetime'` + url.QueryEscape(t.String()) + `'"`)
}
