package hub_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// reader is a trigger that runs.
type reader struct {
	endtest.Recorder
	stop func()
}

// begin runs a trigger on hub "h" as one of several hosts.
func begin(t *testing.T, m *endtest.Memory, owner, hostJSON string, answer func(context.Context, int) error) *reader {
	t.Helper()
	r := &reader{}
	r.Answer = answer
	setup := endtest.Setup(t, `{"name":"e","type":"eventHubTrigger","eventHubName":"h","connection":"H"`+many+`}`,
		`{"version":"2.0","extensions":{"eventHubs":{`+hostJSON+`}}}`, &r.Recorder)
	setup.Owner = owner
	tr, err := hub.NewTrigger(hub.End{Hubs: m.Hubs(), State: m.State}, setup)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- tr.Run(ctx) }()
	r.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	synctest.Wait()
	return r
}

// owner is who has a partition's ownership blob.
func owner(t *testing.T, m *endtest.Memory, partition int) string {
	t.Helper()
	mark, err := m.Blobs().Mark(t.Context(), state.EventHubs, fmt.Sprintf("localhost/h/$default/ownership/%d", partition))
	if err != nil {
		t.Fatal(err)
	}
	return mark.Metadata["ownerid"]
}

// TestReadersShareAHub: a second host takes its share, each event goes to one of
// them, and who stops leaves all to the other.
func TestReadersShareAHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(4)
		m.Send("h", 0, "made") // the hub
		a := begin(t, m, "a", "", nil)
		b := begin(t, m, "b", "", nil)
		<-time.After(time.Minute)
		for p := range 4 {
			m.Send("h", p, "x")
		}
		synctest.Wait()
		if len(a.Calls()) != 1+2 || len(b.Calls()) != 2 {
			t.Errorf("the first had %d batches of 3, the second %d of 2", len(a.Calls()), len(b.Calls()))
		}
		a.stop()
		if got := owner(t, m, 0); got != "" {
			t.Errorf("the one that stopped left partition 0 to %q", got)
		}
		<-time.After(11 * time.Second) // the next look
		m.Send("h", 0, "y")
		m.Send("h", 3, "y")
		synctest.Wait()
		if len(b.Calls()) != 4 {
			t.Errorf("the one that is left had %d batches of 4", len(b.Calls()))
		}
		b.stop()
	})
}

// TestReaderThatWasKilled: its partitions are free when its claims end, and at once
// for itself.
func TestReaderThatWasKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		m.Send("h", 0, "x")
		set(t, m, "localhost/h/$default/ownership/0", map[string]string{"ownerid": "dead/f"})
		other := begin(t, m, "other", "", nil)
		<-time.After(59 * time.Second)
		if n := len(other.Calls()); n != 0 {
			t.Errorf("read %d batches of a partition that is another's", n)
		}
		<-time.After(11 * time.Second)
		if n := len(other.Calls()); n != 1 {
			t.Errorf("read %d batches of 1 after the claim had ended", n)
		}
		other.stop()

		set(t, m, "localhost/h/$default/ownership/0", map[string]string{"ownerid": "dead/f"})
		m.Send("h", 0, "y")
		same := begin(t, m, "dead", "", nil)
		if n := len(same.Calls()); n != 1 {
			t.Errorf("the same reader had %d batches of 1 at its start", n)
		}
		same.stop()
	})
}

// TestLostPartitionIsNotCheckpointed: what another reader has taken over is its, and
// the pump that lost it ends.
func TestLostPartitionIsNotCheckpointed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		m.Send("h", 0, "x")
		busy := make(chan struct{})
		r := begin(t, m, "a", "", func(context.Context, int) error { <-busy; return nil })
		set(t, m, "localhost/h/$default/ownership/0", map[string]string{"ownerid": "thief/f"})
		<-time.After(11 * time.Second)
		close(busy)
		synctest.Wait()
		m.Send("h", 0, "y")
		synctest.Wait()
		if got := m.Checkpoint(blob); got != nil || len(r.Calls()) != 1 {
			t.Errorf("checkpoint %v after %d batches; want none after one", got, len(r.Calls()))
		}
		r.stop()
		if got := owner(t, m, 0); got != "thief/f" {
			t.Errorf("the stop gave the partition of another back: %q", got)
		}
	})
}

// TestForeignCheckpoints goes on where others were: processors that keep the case of
// names, writers that know no offset, and the extension before version 5.
func TestForeignCheckpoints(t *testing.T) {
	for name, write := range map[string]func(*testing.T, *endtest.Memory){
		"as given": func(t *testing.T, m *endtest.Memory) {
			set(t, m, "localhost/h/$Default/checkpoint/0", map[string]string{"offset": "100", "sequencenumber": "0"})
		},
		"without an offset": func(t *testing.T, m *endtest.Memory) {
			set(t, m, blob, map[string]string{"offset": "", "sequencenumber": "0"})
		},
		"no offset": func(t *testing.T, m *endtest.Memory) {
			set(t, m, blob, map[string]string{"offset": "no offset", "sequencenumber": "0"})
		},
		"legacy": func(t *testing.T, m *endtest.Memory) {
			_, err := m.Blobs().SetText(t.Context(), state.EventHubs, "localhost/h/$Default/0",
				[]byte(`{"PartitionId":"0","Owner":"x","Token":"t","Epoch":3,"Offset":"100","SequenceNumber":0}`), state.Any)
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := endtest.New(1)
				m.Send("h", 0, "a", "b")
				write(t, m)
				r := begin(t, m, "a", "", nil)
				r.stop()
				if got := r.Items(); len(got) != 1 || got[0] != 1 {
					t.Errorf("batches of %v, want one of the second event", got)
				}
				if got := m.Checkpoint(blob)["sequencenumber"]; got != "1" {
					t.Errorf("checkpoint %q", got)
				}
			})
		})
	}
}
