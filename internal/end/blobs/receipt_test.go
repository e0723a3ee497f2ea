package blobs

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// runOnce runs the trigger for a while of the bubble's time.
func (w *world) runOnce(r *endtest.Recorder) {
	w.t.Helper()
	if err := endtest.Run(w.t, w.trigger(r, ""), func() { time.Sleep(2 * time.Second) }); err != nil {
		w.t.Error(err)
	}
}

// forget takes away the note of how far the blobs were read.
func (w *world) forget() {
	w.t.Helper()
	scan := objectstore.Address{Container: state.Hosts, Blob: "blobscaninfo/host/acct/inbox/Host.Functions.f"}
	if err := w.blobs.Delete(w.t.Context(), scan, objectstore.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// TestNames: whatever a blob is called, its function runs for it, and once, also when
// only the receipts tell; and for the blobs behind it.
func TestNames(t *testing.T) {
	names := []string{
		"a", strings.Repeat("n", 940), strings.Repeat("n", objectstore.MaxName), strings.Repeat("n", objectstore.MaxName-1) + "m",
		strings.Repeat("é", objectstore.MaxName), strings.Repeat("\U0001F600", objectstore.MaxName), strings.Repeat("<", objectstore.MaxName), strings.Repeat("\x01", objectstore.MaxName),
		strings.TrimSuffix(strings.Repeat("s/", 254), "/"), "a//b", "../x", "..", "a/./b", "\x1b[31mred", "a\u202eb", "tab\tx", "new\nline", "q?#%25", "{name}", "z",
	}
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		w.write(names...)
		w.runOnce(r)
		w.forget()
		w.runOnce(r)
		w.write("after")
		w.runOnce(r)
		want := []string{"of after"}
		for _, name := range names {
			want = append(want, "of "+name)
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, ran(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestReceiptName: Azure's layout as long as it fits, to the character.
func TestReceiptName(t *testing.T) {
	const before = "blobreceipts/host/Host.Functions.f/0x1/"
	room := objectstore.MaxName - len(before+"inbox/")
	for _, letter := range []string{"n", "é"} {
		fits := strings.Repeat(letter, room)
		if got := receiptName("host", "Host.Functions.f", &objectstore.Info{Address: objectstore.Address{Container: "inbox", Blob: fits}, ETag: "0x1"}); got != before+"inbox/"+fits {
			t.Errorf("%s", got)
		}
		got := receiptName("host", "Host.Functions.f", &objectstore.Info{Address: objectstore.Address{Container: "inbox", Blob: fits + letter}, ETag: "0x1"})
		if hash, ok := strings.CutPrefix(got, before+"inbox.sha256/"); !ok || len(hash) != 64 {
			t.Errorf("%s", got)
		}
	}
}

// TestReceiptThatFails: a receipt on which somebody has a lease costs its blob the
// receipt, and nobody the run.
func TestReceiptThatFails(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		w.write("a", "held", "z")
		info, err := w.container().Info(t.Context(), "held")
		if err != nil {
			t.Fatal(err)
		}
		name := receiptName("host", "Host.Functions.f", &info)
		if _, err := w.state().SetMark(t.Context(), state.Hosts, name, map[string]string{"Incomplete": "Incomplete"}, state.Any); err != nil {
			t.Fatal(err)
		}
		lease := objectstore.LeaseRequest{Action: objectstore.AcquireLease, Duration: -1}
		if _, err := w.blobs.Lease(t.Context(), objectstore.Address{Container: state.Hosts, Blob: name}, lease); err != nil {
			t.Fatal(err)
		}
		w.runOnce(r)
		w.write("after")
		w.runOnce(r)
		if diff := cmp.Diff([]string{"of a", "of after", "of held", "of z"}, ran(r)); diff != "" {
			t.Error(diff)
		}
	})
}
