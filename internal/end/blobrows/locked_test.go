package blobrows

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// TestCustomersKeys: what was written with a customer's key is no input of a job, which
// has no key, and does not keep it from the blobs behind.
func TestCustomersKeys(t *testing.T) {
	r := newRig(t)
	r.put("a.json", `{"x":1}`)
	r.write("locked.json", `{"x":"secret"}`, objectstore.Put{Type: objectstore.BlockBlob, Encryption: objectstore.Encryption{KeySHA256: "k"}})
	r.put("z.json", `{"x":2}`)

	s := r.source(jobs.Input{Name: "in", Target: "c"})
	s.read(t, fromStart).want(`a.json {"x":1}`, `z.json {"x":2}`)
	if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0].Text, "blob c/locked.json was written with a customer's key") {
		t.Errorf("%+v", w)
	}
	recent, err := s.Recent(t.Context(), 10, 1<<20)
	if err != nil || len(recent) != 1 || len(recent[0]) != 2 {
		t.Errorf("recent: %v, %v", recent, err)
	}

	ref, err := ReferenceKind(r.find).Open(t.Context(), jobs.Input{Target: "c/locked.json"})
	if err != nil {
		t.Fatal(err)
	}
	versions, err := ref.Snapshots(t.Context())
	if err != nil || len(versions) != 1 {
		t.Fatalf("%v, %v", versions, err)
	}
	if got, err := versions[0].Read(t.Context()); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "c/locked.json: it was written with a customer's key") {
		t.Errorf("reference data: %s, %v", got, err)
	}
}
