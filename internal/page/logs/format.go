package logs

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// format is how an export writes a line.
type format struct {
	media, ending string
	line          func(Line) []byte
}

var formats = map[string]format{
	"ndjson": {portal.NDJSON, "ndjson", ndjson},
	"text":   {"text/plain; charset=utf-8", "log", plain},
}

func ndjson(l Line) []byte {
	body, err := json.Marshal(l)
	if err != nil {
		return nil // strings and numbers are always JSON
	}
	return append(body, '\n')
}

// plain is the line as a terminal may show it: what is in it obeys nobody.
func plain(l Line) []byte {
	s := fmt.Sprintf("%s %-5s %s: %s", time.UnixMilli(l.At).UTC().Format("2006-01-02T15:04:05.000Z"), strings.ToUpper(l.Level), l.Source, terminal.WithFields(l.Text, l.Fields))
	return []byte(terminal.Clean(s) + "\n")
}

// number reads an attribute's value as a number, which words like NaN are not.
func number(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && f-f == 0
}
