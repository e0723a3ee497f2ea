package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// listening is a trigger that runs as the host runs it, with shorter waits.
type listening struct {
	*endtest.Recorder
	mu   sync.Mutex
	ends []error // guarded by mu; why its runs ended
}

// last is how many runs have ended, and why the last one did.
func (l *listening) last() (runs int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ends) == 0 {
		return 0, nil
	}
	return len(l.ends), l.ends[len(l.ends)-1]
}

func (l *listening) awaitItems(t *testing.T, want int) {
	t.Helper()
	sum := func() (n int) {
		for _, items := range l.Items() {
			n += items
		}
		return n
	}
	testkit.Eventually(t, 20*time.Second, func() bool { return sum() >= want }, "%d items", want)
	if got := sum(); got != want {
		t.Errorf("%d items, want %d", got, want)
	}
}

// awaitEnd waits until the trigger says why it cannot go on.
func (l *listening) awaitEnd(t *testing.T, kind fault.Kind, name string) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() bool {
		_, err := l.last()
		return fault.Is(err, kind) && strings.Contains(err.Error(), name)
	}, "an end that names %s", name)
}

// listen runs a trigger of the kind until the test ends.
func listen(t *testing.T, s *env, st *dataFolder, kind int, declaration string) *listening {
	t.Helper()
	l := &listening{Recorder: &endtest.Recorder{}}
	tr, err := s.Given.Triggers[kind].New(endtest.Setup(t, declaration, "", l))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	again := run.Restarts{
		Backoff: run.Backoff{First: 50 * time.Millisecond, Longest: 50 * time.Millisecond},
		Ended: func(err error, _ time.Duration) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.ends = append(l.ends, err)
		},
	}
	go func() {
		defer close(done)
		again.Again(ctx, tr.(trigger.Listener).Run)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return l
}

// TestHubUnderARunningTrigger grows, deletes and makes anew a hub that a
// trigger reads: partitions that are added are read, a hub that is gone is the
// reason why the trigger ended, and one that is back is read from its first
// event. Nothing is read twice and nothing spins.
func TestHubUnderARunningTrigger(t *testing.T) {
	testkit.NoLeaks(t)
	s, st := openHouse(t, false)
	make := func(partitions int) {
		t.Helper()
		if _, err := st.hubs.EnsureHub(broker.HubConfig{Name: "h", Partitions: partitions, Retention: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	make(1)
	l := listen(t, s, st, 0, `{"name":"e","type":"eventHubTrigger","eventHubName":"h","connection":"H","cardinality":"many"}`)
	send(t, st.hubs, "h", 0, "a", "b")
	l.awaitItems(t, 2)
	make(3)
	send(t, st.hubs, "h", 2, "c")
	send(t, st.hubs, "h", 0, "d")
	l.awaitItems(t, 4)
	if n, err := l.last(); n != 0 {
		t.Errorf("a hub that grew ended the trigger: %v", err)
	}
	for round := range 2 {
		if err := st.hubs.DeleteHub("h"); err != nil {
			t.Fatal(err)
		}
		l.awaitEnd(t, fault.NotFound, "h")
		make(1)
		send(t, st.hubs, "h", 0, fmt.Sprint("again", round))
		l.awaitItems(t, 5+round)
	}
	if n, _ := l.last(); n > 200 {
		t.Errorf("the trigger was run %d times", n)
	}
}

// TestContainerUnderARunningTrigger deletes and makes anew the container that a
// trigger listens to, and then that of its leases.
func TestContainerUnderARunningTrigger(t *testing.T) {
	testkit.NoLeaks(t)
	s, st := openHouse(t, false)
	ctx := t.Context()
	db, err := st.account.CreateDatabase(ctx, docstore.DatabaseSpec{ID: "db"})
	if err != nil {
		t.Fatal(err)
	}
	make := func(name string) {
		t.Helper()
		_, err := db.CreateContainer(ctx, docstore.ContainerSpec{ID: name, PartitionKey: docstore.PartitionKeySpec{Paths: []string{"/id"}, Version: 2}})
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(id string) {
		t.Helper()
		c, err := db.Container("c")
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Write(ctx, []docstore.Op{{Kind: docstore.Upsert, Body: []byte(`{"id":"` + id + `"}`)}}, false)
		if err != nil || got[0].Err != nil {
			t.Fatal(err, got)
		}
	}
	make("c")
	make("leases")
	l := listen(t, s, st, 1, `{"name":"d","type":"cosmosDBTrigger","databaseName":"db","containerName":"c","connection":"D","startFromBeginning":true}`)
	put("1")
	l.awaitItems(t, 1)
	if err := db.DeleteContainer(ctx, "c"); err != nil {
		t.Fatal(err)
	}
	l.awaitEnd(t, fault.NotFound, "c")
	make("c")
	put("2")
	l.awaitItems(t, 2)
	if err := db.DeleteContainer(ctx, "leases"); err != nil {
		t.Fatal(err)
	}
	put("3") // its position cannot be kept
	l.awaitEnd(t, fault.NotFound, "leases")
	make("leases")
	put("4")
	testkit.Eventually(t, 20*time.Second, func() bool {
		calls := l.Calls()
		return strings.Contains(calls[len(calls)-1].Data(nil).GetJson(), `"id":"4"`)
	}, "a change after the leases are back")
	if n, _ := l.last(); n > 200 {
		t.Errorf("the trigger was run %d times", n)
	}
}
