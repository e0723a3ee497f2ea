package timer

import (
	"strings"
	"time"
	_ "time/tzdata" // zones by name also where the system has no zone files

	"github.com/robfig/cron/v3"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// schedule says when a timer fires.
type schedule interface {
	// Next returns the first moment after t, in t's zone; the zero time when
	// there is none within five years.
	Next(t time.Time) time.Time
}

// every fires at a fixed distance after the last time, the form that
// schedules written as a TimeSpan have.
type every time.Duration

func (e every) Next(t time.Time) time.Time { return t.Add(time.Duration(e)) }

// parseSchedule reads an NCRONTAB expression of six fields (seconds first) or
// five (seconds are 0), or a TimeSpan such as 00:05:00.
//
// NCRONTAB differs from the cron of Unix in one rule: when both the day of the
// month and the day of the week are restricted, a day must match both.
func parseSchedule(text string) (schedule, error) {
	text = strings.TrimSpace(text)
	fields := strings.Fields(text)
	if len(fields) == 1 && strings.Contains(text, ":") {
		d, err := hostjson.ParseDuration(text)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "schedule", err, "%q", text)
		}
		if d < time.Second {
			return nil, fault.New(fault.Invalid, "schedule", "%q is shorter than a second", text)
		}
		return every(d), nil
	}
	switch {
	case len(fields) == 5:
		fields = append([]string{"0"}, fields...)
	case len(fields) != 6 || strings.ContainsAny(text, "=@"):
		return nil, fault.New(fault.Invalid, "schedule",
			"%q is neither an NCRONTAB expression (second minute hour day month weekday, as in \"0 */5 * * * *\") nor a TimeSpan such as 00:05:00", text)
	}
	parser := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "schedule", err, "%q", text)
	}
	if s, ok := parsed.(*cron.SpecSchedule); ok {
		const star = 1 << 63 // how the parser marks a field that any day matches
		s.Dow |= star
	}
	return parsed, nil
}

// frequent reports whether a schedule fires more often than once a minute at
// any of its next times; Azure keeps no status for such timers.
func frequent(s schedule, now time.Time) bool {
	const looked = 10
	for range looked {
		next := s.Next(now)
		if next.IsZero() {
			return false
		}
		after := s.Next(next)
		if !after.IsZero() && after.Sub(next) < time.Minute {
			return true
		}
		now = next
	}
	return false
}

// timerZone is the zone in which schedules are read: WEBSITE_TIME_ZONE, else
// TZ, else the system's.
func timerZone(s *settings.Settings) (*time.Location, error) {
	for _, name := range []string{"WEBSITE_TIME_ZONE", "TZ"} {
		value := strings.TrimPrefix(strings.TrimSpace(s.Get(name)), ":")
		if value == "" {
			continue
		}
		zone, err := time.LoadLocation(value)
		if err != nil {
			return nil, fault.New(fault.Invalid, "setting "+name, "%q is not a time zone; give an IANA name such as Asia/Seoul", value)
		}
		return zone, nil
	}
	return time.Local, nil
}
