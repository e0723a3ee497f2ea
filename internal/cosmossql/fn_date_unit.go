package cosmossql

import (
	"strings"
	"time"
)

// unitOfTime is a part of a date. Units of fixed length have ticks, years and
// months have months.
type unitOfTime struct {
	ticks   int64
	months  int64
	perTick int64 // how many of the unit make one tick: 1, or 100 for nanoseconds
	part    func(t time.Time) int
}

// The units under all their names.
var unitsOfTime = func() map[string]unitOfTime {
	units := map[string]unitOfTime{}
	add := func(u unitOfTime, names ...string) {
		u.perTick = max(u.perTick, 1)
		for _, n := range names {
			units[n] = u
		}
	}
	add(unitOfTime{months: 12, part: time.Time.Year}, "year", "yyyy", "yy")
	add(unitOfTime{months: 1, part: func(t time.Time) int { return int(t.Month()) }}, "month", "mm", "m")
	add(unitOfTime{ticks: 864e9, part: time.Time.Day}, "day", "dd", "d")
	add(unitOfTime{ticks: 36e9, part: time.Time.Hour}, "hour", "hh")
	add(unitOfTime{ticks: 60e7, part: time.Time.Minute}, "minute", "mi", "n")
	add(unitOfTime{ticks: 1e7, part: time.Time.Second}, "second", "ss", "s")
	add(unitOfTime{ticks: 1e4, part: func(t time.Time) int { return t.Nanosecond() / 1e6 }}, "millisecond", "ms")
	add(unitOfTime{ticks: 10, part: func(t time.Time) int { return t.Nanosecond() / 1e3 }}, "microsecond", "mcs")
	add(unitOfTime{ticks: 1, perTick: 100, part: func(t time.Time) int { return t.Nanosecond() / 100 * 100 }}, "nanosecond", "ns")
	return units
}()

// dateUnit finds the unit that v names, in any case.
func dateUnit(v value) (unitOfTime, bool) {
	if v.kind != String || len(v.text) > len("microsecond") {
		return unitOfTime{}, false
	}
	u, ok := unitsOfTime[strings.ToLower(string(v.text))]
	return u, ok
}

// maxTicks bounds a move in time; it is more than 9999 years take.
const maxTicks = 6e18

// add moves t by n units. A month added to a day that the target month lacks
// gives that month's last day.
func (u unitOfTime) add(t time.Time, n int64) time.Time {
	if u.ticks > 0 {
		n = floorDiv(n, u.perTick)
		if n > maxTicks/u.ticks || n < -maxTicks/u.ticks {
			return time.Time{}.AddDate(-1, 0, 0)
		}
		moved := ticks(t) + n*u.ticks
		sec := floorDiv(moved, 1e7)
		return time.Unix(sec, (moved-sec*1e7)*100).UTC()
	}
	if n > 12*10000 || n < -12*10000 {
		return time.Time{}.AddDate(-1, 0, 0)
	}
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	first = first.AddDate(0, int(n*u.months), 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// index numbers the unit's borders, so that differences count borders crossed.
func (u unitOfTime) index(t time.Time) int64 {
	if u.ticks > 0 {
		return floorDiv(ticks(t), u.ticks) * u.perTick
	}
	return floorDiv(monthIndex(t), u.months)
}

// monthIndex numbers the months.
func monthIndex(t time.Time) int64 { return int64(t.Year())*12 + int64(t.Month()) - 1 }
