package expression

import (
	"fmt"
	"strings"
	"time"
)

var timeProperties = map[string]property{
	"Year":        func(v any) (any, error) { return count(v.(Time).Year()), nil },
	"Month":       func(v any) (any, error) { return count(int(v.(Time).Month())), nil },
	"Day":         func(v any) (any, error) { return count(v.(Time).Day()), nil },
	"Hour":        func(v any) (any, error) { return count(v.(Time).Hour()), nil },
	"Minute":      func(v any) (any, error) { return count(v.(Time).Minute()), nil },
	"Second":      func(v any) (any, error) { return count(v.(Time).Second()), nil },
	"Millisecond": func(v any) (any, error) { return count(v.(Time).Nanosecond() / 1e6), nil },
	"DayOfYear":   func(v any) (any, error) { return count(v.(Time).YearDay()), nil },
	"DayOfWeek": func(v any) (any, error) {
		d := v.(Time).Weekday()
		return Enum{"DayOfWeek", d.String(), count(int(d))}, nil
	},
	"Ticks": func(v any) (any, error) { return ticks(v.(Time)), nil },
	"Date": func(v any) (any, error) {
		t := v.(Time)
		return Time{time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()), false, t.Local}, nil
	},
	"TimeOfDay": func(v any) (any, error) {
		t := v.(Time)
		return Span(t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()))), nil
	},
	"Kind": func(v any) (any, error) {
		if v.(Time).Local {
			return Enum{"DateTimeKind", "Unspecified", 0}, nil
		}
		return Enum{"DateTimeKind", "Utc", 1}, nil
	},
	"Offset": func(v any) (any, error) {
		_, s := v.(Time).Zone()
		return Span(time.Duration(s) * time.Second), nil
	},
	"UtcDateTime": func(v any) (any, error) { return Time{Time: v.(Time).UTC()}, nil },
	"DateTime":    func(v any) (any, error) { return Time{Time: v.(Time).Time, Local: true}, nil },
}

// ticks are tenths of microseconds since the year 1.
func ticks(t Time) int64 {
	_, offset := t.Zone()
	return (t.Unix()+int64(offset)+62135596800)*1e7 + int64(t.Nanosecond()/100)
}

func addTime(unit time.Duration) method {
	return func(c *Call) (any, error) {
		n, err := c.real(0)
		t, _ := c.This.(Time)
		if err == nil && (n*float64(unit) > 9e18 || n*float64(unit) < -9e18) {
			err = fmt.Errorf("%s: the time would not fit", c.Name)
		}
		t.Time = t.Add(time.Duration(n * float64(unit)))
		return t, err
	}
}

func addDate(years, months int) method {
	return func(c *Call) (any, error) {
		n, err := c.Int(0)
		if n > 12_000 || n < -12_000 {
			err = fmt.Errorf("%s: the time would not fit", c.Name)
		}
		if err != nil {
			return nil, err
		}
		t, _ := c.This.(Time)
		day := t.Day()
		moved := t.AddDate(years*n, months*n, 0)
		if moved.Day() != day { // the month is shorter: its last day
			moved = moved.AddDate(0, 0, -moved.Day())
		}
		t.Time = moved
		return t, nil
	}
}

var timeMethods = map[string]method{
	"AddDays":         addTime(24 * time.Hour),
	"AddHours":        addTime(time.Hour),
	"AddMinutes":      addTime(time.Minute),
	"AddSeconds":      addTime(time.Second),
	"AddMilliseconds": addTime(time.Millisecond),
	"AddTicks":        addTime(100),
	"AddMonths":       addDate(0, 1),
	"AddYears":        addDate(1, 0),
	"Add": func(c *Call) (any, error) {
		if len(c.Args) == 1 {
			if v, ok := operateTimes("+", c.This, c.Args[0]); ok {
				return v, nil
			}
		}
		return nil, c.bad()
	},
	"Subtract": func(c *Call) (any, error) {
		if len(c.Args) == 1 {
			if v, ok := operateTimes("-", c.This, c.Args[0]); ok {
				return v, nil
			}
		}
		return nil, c.bad()
	},
	"ToOffset": func(c *Call) (any, error) {
		t, _ := c.This.(Time)
		if len(c.Args) != 1 || !t.Offset {
			return nil, c.bad()
		}
		by, ok := c.Args[0].(Span)
		if ok && (by > Span(14*time.Hour) || by < -Span(14*time.Hour) || by%Span(time.Minute) != 0) {
			return nil, fmt.Errorf("ToOffset: the offset is in whole minutes, up to 14 hours")
		}
		if !ok {
			return nil, c.bad()
		}
		return Time{t.In(time.FixedZone("", int(time.Duration(by)/time.Second))), true, t.Local}, nil
	},
	"ToUniversalTime":        func(c *Call) (any, error) { t := c.This.(Time); return Time{t.UTC(), t.Offset, false}, nil },
	"ToLocalTime":            func(c *Call) (any, error) { t := c.This.(Time); return Time{t.UTC(), t.Offset, false}, nil },
	"ToUnixTimeSeconds":      func(c *Call) (any, error) { return c.This.(Time).Unix(), nil },
	"ToUnixTimeMilliseconds": func(c *Call) (any, error) { return c.This.(Time).UnixMilli(), nil },
	"CompareTo": func(c *Call) (any, error) {
		if len(c.Args) == 1 {
			if t, ok := c.Args[0].(Time); ok {
				return count(c.This.(Time).Compare(t.Time)), nil
			}
		}
		return nil, c.bad()
	},
	"ToShortDateString": func(c *Call) (any, error) { return formatted(c.This, "d") },
	"ToShortTimeString": func(c *Call) (any, error) { return formatted(c.This, "t") },
}

func spanTotal(unit time.Duration) property {
	return func(v any) (any, error) { return float64(v.(Span)) / float64(unit), nil }
}

func spanPart(unit time.Duration, of int64) property {
	return func(v any) (any, error) {
		n := int64(v.(Span)) / int64(unit)
		if of > 0 {
			n %= of
		}
		return int32(n), nil //nolint:gosec // a part of a day, or days
	}
}

var spanProperties = map[string]property{
	"TotalDays":         spanTotal(24 * time.Hour),
	"TotalHours":        spanTotal(time.Hour),
	"TotalMinutes":      spanTotal(time.Minute),
	"TotalSeconds":      spanTotal(time.Second),
	"TotalMilliseconds": spanTotal(time.Millisecond),
	"Days":              spanPart(24*time.Hour, 0),
	"Hours":             spanPart(time.Hour, 24),
	"Minutes":           spanPart(time.Minute, 60),
	"Seconds":           spanPart(time.Second, 60),
	"Milliseconds":      spanPart(time.Millisecond, 1000),
	"Ticks":             func(v any) (any, error) { return int64(v.(Span)) / 100, nil },
}

var spanMethods = map[string]method{
	"Add":      timeMethods["Add"],
	"Subtract": timeMethods["Subtract"],
	"Negate":   func(c *Call) (any, error) { return -c.This.(Span), nil },
	"Duration": func(c *Call) (any, error) { return max(c.This.(Span), -c.This.(Span)), nil },
}

var guidMethods = map[string]method{}

func newTime(name string, args []any) (any, error) {
	var n [7]int
	n[1], n[2] = 1, 1
	if name == "TimeSpan" {
		n[1], n[2] = 0, 0
	}
	given := 0
	for _, a := range args {
		switch a := bare(a).(type) {
		case int32:
			if given < 7 {
				n[given] = int(a)
				given++
			}
		case int64:
			if len(args) == 1 && name == "TimeSpan" {
				return Span(a * 100), nil
			}
			return nil, fmt.Errorf("new %s of ticks is not served", name)
		case Span:
		case Time:
			if len(args) <= 2 {
				a.Offset = name == "DateTimeOffset"
				return a, nil
			}
		}
	}
	if name == "TimeSpan" {
		days, rest := 0, n[:3]
		if given > 3 {
			days, rest = n[0], n[1:4]
		}
		d := time.Duration(days)*24*time.Hour + time.Duration(rest[0])*time.Hour + time.Duration(rest[1])*time.Minute + time.Duration(rest[2])*time.Second
		if given == 5 {
			d += time.Duration(n[4]) * time.Millisecond
		}
		return Span(d), nil
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], n[6]*1e6, time.UTC)
	if given != 0 && (given < 3 || t.Year() != n[0] || int(t.Month()) != n[1] || t.Day() != n[2] || n[3] > 23 || n[4] > 59 || n[5] > 59) {
		return nil, fmt.Errorf("year, month, and day parameters describe an un-representable DateTime")
	}
	local := true
	for _, a := range args {
		if e, ok := a.(Enum); ok && e.Name == "Utc" {
			local = false
		}
	}
	return Time{t, name == "DateTimeOffset", local}, nil
}

func compareText(a, b string) int {
	if n := strings.Compare(strings.ToLower(a), strings.ToLower(b)); n != 0 {
		return n
	}
	return -strings.Compare(a, b) // .NET has lower case first
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }
