package eventdata

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// object is a JSON object that grows at the end of b; it begins at start, and
// is not there at all while it has no entries.
type object struct {
	b     []byte
	start int
}

// open makes room for one more entry, and appends its name.
func (o *object) open(name []byte) {
	if len(o.b) == o.start {
		o.b = append(o.b, '{')
	} else {
		o.b[len(o.b)-1] = ',' // instead of the closing brace
	}
	o.b = append(appendText(o.b, name), ':')
}

func (o *object) add(name string, v amqp.Value) {
	o.open([]byte(name))
	o.b = append(AppendJSON(o.b, v), '}')
}

// addEncoded adds a value that is encoded still; texts, which most are, are not
// decoded for it.
func (o *object) addEncoded(name, value []byte) error {
	if text, ok := amqp.TextOf(value); ok {
		o.open(name)
		o.b = append(appendText(o.b, text), '}')
		return nil
	}
	v, _, err := amqp.DecodeValue(value)
	if err != nil {
		return err
	}
	o.open(name)
	o.b = append(AppendJSON(o.b, v), '}')
	return nil
}

// AppendJSON appends an AMQP value as JSON. Binary is base64, times are RFC
// 3339, and what JSON has no number for (NaN, infinities) is text.
func AppendJSON(b []byte, v amqp.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		return appendText(b, v)
	case amqp.Symbol:
		return appendText(b, string(v))
	case []byte:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, '"')
	case time.Time:
		return appendText(b, v.UTC().Format(time.RFC3339Nano))
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case float32:
		return appendFloat(b, float64(v), 32)
	case float64:
		return appendFloat(b, v, 64)
	case amqp.UUID:
		h := hex.EncodeToString(v[:])
		return appendText(b, h[:8]+"-"+h[8:12]+"-"+h[12:16]+"-"+h[16:20]+"-"+h[20:])
	case amqp.Char:
		return appendText(b, string(rune(v)))
	case amqp.Described:
		return AppendJSON(b, v.Value)
	case amqp.Map:
		return appendMap(b, v)
	case []any:
		return appendArray(b, v)
	case amqp.Array:
		return appendArray(b, v)
	}
	if n, ok := amqp.AsInt(v); ok {
		return strconv.AppendInt(b, n, 10)
	}
	return appendText(b, fmt.Sprint(v)) // decimals: opaque bytes
}

func appendFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendText(b, strconv.FormatFloat(f, 'g', -1, bits))
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}

func appendMap(b []byte, m amqp.Map) []byte {
	b = append(b, '{')
	for i, e := range m {
		if i > 0 {
			b = append(b, ',')
		}
		switch k := e.Key.(type) {
		case string:
			b = appendText(b, k)
		case amqp.Symbol:
			b = appendText(b, string(k))
		default:
			b = appendText(b, fmt.Sprint(k))
		}
		b = append(b, ':')
		b = AppendJSON(b, e.Value)
	}
	return append(b, '}')
}

func appendArray(b []byte, list []any) []byte {
	b = append(b, '[')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendJSON(b, e)
	}
	return append(b, ']')
}

// appendText appends a JSON string. Plain ASCII, nearly every name and value,
// takes the short way.
func appendText[T string | []byte](b []byte, s T) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			quoted, err := json.Marshal(string(s))
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
