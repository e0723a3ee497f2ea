package table

import (
	"encoding/base64"
	"math"
	"slices"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// writer appends entities as OData's JSON.
type writer struct {
	level   metadata
	selects []string // names of properties; nil is all
	base    string   // the service's address
	account string
	table   string
}

func (x *exchange) writer(level metadata, table string) writer {
	return writer{level: level, base: x.r.Base, account: x.svc.account.Name, table: table}
}

func (w *writer) selected(name string) bool {
	return w.selects == nil || slices.Contains(w.selects, name)
}

// context appends the address of the metadata, which begins a reply.
func (w *writer) context(b []byte, suffix string) []byte {
	if w.level == noMetadata {
		return b
	}
	b = append(b, `"odata.metadata":`...)
	return append(appendJSON(b, w.base+"/$metadata#"+w.table+suffix), ',')
}

// single appends an entity as a whole reply.
func (w *writer) single(b []byte, e *tablestore.Entity) []byte {
	b = w.context(append(b, '{'), "/@Element")
	return w.members(b, e)
}

// listed appends an entity of a list.
func (w *writer) listed(b []byte, e *tablestore.Entity) []byte { return w.members(append(b, '{'), e) }

// members appends what is in an entity's object, and its end.
func (w *writer) members(b []byte, e *tablestore.Entity) []byte {
	b = w.identity(b, e)
	if w.selected(tablestore.PartitionKeyName) {
		b = append(appendJSON(append(b, `"PartitionKey":`...), e.PartitionKey), ',')
	}
	if w.selected(tablestore.RowKeyName) {
		b = append(appendJSON(append(b, `"RowKey":`...), e.RowKey), ',')
	}
	if w.selected(tablestore.TimestampName) {
		if w.level == fullMetadata {
			b = append(b, `"Timestamp@odata.type":"Edm.DateTime",`...)
		}
		b = append(e.Timestamp.AppendText(append(b, `"Timestamp":"`...)), `",`...)
	}
	for i := range e.Properties {
		if p := &e.Properties[i]; w.selected(p.Name) {
			b = append(w.property(b, p), ',')
		}
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, '}')
}

// identity appends type, id and ETag.
func (w *writer) identity(b []byte, e *tablestore.Entity) []byte {
	if w.level == noMetadata {
		return b
	}
	if w.level == fullMetadata {
		b = append(b, `"odata.type":`...)
		b = append(appendJSON(b, w.account+"."+w.table), ',')
		keys := string(appendKeys(nil, e.PartitionKey, e.RowKey))
		b = append(appendJSON(append(b, `"odata.id":`...), w.base+"/"+w.table+keys), ',')
	}
	b = append(b, `"odata.etag":"W/\"datetime'`...)
	etag := appendETag(nil, e.Timestamp)
	b = append(b, etag[len(`W/"datetime'`):len(etag)-1]...)
	b = append(b, `\"",`...)
	if w.level == fullMetadata {
		keys := string(appendKeys(nil, e.PartitionKey, e.RowKey))
		b = append(appendJSON(append(b, `"odata.editLink":`...), w.table+keys), ',')
	}
	return b
}

// property appends a property, with its type where JSON does not say it.
func (w *writer) property(b []byte, p *tablestore.Property) []byte {
	v := p.Value
	if w.level != noMetadata && needsType(v) {
		b = append(appendJSON(b, p.Name+typeSuffix), `:"`...)
		b = append(append(b, v.Type().String()...), `",`...)
	}
	b = append(appendJSON(b, p.Name), ':')
	return appendValue(b, v)
}

func needsType(v tablestore.Value) bool {
	switch v.Type() {
	case tablestore.Int64, tablestore.DateTime, tablestore.GUID, tablestore.Binary:
		return true
	case tablestore.Double:
		return math.IsNaN(v.Double()) || math.IsInf(v.Double(), 0)
	}
	return false
}

func appendValue(b []byte, v tablestore.Value) []byte {
	switch v.Type() {
	case tablestore.String:
		return appendJSON(b, v.Text())
	case tablestore.Boolean:
		return strconv.AppendBool(b, v.Bool())
	case tablestore.Int32:
		return strconv.AppendInt(b, v.Int(), 10)
	case tablestore.Int64:
		return append(strconv.AppendInt(append(b, '"'), v.Int(), 10), '"')
	case tablestore.Double:
		return appendDouble(b, v.Double())
	case tablestore.DateTime:
		return append(v.Ticks().Time().AppendFormat(append(b, '"'), "2006-01-02T15:04:05.9999999Z"), '"')
	case tablestore.GUID:
		return append(appendGUID(append(b, '"'), v.Bytes()), '"')
	}
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), []byte(v.Bytes())), '"')
}

// appendDouble appends a number that clients take for a Double again: with a point
// or an exponent.
func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e15) {
		format = 'e'
	}
	from := len(b)
	b = strconv.AppendFloat(b, f, format, -1, 64)
	if format == 'f' && !slices.Contains(b[from:], '.') {
		b = append(b, ".0"...)
	}
	return b
}

func appendGUID(b []byte, g string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(g) {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, hex[g[i]>>4], hex[g[i]&15])
	}
	return b
}
