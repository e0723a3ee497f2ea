package timer

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Trigger runs a function on a schedule.
//
// Supported binding properties: schedule (NCRONTAB or TimeSpan), useMonitor
// (default true; off for schedules that fire more often than once a minute)
// and runOnStartup. A timer never overlaps itself: what falls due while the
// function runs is left out, and the next time is computed when it has ended.
// Of the hosts that share an account and a host id one runs the timer: the one that
// has its lock.
type Trigger struct {
	o            trigger.Setup
	clock        func() time.Time
	text         string
	schedule     schedule
	zone         *time.Location
	runOnStartup bool
	state        state.Find
	monitored    bool
	monitor      *timerMonitor // nil: no status is kept
	status       *timerStatus  // nil without a monitor
}

// NewTrigger checks the declaration. find leads to what keeps the timer's status and
// lock; clock is the time, in tests another.
func NewTrigger(find state.Find, clock func() time.Time, o trigger.Setup) (*Trigger, error) {
	t := &Trigger{o: o, clock: clock, text: o.Binding.Text("schedule"), state: find}
	if t.text == "" {
		return nil, fault.New(fault.Invalid, "binding "+o.Binding.Name, "needs a schedule, such as \"0 */5 * * * *\" (every five minutes)")
	}
	var err error
	if t.schedule, err = parseSchedule(t.text); err != nil {
		return nil, err
	}
	if t.zone, err = timerZone(o.Settings); err != nil {
		return nil, err
	}
	if t.runOnStartup, err = o.Binding.Bool("runOnStartup"); err != nil {
		return nil, err
	}
	monitored := true
	if o.Binding.Text("useMonitor") != "" {
		if monitored, err = o.Binding.Bool("useMonitor"); err != nil {
			return nil, err
		}
	}
	if t.schedule.Next(t.now()).IsZero() {
		return nil, fault.New(fault.Invalid, "binding "+o.Binding.Name, "schedule %q never comes", t.text)
	}
	t.monitored = monitored && !frequent(t.schedule, t.now())
	return t, nil
}

// Source is the schedule.
func (t *Trigger) Source() trigger.Source {
	return trigger.Source{Words: "schedule " + t.text, Target: t.text}
}

// ByHand makes the invocation of a timer that somebody runs by hand. The input
// means nothing to a timer.
func (t *Trigger) ByHand(_ string, now time.Time) (trigger.Call, error) {
	return timerCall(nil, now, false), nil
}

func (t *Trigger) now() time.Time { return t.clock().In(t.zone) }

// Run waits until no other host runs the timer, and fires until ctx ends. It returns
// an error when the lock or the status cannot be read or written; the caller may run
// it again.
func (t *Trigger) Run(ctx context.Context) error {
	blobs, err := t.state(t.o.Settings)
	if err != nil {
		return fmt.Errorf("open the status of the timer: %w", err)
	}
	if t.monitored {
		t.monitor = newTimerMonitor(blobs, t.o.HostID, t.o.Function)
	}
	lock := state.Lock{
		Leases: blobs, Host: t.o.HostID, Name: state.FunctionID(t.o.Function) + ".Listener",
		Owner: t.o.Owner, Log: t.o.Log,
	}
	return lock.Hold(ctx, t.run)
}

func (t *Trigger) run(ctx context.Context) error {
	pastDue, err := t.recall(ctx)
	if err != nil {
		return trigger.IgnoreEnd(ctx, err)
	}
	switch {
	case pastDue:
		t.o.Log.Info("the timer is past due and runs now", "schedule", t.text, "due", t.status.Next)
		err = t.fire(ctx, t.now(), true)
	case t.runOnStartup:
		err = t.fire(ctx, t.now(), false)
	}
	for err == nil && ctx.Err() == nil {
		due := t.schedule.Next(t.now())
		if due.IsZero() {
			return fault.New(fault.Invalid, "schedule", "%q does not come again", t.text)
		}
		t.o.Log.Debug("timer waits", "schedule", t.text, "next", due)
		came, setBack := t.waitUntil(ctx, due)
		if setBack {
			t.o.Log.Info("the clock was set back; the timer goes by it", "schedule", t.text)
			continue
		}
		if !came {
			return nil
		}
		err = t.fire(ctx, due, false)
	}
	return trigger.IgnoreEnd(ctx, err)
}

// recall reads the status and finds out whether a run was missed. A status
// that was written under another schedule is recomputed from when it was
// written, so that a changed schedule is not past due by the old one.
func (t *Trigger) recall(ctx context.Context) (pastDue bool, err error) {
	if t.monitor == nil {
		return false, nil
	}
	now := t.now()
	s, known, err := t.monitor.load(ctx)
	if err != nil {
		return false, err
	}
	if !known {
		s = timerStatus{Next: t.schedule.Next(now), LastUpdated: now}
		t.status = &s
		return false, t.monitor.save(ctx, s)
	}
	base := s.LastUpdated
	if s.Last.After(base) {
		base = s.Last // it fired a little early
	}
	if next := t.schedule.Next(base.In(t.zone)); !next.Equal(s.Next) {
		s.Next, s.LastUpdated = next, now
		if err := t.monitor.save(ctx, s); err != nil {
			return false, err
		}
	}
	t.status = &s
	return !now.Before(s.Next), nil
}

// longestSleep bounds one wait, so that a clock that was set, or a machine
// that slept, is noticed.
const longestSleep = time.Minute

// waitUntil waits for a moment of the wall clock. setBack: that was set back by more than
// longestSleep meanwhile, so that the next moment is another. Neither: ctx ended. What is
// less is a clock that is put right: the moment stays, so that none comes twice.
func (t *Trigger) waitUntil(ctx context.Context, due time.Time) (came, setBack bool) {
	for {
		before := t.now().Round(0) // wall time, not monotonic
		left := due.Round(0).Sub(before)
		if left <= 0 {
			return ctx.Err() == nil, false
		}
		if run.Pause(ctx, min(left, longestSleep)) != nil {
			return false, false
		}
		if t.now().Round(0).Before(before.Add(-longestSleep)) {
			return false, true
		}
	}
}

// fire runs the function with its retries and records the run. A run that the
// end of the host cut off is not recorded: it will be past due. The moment
// recorded is at least the one that was due, so that a timer that fired a
// little early does not fire twice.
func (t *Trigger) fire(ctx context.Context, due time.Time, pastDue bool) error {
	at := t.now()
	err := t.o.Invoker.Invoke(ctx, t.call(at, pastDue))
	if trigger.Unfinished(ctx, err) {
		return trigger.ErrCancelled
	}
	if t.monitor == nil {
		return nil
	}
	if due.After(at) {
		at = due
	}
	ended := t.now()
	if ended.Before(at) {
		ended = at
	}
	s := timerStatus{Last: at, Next: t.schedule.Next(ended), LastUpdated: ended}
	t.status = &s
	return t.monitor.save(context.WithoutCancel(ctx), s)
}

// timerInfo is the payload, with the names that Azure's host writes.
type timerInfo struct {
	Schedule       struct{ AdjustForDST bool }
	ScheduleStatus *timerStatus // null when no status is kept
	IsPastDue      bool
}

func (t *Trigger) call(at time.Time, pastDue bool) trigger.Call {
	return timerCall(t.status, at, pastDue)
}

func timerCall(status *timerStatus, at time.Time, pastDue bool) trigger.Call {
	info := timerInfo{ScheduleStatus: status, IsPastDue: pastDue}
	info.Schedule.AdjustForDST = true
	payload, _ := json.Marshal(info) // times and booleans
	value := trigger.JSON(string(payload))
	moment := at.Format(time.RFC3339Nano)
	return trigger.Call{
		Reason:   "Timer fired at " + moment,
		Items:    1,
		Data:     func(worker.Capabilities) *funcrpc.TypedData { return value },
		Metadata: map[string]*funcrpc.TypedData{"TimerTrigger": trigger.JSON(strconv.Quote(moment))},
		Values:   func(name string) (string, bool) { return trigger.LookupJSON(payload, name) },
	}
}
