package insights

import (
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kql"
)

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// literal is a text as a query has it.
func literal(s string) string { return `"` + escapes.Replace(strings.ToValidUTF8(s, "\uFFFD")) + `"` }

// moment is a datetime as a query has it.
func moment(ticks int64) string {
	return "datetime(" + kql.Moment(ticks).Format("2006-01-02T15:04:05.0000000Z") + ")"
}

// number is a number as a query has it.
func number(f float64) string { return "real(" + strconv.FormatFloat(f, 'f', -1, 64) + ")" }

// millis is a datetime as pages have it: unix milliseconds.
func millis(v kql.Value) float64 {
	return float64(v.Int()-epoch) / float64(kql.Millisecond)
}

// epoch is 1970 in ticks.
var epoch = kql.Ticks(time.Unix(0, 0))

// real64 is a number, nil where there is none.
func real64(v kql.Value) *float64 {
	if v.IsNull() {
		return nil
	}
	f := v.Real()
	if f-f != 0 { // infinite, or none
		return nil
	}
	return &f
}

// cut is a text of at most so many bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
