package insights

import (
	"bufio"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kql"
)

// writeResult writes an answer as the query API has it: one table, PrimaryResult. A
// writer that fails fails at its end.
func writeResult(w *bufio.Writer, r *kql.Result, q asked, took time.Duration) {
	b := append(make([]byte, 0, 4<<10), `{"tables":[{"name":"PrimaryResult","columns":[`...)
	for n, c := range r.Columns {
		if n > 0 {
			b = append(b, ',')
		}
		b = appendText(append(b, `{"name":`...), c.Name)
		b = appendText(append(b, `,"type":`...), c.Kind.String())
		b = append(b, '}')
	}
	b = append(b, `],"rows":[`...)
	first := true
	for row := range r.All() {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '[')
		for n, v := range row {
			if n > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, v)
		}
		b = append(b, ']')
		if len(b) > 32<<10 {
			_, _ = w.Write(b)
			b = b[:0]
		}
	}
	b = append(b, "]}]"...)
	if q.statistics {
		b = appendStatistics(b, r, took)
	}
	if q.render && r.Render != nil {
		b = appendRender(b, r.Render)
	}
	if r.Partial != nil {
		b = append(b, `,"error":{"message":"There were some errors when processing your query.","code":"PartialError","details":[{"message":"Something went wrong processing your query on the server.","code":"EngineError","innererror":`...)
		b = append(appendInner(b, r.Partial), "}]}"...)
	}
	_, _ = w.Write(append(b, '}'))
}

func appendStatistics(b []byte, r *kql.Result, took time.Duration) []byte {
	b = append(b, `,"statistics":{"query":{"executionTime":`...)
	b = strconv.AppendFloat(b, took.Seconds(), 'f', 7, 64)
	b = append(b, `,"resourceUsage":{"scanned_rows":`...)
	b = strconv.AppendInt(b, r.Scanned, 10)
	b = append(b, `},"inputDatasetStatistics":{"extents":{"total":0,"scanned":0},"rows":{"total":`...)
	b = strconv.AppendInt(b, r.Scanned, 10)
	b = append(b, `,"scanned":`...)
	b = strconv.AppendInt(b, r.Scanned, 10)
	b = append(b, `}},"datasetStatistics":[{"tableRowCount":`...)
	b = strconv.AppendInt(b, int64(r.Rows), 10)
	return append(b, `,"tableSize":0}]}}`...)
}

// appendRender says how a query asks to be drawn.
func appendRender(b []byte, r *kql.Render) []byte {
	b = appendText(append(b, `,"render":{"visualization":`...), r.Kind)
	for _, p := range r.Properties {
		b = append(appendText(append(b, ','), p.Name), ':')
		b = appendText(b, p.Value)
	}
	return append(b, '}')
}

// appendValue is a value as its column's type has it in JSON.
func appendValue(b []byte, v kql.Value) []byte {
	if v.IsNull() {
		return append(b, "null"...)
	}
	switch v.Kind() {
	case kql.Bool:
		return strconv.AppendBool(b, v.Bool())
	case kql.Int, kql.Long:
		return strconv.AppendInt(b, v.Int(), 10)
	case kql.Real:
		return appendReal(b, v.Real())
	case kql.Datetime:
		return append(appendMoment(append(b, '"'), v.Int()), '"')
	case kql.Timespan:
		return append(appendTimespan(append(b, '"'), v.Int()), '"')
	case kql.Dynamic:
		return appendText(b, string(dynamicJSON(v.Dynamic())))
	}
	return appendText(b, v.Text())
}

func appendReal(b []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(b, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(b, `"-Infinity"`...)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, text...)
}

// appendMoment is a datetime: seven digits at most behind the second, and none that are 0.
func appendMoment(b []byte, ticks int64) []byte {
	return kql.Moment(ticks).AppendFormat(b, "2006-01-02T15:04:05.9999999Z")
}

// appendTimespan is [-][d.]hh:mm:ss[.fffffff].
func appendTimespan(b []byte, ticks int64) []byte {
	left := uint64(ticks) //nolint:gosec // its bits: the least number has no other side
	if ticks < 0 {
		b, left = append(b, '-'), -left
	}
	if days := left / uint64(kql.Day); days > 0 {
		b = append(strconv.AppendUint(b, days, 10), '.')
		left %= uint64(kql.Day)
	}
	for n, unit := range [...]int64{kql.Hour, kql.Minute, kql.Second} {
		if n > 0 {
			b = append(b, ':')
		}
		b = appendDigits(b, left/uint64(unit), 2)
		left %= uint64(unit)
	}
	if left > 0 {
		b = appendDigits(append(b, '.'), left, 7)
	}
	return b
}

func appendDigits(b []byte, v uint64, width int) []byte {
	text := strconv.FormatUint(v, 10)
	return append(append(b, strings.Repeat("0", max(width-len(text), 0))...), text...)
}

// dynamicJSON is a dynamic value as JSON.
func dynamicJSON(v any) []byte { return appendDynamic(nil, v) }

func appendDynamic(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return appendReal(b, v)
	case string:
		return appendPlain(b, v)
	case []any:
		b = append(b, '[')
		for n, x := range v {
			if n > 0 {
				b = append(b, ',')
			}
			b = appendDynamic(b, x)
		}
		return append(b, ']')
	case *kql.Bag:
		b = append(b, '{')
		for n, name := range v.Names {
			if n > 0 {
				b = append(b, ',')
			}
			b = appendDynamic(append(appendPlain(b, name), ':'), v.Values[n])
		}
		return append(b, '}')
	case kql.Value:
		return appendValue(b, v)
	}
	return append(b, "null"...)
}

// appendPlain is a JSON string within a text, which is quoted once more: nothing of it
// needs to be kept from a script.
func appendPlain(b []byte, s string) []byte {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return append(b, `""`...)
	}
	return append(b, strings.TrimSuffix(out.String(), "\n")...)
}
