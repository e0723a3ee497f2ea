package streamsql

import (
	"strconv"
	"time"
)

// dateFuncs are DAY MONTH YEAR DATETIMEFROMPARTS.
func dateFuncs() map[string]scalarFunc {
	part := func(u Unit) scalarFunc {
		return scalarFunc{min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value { return datePart(r, at, u, a) }}
	}
	return map[string]scalarFunc{
		"day": part(Day), "month": part(Month), "year": part(Year),
		"datetimefromparts": {min: 7, max: 7, fn: dateTimeFromParts},
	}
}

// unitFuncs are the functions that begin with a unit of time.
func unitFuncs() map[string]unitFunc {
	diff := func(r *Row, at *site, u Unit, a, b Value) Value {
		from, okA := moment(r, at, a)
		to, okB := moment(r, at, b)
		if !okA || !okB {
			return NullValue
		}
		return BigIntValue(boundaries(u, to) - boundaries(u, from))
	}
	return map[string]unitFunc{
		"dateadd":     {f2: dateAdd},
		"datediff":    {f2: diff},
		"datediffbig": {f2: diff},
		"datepart":    {f1: datePart},
		"datename":    {f1: dateName},
	}
}

// boundaries counts the boundaries of the unit from year 1 to a time, so that
// DATEDIFF is a difference of two counts. A week begins on Sunday.
func boundaries(u Unit, ticks int64) int64 {
	switch u {
	case Year, Quarter, Month:
		y, m, _ := civil(int(ticks / TicksPerDay))
		switch u {
		case Year:
			return int64(y)
		case Quarter:
			return int64(y*4 + (m-1)/3)
		}
		return int64(y*12 + m - 1)
	case Week:
		return (ticks/TicksPerDay + 1) / 7 // 0001-01-01 is a Monday
	}
	return floorTo(ticks, u.Ticks()) / u.Ticks()
}

// dateAdd is DATEADD(unit, n, time). A month that has no such day takes its last.
func dateAdd(r *Row, at *site, u Unit, n, t Value) Value {
	count, ok := whole(r, at, n)
	ticks, okT := moment(r, at, t)
	if !ok || !okT {
		return NullValue
	}
	out := int64(-1)
	switch u {
	case Year, Quarter, Month:
		months := map[Unit]int64{Year: 12, Quarter: 3, Month: 1}[u]
		if count > -130000 && count < 130000 {
			out = addMonths(ticks, count*months)
		}
	default:
		if d, fits := mulInt(count, u.Ticks()); fits {
			if sum, fits := addInt(ticks, d); fits {
				out = sum
			}
		}
	}
	if out < 0 || out > maxTicks {
		return at.fail(r, "DATEADD(%s, %d, …) leaves the years 1 to 9999", u, count)
	}
	return DateTimeValue(out)
}

// addMonths returns a negative number if the year leaves 1 to 9999.
func addMonths(ticks, n int64) int64 {
	y, m, d := civil(int(ticks / TicksPerDay))
	total := int64(y)*12 + int64(m-1) + n
	y, m = int(total/12), int(total%12)+1
	if total < 12 || y > 9999 {
		return -1
	}
	d = min(d, daysInMonth(y, m))
	return int64(daysOf(y, m, d))*TicksPerDay + ticks%TicksPerDay
}

// datePart is DATEPART(unit, time): a bigint.
func datePart(r *Row, at *site, u Unit, t Value) Value {
	ticks, ok := moment(r, at, t)
	if !ok {
		return NullValue
	}
	return BigIntValue(partOf(u, ticks))
}

func partOf(u Unit, ticks int64) int64 {
	days := int(ticks / TicksPerDay)
	y, m, d := civil(days)
	rest := ticks % TicksPerDay
	switch u {
	case Year:
		return int64(y)
	case Quarter:
		return int64(m-1)/3 + 1
	case Month:
		return int64(m)
	case DayOfYear:
		return int64(days - daysOf(y, 1, 1) + 1)
	case Day:
		return int64(d)
	case Week: // the week of 1 January is the first; weeks begin on Sunday
		return boundaries(Week, ticks) - boundaries(Week, int64(daysOf(y, 1, 1))*TicksPerDay) + 1
	case WeekDay:
		return int64(days+1)%7 + 1 // Sunday is 1
	case Hour:
		return rest / TicksPerHour
	case Minute:
		return rest / TicksPerMinute % 60
	case Second:
		return rest / TicksPerSecond % 60
	case Millisecond:
		return rest / TicksPerMillisecond % 1000
	}
	return rest / TicksPerMicrosecond % 1000000 // Microsecond
}

// dateName is DATENAME(unit, time): names of months and weekdays in English,
// other parts as digits.
func dateName(r *Row, at *site, u Unit, t Value) Value {
	ticks, ok := moment(r, at, t)
	if !ok {
		return NullValue
	}
	n := partOf(u, ticks)
	switch u {
	case Month:
		return StringValue(time.Month(n).String())
	case WeekDay:
		return StringValue(time.Weekday(n - 1).String())
	}
	return StringValue(r.Scratch.keep(strconv.AppendInt(r.Scratch.buffer(20), n, 10)))
}

// dateTimeFromParts is DATETIMEFROMPARTS(year, month, day, hour, minute, second,
// millisecond).
func dateTimeFromParts(r *Row, at *site, args []Value) Value {
	var p [7]int
	for i := range p {
		n, ok := whole(r, at, args[i])
		if !ok {
			return NullValue
		}
		p[i] = int(min(max(n, -1), 10000))
	}
	if p[0] < 1 || p[0] > 9999 || p[1] < 1 || p[1] > 12 || p[2] < 1 || p[2] > daysInMonth(p[0], p[1]) ||
		p[3] < 0 || p[3] > 23 || p[4] < 0 || p[4] > 59 || p[5] < 0 || p[5] > 59 || p[6] < 0 || p[6] > 999 {
		return at.fail(r, "these parts are no date and time")
	}
	sec := int64(p[3]*3600 + p[4]*60 + p[5])
	return DateTimeValue(int64(daysOf(p[0], p[1], p[2]))*TicksPerDay + sec*TicksPerSecond + int64(p[6])*TicksPerMillisecond)
}
