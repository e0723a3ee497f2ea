package endtest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
)

// State checks that blobs do what state.Blobs promises.
func State(t *testing.T, open func(t *testing.T) state.Blobs) {
	t.Run("marks", func(t *testing.T) { marks(t, open(t)) })
	t.Run("conditions", func(t *testing.T) { conditions(t, open(t)) })
	t.Run("texts", func(t *testing.T) { texts(t, open(t)) })
	t.Run("leases", func(t *testing.T) { locks(t, open(t)) })
}

const (
	stateContainer = "azure-webjobs-eventhub"
	stateBlob      = "ns/h/$default/checkpoint/0"
)

func marks(t *testing.T, b state.Blobs) {
	ctx := t.Context()
	if _, err := b.Mark(ctx, stateContainer, stateBlob); !fault.Is(err, fault.NotFound) {
		t.Errorf("reading nothing: %v", err)
	}
	if all, err := b.Marks(ctx, stateContainer, "ns/"); err != nil || len(all) != 0 {
		t.Errorf("listing where there is no container: %v, %v", all, err)
	}
	for _, want := range []map[string]string{{"offset": "1", "ownerid": ""}, {"offset": "2"}} {
		if _, err := b.SetMark(ctx, stateContainer, stateBlob, want, state.Any); err != nil {
			t.Fatal(err)
		}
		got, err := b.Mark(ctx, stateContainer, stateBlob)
		if diff := cmp.Diff(want, got.Metadata); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		if got.Name != stateBlob || got.Age < 0 || got.Age > time.Minute {
			t.Errorf("%s was written %v ago", got.Name, got.Age)
		}
	}
	if _, err := b.Mark(ctx, stateContainer, stateBlob+"2"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a longer name: %v", err)
	}
	for _, name := range []string{"ns/h/$default/checkpoint/1", "ns/h/$default/ownership/0"} {
		if _, err := b.SetMark(ctx, stateContainer, name, map[string]string{"ownerid": "me"}, state.Any); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.Marks(ctx, stateContainer, "ns/h/$default/checkpoint/")
	if err != nil || len(all) != 2 || all[0].Name != stateBlob || all[0].Metadata["offset"] != "2" || all[1].ETag == "" {
		t.Errorf("%+v, %v", all, err)
	}
}

func conditions(t *testing.T, b state.Blobs) {
	ctx := t.Context()
	set := func(value, etag string) (string, error) {
		return b.SetMark(ctx, stateContainer, stateBlob, map[string]string{"ownerid": value}, etag)
	}
	first, err := set("a", state.Missing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set("b", state.Missing); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("making it twice: %v", err)
	}
	second, err := set("c", first)
	if err != nil || second == first {
		t.Errorf("%q after %q, %v", second, first, err)
	}
	if _, err := set("d", first); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("an ETag of before: %v", err)
	}
	if got, err := b.Mark(ctx, stateContainer, stateBlob); err != nil || got.Metadata["ownerid"] != "c" || got.ETag != second {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := b.SetMark(ctx, stateContainer, "nothing", nil, second); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("an ETag where there is nothing: %v", err)
	}
}

func texts(t *testing.T, b state.Blobs) {
	ctx := t.Context()
	if _, _, err := b.Text(ctx, state.HostSecrets, "h/host.json"); !fault.Is(err, fault.NotFound) {
		t.Errorf("reading nothing: %v", err)
	}
	etag, err := b.SetText(ctx, state.HostSecrets, "h/host.json", []byte("one"), state.Missing)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.SetText(ctx, state.HostSecrets, "h/host.json", []byte("two"), state.Missing); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("making it twice: %v", err)
	}
	if _, err := b.SetText(ctx, state.HostSecrets, "h/host.json", []byte("three"), etag); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SetText(ctx, state.HostSecrets, "h/host.json", []byte("four"), etag); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("an ETag of before: %v", err)
	}
	if text, now, err := b.Text(ctx, state.HostSecrets, "h/host.json"); string(text) != "three" || now == etag || err != nil {
		t.Errorf("%q %q, %v", text, now, err)
	}
}

func locks(t *testing.T, b state.Blobs) {
	const mine, other, lock = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222", "locks/h/f.Listener"
	ctx := t.Context()
	if err := b.Renew(ctx, state.Hosts, lock, mine); !fault.Is(err, fault.NotFound) {
		t.Errorf("renewing nothing: %v", err)
	}
	for range 2 { // a host that starts again has its lock
		if err := b.Acquire(ctx, state.Hosts, lock, mine, state.LockPeriod); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Acquire(ctx, state.Hosts, lock, other, state.LockPeriod); !fault.Is(err, fault.Conflict) {
		t.Errorf("another's: %v", err)
	}
	if err := b.Renew(ctx, state.Hosts, lock, other); !fault.Is(err, fault.Conflict) {
		t.Errorf("renewing another's: %v", err)
	}
	if err := b.Renew(ctx, state.Hosts, lock, mine); err != nil {
		t.Error(err)
	}
	if err := b.Release(ctx, state.Hosts, lock, mine); err != nil {
		t.Error(err)
	}
	if err := b.Acquire(ctx, state.Hosts, lock, other, state.LockPeriod); err != nil {
		t.Errorf("after it was given back: %v", err)
	}
}
