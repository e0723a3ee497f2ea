package insights

import (
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// period reads a time span as queries are asked with one: PT1H (until now), START/END,
// START/PT1H or PT1H/END. Nothing is all times.
func period(text string, now time.Time) (from, to time.Time, err error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return from, to, nil
	}
	first, second, two := strings.Cut(text, "/")
	length, isLength := isoDuration(first)
	if !two {
		if !isLength {
			return from, to, badPeriod(text)
		}
		return now.Add(-length), time.Time{}, nil
	}
	start, isStart := moment(first)
	end, isEnd := moment(second)
	after, isAfter := isoDuration(second)
	switch {
	case isStart && isEnd:
		return start, end, nil
	case isStart && isAfter:
		return start, start.Add(after), nil
	case isLength && isEnd:
		return end.Add(-length), end, nil
	}
	return from, to, badPeriod(text)
}

func badPeriod(text string) error {
	return fault.New(fault.Invalid, "timespan", "%q is no ISO 8601 duration (PT1H), interval (START/END) or start and duration (START/PT1H)", cut(text, 100))
}

// isoDuration reads P3DT4H5M6.5S, of which parts may be missing; years and months, which
// have no fixed length, are of 365 and 30 days.
func isoDuration(s string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok || rest == "" || rest == "T" {
		return 0, false
	}
	const day = 24 * time.Hour
	units := map[byte]time.Duration{'Y': 365 * day, 'M': 30 * day, 'W': 7 * day, 'D': day}
	total := 0.0
	for rest != "" {
		if rest[0] == 'T' {
			units = map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
			rest = rest[1:]
			continue
		}
		n := strings.IndexAny(rest, "YMWDHS")
		if n < 1 {
			return 0, false
		}
		v, err := strconv.ParseFloat(strings.Replace(rest[:n], ",", ".", 1), 64)
		unit, known := units[rest[n]]
		if err != nil || !known || !(v >= 0) {
			return 0, false
		}
		total += v * float64(unit)
		rest = rest[n+1:]
	}
	if total > float64(100*365*day) {
		return 0, false
	}
	return time.Duration(total), true
}
