package breaker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

var errDown = errors.New("connection refused")

// run is one run that ends so.
func run(t *testing.T, b *Breaker, err error) {
	t.Helper()
	p, e := b.Enter(t.Context())
	if e != nil {
		t.Fatal(e)
	}
	p.Done(err)
}

// TestOpens: failures in a row open it, a success between them counts them anew; the
// pause doubles with each probe that fails, and one that succeeds closes it.
func TestOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		begun := time.Now()
		b := New(Rule{Failures: 3, Pause: time.Second, Longest: 3 * time.Second}, func(s Status) {
			told = append(told, fmt.Sprintf("%v %s", time.Since(begun), s.State))
		})
		for _, err := range []error{errDown, errDown, nil, errDown, errDown, errDown} {
			run(t, b, err)
		}
		if s := b.Status(); s.State != Open || s.Failures != 3 || !errors.Is(s.Err, errDown) || time.Until(s.Until) != time.Second {
			t.Fatalf("%+v", s)
		}
		for _, err := range []error{errDown, errDown, errDown, nil} {
			run(t, b, err) // waits for its turn
		}
		run(t, b, errDown)
		want := "0s open, 1s halfOpen, 1s open, 3s halfOpen, 3s open, 6s halfOpen, 6s open, 9s halfOpen, 9s closed"
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("\n%s, want\n%s", got, want)
		}
	})
}

// TestOneProbe: of many that wait one is let in; the others follow once it succeeded.
// A run that began before says nothing.
func TestOneProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Rule{Failures: 1, Pause: time.Minute, Longest: time.Minute}, func(Status) {})
		early, _ := b.Enter(t.Context())
		run(t, b, errDown)
		early.Done(nil)
		if !b.Open() {
			t.Fatal("a success of a run that began before closed it")
		}
		var (
			all  sync.WaitGroup
			mu   sync.Mutex
			in   int
			gate = make(chan error)
		)
		for range 8 {
			all.Go(func() {
				p, err := b.Enter(t.Context())
				if err != nil {
					return
				}
				mu.Lock()
				in++
				mu.Unlock()
				p.Done(<-gate)
			})
		}
		entered := func() int {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return in
		}
		if n := entered(); n != 0 {
			t.Fatalf("%d are in while it is open", n)
		}
		time.Sleep(time.Minute)
		if n := entered(); n != 1 {
			t.Fatalf("%d probes", n)
		}
		gate <- nil
		if n := entered(); n != 8 {
			t.Fatalf("%d are in after the probe succeeded", n)
		}
		close(gate)
		all.Wait()
	})
}

// TestReturn: a probe that was cancelled leaves its turn to the next.
func TestReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Rule{Failures: 1, Pause: time.Second, Longest: time.Second}, func(Status) {})
		run(t, b, errDown)
		p, err := b.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p.Return()
		if _, again, ok := b.TryEnter(); !ok {
			t.Errorf("nobody is let in after a probe was given back, for %v", again)
		}
		if _, again, ok := b.TryEnter(); ok || again <= 0 {
			t.Errorf("two probes, or nothing to wait for (%v)", again)
		}
	})
}

// TestShare: a share of the runs in a window opens it, once there were enough; what is
// older does not count.
func TestShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Rule{Share: 0.5, Window: 10 * time.Second, Minimum: 4, Pause: time.Second, Longest: time.Second}, func(Status) {})
		for range 3 {
			run(t, b, errDown)
		}
		time.Sleep(11 * time.Second)
		for _, err := range []error{nil, errDown, nil} {
			run(t, b, err)
			time.Sleep(time.Second)
		}
		if b.Open() {
			t.Fatal("it opened by failures that are too old, or too few")
		}
		run(t, b, errDown)
		if !b.Open() {
			t.Fatal("half of four runs did not open it")
		}
	})
}

// TestAwait: a source may be read while it is closed, an item at a time when a probe is
// due, and not in between; a context that ends ends the waiting.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Rule{Failures: 1, Pause: time.Second, Longest: time.Second}, func(Status) {})
		if one, err := b.Await(t.Context()); one || err != nil {
			t.Fatal(one, err)
		}
		run(t, b, errDown)
		begun := time.Now()
		if one, err := b.Await(t.Context()); !one || err != nil || time.Since(begun) != time.Second {
			t.Fatal(one, err, time.Since(begun))
		}
		p, _ := b.Enter(t.Context())
		short, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := b.Await(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while a probe runs: %v", err)
		}
		p.Done(nil)
		if one, err := b.Await(t.Context()); one || err != nil {
			t.Error(one, err)
		}
	})
}

// TestReadRule: defaults, and what is refused.
func TestReadRule(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "{5 0 1m0s 10 30s 5m0s 0}",
		`{"share": 0.25, "window": "00:00:10", "minimum": 20}`: "{0 0.25 10s 20 30s 5m0s 0}",
		`{"failures": 3, "giveUpAfter": 2}`:                    "failures: 3 is not more than the 4 attempts",
		`{"share": 1, "minimum": 4}`:                           "minimum: 4 is not more than the 4 attempts",
		`{"failures": 0}`:                                      "it would never open",
		`{"share": 2}`:                                         "share: must be a number above 0 and up to 1, is 2",
		`{"pause": "00:10:00"}`:                                "longestPause: must be positive and not below pause",
		`{"window": "00:00:00"}`:                               "window: must be positive",
		`{"treshold": 3}`:                                      "treshold: there is no such key; there are failures, share",
	} {
		s, err := hostjson.ParseSection("host.json", "lazuli.functions.f.circuitBreaker", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r, err := ReadRule(s, 4)
		got := fmt.Sprint(r)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
