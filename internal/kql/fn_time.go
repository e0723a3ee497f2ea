package kql

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones by name also where the system has no zone files
)

// timeFunctions work on datetimes and timespans. All datetimes are UTC.
var timeFunctions = []fn{
	{name: "startofday", args: "t?l", out: Datetime, row: startOf("day", false)},
	{name: "startofweek", args: "t?l", out: Datetime, row: startOf("week", false)},
	{name: "startofmonth", args: "t?l", out: Datetime, row: startOf("month", false)},
	{name: "startofyear", args: "t?l", out: Datetime, row: startOf("year", false)},
	{name: "endofday", args: "t?l", out: Datetime, row: startOf("day", true)},
	{name: "endofweek", args: "t?l", out: Datetime, row: startOf("week", true)},
	{name: "endofmonth", args: "t?l", out: Datetime, row: startOf("month", true)},
	{name: "endofyear", args: "t?l", out: Datetime, row: startOf("year", true)},
	part("hourofday", func(t time.Time) int { return t.Hour() }),
	part("dayofmonth", func(t time.Time) int { return t.Day() }),
	part("dayofyear", func(t time.Time) int { return t.YearDay() }),
	part("monthofyear|getmonth", func(t time.Time) int { return int(t.Month()) }),
	part("getyear", func(t time.Time) int { return t.Year() }),
	part("weekofyear|week_of_year", func(t time.Time) int { _, w := t.ISOWeek(); return w }),
	{name: "dayofweek", args: "t", out: Timespan, row: func(a []Value) Value {
		return IntValue(Timespan, int64(Moment(a[0].Int()).Weekday())*Day)
	}},
	{name: "datetime_part", args: "st", out: Long, row: datetimePart},
	{name: "datetime_add", args: "slt", out: Datetime, row: func(a []Value) Value {
		return datetimeAdd(a[2].Int(), lower(a[0].text), a[1].Int())
	}},
	{name: "datetime_diff", args: "stt", out: Long, row: datetimeDiff},
	{name: "make_datetime", args: "*?llllr", bind: makeDatetime},
	{name: "make_timespan", args: "*?lrr", bind: makeTimespan},
	{name: "format_datetime", args: "ts", out: String, row: func(a []Value) Value { return text(formatDatetime(a[0].Int(), a[1].text)) }},
	{name: "format_timespan", args: "ps", out: String, row: func(a []Value) Value { return text(formatTimespan(a[0].Int(), a[1].text)) }},
	{name: "unixtime_seconds_todatetime", args: "r", out: Datetime, row: fromUnix(float64(Second))},
	{name: "unixtime_milliseconds_todatetime", args: "r", out: Datetime, row: fromUnix(float64(Millisecond))},
	{name: "unixtime_microseconds_todatetime", args: "r", out: Datetime, row: fromUnix(float64(Microsecond))},
	{name: "unixtime_nanoseconds_todatetime", args: "r", out: Datetime, row: fromUnix(0.01)},
	{name: "datetime_utc_to_local", args: "ts", out: Datetime, row: zoned(false)},
	{name: "datetime_local_to_utc", args: "ts", out: Datetime, row: zoned(true)},
}

func part(name string, f func(time.Time) int) fn {
	return fn{name: name, args: "t", out: Long, row: func(a []Value) Value { return IntValue(Long, int64(f(Moment(a[0].Int())))) }}
}

// startOf gives the beginning of the unit that holds the moment, so many units
// later; with end, the last tick of it. Weeks begin on Sunday.
func startOf(unit string, end bool) rowFunc {
	return func(a []Value) Value {
		offset := int64(0)
		if len(a) > 1 {
			offset = a[1].Int()
		}
		if offset > 4_000_000 || offset < -4_000_000 {
			return Null(Datetime)
		}
		t := Moment(a[0].Int())
		switch unit {
		case "day":
			t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		case "week":
			t = time.Date(t.Year(), t.Month(), t.Day()-int(t.Weekday()), 0, 0, 0, 0, time.UTC)
		case "month":
			t = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
		case "year":
			t = time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		}
		if end {
			offset++
		}
		n := int(offset)
		switch unit {
		case "day":
			t = t.AddDate(0, 0, n)
		case "week":
			t = t.AddDate(0, 0, 7*n)
		case "month":
			t = t.AddDate(0, n, 0)
		case "year":
			t = t.AddDate(n, 0, 0)
		}
		if t.Year() < 1 || t.Year() > 10000 {
			return Null(Datetime)
		}
		ticks := Ticks(t)
		if end {
			ticks--
		}
		return datetimeValue(ticks)
	}
}

func datetimePart(a []Value) Value {
	ticks := a[1].Int()
	t := Moment(ticks)
	var n int
	switch lower(a[0].text) {
	case "year":
		n = t.Year()
	case "quarter":
		n = (int(t.Month()) + 2) / 3
	case "month":
		n = int(t.Month())
	case "week_of_year", "weekofyear", "week":
		_, n = t.ISOWeek()
	case "day":
		n = t.Day()
	case "dayofyear":
		n = t.YearDay()
	case "hour":
		n = t.Hour()
	case "minute":
		n = t.Minute()
	case "second":
		n = t.Second()
	case "millisecond":
		n = int(ticks % Second / Millisecond)
	case "microsecond":
		n = int(ticks % Second / Microsecond)
	case "nanosecond":
		n = int(ticks % Second * 100)
	default:
		return Null(Long)
	}
	return IntValue(Long, int64(n))
}

// lengths of the periods that are always equally long, in ticks.
var lengths = map[string]int64{"week": 7 * Day, "day": Day, "hour": Hour, "minute": Minute, "second": Second, "millisecond": Millisecond, "microsecond": Microsecond}

func datetimeAdd(ticks int64, period string, n int64) Value {
	if l, ok := lengths[period]; ok {
		if n > lastTick/l || n < -lastTick/l {
			return Null(Datetime)
		}
		return datetimeValue(ticks + n*l)
	}
	switch period {
	case "nanosecond":
		return datetimeValue(ticks + n/100)
	case "quarter":
		n *= 3
	case "year":
		n *= 12
	case "month":
	default:
		return Null(Datetime)
	}
	if n > 120_000 || n < -120_000 {
		return Null(Datetime)
	}
	t := Moment(ticks)
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	if first.Year() < 1 || first.Year() > 9999 {
		return Null(Datetime)
	}
	day := min(t.Day(), first.AddDate(0, 1, -1).Day()) // the 31st becomes the last of a shorter month
	return datetimeValue(Ticks(first) + int64(day-1)*Day + ticks%Day)
}

// datetimeDiff counts the borders of a period between two moments, the first
// minus the second.
func datetimeDiff(a []Value) Value {
	x, y := a[1].Int(), a[2].Int()
	t, u := Moment(x), Moment(y)
	months := int64(t.Year()-u.Year())*12 + int64(t.Month()-u.Month())
	switch period := lower(a[0].text); period {
	case "year":
		return IntValue(Long, int64(t.Year()-u.Year()))
	case "quarter":
		return IntValue(Long, int64(t.Year()-u.Year())*4+int64((t.Month()+2)/3-(u.Month()+2)/3))
	case "month":
		return IntValue(Long, months)
	case "week":
		// Year 1 began on a Monday; weeks begin on Sunday.
		return IntValue(Long, (x+Day)/(7*Day)-(y+Day)/(7*Day))
	case "nanosecond":
		return IntValue(Long, (x-y)*100)
	default:
		if l, ok := lengths[period]; ok {
			return IntValue(Long, x/l-y/l)
		}
	}
	return Null(Long)
}

func makeDatetime(b *binder, c *call, args []*node) *node {
	if len(args) == 1 {
		return args[0].to(Datetime)
	}
	if len(args) < 3 {
		b.fail(c.span, "SEM0219", "make_datetime(): function expects 1, 3, 5 or 6 arguments")
	}
	args[0] = b.argument(c, 0, 'l', args[0])
	return lift(Datetime, args, func(a []Value) Value {
		var n [5]int64
		seconds := 0.0
		for i, v := range a {
			if !v.full {
				return Null(Datetime)
			}
			if i == 5 {
				seconds = v.Real()
			} else {
				n[i] = v.Int()
			}
		}
		if n[0] < 1 || n[0] > 9999 || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 || n[3] < 0 || n[3] > 23 || n[4] < 0 || n[4] > 59 || seconds < 0 || seconds >= 60 {
			return Null(Datetime)
		}
		t := time.Date(int(n[0]), time.Month(n[1]), int(n[2]), int(n[3]), int(n[4]), 0, 0, time.UTC)
		if t.Day() != int(n[2]) {
			return Null(Datetime)
		}
		return datetimeValue(Ticks(t) + roundTicks(seconds*float64(Second)))
	})
}

// makeTimespan is make_timespan(h, m), (h, m, s) or (d, h, m, s).
func makeTimespan(b *binder, c *call, args []*node) *node {
	if len(args) == 1 {
		return args[0].to(Timespan)
	}
	for i := range args {
		args[i] = b.argument(c, i, 'r', args[i])
	}
	return lift(Timespan, args, func(a []Value) Value {
		units := [...]int64{Day, Hour, Minute, Second}
		from := 0
		if len(a) < 4 {
			from = 1
		}
		total := 0.0
		for i, v := range a {
			if !v.full {
				return Null(Timespan)
			}
			total += v.Real() * float64(units[from+i])
		}
		if total > float64(lastTick) || total < -float64(lastTick) {
			return Null(Timespan)
		}
		return IntValue(Timespan, roundTicks(total))
	})
}

func fromUnix(unit float64) rowFunc {
	return func(a []Value) Value {
		f := a[0].Real() * unit
		if f > float64(lastTick) || f < -float64(lastTick) {
			return Null(Datetime)
		}
		return datetimeValue(unixTicks + roundTicks(f))
	}
}

func zoned(toUTC bool) rowFunc {
	return func(a []Value) Value {
		zone, err := time.LoadLocation(a[1].text)
		if err != nil || a[1].text == "" || a[1].text == "Local" {
			return Null(Datetime)
		}
		t := Moment(a[0].Int())
		if toUTC {
			local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
			return datetimeValue(Ticks(local))
		}
		_, offset := t.In(zone).Zone()
		return datetimeValue(a[0].Int() + int64(offset)*Second)
	}
}

// formatDatetime knows y, M, d, H, h, m, s, f, F, tt and separators.
func formatDatetime(ticks int64, format string) string {
	t := Moment(ticks)
	var out strings.Builder
	for i := 0; i < len(format); {
		c := format[i]
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		i += n
		number := -1
		switch c {
		case 'y':
			if number = t.Year(); n <= 2 {
				number %= 100
			}
		case 'M':
			switch {
			case n == 3:
				out.WriteString(t.Format("Jan"))
				continue
			case n > 3:
				out.WriteString(t.Format("January"))
				continue
			}
			number = int(t.Month())
		case 'd':
			switch {
			case n == 3:
				out.WriteString(t.Format("Mon"))
				continue
			case n > 3:
				out.WriteString(t.Format("Monday"))
				continue
			}
			number = t.Day()
		case 'H':
			number = t.Hour()
		case 'h':
			number = (t.Hour()+11)%12 + 1
		case 'm':
			number = t.Minute()
		case 's':
			number = t.Second()
		case 'f', 'F':
			out.WriteString(fractionText(ticks%Second, n, c == 'F'))
			continue
		case 't':
			out.WriteString(t.Format("PM")[:min(n, 2)])
			continue
		}
		if number < 0 {
			out.WriteString(strings.Repeat(string(c), n))
			continue
		}
		s := strconv.Itoa(number)
		out.WriteString(strings.Repeat("0", max(0, n-len(s))) + s)
	}
	return out.String()
}

// fractionText is n digits of a second's fraction; with cut, without zeros at the end.
func fractionText(fraction int64, n int, cut bool) string {
	s := strconv.FormatInt(Second+fraction, 10)[1:]
	s = s[:min(n, 7)]
	if cut {
		return strings.TrimRight(s, "0")
	}
	return s
}

// formatTimespan knows d, H, h, m, s, f, F and separators.
func formatTimespan(ticks int64, format string) string {
	negative := ticks < 0
	if negative {
		ticks = -ticks
	}
	var out strings.Builder
	if negative {
		out.WriteByte('-')
	}
	for i := 0; i < len(format); {
		c := format[i]
		n := 1
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		i += n
		number := int64(-1)
		switch c {
		case 'd':
			number = ticks / Day
		case 'H', 'h':
			number = ticks / Hour % 24
		case 'm':
			number = ticks / Minute % 60
		case 's':
			number = ticks / Second % 60
		case 'f', 'F':
			out.WriteString(fractionText(ticks%Second, n, c == 'F'))
			continue
		}
		if number < 0 {
			out.WriteString(strings.Repeat(string(c), n))
			continue
		}
		s := strconv.FormatInt(number, 10)
		out.WriteString(strings.Repeat("0", max(0, n-len(s))) + s)
	}
	return out.String()
}
