package objectstore

import (
	"strings"
	"testing"
)

const copyID = "0b2f6f3e-7a8d-4a0b-9d55-5d1f0c8f6a11"

// begin begins a copy to a blob.
func (w *world) begin(blob string, p Put) PendingCopy {
	w.t.Helper()
	p.Type, p.Copy = BlockBlob, &Copy{ID: copyID, Source: "http://elsewhere/x", Total: 7}
	i, pending, err := w.a.BeginCopy(w.t.Context(), at(blob), p, []byte("order"))
	if err != nil {
		w.t.Fatal(err)
	}
	if i.Size != 0 || i.Copy.Status != CopyPending || i.Copy.Total != 7 {
		w.t.Errorf("%+v %+v", i, i.Copy)
	}
	return pending
}

// finish ends a copy with a text.
func (w *world) finish(p PendingCopy, text string) error {
	w.t.Helper()
	u := w.upload(text)
	defer u.Discard()
	return p.Finish(u, []byte("0123456789abcdef"))
}

func (w *world) copyOf(blob string) Copy {
	w.t.Helper()
	i, err := w.a.Properties(w.t.Context(), at(blob), Conditions{})
	if err != nil || i.Copy == nil {
		w.t.Fatalf("%+v %v", i, err)
	}
	return *i.Copy
}

func (w *world) pending() []PendingCopy {
	w.t.Helper()
	all, err := w.s.PendingCopies(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func TestPendingCopy(t *testing.T) {
	w := newWorld(t)
	defer func() { w.close() }()
	w.put("b", "old")
	w.begin("b", Put{Metadata: Metadata{{"k", "v"}}})
	w.want(at("b"), "")
	w.reopen() // it is not forgotten
	all := w.pending()
	if len(all) != 1 || all[0].ID != copyID || string(all[0].Order) != "order" || all[0].Blob != "b" || all[0].Account() != 1 {
		t.Fatalf("%+v", all)
	}
	if err := w.finish(all[0], "content"); err != nil {
		t.Fatal(err)
	}
	w.want(at("b"), "content")
	i, err := w.a.Properties(t.Context(), at("b"), Conditions{})
	if c := i.Copy; err != nil || c.Status != CopySuccess || c.Copied != 7 || c.Completed.IsZero() || len(i.Properties.ContentMD5) != 16 || i.Metadata[0].Name != "k" {
		t.Errorf("%+v %+v %v", i, c, err)
	}
	wantCode(t, w.finish(all[0], "again"), NoPendingCopyOperation)
	wantCode(t, all[0].Fail("late", 0), NoPendingCopyOperation)
	w.want(at("b"), "content")
	if left := w.pending(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	checkLive(t, w)

	if err := w.begin("f", Put{}).Fail(`404 BlobNotFound "no"`, 3); err != nil {
		t.Fatal(err)
	}
	if c := w.copyOf("f"); c.Status != CopyFailed || c.StatusDescription != `404 BlobNotFound "no"` || c.Copied != 3 || c.Total != 7 || c.Completed.IsZero() {
		t.Errorf("%+v", c)
	}
	w.want(at("f"), "")
	w.put("f", "written over")
	checkLive(t, w)
}

// A blob that a copy is about to fill changes by nothing else.
func TestNothingChangesAPendingCopy(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.begin("b", Put{})
	info, err := w.a.Properties(ctx, at("b"), Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() error{
		"put": func() error { _, err := w.tryPut("b", "x", Put{}); return err },
		"put block": func() error {
			u := w.upload("x")
			defer u.Discard()
			return w.a.PutBlock(ctx, at("b"), "id", u, BlockPut{})
		},
		"commit": func() error { _, err := w.a.CommitBlocks(ctx, at("b"), nil, Put{}); return err },
		"properties": func() error {
			_, err := w.a.SetProperties(ctx, at("b"), PropertiesChange{Properties: &Properties{}})
			return err
		},
		"metadata": func() error { _, err := w.a.SetMetadata(ctx, at("b"), nil, Conditions{}); return err },
		"tags":     func() error { return w.a.SetTags(ctx, at("b"), nil, Conditions{}) },
		"tier":     func() error { _, err := w.a.SetTier(ctx, at("b"), "Cool", Conditions{}); return err },
		"snapshot": func() error { _, err := w.a.Snapshot(ctx, at("b"), nil, Conditions{}); return err },
		"delete":   func() error { return w.a.Delete(ctx, at("b"), DeleteOptions{}) },
		"lease": func() error {
			_, err := w.a.Lease(ctx, at("b"), LeaseRequest{Action: AcquireLease, Duration: -1})
			return err
		},
		"copy to it": func() error {
			w.put("other", "x")
			_, err := w.a.CopyFrom(ctx, at("b"), Source{Account: w.a, Address: at("other")}, CopyPut{})
			return err
		},
		"copy of it": func() error {
			_, err := w.a.CopyFrom(ctx, at("c"), Source{Account: w.a, Address: at("b")}, CopyPut{})
			return err
		},
		"another copy": func() error {
			_, _, err := w.a.BeginCopy(ctx, at("b"), Put{Type: BlockBlob, Copy: &Copy{ID: "x"}}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, change(), PendingCopyOperation) })
	}
	if now, err := w.a.Properties(ctx, at("b"), Conditions{}); err != nil || now.ETag != info.ETag {
		t.Errorf("%+v %v", now, err)
	}
	wantCode(t, w.a.AbortCopy(ctx, at("b"), "another", ""), CopyIDMismatch)
	wantCode(t, w.a.AbortCopy(ctx, at("none"), copyID, ""), BlobNotFound)
	wantCode(t, w.a.AbortCopy(ctx, at("b"), copyID, "11111111-1111-1111-1111-111111111111"), LeaseNotPresentWithBlobOperation)
	if err := w.a.AbortCopy(ctx, at("b"), copyID, ""); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.a.AbortCopy(ctx, at("b"), copyID, ""), NoPendingCopyOperation)
	if c := w.copyOf("b"); c.Status != CopyAborted || c.Completed.IsZero() {
		t.Errorf("%+v", c)
	}
	w.del(at("b"), DeleteOptions{})
	checkLive(t, w)
}

// A blob's lease is kept by a copy to it, and has to last.
func TestPendingCopyAndLeases(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.put("b", "old")
	lease := func(seconds int) string {
		l, err := w.a.Lease(ctx, at("b"), LeaseRequest{Action: AcquireLease, Duration: seconds, Proposed: "11111111-1111-1111-1111-111111111111"})
		if err != nil {
			t.Fatal(err)
		}
		return l.ID
	}
	id := lease(60)
	tryBegin := func(lease string) error {
		_, _, err := w.a.BeginCopy(ctx, at("b"), Put{Type: BlockBlob, Copy: &Copy{ID: copyID}, Conditions: Conditions{Lease: lease}}, nil)
		return err
	}
	wantCode(t, tryBegin(""), LeaseIDMissing)
	wantCode(t, tryBegin(id), InfiniteLeaseDurationRequired)
	lease(-1)
	if err := tryBegin(id); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.a.AbortCopy(ctx, at("b"), copyID, ""), LeaseIDMissing)
	if err := w.finish(w.pending()[0], "content"); err != nil {
		t.Fatal(err)
	}
	if i, err := w.a.Properties(ctx, at("b"), Conditions{}); err != nil || !i.Lease.Infinite {
		t.Errorf("%+v %v", i, err)
	}
}

// The feed has a blob once it has its content, and versions and what was deleted are
// those of the change that the copy is.
func TestPendingCopyIsOneChange(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.retain(Retention{Versions: true})
	w.put("b", "old")
	names := func() string {
		changes, _, err := w.a.Changes(ctx, "c", 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, c := range changes {
			all = append(all, c.Info.Blob)
		}
		return strings.Join(all, " ")
	}
	p := w.begin("b", Put{})
	if got := names(); got != "" {
		t.Errorf("the feed has %q", got)
	}
	if err := w.finish(p, "content"); err != nil {
		t.Fatal(err)
	}
	if got := names(); got != "b" {
		t.Errorf("the feed has %q", got)
	}
	w.wantNames(ListOptions{Versions: true}, "b@v b")
	checkLive(t, w)
}

// A container that is deleted while a copy runs: softly, and it is there when it comes
// back; for good, and nothing is left.
func TestPendingCopyInADeletedContainer(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.retain(Retention{ContainerDays: 2})
	p := w.begin("b", Put{})
	if err := w.a.DeleteContainer(ctx, "c", Conditions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.finish(p, "content"); err != nil {
		t.Fatal(err)
	}
	gone, _, err := w.a.ListContainers(ctx, ContainerList{Deleted: true})
	if err != nil || len(gone) != 1 {
		t.Fatalf("%+v %v", gone, err)
	}
	if _, err := w.a.UndeleteContainer(ctx, "c", gone[0].Version); err != nil {
		t.Fatal(err)
	}
	w.want(at("b"), "content")

	w.retain(Retention{})
	p = w.begin("b", Put{})
	if err := w.a.DeleteContainer(ctx, "c", Conditions{}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.finish(p, "content"), ContainerNotFound)
	w.s.tidy(ctx)
	if left := w.pending(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
}
