package cosmossql

import (
	"math"
	"time"
)

// dateFunctions work on times (see parseDateTime; they are written as
// YYYY-MM-DDThh:mm:ss.fffffffZ), on ticks (100 ns since 1970) and on timestamps
// (ms since 1970). A time out of the years 1 to 9999 is undefined.
var dateFunctions = map[string]function{
	"DATETIMEADD":         {min: 3, max: 3, fn: fnDateTimeAdd},
	"DATETIMEBIN":         {min: 2, max: 4, fn: fnDateTimeBin},
	"DATETIMEDIFF":        {min: 3, max: 3, fn: fnDateTimeDiff},
	"DATETIMEFORMAT":      {min: 2, max: 2, fn: fnDateTimeFormat},
	"DATETIMEFROMPARTS":   {min: 3, max: 7, fn: fnDateTimeFromParts},
	"DATETIMEPART":        {min: 2, max: 2, fn: fnDateTimePart},
	"DATETIMETOTICKS":     {min: 1, max: 1, fn: fnDateTimeToTicks},
	"DATETIMETOTIMESTAMP": {min: 1, max: 1, fn: fnDateTimeToTimestamp},
	"DAY":                 {min: 1, max: 1, fn: datePart(time.Time.Day)},
	"MONTH":               {min: 1, max: 1, fn: datePart(func(t time.Time) int { return int(t.Month()) })},
	"YEAR":                {min: 1, max: 1, fn: datePart(time.Time.Year)},
	"TICKSTODATETIME":     {min: 1, max: 1, fn: fnTicksToDateTime},
	"TIMESTAMPTODATETIME": {min: 1, max: 1, fn: fnTimestampToDateTime},
}

// clockFunctions read the clock. All calls within one page see the same time.
var clockFunctions = map[string]function{
	"AGO":                       {min: 2, max: 2, fn: shiftedClock(-1), volatile: true},
	"NOW":                       {min: 0, max: 2, fn: shiftedClock(1), volatile: true},
	"GETCURRENTDATETIME":        clock(dateTimeValue),
	"GETCURRENTDATETIMESTATIC":  clock(dateTimeValue),
	"GETCURRENTTICKS":           clock(func(t time.Time) value { return intValue(ticks(t)) }),
	"GETCURRENTTICKSSTATIC":     clock(func(t time.Time) value { return intValue(ticks(t)) }),
	"GETCURRENTTIMESTAMP":       clock(func(t time.Time) value { return intValue(t.UnixMilli()) }),
	"GETCURRENTTIMESTAMPSTATIC": clock(func(t time.Time) value { return intValue(t.UnixMilli()) }),
}

func clock(read func(time.Time) value) function {
	return function{volatile: true, fn: func(f *frame, _ []value) value { return read(f.run.now) }}
}

// shiftedClock makes a function of a unit and a number, which are added to the
// time (sign 1) or taken from it (-1). Without them it is the time.
func shiftedClock(sign float64) builtin {
	return func(f *frame, a []value) value {
		switch len(a) {
		case 0:
			return dateTimeValue(f.run.now)
		case 1:
			return undefined
		}
		n := a[1]
		n.num, n.raw = sign*n.num, nil
		return addToTime(a[0], n, f.run.now.UTC())
	}
}

// dateTimeLayout has seven decimals, as the service writes them.
const dateTimeLayout = "2006-01-02T15:04:05.0000000Z"

// dateTimeValue writes a time, or undefined if its year cannot be written.
func dateTimeValue(t time.Time) value {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return undefined
	}
	return stringValue(t.AppendFormat(nil, dateTimeLayout))
}

// ticks counts 100 ns since 1970.
func ticks(t time.Time) int64 { return t.Unix()*1e7 + int64(t.Nanosecond()/100) }

// timeOfTicks is the inverse of ticks; false out of the years 1 to 9999.
func timeOfTicks(n float64) (time.Time, bool) {
	if n != math.Trunc(n) || math.Abs(n) > 2.6e18 {
		return time.Time{}, false
	}
	sec, rest := int64(n)/1e7, int64(n)%1e7
	t := time.Unix(sec, rest*100).UTC()
	return t, t.Year() >= 1 && t.Year() <= 9999
}

func fnDateTimeToTicks(_ *frame, a []value) value {
	t, ok := parseDateTime(a[0])
	if !ok {
		return undefined
	}
	return intValue(ticks(t))
}

func fnDateTimeToTimestamp(_ *frame, a []value) value {
	t, ok := parseDateTime(a[0])
	if !ok {
		return undefined
	}
	return intValue(t.UnixMilli())
}

func fnTicksToDateTime(_ *frame, a []value) value {
	if a[0].kind != Number {
		return undefined
	}
	n := a[0].num
	if exact, ok := toInt64(a[0]); ok && math.Abs(n) < 2.6e18 {
		return dateTimeValue(time.Unix(exact/1e7, exact%1e7*100))
	}
	t, ok := timeOfTicks(n)
	if !ok {
		return undefined
	}
	return dateTimeValue(t)
}

func fnTimestampToDateTime(_ *frame, a []value) value {
	ms, ok := toInt64(a[0])
	if !ok || ms > 2.6e14 || ms < -2.6e14 {
		return undefined
	}
	return dateTimeValue(time.UnixMilli(ms))
}

// fnDateTimeFromParts takes year, month, day, hour, minute, second and the
// fraction of a second in units of 100 ns.
func fnDateTimeFromParts(_ *frame, a []value) value {
	limits := [7][2]int64{{1, 9999}, {1, 12}, {1, 31}, {0, 23}, {0, 59}, {0, 59}, {0, 9999999}}
	parts := [7]int64{1, 1, 1}
	for i := range a {
		n, ok := toInt64(a[i])
		if !ok || n < limits[i][0] || n > limits[i][1] {
			return undefined
		}
		parts[i] = n
	}
	t := time.Date(int(parts[0]), time.Month(parts[1]), int(parts[2]), int(parts[3]), int(parts[4]), int(parts[5]), int(parts[6])*100, time.UTC)
	if t.Day() != int(parts[2]) {
		return undefined // no such day in that month
	}
	return dateTimeValue(t)
}

// datePart makes a function that reads one part of a time.
func datePart(part func(time.Time) int) builtin {
	return func(_ *frame, a []value) value {
		t, ok := parseDateTime(a[0])
		if !ok {
			return undefined
		}
		return numberValue(float64(part(t)))
	}
}

// fnDateTimeFormat takes a time and a format.
func fnDateTimeFormat(_ *frame, a []value) value {
	t, ok := parseDateTime(a[0])
	if !ok || a[1].kind != String {
		return undefined
	}
	text, ok := formatDateTime(t, a[1].text)
	if !ok {
		return undefined
	}
	return stringValue(text)
}

// fnDateTimePart takes the part's name and a time.
func fnDateTimePart(_ *frame, a []value) value {
	unit, ok := dateUnit(a[0])
	t, okt := parseDateTime(a[1])
	if !ok || !okt {
		return undefined
	}
	return numberValue(float64(unit.part(t)))
}

// fnDateTimeAdd takes the unit, a number and a time.
func fnDateTimeAdd(_ *frame, a []value) value {
	t, ok := parseDateTime(a[2])
	if !ok {
		return undefined
	}
	return addToTime(a[0], a[1], t)
}

// addToTime moves t by a number of units.
func addToTime(name, number value, t time.Time) value {
	unit, ok := dateUnit(name)
	n, okn := toInt64(number)
	if !ok || !okn || n > 1<<40 || n < -1<<40 {
		return undefined
	}
	return dateTimeValue(unit.add(t, n))
}

// fnDateTimeDiff counts the borders of the unit between two times.
func fnDateTimeDiff(_ *frame, a []value) value {
	unit, ok := dateUnit(a[0])
	from, okf := parseDateTime(a[1])
	to, okt := parseDateTime(a[2])
	if !ok || !okf || !okt {
		return undefined
	}
	return intValue(unit.index(to) - unit.index(from))
}

// fnDateTimeBin rounds a time down to a multiple of size units since the origin,
// which is 1970 if not given.
func fnDateTimeBin(_ *frame, a []value) value {
	t, okt := parseDateTime(a[0])
	unit, ok := dateUnit(a[1])
	size, oks := int64(1), true
	if len(a) > 2 {
		size, oks = toInt64(a[2])
	}
	origin, oko := time.Unix(0, 0).UTC(), true
	if len(a) > 3 {
		origin, oko = parseDateTime(a[3])
	}
	if !okt || !ok || !oks || !oko || size < 1 || size > 1<<40 || origin.Year() < 1601 {
		return undefined
	}
	if unit.ticks == 0 {
		months := unit.months * size
		n := floorDiv(monthIndex(t)-monthIndex(origin), months)
		bin := unit.add(origin, n*size)
		if bin.After(t) {
			bin = unit.add(origin, (n-1)*size)
		}
		return dateTimeValue(bin)
	}
	if size > math.MaxInt64/unit.ticks {
		return undefined
	}
	step := unit.ticks * max(size/unit.perTick, 1)
	since := ticks(t) - ticks(origin)
	bin := ticks(origin) + floorDiv(since, step)*step
	return dateTimeValue(time.Unix(floorDiv(bin, 1e7), (bin-floorDiv(bin, 1e7)*1e7)*100))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
