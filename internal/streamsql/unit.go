package streamsql

import "strings"

// Unit is a unit of time of the language.
type Unit uint8

// The units.
const (
	Year Unit = iota
	Quarter
	Month
	DayOfYear
	Day
	Week
	WeekDay
	Hour
	Minute
	Second
	Millisecond
	Microsecond
)

// unitNames are the spellings of each unit, the canonical one first.
var unitNames = [...][]string{
	Year:        {"year", "yy", "yyyy"},
	Quarter:     {"quarter", "qq", "q"},
	Month:       {"month", "mm", "m"},
	DayOfYear:   {"dayofyear", "dy", "y"},
	Day:         {"day", "dd", "d"},
	Week:        {"week", "wk", "ww"},
	WeekDay:     {"weekday", "dw", "w"},
	Hour:        {"hour", "hh"},
	Minute:      {"minute", "mi", "n"},
	Second:      {"second", "ss", "s"},
	Millisecond: {"millisecond", "ms"},
	Microsecond: {"microsecond", "mcs"},
}

// String returns the unit's canonical name.
func (u Unit) String() string { return unitNames[u][0] }

// Ticks returns the length of a unit that has a fixed one (day and smaller, and
// week), else 0.
func (u Unit) Ticks() int64 {
	switch u {
	case Week:
		return 7 * TicksPerDay
	case Day, DayOfYear, WeekDay:
		return TicksPerDay
	case Hour:
		return TicksPerHour
	case Minute:
		return TicksPerMinute
	case Second:
		return TicksPerSecond
	case Millisecond:
		return TicksPerMillisecond
	case Microsecond:
		return TicksPerMicrosecond
	case Year, Quarter, Month:
	}
	return 0
}

// unitByName finds a unit by any spelling, without case. Plural forms are
// accepted.
func unitByName(name string) (Unit, bool) {
	for u, names := range unitNames {
		for i, n := range names {
			if strings.EqualFold(name, n) || i == 0 && strings.EqualFold(name, n+"s") {
				return Unit(u), true
			}
		}
	}
	return 0, false
}
