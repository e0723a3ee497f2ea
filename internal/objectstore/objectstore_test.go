package objectstore

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// big is a text of n bytes that does not repeat soon.
func big(n int) string {
	var b strings.Builder
	for x := uint32(1); b.Len() < n; {
		x = x*1664525 + 1013904223
		b.WriteByte(byte(x >> 24))
	}
	return b.String()
}

func TestPutAndRead(t *testing.T) {
	w := newWorld(t)
	texts := map[string]string{}
	for _, n := range []int{0, 1, 1000, pieceData - 1, pieceData, pieceData + 1, 4 * pieceData, 5*pieceData + 7, 9 << 20} {
		name := "b" + strings.Repeat("x", len(texts))
		texts[name] = big(n)
		w.put(name, texts[name])
	}
	for range 2 {
		for name, text := range texts {
			w.want(at(name), text)
		}
		w.reopen()
	}
	w.close()
}

// TestSizeHints: what is told of an upload's size before does not change what is
// stored.
func TestSizeHints(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	for _, n := range []int{10, pieceData + 10, 3*pieceData + 1, 1 << 20} {
		for _, hint := range []int64{-1, 0, 5, int64(n) - 1, int64(n), int64(n) + 1, pieceData * 2, 100 << 20} {
			u, err := w.a.NewUpload(t.Context(), hint)
			if err != nil {
				t.Fatal(err)
			}
			text := big(n)
			for rest := text; rest != ""; {
				m := min(len(rest), 10_001)
				if _, err := u.Write([]byte(rest[:m])); err != nil {
					t.Fatal(err)
				}
				rest = rest[m:]
			}
			if _, err := w.a.PutBlob(t.Context(), at("b"), u, Put{Type: BlockBlob}); err != nil {
				t.Fatal(err)
			}
			u.Discard()
			w.want(at("b"), text)
		}
	}
}

func TestRanges(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	text := big(6*pieceData + 100)
	w.put("b", text)
	c, err := w.a.Open(t.Context(), at("b"), Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	size := int64(len(text))
	for _, off := range []int64{0, 1, pieceData - 1, pieceData, 4 * pieceData, 4*pieceData + 5, size - 1, size} {
		for _, n := range []int64{0, 1, pieceData, pieceData + 1, 5 * pieceData, size - off} {
			var b strings.Builder
			err := c.WriteRange(&b, off, n)
			if n > size-off {
				wantCode(t, err, InvalidRange)
				continue
			}
			if err != nil || b.String() != text[off:off+n] {
				t.Fatalf("%d bytes from %d: %v", n, off, err)
			}
		}
	}
}

// TestRecordKeepsEverything: all that a blob has comes back after a restart.
func TestRecordKeepsEverything(t *testing.T) {
	w := newWorld(t)
	p := Put{
		Properties: Properties{"text/plain", "gzip", "ko", "inline", "no-store", []byte("0123456789abcdef")},
		Metadata:   Metadata{{"ownerId", ""}, {"myKey", "v"}, {"A", "한"}},
		Tags:       []Pair{{"k", "v"}, {"empty", ""}}, Tier: "Cool", Encryption: Encryption{"sha", "scope"},
		Copy: &Copy{ID: "id", Source: "http://x/y", Status: "success", Copied: 3, Total: 3, Completed: w.clock.Now()},
	}
	if _, err := w.tryPut("b", "abc", p); err != nil {
		t.Fatal(err)
	}
	before, err := w.a.Properties(t.Context(), at("b"), Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	w.reopen()
	defer w.close()
	after, err := w.a.Properties(t.Context(), at("b"), Conditions{})
	if err != nil || cmp.Diff(before, after) != "" {
		t.Fatalf("%v %s", err, cmp.Diff(before, after))
	}
	want := Info{
		Address: at("b"), Type: BlockBlob, Properties: p.Properties, Metadata: p.Metadata, Tags: p.Tags, Size: 3,
		ETag: after.ETag, Created: w.clock.Now(), Modified: w.clock.Now(), Copy: p.Copy, Tier: "Cool", TierChanged: w.clock.Now(), Encryption: p.Encryption,
	}
	if d := cmp.Diff(want, after); d != "" || !strings.HasPrefix(after.ETag, "0x8D") {
		t.Error(d, after.ETag)
	}
}

// TestETags: what changes content, metadata or properties makes a new one, a
// lease, tags and a tier do not.
func TestETags(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	last := w.put("b", "1")
	steps := []struct {
		name    string
		stamped bool
		do      func() error
	}{
		{"overwrite", true, func() error { _, err := w.tryPut("b", "2", Put{}); return err }},
		{"metadata", true, func() error {
			_, err := w.a.SetMetadata(t.Context(), at("b"), Metadata{{"a", "b"}}, Conditions{})
			return err
		}},
		{"properties", true, func() error {
			_, err := w.a.SetProperties(t.Context(), at("b"), PropertiesChange{Properties: &Properties{ContentType: "x/y"}})
			return err
		}},
		{"tags", false, func() error { return w.a.SetTags(t.Context(), at("b"), []Pair{{"a", "b"}}, Conditions{}) }},
		{"tier", false, func() error { _, err := w.a.SetTier(t.Context(), at("b"), "Cool", Conditions{}); return err }},
		{"lease", false, func() error {
			_, err := w.a.Lease(t.Context(), at("b"), LeaseRequest{Action: AcquireLease, Duration: -1})
			return err
		}},
	}
	for _, step := range steps {
		w.clock.Advance(time.Second)
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		now, err := w.a.Properties(t.Context(), at("b"), Conditions{})
		if err != nil {
			t.Fatal(err)
		}
		if (now.ETag != last.ETag) != step.stamped || now.Modified.Equal(w.clock.Now()) != step.stamped {
			t.Errorf("%s: ETag %s -> %s, modified %v at %v", step.name, last.ETag, now.ETag, now.Modified, w.clock.Now())
		}
		if now.ETag < last.ETag {
			t.Errorf("%s: ETag went back from %s to %s", step.name, last.ETag, now.ETag)
		}
		last = now
	}
}

func TestBlocks(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	block := func(id, text string) {
		t.Helper()
		u := w.upload(text)
		defer u.Discard()
		if err := w.a.PutBlock(t.Context(), at("b"), id, u, BlockPut{}); err != nil {
			t.Fatal(err)
		}
	}
	block("01", "one,")
	block("02", "two,")
	block("02", "TWO,") // the last wins
	if _, err := w.a.Properties(t.Context(), at("b"), Conditions{}); fault.CodeOf(err) != BlobNotFound {
		t.Fatalf("uncommitted blocks are a blob: %v", err)
	}
	if got := w.names(ListOptions{}); got != nil {
		t.Errorf("listed %v", got)
	}
	if got := w.names(ListOptions{Uncommitted: true}); !slices.Equal(got, []string{"b"}) {
		t.Errorf("listed %v", got)
	}
	u := w.upload("x")
	defer u.Discard()
	wantCode(t, w.a.PutBlock(t.Context(), at("b"), "001", u, BlockPut{}), InvalidBlobOrBlock)
	commit := func(want string, refs ...BlockRef) {
		t.Helper()
		if _, err := w.a.CommitBlocks(t.Context(), at("b"), refs, Put{}); err != nil {
			t.Fatal(err)
		}
		w.want(at("b"), want)
	}
	commit("TWO,one,one,", BlockRef{Latest, "02"}, BlockRef{Uncommitted, "01"}, BlockRef{Latest, "01"})
	list, err := w.a.Blocks(t.Context(), at("b"), Conditions{})
	if err != nil || len(list.Uncommitted) != 0 || !slices.Equal(list.Committed, []Block{{"02", 4}, {"01", 4}, {"01", 4}}) {
		t.Fatalf("%+v, %v", list, err)
	}
	block("02", "two,")
	block("03", "three,")
	_, err = w.a.CommitBlocks(t.Context(), at("b"), []BlockRef{{Uncommitted, "01"}}, Put{})
	wantCode(t, err, InvalidBlockList)
	commit("TWO,two,one,three,", BlockRef{Committed, "02"}, BlockRef{Latest, "02"}, BlockRef{Latest, "01"}, BlockRef{Latest, "03"})
	block("04", "gone")
	w.put("b", "plain")
	if list, err = w.a.Blocks(t.Context(), at("b"), Conditions{}); err != nil || list.Committed != nil || list.Uncommitted != nil {
		t.Fatalf("Put Blob left %+v, %v", list, err)
	}
	commit("")
	checkLive(t, w)
}

// TestManyBlocks: more blocks than a record holds.
func TestManyBlocks(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	var refs []BlockRef
	var want strings.Builder
	for i := range 700 {
		id := string([]byte{byte(i), byte(i >> 8), 0})
		text := big(i)
		if i == 0 {
			text = "first"
		}
		u := w.upload(text)
		if err := w.a.PutBlock(t.Context(), at("b"), id, u, BlockPut{}); err != nil {
			t.Fatal(err)
		}
		u.Discard()
		want.WriteString(text)
		refs = append(refs, BlockRef{Latest, id})
	}
	if _, err := w.a.CommitBlocks(t.Context(), at("b"), refs, Put{}); err != nil {
		t.Fatal(err)
	}
	w.want(at("b"), want.String())
	checkLive(t, w)
	refs = slices.DeleteFunc(refs, func(r BlockRef) bool { return r.ID[0]%2 == 0 })
	if _, err := w.a.CommitBlocks(t.Context(), at("b"), refs, Put{}); err != nil {
		t.Fatal(err)
	}
	checkLive(t, w)
	if err := w.a.Delete(t.Context(), at("b"), DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	checkLive(t, w)
}

func TestListing(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	for _, name := range []string{"a", "a/1", "a/2", "a/b/3", "b", "c/1", "d", "가/나"} {
		w.put(name, "x")
	}
	for _, test := range []struct {
		o    ListOptions
		want string
	}{
		{ListOptions{}, "a a/1 a/2 a/b/3 b c/1 d 가/나"},
		{ListOptions{Prefix: "a/"}, "a/1 a/2 a/b/3"},
		{ListOptions{Delimiter: "/"}, "a a/* b c/* d 가/*"},
		{ListOptions{Delimiter: "/", Prefix: "a/"}, "a/1 a/2 a/b/*"},
		{ListOptions{Delimiter: "/b/"}, "a a/1 a/2 a/b/* b c/1 d 가/나"},
		{ListOptions{StartFrom: "b"}, "b c/1 d 가/나"},
		{ListOptions{Prefix: "z"}, ""},
	} {
		for limit := range 4 {
			test.o.Max = limit
			if got := strings.Join(w.names(test.o), " "); got != test.want {
				t.Errorf("%+v: %s, want %s", test.o, got, test.want)
			}
		}
	}
	if _, _, err := w.a.List(t.Context(), "c", ListOptions{Marker: "!"}); fault.CodeOf(err) != InvalidMarker {
		t.Error(err)
	}
	if _, _, err := w.a.List(t.Context(), "none", ListOptions{}); fault.CodeOf(err) != ContainerNotFound {
		t.Error(err)
	}
}

func TestContainers(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.a.CreateContainer(ctx, "c", PrivateAccess, nil)
	wantCode(t, err, ContainerAlreadyExists)
	w.put("b", "x")
	if _, err := w.a.SetContainerMetadata(ctx, "c", Metadata{{"K", ""}}, Conditions{}); err != nil {
		t.Fatal(err)
	}
	made, err := w.a.SetContainerACL(ctx, "c", BlobAccess, []byte("<p/>"), Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	w.reopen()
	got, err := w.a.Container(ctx, "c", Conditions{})
	if err != nil || cmp.Diff(made, got) != "" || got.Access != BlobAccess || string(got.Policies) != "<p/>" || got.Metadata[0].Name != "K" {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := w.s.Account(2).Container(ctx, "c", Conditions{}); fault.CodeOf(err) != ContainerNotFound {
		t.Errorf("another account has it too: %v", err)
	}
	if err := w.a.DeleteContainer(ctx, "c", Conditions{}); err != nil {
		t.Fatal(err)
	}
	_, err = w.a.Properties(ctx, at("b"), Conditions{})
	wantCode(t, err, ContainerNotFound)
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("%v is of kind %v", err, fault.KindOf(err))
	}
	if _, err := w.a.CreateContainer(ctx, "c", PrivateAccess, nil); err != nil {
		t.Fatal(err)
	}
	_, err = w.a.Properties(ctx, at("b"), Conditions{})
	wantCode(t, err, BlobNotFound)
	w.s.tidy(ctx)
	checkLive(t, w)
	w.close()
}

// checkLive compares what the extents' tallies say is alive with what records
// name.
func checkLive(t testing.TB, w *world) {
	t.Helper()
	want := map[uint64]int64{}
	for cid := range w.s.byNumber {
		live, err := w.s.liveOf(t.Context(), w.db, cid)
		if err != nil {
			t.Fatal(err)
		}
		for e, n := range live {
			want[e] += n
		}
	}
	for number, e := range w.s.extents.all {
		if e.live != want[number] {
			t.Errorf("extent %d: %d bytes alive by its tally, %d by the records", number, e.live, want[number])
		}
		delete(want, number)
	}
	for number, n := range want {
		t.Errorf("extent %d is gone, and %d bytes of it are named", number, n)
	}
}
