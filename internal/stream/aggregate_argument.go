package stream

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// textArgument is what a call makes of a string: SUM and the like take a float
// of it. So do MIN and MAX, or a datetime, unless the query says by CAST that it
// is meant as text (the vendor's page on MAX).
func textArgument(c *streamsql.AggregateCall, v streamsql.Value, row *streamsql.Row) streamsql.Value {
	extreme := c.Func == streamsql.Min || c.Func == streamsql.Max
	if !extreme && accepts(c, streamsql.String) || extreme && c.TextArg {
		return v
	}
	if f, ok := streamsql.Convert(v, streamsql.Float); ok {
		return f
	}
	if t, ok := streamsql.Convert(v, streamsql.DateTime); ok && extreme {
		return t
	}
	argumentError(c, row, c.Func.String()+" of the string '"+shorten(v.Text())+"', which is no number; CAST AS nvarchar(max) to mean text")
	return streamsql.NullValue
}

// orderValue is a value of ORDER BY, by which numbers and datetimes are ranked.
// A string is read as one of them.
func orderValue(c *streamsql.AggregateCall, v streamsql.Value, row *streamsql.Row) streamsql.Value {
	switch v.Kind() {
	case streamsql.String:
		if t, ok := streamsql.Convert(v, streamsql.DateTime); ok && c.Func != streamsql.PercentileCont && c.Func != streamsql.PercentileDisc {
			return t
		}
		if f, ok := streamsql.Convert(v, streamsql.Float); ok {
			return f
		}
	case streamsql.Record, streamsql.Array:
	default:
		return v
	}
	argumentError(c, row, c.Func.String()+" orders by numbers and datetimes, not by "+shorten(string(v.AppendJSON(nil))))
	return streamsql.NullValue
}

func argumentError(c *streamsql.AggregateCall, row *streamsql.Row, msg string) {
	if row.Err == nil {
		row.Err = &streamsql.DataError{Line: c.Line, Col: c.Col, Msg: msg}
	}
}

// shorten keeps messages readable.
func shorten(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}
