package hub

import (
	"math"
	"strconv"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// valueOf makes an AMQP value one of the query language. Texts, numbers and
// booleans keep their type; anything else is its text, or its JSON text.
func valueOf(v amqp.Value) streamsql.Value {
	switch v := v.(type) {
	case nil:
		return streamsql.NullValue
	case bool:
		return streamsql.BitValue(v)
	case string:
		return streamsql.StringValue(v)
	case amqp.Symbol:
		return streamsql.StringValue(string(v))
	case float64:
		return floatOf(v, 64)
	case float32:
		return floatOf(float64(v), 32)
	case uint64:
		if v > math.MaxInt64 {
			return streamsql.FloatValue(float64(v))
		}
	}
	if n, ok := amqp.AsInt(v); ok {
		return streamsql.BigIntValue(n)
	}
	text := eventdata.AppendJSON(nil, v)
	if len(text) > 1 && text[0] == '"' { // a time, an id, bytes: plain text
		return streamsql.StringValue(string(text[1 : len(text)-1]))
	}
	return streamsql.StringValue(string(text))
}

// floatOf is a number, or the text of what is none in JSON. A float32 is the
// number that is written for it, not the binary one.
func floatOf(f float64, bits int) streamsql.Value {
	text := strconv.FormatFloat(f, 'g', -1, bits)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return streamsql.StringValue(text)
	}
	if bits == 32 {
		f, _ = strconv.ParseFloat(text, 64) // it was a number before
	}
	return streamsql.FloatValue(f)
}
