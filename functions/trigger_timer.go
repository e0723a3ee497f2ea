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

// TimerTrigger says when a function registered with [App.Timer] runs.
type TimerTrigger struct {
	// Schedule is an NCRONTAB expression with six fields (second minute hour
	// day month weekday), such as "0 */5 * * * *" for every five minutes; the
	// same with five fields, without seconds; or a TimeSpan such as "00:00:30".
	// A setting in percent signs, "%Schedule%", is filled in by the host. Times
	// are in the host's zone (WEBSITE_TIME_ZONE, TZ).
	Schedule string

	// RunOnStartup runs the function also whenever the app starts. On Azure
	// that is at every scale-out too.
	RunOnStartup bool

	// WithoutMonitor keeps no status of the timer: runs that were missed while
	// the app was down are not made up for.
	WithoutMonitor bool

	// Retry is what happens when a run fails: nothing when zero, so that the
	// next run is the schedule's.
	Retry Retry
}

// Timer registers a function that runs on a schedule. It never overlaps itself:
// what falls due while it runs is left out. A run that was missed while the app
// was down is made up for once, at the next start, unless the schedule is more
// frequent than once a minute.
//
// An error fails the invocation; the next run is the schedule's unless the
// trigger has a [Retry].
func (a *App) Timer(name string, t TimerTrigger, handle func(context.Context, TimerInfo) error, bindings ...Binding) {
	a.add(name, &timerTrigger{TimerTrigger: t, handler: handle}, t.Retry, handle == nil, bindings)
}

type timerTrigger struct {
	TimerTrigger
	handler func(context.Context, TimerInfo) error
}

func (t *timerTrigger) kind() string { return "timerTrigger" }

var timeSpanForm = regexp.MustCompile(`^(\d+\.)?\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?$`)

// problems looks at the shape only: the host knows the rest, and a setting is
// not filled in yet.
func (t *timerTrigger) problems() []string {
	s := strings.TrimSpace(t.Schedule)
	fields := len(strings.Fields(s))
	switch {
	case s == "":
		return []string{`TimerTrigger needs Schedule, such as "0 */5 * * * *"`}
	case fields == 5 || fields == 6 || timeSpanForm.MatchString(s) || strings.Contains(s, "%"):
		return nil
	}
	return []string{fmt.Sprintf("TimerTrigger.Schedule %q: give six fields (second minute hour day month weekday), five, or a TimeSpan such as 00:05:00", s)}
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
	b := timerBinding{Name: "timer", Type: t.kind(), Direction: "in", Schedule: t.Schedule, RunOnStartup: t.RunOnStartup}
	if t.WithoutMonitor {
		b.UseMonitor = new(bool)
	}
	return b
}

func (t *timerTrigger) decode(_ context.Context, c *call) (Input, error) {
	in, err := input(c.request, "timer")
	if err != nil {
		return nil, err
	}
	raw, err := jsonText(in)
	if err != nil {
		return nil, err
	}
	var info struct {
		ScheduleStatus *struct{ Last, Next moment }
		IsPastDue      bool
	}
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &info); err != nil {
			return nil, fmt.Errorf("the host's timer information: %w", err)
		}
	}
	out := TimerInfo{PastDue: info.IsPastDue}
	if s := info.ScheduleStatus; s != nil {
		out.Last, out.Next = s.Last.Time, s.Next.Time
	}
	return out, nil
}

func (t *timerTrigger) handle(ctx context.Context, in Input) error {
	info, ok := in.(TimerInfo)
	if !ok {
		return wrongInput(in, TimerInfo{})
	}
	return t.handler(ctx, info)
}
