package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// hostBlobs is the store as one host reaches it.
type hostBlobs struct {
	state.Blobs
	away   atomic.Bool  // it cannot be reached
	mute   atomic.Bool  // it writes claims, and its answers do not come
	claims atomic.Int64 // writes of ownership
}

func (h *hostBlobs) Marks(ctx context.Context, container, prefix string) ([]state.Mark, error) {
	if h.away.Load() {
		return nil, fault.New(fault.Unavailable, "blobs", "away")
	}
	return h.Blobs.Marks(ctx, container, prefix)
}

func (h *hostBlobs) SetMark(ctx context.Context, container, name string, metadata map[string]string, etag string) (string, error) {
	if strings.Contains(name, "/ownership/") {
		h.claims.Add(1)
	}
	if h.away.Load() {
		return "", fault.New(fault.Unavailable, "blobs", "away")
	}
	tag, err := h.Blobs.SetMark(ctx, container, name, metadata, etag)
	if h.mute.Load() && metadata["ownerid"] != "" {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return tag, err
}

// farHost is one of several hosts of a remote hub.
type farHost struct {
	endtest.Recorder
	blobs *hostBlobs
	done  chan error
	stop  context.CancelFunc
}

// farHosts starts hosts, one after the other, and waits until they have settled.
func farHosts(t *testing.T, m *endtest.Memory, names ...string) (all []*farHost) {
	t.Helper()
	m.Remote = true
	for _, name := range names {
		h := &farHost{blobs: &hostBlobs{Blobs: m.Blobs()}, done: make(chan error, 1)}
		setup := endtest.Setup(t, `{"name":"e","type":"eventHubTrigger","eventHubName":"h","connection":"H"`+many+`}`, "", &h.Recorder)
		setup.Owner = name
		find := func(*settings.Settings) (state.Blobs, error) { return h.blobs, nil }
		tr, err := hub.NewTrigger(hub.End{Hubs: m.Hubs(), State: find}, setup)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		h.stop = cancel
		go func() { h.done <- tr.Run(ctx) }()
		<-time.After(time.Second)
		all = append(all, h)
	}
	<-time.After(20 * time.Second)
	return all
}

// kill ends a host that gives nothing back.
func (h *farHost) kill() {
	h.blobs.away.Store(true)
	h.stop()
	<-h.done
}

func (h *farHost) end(t *testing.T) {
	t.Helper()
	h.stop()
	if err := <-h.done; err != nil {
		t.Error(err)
	}
}

func shares(t *testing.T, m *endtest.Memory, partitions int) map[string]int {
	t.Helper()
	of := map[string]int{}
	for p := range partitions {
		of[owner(t, m, p)]++
	}
	return of
}

// TestKilledHost: its partitions are read by the others within 15 seconds, each once
// the claims have ended, and nobody claims more than it renews: every look writes
// what one has, and no partition moves twice.
func TestKilledHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(8)
		m.Send("h", 0, "made")
		hosts := farHosts(t, m, "a", "b", "c")
		if got := fmt.Sprint(shares(t, m, 8)); got != "map[a/f:3 b/f:3 c/f:2]" && got != "map[a/f:3 b/f:2 c/f:3]" && got != "map[a/f:2 b/f:3 c/f:3]" {
			t.Errorf("settled at %s", got)
		}
		settled := m.Owners(8)
		for _, h := range hosts {
			h.blobs.claims.Store(0)
		}
		<-time.After(time.Minute)
		writes := int64(0)
		for _, h := range hosts {
			writes += h.blobs.claims.Load()
		}
		if now := m.Owners(8); fmt.Sprint(now) != fmt.Sprint(settled) || writes > 8*21 {
			t.Errorf("%d claims in a minute, want one a partition every 3 s; owners %v, then %v", writes, settled, now)
		}

		hosts[0].kill()
		for p := range 8 {
			m.Send("h", p, "late")
		}
		<-time.After(15 * time.Second)
		if late := lateEvents(hosts[1:]); late != 8 {
			t.Errorf("%d of 8 events were read within 15 s of the kill", late)
		}
		if got := shares(t, m, 8); got["a/f"] != 0 || got["b/f"] != 4 || got["c/f"] != 4 {
			t.Errorf("after the kill: %v", got)
		}
		for _, h := range hosts[1:] {
			h.end(t)
		}
	})
}

// lateEvents counts the events that hosts had, but the first of the hub.
func lateEvents(hosts []*farHost) (n int) {
	for _, h := range hosts {
		for _, c := range h.Calls() {
			if !strings.Contains(c.Details, "PartitionId: 0, Offset: 100-100") {
				n += c.Items
			}
		}
	}
	return n
}

// TestHostsOfOthersKeepTheirPartitions: a claim that does not say how long it lasts is
// of a processor that may write only every half minute.
func TestHostsOfOthersKeepTheirPartitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		m.Send("h", 0, "made")
		set(t, m, "localhost/h/$default/ownership/0", map[string]string{"ownerid": "azure"})
		h := farHosts(t, m, "a")[0] // 21 s
		<-time.After(9 * time.Second)
		set(t, m, "localhost/h/$default/ownership/0", map[string]string{"ownerid": "azure"})
		<-time.After(58 * time.Second)
		if n := len(h.Calls()); n != 0 {
			t.Errorf("read %d batches of a partition that is another's", n)
		}
		<-time.After(8 * time.Second)
		if n := len(h.Calls()); n != 1 {
			t.Errorf("read %d batches of 1 after the claim had ended", n)
		}
		h.end(t)
	})
}

// TestStoreAway: what is read is read on while nobody can have taken it, and no
// checkpoint is written after that.
func TestStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		m.Send("h", 0, "made")
		h := farHosts(t, m, "a")[0]
		h.blobs.away.Store(true)
		<-time.After(5 * time.Second)
		h.blobs.away.Store(false)
		<-time.After(4 * time.Second)
		m.Send("h", 0, "x")
		synctest.Wait()
		if n := len(h.Calls()); n != 2 {
			t.Fatalf("%d batches of 2 after a short while without the store", n)
		}
		h.blobs.away.Store(true)
		select {
		case err := <-h.done:
			if !fault.Is(err, fault.Unavailable) {
				t.Errorf("ended with %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the trigger goes on without knowing what is its own")
		}
		if got := m.Checkpoint(blob)["sequencenumber"]; got != "1" {
			t.Errorf("checkpoint %s", got)
		}
	})
}

// TestEndWhileClaiming: a host that ends while it renews its claims gives back what
// they have become.
func TestEndWhileClaiming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(2)
		m.Send("h", 0, "made")
		h := farHosts(t, m, "a")[0]
		h.blobs.mute.Store(true)
		for before := h.blobs.claims.Load(); h.blobs.claims.Load() < before+2; {
			<-time.After(100 * time.Millisecond)
		}
		synctest.Wait()
		h.end(t)
		if got := shares(t, m, 2); got[""] != 2 {
			t.Errorf("who has the partitions: %v", got)
		}
	})
}

// TestTakenWhileReading: a reader that the service has ended for another owner is no
// failure: its pump ends, writes no checkpoint, and the next look says whose it is.
func TestTakenWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		m.Send("h", 0, "made")
		h := farHosts(t, m, "a")[0]
		synctest.Wait() // it waits for events: it is the next one that it cannot read
		m.Fail("read", 1, errors.Join(hub.ErrTaken))
		set(t, m, "localhost/h/$default/ownership/0", map[string]string{"ownerid": "thief", "lazuliseconds": "9"})
		m.Send("h", 0, "x")
		<-time.After(4 * time.Second)
		if n := len(h.Calls()); n != 1 || m.Checkpoint(blob)["sequencenumber"] != "0" {
			t.Errorf("%d batches, checkpoint %v", n, m.Checkpoint(blob))
		}
		<-time.After(11 * time.Second)
		if n := len(h.Calls()); n != 2 {
			t.Errorf("%d batches of 2 after the claim of the other had ended", n)
		}
		h.end(t)
	})
}
