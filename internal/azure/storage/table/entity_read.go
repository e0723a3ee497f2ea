package table

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// readEntity is an entity of a body.
type readEntity struct {
	tablestore.Entity
	hasPartition, hasRow bool
}

// member is a property as the body has it: its type may come before its value or
// behind it.
type member struct {
	name  string
	value token
	typ   string // of NAME@odata.type, "" when there is none
	given bool   // value is there
}

// parseEntity reads an entity in OData's JSON. odata.* and the Timestamp are what
// the service sets and not looked at; null is no property.
func parseEntity(body []byte) (*readEntity, error) {
	members, err := readMembers(string(body))
	if err != nil {
		return nil, err
	}
	e := &readEntity{}
	e.Properties = make([]tablestore.Property, 0, len(members))
	for i := range members {
		m := &members[i]
		if !m.given || m.name == tablestore.TimestampName {
			continue
		}
		if m.value.kind == 'z' {
			continue
		}
		v, err := m.read()
		if err != nil {
			return nil, err
		}
		if err := e.add(m.name, v); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *readEntity) add(name string, v tablestore.Value) error {
	switch name {
	case tablestore.PartitionKeyName, tablestore.RowKeyName:
		if v.Type() != tablestore.String {
			return invalid(name + " is a " + v.Type().String() + "; keys are Edm.String.")
		}
	default:
		e.Properties = append(e.Properties, tablestore.Property{Name: name, Value: v})
		return nil
	}
	if name == tablestore.PartitionKeyName {
		e.PartitionKey, e.hasPartition = v.Text(), true
	} else {
		e.RowKey, e.hasRow = v.Text(), true
	}
	return nil
}

const typeSuffix = "@odata.type"

// maxMembers bounds a body: 255 properties, each with its type, and some odata.*.
const maxMembers = 1024

func readMembers(text string) ([]member, error) {
	j := scanner{s: text}
	members := make([]member, 0, 16)
	err := j.object(func(name string) {
		if strings.HasPrefix(name, "odata.") {
			j.value()
			return
		}
		plain, isType := strings.CutSuffix(name, typeSuffix)
		m := find(&members, plain)
		if len(members) > maxMembers {
			j.err = storage.Fail(string(tablestore.TooManyProperties))
			return
		}
		v := j.value()
		switch {
		case isType && v.kind != 's':
			j.fail("the type of " + clip(plain) + " is not a string")
		case isType:
			m.typ = v.text
		case m.given:
			j.err = storage.Fail(string(tablestore.DuplicatePropertiesSpecified)).With("Reason", "The property "+clip(name)+" is there twice.")
		default:
			m.value, m.given = v, true
		}
	})
	return members, err
}

// find returns the member of a name, made if missing. The last one is the likeliest.
func find(members *[]member, name string) *member {
	for i := len(*members) - 1; i >= 0; i-- {
		if (*members)[i].name == name {
			return &(*members)[i]
		}
	}
	*members = append(*members, member{name: name})
	return &(*members)[len(*members)-1]
}

// read is the value by its type, or by the look of it.
func (m *member) read() (tablestore.Value, error) {
	typ, ok := tablestore.TypeNamed(m.typ)
	if m.typ == "" {
		typ, ok = m.guess(), true
	}
	if !ok {
		return tablestore.Value{}, invalid("The property " + clip(m.name) + " has the type " + clip(m.typ) + ", which there is not.")
	}
	v, ok := m.as(typ)
	if !ok {
		return v, invalid("The property " + clip(m.name) + " is no " + typ.String() + ".")
	}
	return v, nil
}

// guess is the type of a value without one: numbers without point and exponent are
// Int32 if they are small enough.
func (m *member) guess() tablestore.Type {
	switch m.value.kind {
	case 's':
		return tablestore.String
	case 't', 'f':
		return tablestore.Boolean
	}
	if _, err := strconv.ParseInt(m.value.text, 10, 32); err == nil {
		return tablestore.Int32
	}
	return tablestore.Double
}

// as is the value as a type. Numbers and truth may be in quotes, as the service's
// reader of OData has it; az writes them so.
func (m *member) as(typ tablestore.Type) (v tablestore.Value, ok bool) {
	kind, text := m.value.kind, m.value.text
	plain := kind == 's' || kind == 'n'
	switch typ {
	case tablestore.String:
		return tablestore.StringValue(text), kind == 's'
	case tablestore.Boolean:
		is := kind == 't' || kind == 's' && strings.EqualFold(text, "true")
		return tablestore.BoolValue(is), is || kind == 'f' || kind == 's' && strings.EqualFold(text, "false")
	case tablestore.Int32:
		n, err := strconv.ParseInt(text, 10, 32)
		return tablestore.Int32Value(int32(n)), plain && err == nil
	case tablestore.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		return tablestore.Int64Value(n), plain && err == nil
	case tablestore.Double:
		f, ok := parseDouble(text)
		return tablestore.DoubleValue(f), plain && ok
	case tablestore.DateTime:
		t, ok := tablestore.ParseTicks(text)
		return tablestore.DateTimeValue(t), ok && kind == 's'
	case tablestore.GUID:
		g, ok := tablestore.ParseGUID(text)
		return tablestore.GUIDValue(g), ok && kind == 's'
	}
	b, err := base64.StdEncoding.DecodeString(text)
	return tablestore.BinaryValue(string(b)), kind == 's' && err == nil
}

func parseDouble(text string) (float64, bool) {
	switch text {
	case "NaN":
		return math.NaN(), true
	case "Infinity", "INF":
		return math.Inf(1), true
	case "-Infinity", "-INF":
		return math.Inf(-1), true
	}
	if strings.ContainsAny(text, "xXpP_iInN") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// readEntityBody reads the entity that the request brings, and puts the keys of the
// address into it.
func (x *exchange) readEntityBody() (*readEntity, error) {
	if err := x.checkContent(); err != nil {
		return nil, err
	}
	body, err := x.readBody()
	if err != nil {
		return nil, err
	}
	e, err := parseEntity(body)
	if err != nil {
		return nil, err
	}
	if x.addr.kind != kindEntity {
		if !e.hasPartition || !e.hasRow {
			return nil, storage.Fail("PropertiesNeedValue").With("Reason", "PartitionKey and RowKey are needed.")
		}
		return e, nil
	}
	if e.hasPartition && e.PartitionKey != x.addr.partition || e.hasRow && e.RowKey != x.addr.row {
		return nil, invalid("The keys of the body are not those of the path.")
	}
	e.PartitionKey, e.RowKey = x.addr.partition, x.addr.row
	return e, nil
}
