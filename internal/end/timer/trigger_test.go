package timer_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/timer"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

func newTimer(m *endtest.Memory, i trigger.Invoker, extra string, values map[string]string, t *testing.T) (*timer.Trigger, error) {
	t.Helper()
	return newTimerBy(time.Now, m, i, extra, values, t)
}

func newTimerBy(clock func() time.Time, m *endtest.Memory, i trigger.Invoker, extra string, values map[string]string, t *testing.T) (*timer.Trigger, error) {
	t.Helper()
	setup := endtest.Setup(t, `{"name":"tick","type":"timerTrigger","direction":"in"`+extra+`}`, "", i)
	setup.Settings = settings.New(map[string]string{"TZ": "UTC"}, values)
	setup.Function, setup.Owner, setup.HostID = "Clock", "Host-1", "host-1"
	return timer.NewTrigger(m.State, clock, setup)
}

// payload is what a function receives.
type payload struct {
	Schedule       struct{ AdjustForDST bool }
	ScheduleStatus *struct{ Last, Next, LastUpdated time.Time }
	IsPastDue      bool
}

func payloadOf(t *testing.T, c trigger.Call) payload {
	t.Helper()
	data := c.Data(worker.Capabilities{})
	var p payload
	if err := json.Unmarshal([]byte(data.GetJson()), &p); err != nil {
		t.Fatalf("the payload must be json: %v in %v", err, data)
	}
	return p
}

// runTimer runs a trigger for d of fake time, which begins at midnight UTC of
// 2000-01-01, and returns the seconds at which the function was called.
func runTimer(t *testing.T, m *endtest.Memory, extra string, d time.Duration, answer func(ctx context.Context, n int) error) (r *endtest.Recorder, at []int) {
	t.Helper()
	begin := time.Now()
	r = &endtest.Recorder{Answer: func(ctx context.Context, n int) error {
		at = append(at, int(time.Since(begin)/time.Second))
		if answer != nil {
			return answer(ctx, n)
		}
		return nil
	}}
	tr, err := newTimer(m, r, extra, nil, t)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := tr.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return r, at
}

func equalInts(a []int, b ...int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestTimerFiresOnSchedule(t *testing.T) {
	for _, tc := range []struct {
		name, extra string
		run         time.Duration
		want        []int
	}{
		{"every five seconds", `,"schedule":"*/5 * * * * *"`, 16 * time.Second, []int{5, 10, 15}},
		{"five fields", `,"schedule":"*/2 * * * *"`, 5 * time.Minute, []int{120, 240}},
		{"a range with a step", `,"schedule":"10-30/10 0 * * * *"`, time.Minute, []int{10, 20, 30}},
		{"a time span", `,"schedule":"00:00:07"`, 22 * time.Second, []int{7, 14, 21}},
		{"on startup", `,"schedule":"0 * * * * *","runOnStartup":true`, 61 * time.Second, []int{0, 60}},
		// 2000-01-01 was a Saturday: the first day of a month that is a
		// Tuesday too is the first of February.
		{"both kinds of day", `,"schedule":"0 0 0 1 * 2"`, 40 * 24 * time.Hour, []int{31 * 24 * 3600}},
		{"names", `,"schedule":"0 30 1 * Jan Sun"`, 3 * 24 * time.Hour, []int{25*3600 + 1800}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, at := runTimer(t, endtest.New(1), tc.extra, tc.run, nil)
				if !equalInts(at, tc.want...) {
					t.Errorf("fired at %v, want %v", at, tc.want)
				}
			})
		})
	}
}

// TestTimerWhenTheClockIsSet: a clock that jumps an hour, either way, leaves the timer
// going by the new time: no run is lost for longer than a look at the clock, none comes
// twice for a moment, and nothing runs in a loop. A second's correction moves nothing.
func TestTimerWhenTheClockIsSet(t *testing.T) {
	for _, c := range []struct {
		name   string
		jump   time.Duration
		minute int   // that the jump comes at, and a half
		want   []int // minutes, of time that passes
	}{
		{"forwards", time.Hour, 7, []int{5, 8, 10, 15, 20}}, // that of 1:05 is due at once
		{"backwards", -time.Hour, 7, []int{5, 10, 15, 20}},
		{"a second back", -time.Second, 7, []int{5, 10, 15, 20}},
		{"a second back, just after a run", -time.Second, 4, []int{5, 10, 15, 20}},
	} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			clock := func() time.Time {
				now := time.Now()
				if now.Sub(begin) > time.Duration(c.minute)*time.Minute+30*time.Second {
					return now.Round(0).Add(c.jump)
				}
				return now
			}
			var at []int
			r := &endtest.Recorder{Answer: func(context.Context, int) error {
				at = append(at, int(time.Since(begin).Round(time.Minute)/time.Minute))
				return nil
			}}
			tr, err := newTimerBy(clock, endtest.New(1), r, `,"schedule":"0 */5 * * * *"`, nil, t)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 21*time.Minute)
			defer cancel()
			if err := tr.Run(ctx); err != nil {
				t.Fatal(err)
			}
			if !equalInts(at, c.want...) {
				t.Errorf("%s: ran at minutes %v, want %v", c.name, at, c.want)
			}
		})
	}
}

func TestTimerNeverOverlapsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, at := runTimer(t, endtest.New(1), `,"schedule":"*/5 * * * * *"`, 31*time.Second, func(ctx context.Context, _ int) error {
			select {
			case <-time.After(12 * time.Second):
			case <-ctx.Done():
			}
			return nil
		})
		// From 5 to 17, then the next time is 20, not 10 and 15 made up for.
		if !equalInts(at, 5, 20) {
			t.Errorf("fired at %v", at)
		}
	})
}

func TestTimerStatusAndPastDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		const hourly = `,"schedule":"0 0 * * * *"`
		r, _ := runTimer(t, m, hourly, 61*time.Minute, nil)
		first := payloadOf(t, r.Calls()[0])
		if first.IsPastDue || first.ScheduleStatus == nil || !first.ScheduleStatus.Last.IsZero() || !first.Schedule.AdjustForDST {
			t.Errorf("first run: %+v", first)
		}
		text, _, err := m.Blobs().Text(t.Context(), "azure-webjobs-hosts", "timers/host-1/Host.Functions.Clock/status")
		if err != nil {
			t.Fatal(err)
		}
		want := `{"Last":"2000-01-01T01:00:00Z","Next":"2000-01-01T02:00:00Z","LastUpdated":"2000-01-01T01:00:00Z"}`
		if string(text) != want {
			t.Errorf("status\n%s\nwant\n%s", text, want)
		}
		<-time.After(3 * time.Hour) // fake time: the host is down
		r, at := runTimer(t, m, hourly, time.Hour, nil)
		if len(at) != 2 || at[0] != 0 {
			t.Fatalf("after missed runs it fired at %v; want at once, and at the next full hour", at)
		}
		late, next := payloadOf(t, r.Calls()[0]), payloadOf(t, r.Calls()[1])
		if !late.IsPastDue || next.IsPastDue {
			t.Errorf("past due: %+v, then %+v", late, next)
		}
		if next.ScheduleStatus.Last.IsZero() {
			t.Error("the second run does not know the first")
		}
	})
}

func TestTimerWithAnotherScheduleIsNotPastDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		runTimer(t, m, `,"schedule":"0 0 * * * *"`, 61*time.Minute, nil)
		<-time.After(2 * time.Hour)
		if _, at := runTimer(t, m, `,"schedule":"0 0 12 * * *"`, time.Hour, nil); len(at) != 0 {
			t.Errorf("the new schedule had nothing due, yet it fired at %v", at)
		}
	})
}

func TestTimerWithoutMonitor(t *testing.T) {
	for _, extra := range []string{`,"schedule":"*/10 * * * * *"`, `,"schedule":"0 * * * * *","useMonitor":false`} {
		synctest.Test(t, func(t *testing.T) {
			m := endtest.New(1)
			r, _ := runTimer(t, m, extra, 61*time.Second, nil)
			if p := payloadOf(t, r.Calls()[0]); p.ScheduleStatus != nil {
				t.Errorf("%s: status %+v, want null", extra, p.ScheduleStatus)
			}
			if _, err := m.Blobs().Mark(t.Context(), "azure-webjobs-hosts", "timers/host-1/Host.Functions.Clock/status"); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: a status was kept: %v", extra, err)
			}
		})
	}
}

// A run that the end of the host cut off is made up for; one that failed is
// not.
func TestTimerThatWasCutOffIsPastDue(t *testing.T) {
	for _, tc := range []struct {
		err     error
		pastDue bool
	}{{trigger.ErrCancelled, true}, {errors.New("failed"), false}} {
		synctest.Test(t, func(t *testing.T) {
			m := endtest.New(1)
			ctx, cancel := context.WithCancel(t.Context())
			r := &endtest.Recorder{Answer: func(context.Context, int) error {
				if tc.pastDue {
					cancel()
				}
				return tc.err
			}}
			tr, err := newTimer(m, r, `,"schedule":"0 0 * * * *"`, nil, t)
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(90*time.Minute, cancel)
			if err := tr.Run(ctx); err != nil {
				t.Errorf("run: %v", err)
			}
			cancel()
			again, _ := runTimer(t, m, `,"schedule":"0 0 * * * *"`, time.Minute, nil)
			if got := len(again.Calls()) == 1; got != tc.pastDue {
				t.Errorf("after %v: past due is %v", tc.err, got)
			}
		})
	}
}

func TestTimerReadsItsZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &endtest.Recorder{}
		tr, err := newTimer(endtest.New(1), r, `,"schedule":"0 30 9 * * *"`, map[string]string{"WEBSITE_TIME_ZONE": "Asia/Seoul"}, t)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := tr.Run(ctx); err != nil {
			t.Fatal(err)
		}
		// Midnight UTC is nine o'clock in Seoul.
		if len(r.Calls()) != 1 || !strings.Contains(r.Calls()[0].Reason, "2000-01-01T09:30:00+09:00") {
			t.Errorf("%d calls, %+v", len(r.Calls()), r.Calls())
		}
	})
}

func TestTimerRefusals(t *testing.T) {
	for extra, want := range map[string]string{
		``:                               "needs a schedule",
		`,"schedule":"every day"`:        "neither an NCRONTAB expression",
		`,"schedule":"@hourly"`:          "neither an NCRONTAB expression",
		`,"schedule":"TZ=UTC * * * * *"`: "neither an NCRONTAB expression",
		`,"schedule":"61 * * * * *"`:     "61",
		`,"schedule":"25:00:00"`:         "25:00:00",
		`,"schedule":"00:00:00"`:         "shorter than a second",
		`,"schedule":"0 0 0 31 2 *"`:     "never comes",
		`,"schedule":"0 * * * * *","runOnStartup":"maybe"`: "runOnStartup must be true or false",
	} {
		if _, err := newTimer(endtest.New(1), &endtest.Recorder{}, extra, nil, t); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", extra, err, want)
		}
	}
	if _, err := newTimer(endtest.New(1), &endtest.Recorder{}, `,"schedule":"0 * * * * *"`, map[string]string{"TZ": "Mars/Olympus"}, t); err == nil {
		t.Error("an unknown zone was accepted")
	}
}

func TestTimerByHand(t *testing.T) {
	tr, err := newTimer(endtest.New(1), &endtest.Recorder{}, `,"schedule":"0 * * * * *"`, nil, t)
	if err != nil {
		t.Fatal(err)
	}
	byHand, err := tr.ByHand("anything", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if p := payloadOf(t, byHand); p.IsPastDue || p.ScheduleStatus != nil {
		t.Errorf("%+v", p)
	}
}

// TestTwoHostsOneTimer: of two hosts with one id one runs the timer, and the other
// one takes over when that one stops, or has been dead for as long as its lock lasts.
func TestTwoHostsOneTimer(t *testing.T) {
	for name, killed := range map[string]bool{"stopped": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := endtest.New(1)
				var first, second endtest.Recorder
				stopFirst := startTimer(t, m, &first, "a", killed)
				synctest.Wait()
				stopSecond := startTimer(t, m, &second, "b", false)
				<-time.After(10 * time.Minute)
				stopFirst()
				before := len(second.Calls())
				if n := len(first.Calls()); n < 599 || n > 600 || before != 0 {
					t.Errorf("the first ran %d times, the second %d", len(first.Calls()), before)
				}
				<-time.After(time.Minute)
				stopSecond()
				if n := len(second.Calls()); n < 60-20 {
					t.Errorf("the second ran %d times in a minute after the first had gone", n)
				}
			})
		})
	}
}

// startTimer runs a timer of every second for one of two hosts; a killed one keeps
// its lock when it ends.
func startTimer(t *testing.T, m *endtest.Memory, r *endtest.Recorder, owner string, killed bool) (stop func()) {
	setup := endtest.Setup(t, `{"name":"tick","type":"timerTrigger","direction":"in","schedule":"* * * * * *"}`, "", r)
	setup.Owner = owner
	find := m.State
	if killed {
		find = func(s *settings.Settings) (state.Blobs, error) {
			blobs, err := m.State(s)
			return keepsLeases{blobs}, err
		}
	}
	tr, err := timer.NewTrigger(find, time.Now, setup)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- tr.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// keepsLeases never gives a lease back.
type keepsLeases struct{ state.Blobs }

func (keepsLeases) Release(context.Context, string, string, string) error { return nil }
