package tables

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// Property is a property of an entity. The value is a text whatever the type is, so
// that no digit of it is lost: true, 12, 0.5, 2021-04-06T21:03:31.9231271Z, a GUID,
// bytes in base64.
type Property struct {
	Name  string `json:"name"`
	Type  string `json:"type"` // Edm.String, Edm.Boolean, Edm.Int32, Edm.Int64, Edm.Double, Edm.DateTime, Edm.Guid, Edm.Binary
	Value string `json:"value"`
	Cut   int    `json:"cut,omitempty"` // in a list: the bytes of a value of which only the beginning is here
}

// textOf is a value as a text.
func textOf(v tablestore.Value) string {
	switch v.Type() {
	case tablestore.Boolean:
		return strconv.FormatBool(v.Bool())
	case tablestore.Int32, tablestore.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case tablestore.Double:
		return doubleText(v.Double())
	case tablestore.DateTime:
		return v.Ticks().String()
	case tablestore.GUID:
		b := v.Bytes()
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	case tablestore.Binary:
		return base64.StdEncoding.EncodeToString([]byte(v.Bytes()))
	}
	return v.Text()
}

// doubleText is a number as the service names those that JSON has not.
func doubleText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// valueOf reads a text as a value of a type.
func valueOf(name, typ, text string) (v tablestore.Value, err error) {
	t, ok := tablestore.TypeNamed(typ)
	if !ok {
		return v, fault.New(fault.Invalid, "property "+name, "there is no type %q; there are Edm.String, Edm.Boolean, Edm.Int32, Edm.Int64, Edm.Double, Edm.DateTime, Edm.Guid and Edm.Binary", typ)
	}
	if v, ok = parse(t, text); !ok {
		return v, fault.New(fault.Invalid, "property "+name, "%q is no %s; %s", clip(text), t, forms[t])
	}
	return v, nil
}

// forms say how a value of a type is written.
var forms = map[tablestore.Type]string{
	tablestore.String:   "it is a text",
	tablestore.Boolean:  "it is true or false",
	tablestore.Int32:    "it is a whole number from -2147483648 to 2147483647",
	tablestore.Int64:    "it is a whole number from -9223372036854775808 to 9223372036854775807",
	tablestore.Double:   "it is a number such as 0.5 or 1e9, NaN, Infinity or -Infinity",
	tablestore.DateTime: "it is a time such as 2026-11-29T14:28:03Z, of the years 1601 to 9999",
	tablestore.GUID:     "it is 32 hexadecimal digits such as 01234567-89ab-cdef-0123-456789abcdef",
	tablestore.Binary:   "it is bytes in base64",
}

func parse(t tablestore.Type, text string) (v tablestore.Value, ok bool) {
	switch t {
	case tablestore.String:
		return tablestore.StringValue(text), utf8.ValidString(text)
	case tablestore.Boolean:
		return tablestore.BoolValue(text == "true"), text == "true" || text == "false"
	case tablestore.Int32:
		n, err := strconv.ParseInt(text, 10, 32)
		return tablestore.Int32Value(int32(n)), err == nil
	case tablestore.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		return tablestore.Int64Value(n), err == nil
	case tablestore.Double:
		f, ok := parseDouble(text)
		return tablestore.DoubleValue(f), ok
	case tablestore.DateTime:
		ticks, ok := tablestore.ParseTicks(text)
		return tablestore.DateTimeValue(ticks), ok
	case tablestore.GUID:
		g, ok := tablestore.ParseGUID(text)
		return tablestore.GUIDValue(g), ok
	}
	b, err := base64.StdEncoding.DecodeString(text)
	return tablestore.BinaryValue(string(b)), err == nil
}

func parseDouble(text string) (float64, bool) {
	switch text {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	if strings.ContainsAny(text, "xXpP_iInN") { // what Go reads and the service does not
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// clip keeps what was sent short in what is said of it.
func clip(s string) string {
	if len(s) <= 100 {
		return s
	}
	return strings.ToValidUTF8(s[:100], "") + "…"
}
