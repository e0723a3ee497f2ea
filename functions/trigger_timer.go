package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// TimerInfo says why a timer function runs.
type TimerInfo struct {
	// PastDue says that the run should have begun earlier, when the app was
	// not running.
	PastDue bool
	// Last and Next are the previous run and the one expected after it, as
	// they were remembered when this run began. Both are zero when the host
	// remembers nothing, as for schedules of less than a minute; Last is zero
	// on the first run.
	Last, Next time.Time
}

// TimerOption configures a function registered with [App.Timer].
type TimerOption interface {
	applyTimer(*function, *timerTrigger)
}

type timerOption func(*timerTrigger)

func (o timerOption) applyTimer(_ *function, t *timerTrigger) { o(t) }

// Schedule says when a timer function runs: an NCRONTAB expression with six
// fields (second minute hour day month weekday), such as "0 */5 * * * *" for
// every five minutes; the same with five fields, without seconds; or a
// TimeSpan such as "00:00:30". A setting in percent signs, "%Schedule%", is
// filled in by the host. Times are in the host's zone (WEBSITE_TIME_ZONE, TZ).
func Schedule(expression string) TimerOption {
	return timerOption(func(t *timerTrigger) { t.schedule = expression })
}

// RunOnStartup runs the function also whenever the app starts. On Azure that
// is at every scale-out too.
func RunOnStartup() TimerOption {
	return timerOption(func(t *timerTrigger) { t.runOnStartup = true })
}

// WithoutMonitor keeps no status of the timer: runs that were missed while the
// app was down are not made up for.
func WithoutMonitor() TimerOption {
	return timerOption(func(t *timerTrigger) { t.noMonitor = true })
}

// Timer registers a function that runs on a schedule, which [Schedule] gives.
// It never overlaps itself: what falls due while it runs is left out. A run
// that was missed while the app was down is made up for once, at the next
// start, unless the schedule is more frequent than once a minute.
//
// An error fails the invocation; the next run is the schedule's unless a retry
// policy is given.
func (a *App) Timer(name string, handle func(context.Context, TimerInfo) error, opts ...TimerOption) {
	t := &timerTrigger{handle: handle}
	f := a.add(name, t, handle == nil)
	for _, o := range opts {
		o.applyTimer(f, t)
	}
	a.check(f)
}

type timerTrigger struct {
	handle       func(context.Context, TimerInfo) error
	schedule     string
	runOnStartup bool
	noMonitor    bool
}

func (t *timerTrigger) kind() string { return "timerTrigger" }

var timeSpanForm = regexp.MustCompile(`^(\d+\.)?\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?$`)

// problems looks at the shape only: the host knows the rest, and a setting is
// not filled in yet.
func (t *timerTrigger) problems() []string {
	s := strings.TrimSpace(t.schedule)
	fields := len(strings.Fields(s))
	switch {
	case s == "":
		return []string{`a timer needs Schedule(expression), such as Schedule("0 */5 * * * *")`}
	case fields == 5 || fields == 6 || timeSpanForm.MatchString(s) || strings.Contains(s, "%"):
		return nil
	}
	return []string{fmt.Sprintf("Schedule(%q): give six fields (second minute hour day month weekday), five, or a TimeSpan such as 00:05:00", s)}
}

type timerBinding struct {
	Name         string `json:"name"`
	Type         string `json:"type"`
	Direction    string `json:"direction"`
	Schedule     string `json:"schedule"`
	RunOnStartup bool   `json:"runOnStartup,omitempty"`
	UseMonitor   *bool  `json:"useMonitor,omitempty"`
}

func (t *timerTrigger) binding() any {
	b := timerBinding{Name: "timer", Type: t.kind(), Direction: "in", Schedule: t.schedule, RunOnStartup: t.runOnStartup}
	if t.noMonitor {
		b.UseMonitor = new(bool)
	}
	return b
}

func (t *timerTrigger) invoke(ctx context.Context, c *call) error {
	in, err := input(c.request, "timer")
	if err != nil {
		return err
	}
	raw, err := jsonText(in)
	if err != nil {
		return err
	}
	var info struct {
		ScheduleStatus *struct{ Last, Next moment }
		IsPastDue      bool
	}
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &info); err != nil {
			return fmt.Errorf("the host's timer information: %w", err)
		}
	}
	out := TimerInfo{PastDue: info.IsPastDue}
	if s := info.ScheduleStatus; s != nil {
		out.Last, out.Next = s.Last.Time, s.Next.Time
	}
	return t.handle(ctx, out)
}
