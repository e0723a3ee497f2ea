package insights

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// moment reads the time of an envelope: ISO 8601, in UTC where it names no zone, as
// OpenCensus writes it.
func moment(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// maxDuration is the longest that the protocol can say.
const maxDuration = 1000 * 24 * time.Hour

// span reads a duration as clients write it: DD.HH:MM:SS.FFFFFFF, of which days and
// fractions may be missing, with any number of digits.
func span(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	days := uint64(0)
	if first, rest, ok := strings.Cut(s, "."); ok && strings.Contains(rest, ":") {
		var good bool
		if days, good = small(first, 999); !good {
			return 0, false
		}
		s = rest
	}
	hours, rest, ok1 := strings.Cut(s, ":")
	minutes, rest, ok2 := strings.Cut(rest, ":")
	whole, fraction, _ := strings.Cut(rest, ".")
	h, ok3 := small(hours, 999*24)
	m, ok4 := small(minutes, 59)
	sec, ok5 := small(whole, 59)
	f, ok6 := nanoseconds(fraction)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 {
		return 0, false
	}
	d := time.Duration(days)*24*time.Hour + time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second + f
	return d, d < maxDuration
}

// small reads digits up to a value.
func small(s string, most uint64) (uint64, bool) {
	if s == "" || len(s) > 6 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	v, err := strconv.ParseUint(s, 10, 64)
	return v, err == nil && v <= most
}

// nanoseconds reads the digits behind a second's point.
func nanoseconds(s string) (time.Duration, bool) {
	var v time.Duration
	for i := range 9 {
		v *= 10
		if i < len(s) {
			if s[i] < '0' || s[i] > '9' {
				return 0, false
			}
			v += time.Duration(s[i] - '0')
		}
	}
	return v, strings.Trim(s, "0123456789") == ""
}

// cut is a text of at most so many characters, as the service cuts it.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}

// severity reads a level, as a number or as a name.
func severity(s string) item.Severity {
	if v, err := strconv.ParseInt(s, 10, 8); err == nil {
		return item.SeverityOf(v)
	}
	for level := item.Verbose; level <= item.Critical; level++ {
		if strings.EqualFold(s, level.String()) {
			return level
		}
	}
	return item.NoSeverity
}

// count is how many things a sampled one stands for.
func count(sampleRate float64) int {
	if !(sampleRate > 0 && sampleRate < 100) {
		return 1
	}
	return int(min(math.Round(100/sampleRate), math.MaxInt32))
}

// ID is an id of a trace or a span as people join by it: none for one of zeros, and the
// span of OpenCensus's |trace.span.
func ID(s string) string {
	if len(s) >= 16 && strings.Trim(s, "0|.") == "" {
		return ""
	}
	if len(s) >= 50 && s[0] == '|' && s[33] == '.' { // a trace of 32 digits, a span of 16
		return strings.TrimSuffix(s[34:], ".")
	}
	return s
}
