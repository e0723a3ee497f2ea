package blobs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// ran are the contents that a function was given, in order of their texts.
func ran(r *endtest.Recorder) (all []string) {
	for _, c := range r.Calls() {
		all = append(all, string(c.Data(nil).GetBytes()))
	}
	slices.Sort(all)
	return all
}

// TestBlobs: what is there at the first start runs, what is written runs at once, what
// is overwritten runs again, and a restart runs nothing again.
func TestBlobs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		w.write("old/a", "b")
		if err := endtest.Run(t, w.trigger(r, ""), func() {
			if got := ran(r); !cmp.Equal(got, []string{"of b", "of old/a"}) {
				t.Errorf("at the start %q", got)
			}
			begun := time.Now()
			w.write("c")
			synctest.Wait()
			if got := ran(r); len(got) != 3 || time.Since(begun) > 0 {
				t.Errorf("%q after %v", got, time.Since(begun))
			}
			w.write("c")
		}); err != nil {
			t.Error(err)
		}
		if len(r.Calls()) != 4 {
			t.Errorf("%d runs", len(r.Calls()))
		}
		w.write("d") // while nobody listens
		for range 2 {
			if err := endtest.Run(t, w.trigger(r, ""), nil); err != nil {
				t.Error(err)
			}
		}
		if got := ran(r); len(got) != 5 || got[3] != "of d" {
			t.Errorf("after two restarts %q", got)
		}
	})
}

// TestReceipts: they are where Azure's host has them, and hold when it is forgotten how
// far the blobs were read; one that says Incomplete does not count.
func TestReceipts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		r := &endtest.Recorder{}
		w.write("a/b", "c")
		if err := endtest.Run(t, w.trigger(r, ""), nil); err != nil {
			t.Error(err)
		}
		info, err := w.container().Info(ctx, "a/b")
		if err != nil {
			t.Fatal(err)
		}
		receipt := "blobreceipts/host/Host.Functions.f/" + info.ETag + "/inbox/a/b"
		if m, err := w.state().Mark(ctx, state.Hosts, receipt); err != nil || len(m.Metadata) != 0 {
			t.Errorf("%v, %v", m, err)
		}
		scan := objectstore.Address{Container: state.Hosts, Blob: "blobscaninfo/host/acct/inbox/Host.Functions.f"}
		if err := w.blobs.Delete(ctx, scan, objectstore.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.state().SetMark(ctx, state.Hosts, receipt, map[string]string{"Incomplete": "Incomplete"}, state.Any); err != nil {
			t.Fatal(err)
		}
		if err := endtest.Run(t, w.trigger(r, ""), nil); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"of a/b", "of a/b", "of c"}, ran(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestPattern: only blobs of the path run, and the function is told what its
// placeholders stand for.
func TestPattern(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		w.write("2026/report.final.csv", "2026/report.txt", "other.csv")
		if err := endtest.Run(t, w.triggerOf(r, `"path":"INBOX/{year}/{name}.csv"`, ""), nil); err != nil {
			t.Error(err)
		}
		calls := r.Calls()
		if len(calls) != 1 {
			t.Fatalf("%d runs: %q", len(calls), ran(r))
		}
		for name, want := range map[string]string{
			"year": "2026", "NAME": "report.final", "blobTrigger": "inbox/2026/report.final.csv",
			"Uri": "http://127.0.0.1:10000/acct/inbox/2026/report.final.csv", "properties.ContentLength": "24",
		} {
			if v, ok := calls[0].Values(name); !ok || v != want {
				t.Errorf("{%s} is %q", name, v)
			}
		}
		if calls[0].Metadata["name"].GetString_() != "report.final" || calls[0].Metadata["Uri"].GetJson() != `"http://127.0.0.1:10000/acct/inbox/2026/report.final.csv"` {
			t.Errorf("%v", calls[0].Metadata)
		}
	})
}

// TestMetadata is what a function is told of a blob, by the names that workers read.
func TestMetadata(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		w.write("a")
		info, err := w.blobs.SetMetadata(t.Context(), objectstore.Address{Container: "inbox", Blob: "a"}, objectstore.Metadata{{Name: "Kind", Value: "x"}}, objectstore.Conditions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := endtest.Run(t, w.trigger(r, ""), nil); err != nil {
			t.Error(err)
		}
		m := r.Calls()[0].Metadata
		if got := m["Metadata"].GetJson(); got != `{"Kind":"x"}` {
			t.Error(got)
		}
		var p map[string]any
		if err := json.Unmarshal([]byte(m["Properties"].GetJson()), &p); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]any{
			"ContentLength": 4.0, "ETag": `"` + info.ETag + `"`, "ContentType": "application/octet-stream", "BlobType": 0.0, "LastModified": "2000-01-01T00:00:00+00:00", "LeaseStatus": 1.0,
		} {
			if p[name] != want {
				t.Errorf("%s is %v, want %v", name, p[name], want)
			}
		}
	})
}

// TestForms: bytes, text where it is asked for, or a reference of which a worker makes a client.
func TestForms(t *testing.T) {
	for more, check := range map[string]func(trigger.Call) bool{
		``:                     func(c trigger.Call) bool { return string(c.Data(nil).GetBytes()) == "of a" },
		`,"dataType":"string"`: func(c trigger.Call) bool { return c.Data(nil).GetString_() == "of a" },
		`,"dataType":"binary"`: func(c trigger.Call) bool { return string(c.Data(nil).GetBytes()) == "of a" },
		`,"sdkBinding":true`:   isReference,
		`,"properties":{"supportsDeferredBinding":"True"}`: isReference,
	} {
		inWorld(t, func(t *testing.T, w *world) {
			r := &endtest.Recorder{}
			w.write("a")
			if err := endtest.Run(t, w.trigger(r, more), nil); err != nil {
				t.Error(err)
			}
			if calls := r.Calls(); len(calls) != 1 || !check(calls[0]) {
				t.Errorf("%s: %v", more, calls[0].Data(nil))
			}
		})
	}
}

func isReference(c trigger.Call) bool {
	d := c.Data(nil).GetModelBindingData()
	return d.GetVersion() == "1.0" && d.GetSource() == "AzureStorageBlobs" && d.GetContentType() == "application/json" &&
		string(d.GetContent()) == `{"BlobName":"a","Connection":"AzureWebJobsStorage","ContainerName":"inbox"}`
}

// TestPoison: a blob is tried as often as host.json says, and then Azure's message of
// it is in the poison queue.
func TestPoison(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{Answer: func(context.Context, int) error { return errors.New("no") }}
		w.write("a")
		if err := endtest.Run(t, w.triggerOf(r, `"path":"inbox/{name}"`, `"poisonBlobThreshold":3`), nil); err != nil {
			t.Error(err)
		}
		info, err := w.container().Info(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		poison := w.messages(PoisonQueue)
		if len(poison) != 1 || len(r.Calls()) != 3 {
			t.Fatalf("%d runs, poison %q", len(r.Calls()), poison)
		}
		text, err := base64.StdEncoding.DecodeString(poison[0])
		want := fmt.Sprintf(`{"Type":"BlobTrigger","FunctionId":"Host.Functions.f","BlobType":"BlockBlob","ContainerName":"inbox","BlobName":"a","ETag":"%s"}`, info.ETag)
		if err != nil || string(text) != want {
			t.Errorf("%s, %v", text, err)
		}
	})
}

// TestGone: a blob that was deleted or overwritten before its run does not run, and the
// overwritten one runs once.
func TestGone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		hold := make(chan struct{})
		r := &endtest.Recorder{Answer: func(_ context.Context, n int) error {
			if n == 1 {
				<-hold
			}
			return nil
		}}
		if err := endtest.Run(t, w.triggerOf(r, `"path":"inbox/{name}"`, `"maxDegreeOfParallelism":1`), func() {
			w.write("first")
			synctest.Wait()
			w.write("deleted", "changed", "stays")
			synctest.Wait()
			if err := w.blobs.Delete(t.Context(), objectstore.Address{Container: "inbox", Blob: "deleted"}, objectstore.DeleteOptions{}); err != nil {
				t.Error(err)
			}
			w.write("changed")
			synctest.Wait()
			close(hold)
		}); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"of changed", "of first", "of stays"}, ran(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestEventGrid: what is there at the first start is not new, what comes later is, also
// while nobody listens, and there are no receipts.
func TestEventGrid(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		w.write("old")
		grid := func(meanwhile func()) {
			if err := endtest.Run(t, w.trigger(r, `,"source":"eventgrid"`), meanwhile); err != nil {
				t.Error(err)
			}
		}
		grid(nil)
		w.write("between")
		grid(func() { w.write("live") })
		grid(nil)
		if diff := cmp.Diff([]string{"of between", "of live"}, ran(r)); diff != "" {
			t.Error(diff)
		}
		if all, err := w.state().Marks(t.Context(), state.Hosts, "blobreceipts/"); err != nil || len(all) != 0 {
			t.Errorf("%d receipts, %v", len(all), err)
		}
	})
}

// TestStop: what the stop cut off is not lost.
func TestStop(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{Answer: func(ctx context.Context, n int) error {
			if n > 1 {
				return nil
			}
			<-ctx.Done()
			return trigger.ErrCancelled
		}}
		w.write("a")
		for range 2 {
			if err := endtest.Run(t, w.trigger(r, ""), nil); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]string{"of a", "of a"}, ran(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestMissingContainer: a container that does not exist is waited for, at the start
// and after it was deleted, and the host is told meanwhile.
func TestMissingContainer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		r := &endtest.Recorder{}
		tr, waits := w.trigger(r, ""), ""
		tr.o.Waits = func(clause string) { waits = clause }
		told := func(want string) {
			t.Helper()
			if synctest.Wait(); waits != want {
				t.Errorf("it waits for %q, want %q", waits, want)
			}
		}
		if err := endtest.Run(t, tr, func() {
			told("the container inbox does not exist")
			w.write("a")
			told("")
			if err := w.blobs.DeleteContainer(t.Context(), "inbox", objectstore.Conditions{}); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			told("the container inbox does not exist")
			w.write("a", "b")
			time.Sleep(time.Second)
			told("")
		}); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"of a", "of a", "of b"}, ran(r)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestManyBlobs: a function that is slow is not buried, and a start after all were seen
// reads none of them.
func TestManyBlobs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.container()
		const n = 3000
		for i := range n {
			if err := c.Write(t.Context(), fmt.Sprint(i), nil); err != nil {
				t.Fatal(err)
			}
		}
		longest := 0
		r := &endtest.Recorder{Answer: func(_ context.Context, i int) error {
			time.Sleep(time.Millisecond)
			return nil
		}}
		tr := w.trigger(r, "")
		if err := endtest.Run(t, tr, func() {
			for range 100 {
				q, err := w.queues.Queue(tr.workQueue())
				if err != nil {
					t.Fatal(err)
				}
				if info, err := q.Info(); err == nil {
					longest = max(longest, info.Messages)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}); err != nil {
			t.Error(err)
		}
		if len(r.Calls()) != n || longest >= mostWaiting+pageOfChanges {
			t.Errorf("%d runs, %d messages at most", len(r.Calls()), longest)
		}
		text, _, err := w.state().Text(t.Context(), state.Hosts, "blobscaninfo/host/acct/inbox/Host.Functions.f")
		var at scanInfo
		if err := errors.Join(err, json.Unmarshal(text, &at)); err != nil {
			t.Fatal(err)
		}
		if changes, _, err := c.Changes(t.Context(), at.Position, 1); err != nil || len(changes) != 0 {
			t.Errorf("%d blobs would be looked at again, %v", len(changes), err)
		}
	})
}

// TestWorkQueue: every function of every host has a queue of its own with a lawful
// name.
func TestWorkQueue(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		seen := map[string]bool{}
		for _, host := range []string{"a", strings.Repeat("x", 32), strings.Repeat("x", 28) + "-abc"} {
			for _, function := range []string{"f", "g"} {
				tr := w.trigger(&endtest.Recorder{}, "")
				tr.o.HostID, tr.o.Function = host, function
				name := tr.workQueue()
				if len(name) > 63 || strings.Contains(name, "--") || seen[name] {
					t.Errorf("%s of %d characters", name, len(name))
				}
				seen[name] = true
			}
		}
	})
}

// TestRefusals: what is wrong is said at the start.
func TestRefusals(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for declaration, want := range map[string]string{
			`"x":1`:                                     "needs path",
			`"path":"{c}/{name}"`:                       "the container of a trigger is named as it is",
			`"path":"c/{name"`:                          `"{" without "}"`,
			`"path":"c/{rand-guid}"`:                    "a placeholder is a word",
			`"path":"c/{name}","source":"Polling"`:      "source must be LogsAndContainerScan or EventGrid",
			`"path":"c/{name}","connection":"Missing"`:  "no setting Missing",
			`"path":"c/{name}","connection":"OnlyBlob"`: "needs the account's queues too",
		} {
			s := endtest.Setup(t, `{"name":"b","type":"blobTrigger",`+declaration+`}`, "", nil)
			s.Settings = onlyBlobs()
			if _, err := NewTrigger(w.end(), s); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", declaration, err)
			}
		}
		for section, want := range map[string]string{
			`"maxDegreeOfParallelism":0`: "extensions.blobs.maxDegreeOfParallelism: must be between",
			`"poisonBlobThreshold":0`:    "poisonBlobThreshold",
		} {
			s := endtest.Setup(t, `{"name":"b","type":"blobTrigger"}`, `{"version":"2.0","extensions":{"blobs":{`+section+`}}}`, nil)
			if err := w.end().Trigger().Check(s.Config); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", section, err)
			}
		}
	})
}

// TestByHand: the input is the path of a blob, as on Azure.
func TestByHand(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.write("a")
		tr := w.trigger(&endtest.Recorder{}, "")
		if c, err := tr.ByHand("inbox/a\n", time.Now()); err != nil || string(c.Data(nil).GetBytes()) != "of a" {
			t.Error(err)
		}
		for input, want := range map[string]string{"inbox/missing": "read the blob inbox/missing", "a": "must be the path of a blob", "other/a": "inbox/NAME"} {
			if _, err := tr.ByHand(input, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", input, err)
			}
		}
	})
}
