package host

import (
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestTellingInOrder: listeners hear of all that happened in its order, whoever tells it.
func TestTellingInOrder(t *testing.T) {
	testkit.NoLeaks(t)
	var heard []string
	told := newTelling([]Listener{func(e Event) { // one at a time: the race detector says so if not
		switch e := e.(type) {
		case LogWritten:
			heard = append(heard, e.Message)
		case ListenerChanged:
			heard = append(heard, e.Function)
		}
	}})
	var want []string
	for i := range 20_000 {
		word := strconv.Itoa(i)
		want = append(want, word)
		if i%100 == 7 {
			told.emit(ListenerChanged{Function: word})
			if len(heard) != i+1 {
				t.Fatalf("%d events are told when a state has changed, of %d", len(heard), i+1)
			}
			continue
		}
		told.emit(LogWritten{Message: word})
	}
	told.wait()
	if !slices.Equal(heard, want) {
		t.Errorf("%d events were told of %d, or in another order", len(heard), len(want))
	}
	told.stop()
	told.emit(LogWritten{Message: "late"})
	told.stop()
	if last := heard[len(heard)-1]; last != "late" {
		t.Errorf("the last is %q", last)
	}
}

// TestTellingBounded: who causes events waits for listeners that are far behind.
func TestTellingBounded(t *testing.T) {
	testkit.NoLeaks(t)
	hold, entered := make(chan struct{}), make(chan struct{})
	var once sync.Once
	n := 0
	told := newTelling([]Listener{func(Event) {
		once.Do(func() { close(entered); <-hold })
		n++
	}})
	told.emit(WorkerOutput{})
	<-entered
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 2 * maxUntold {
			told.emit(WorkerOutput{})
		}
	}()
	for !full(told) {
		time.Sleep(time.Millisecond)
	}
	select {
	case <-ended:
		t.Error("nobody waited")
	default:
	}
	close(hold)
	<-ended
	told.stop()
	if n != 2*maxUntold+1 {
		t.Errorf("%d events were told", n)
	}
}

func full(t *telling) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.came-t.told == maxUntold
}

// BenchmarkTelling is what an invocation pays for being told of.
func BenchmarkTelling(b *testing.B) {
	told := newTelling([]Listener{func(Event) {}})
	defer told.stop()
	b.ReportAllocs()
	for b.Loop() {
		told.emit(InvocationStarted{Function: "f"})
		told.emit(InvocationFinished{Function: "f"})
	}
}
