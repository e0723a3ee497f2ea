package odata

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// literal is the value of a quoted token by what stands before the quotes.
func (l *lexer) literal(t token) (tablestore.Value, *Error) {
	switch t.text {
	case "":
		return tablestore.StringValue(t.value), nil
	case "datetime":
		if ticks, ok := tablestore.ParseTicks(t.value); ok {
			return tablestore.DateTimeValue(ticks), nil
		}
		return tablestore.Value{}, l.fail(t.at, "%.60q is not a time as datetime'2024-01-31T12:00:00Z'", t.value)
	case "guid":
		if g, ok := tablestore.ParseGUID(t.value); ok {
			return tablestore.GUIDValue(g), nil
		}
		return tablestore.Value{}, l.fail(t.at, "%.60q is not a GUID as guid'00000000-0000-0000-0000-000000000000'", t.value)
	case "X", "binary":
		if b, err := hex.DecodeString(t.value); err == nil {
			return tablestore.BinaryValue(string(b)), nil
		}
		return tablestore.Value{}, l.fail(t.at, "%.60q is not pairs of hexadecimal digits as X'0aff'", t.value)
	}
	return tablestore.Value{}, l.fail(t.at, "there are no literals %.30s'…'; there are datetime, guid, X and binary", t.text)
}

// number is the value of a number: with L an Int64, with a point, an exponent or D
// a Double, otherwise an Int32, or an Int64 when that is too small.
func (l *lexer) numberValue(t token) (tablestore.Value, *Error) {
	text, suffix := t.text, byte(0)
	if text == "-INF" {
		return tablestore.DoubleValue(math.Inf(-1)), nil
	}
	switch last := text[len(text)-1] | 0x20; last {
	case 'l', 'd', 'f', 'm':
		text, suffix = text[:len(text)-1], last
	}
	if suffix == 'l' || suffix == 0 && !strings.ContainsAny(text, ".eE") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return tablestore.Value{}, l.fail(t.at, "%.60s is not a number of 64 bits", t.text)
		}
		if suffix == 0 && math.MinInt32 <= n && n <= math.MaxInt32 {
			return tablestore.Int32Value(int32(n)), nil
		}
		return tablestore.Int64Value(n), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.ContainsAny(text, "xXpPiInN_") {
		return tablestore.Value{}, l.fail(t.at, "%.60s is not a number", t.text)
	}
	return tablestore.DoubleValue(f), nil
}
