package blobs

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// writeLocked writes a blob with a customer's key.
func (w *world) writeLocked(name, content string) {
	w.t.Helper()
	u, err := w.blobs.NewUpload(w.t.Context(), int64(len(content)))
	if err == nil {
		defer u.Discard()
		_, err = u.Write([]byte(content))
	}
	if err == nil {
		_, err = w.blobs.PutBlob(w.t.Context(), objectstore.Address{Container: "inbox", Blob: name}, u,
			objectstore.Put{Type: objectstore.BlockBlob, Encryption: objectstore.Encryption{KeySHA256: "k"}})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestCustomersKeys: a blob that was written with a customer's key is handed to no
// function, in no form. It is set aside after its tries, and holds up no other.
func TestCustomersKeys(t *testing.T) {
	for _, more := range []string{"", `,"sdkBinding":true`, `,"source":"EventGrid"`} {
		inWorld(t, func(t *testing.T, w *world) {
			var log bytes.Buffer
			r := &endtest.Recorder{}
			w.container()
			tr := w.triggerOf(r, `"path":"inbox/{name}"`+more, `"poisonBlobThreshold":3`)
			tr.o.Log = slog.New(slog.NewTextHandler(&log, nil))
			if err := endtest.Run(t, tr, func() {
				w.writeLocked("locked", "secret")
				w.write("a", "b")
			}); err != nil {
				t.Error(err)
			}
			var names []string
			for _, c := range r.Calls() {
				name, _ := c.Values("name")
				names = append(names, name)
			}
			if len(names) == 2 && names[0] > names[1] {
				names[0], names[1] = names[1], names[0]
			}
			if diff := cmp.Diff([]string{"a", "b"}, names); diff != "" {
				t.Errorf("%s: %s", more, diff)
			}
			poison := w.messages(PoisonQueue)
			if len(poison) != 1 {
				t.Fatalf("%s: poison %q", more, poison)
			}
			if text, err := base64.StdEncoding.DecodeString(poison[0]); err != nil || !strings.Contains(string(text), `"BlobName":"locked"`) {
				t.Errorf("%s: poison %s, %v", more, text, err)
			}
			if said := log.String(); !strings.Contains(said, "attempts=3") || !strings.Contains(said, "blob inbox/locked: it was written with a customer's key") {
				t.Errorf("%s: said %s", more, said)
			}
		})
	}
}

// TestInputOfCustomersKeys: an input binding of such a blob fails, and says why.
func TestInputOfCustomersKeys(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.container()
		w.writeLocked("locked", "secret")
		in, err := w.end().Input().New(input.Setup{Binding: endtest.Parse(t, `{"name":"i","type":"blob","path":"inbox/locked"}`), Settings: settings.New()})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := in.Read(t.Context(), values(nil)); err == nil || !strings.Contains(err.Error(), "blob inbox/locked: it was written with a customer's key") {
			t.Errorf("%v, %v", v, err)
		}
	})
}
