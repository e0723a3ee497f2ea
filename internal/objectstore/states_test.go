package objectstore

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func (w *world) retain(r Retention) {
	w.t.Helper()
	if err := w.a.SetRetention(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) snapshot(blob string) Address {
	w.t.Helper()
	i, err := w.a.Snapshot(w.t.Context(), at(blob), nil, Conditions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return i.Address
}

func (w *world) del(addr Address, o DeleteOptions) {
	w.t.Helper()
	if err := w.a.Delete(w.t.Context(), addr, o); err != nil {
		w.t.Fatal(err)
	}
}

func allOf() ListOptions { return ListOptions{Snapshots: true, Versions: true, Deleted: true} }

func (w *world) wantNames(o ListOptions, want string) {
	w.t.Helper()
	for limit := range 3 {
		o.Max = limit
		if got := strings.Join(w.names(o), " "); got != want {
			w.t.Fatalf("%+v lists %q, want %q", o, got, want)
		}
	}
}

func TestSnapshots(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	text := big(100_000)
	base, err := w.tryPut("b", text, Put{Metadata: Metadata{{"k", "old"}}})
	if err != nil {
		t.Fatal(err)
	}
	one, err := w.a.Snapshot(ctx, at("b"), Metadata{{"k", "new"}}, Conditions{})
	if err != nil || one.ETag != base.ETag || one.Metadata[0].Value != "new" {
		t.Fatalf("%+v, %v", one, err)
	}
	if now, _ := w.a.Properties(ctx, at("b"), Conditions{}); now.Metadata[0].Value != "old" || now.ETag != base.ETag {
		t.Errorf("the base changed: %+v", now)
	}
	w.put("b", "second")
	two := w.snapshot("b")
	w.put("a", "x")
	w.want(one.Address, text)
	w.want(two, "second")
	w.wantNames(ListOptions{}, "a b")
	w.wantNames(ListOptions{Snapshots: true}, "a b@s b@s b")
	w.wantNames(ListOptions{Snapshots: true, Delimiter: "b"}, "a b*")
	checkLive(t, w)

	wantCode(t, w.a.Delete(ctx, at("b"), DeleteOptions{}), SnapshotsPresent)
	wantCode(t, w.a.Delete(ctx, two, DeleteOptions{Snapshots: IncludeSnapshots}), InvalidOperation)
	_, err = w.a.Snapshot(ctx, two, nil, Conditions{})
	wantCode(t, err, InvalidOperation)
	_, err = w.a.Properties(ctx, Address{Container: "c", Blob: "b", Snapshot: "yesterday"}, Conditions{})
	wantCode(t, err, InvalidSnapshot)
	_, err = w.a.Properties(ctx, Address{Container: "c", Blob: "b", Snapshot: tickOf(w.clock.Now()).text()}, Conditions{})
	wantCode(t, err, BlobNotFound)

	w.del(one.Address, DeleteOptions{})
	w.wantNames(allOf(), "a b@s b")
	w.del(at("b"), DeleteOptions{Snapshots: OnlySnapshots})
	w.wantNames(allOf(), "a b")
	w.snapshot("b")
	w.del(at("b"), DeleteOptions{Snapshots: IncludeSnapshots})
	w.wantNames(allOf(), "a")
	checkLive(t, w)
}

func TestSoftDelete(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.retain(Retention{BlobDays: 2})
	w.put("b", "one")
	snap := w.snapshot("b")
	w.put("b", "two") // one is a deleted snapshot now
	w.wantNames(ListOptions{}, "b")
	w.wantNames(allOf(), "b@s b@s! b")
	w.del(at("b"), DeleteOptions{Snapshots: IncludeSnapshots})
	w.wantNames(ListOptions{Snapshots: true}, "")
	w.wantNames(allOf(), "b@s! b@s! b!")
	_, err := w.read(at("b"))
	wantCode(t, err, BlobNotFound)
	_, err = w.read(snap)
	wantCode(t, err, BlobNotFound)
	_, err = w.a.SetMetadata(ctx, at("b"), nil, Conditions{})
	wantCode(t, err, BlobNotFound)

	w.reopen()
	if err := w.a.Undelete(ctx, at("b")); err != nil {
		t.Fatal(err)
	}
	w.want(at("b"), "two")
	w.want(snap, "one")
	w.wantNames(allOf(), "b@s b@s b")
	checkLive(t, w)

	w.del(at("b"), DeleteOptions{Snapshots: IncludeSnapshots})
	w.put("b", "three") // two becomes a deleted snapshot
	w.wantNames(allOf(), "b@s! b@s! b@s! b")
	page, _, err := w.a.List(ctx, "c", allOf())
	if err != nil || page[0].Blob.RemainingDays != 2 {
		t.Errorf("%+v, %v", page[0].Blob, err)
	}
	w.clock.Advance(49 * time.Hour)
	w.s.tidy(ctx)
	w.wantNames(allOf(), "b")
	w.want(at("b"), "three")
	w.del(at("b"), DeleteOptions{})
	w.clock.Advance(49 * time.Hour)
	w.s.tidy(ctx)
	w.wantNames(allOf(), "")
	wantCode(t, w.a.Undelete(ctx, at("b")), BlobNotFound)
	checkLive(t, w)
}

func TestVersions(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.put("b", "before")
	w.retain(Retention{Versions: true})
	one := w.put("b", "one")
	two, err := w.a.SetMetadata(ctx, at("b"), Metadata{{"k", "v"}}, Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	w.put("b", "three")
	version := func(i Info) Address { return Address{Container: "c", Blob: "b", Version: i.Version} }
	if one.Version == "" || two.Version == "" || one.Version == two.Version || !one.Current {
		t.Fatalf("versions %q and %q", one.Version, two.Version)
	}
	w.want(version(one), "one")
	w.want(version(two), "one")
	w.wantNames(ListOptions{Versions: true}, "b@v b@v b@v b")
	w.wantNames(ListOptions{}, "b")
	now, err := w.a.Properties(ctx, at("b"), Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	w.want(version(now), "three")
	wantCode(t, w.a.Delete(ctx, version(now), DeleteOptions{}), InvalidOperation)
	w.del(at("b"), DeleteOptions{})
	_, err = w.read(at("b"))
	wantCode(t, err, BlobNotFound)
	w.want(version(now), "three")
	w.wantNames(ListOptions{Versions: true}, "b@v b@v b@v b@v")
	if _, err := w.a.CopyFrom(ctx, at("b"), Source{Account: w.a, Address: version(two)}, CopyPut{}); err != nil {
		t.Fatal(err)
	}
	w.want(at("b"), "one")
	checkLive(t, w)
	w.del(version(one), DeleteOptions{})
	_, err = w.read(version(one))
	wantCode(t, err, BlobNotFound)
	w.retain(Retention{Versions: true, BlobDays: 1})
	w.del(version(two), DeleteOptions{})
	_, err = w.read(version(two))
	wantCode(t, err, BlobNotFound)
	if err := w.a.Undelete(ctx, at("b")); err != nil {
		t.Fatal(err)
	}
	w.want(version(two), "one")
	checkLive(t, w)
}

// TestSetVersioning: what is said of versions counts until the store is closed.
func TestSetVersioning(t *testing.T) {
	w := newWorld(t)
	w.a.SetVersioning(true)
	w.put("b", "1")
	w.retain(Retention{BlobDays: 1})
	w.put("b", "2")
	w.wantNames(allOf(), "b@v b")
	w.a.SetVersioning(false)
	w.put("b", "3")
	w.wantNames(allOf(), "b@v b@s! b")
	w.a.SetVersioning(true)
	w.reopen()
	defer w.close()
	if w.a.Retention().Versions {
		t.Error("it was kept over a restart")
	}
}

func TestCopy(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	text := big(300_000)
	if _, err := w.tryPut("b", text, Put{Metadata: Metadata{{"k", "v"}}, Properties: Properties{ContentType: "x/y"}, Tags: []Pair{{"t", "1"}}}); err != nil {
		t.Fatal(err)
	}
	other := w.s.Account(2)
	if _, err := other.CreateContainer(ctx, "d", PrivateAccess, nil); err != nil {
		t.Fatal(err)
	}
	disk := func() int64 { u, _ := w.s.Usage(); return u.Disk }
	before := disk()
	done := &Copy{ID: "1", Source: "http://x", Status: "success", Copied: 300_000, Total: 300_000}
	info, err := other.CopyFrom(ctx, Address{Container: "d", Blob: "e"}, Source{Account: w.a, Address: at("b")}, CopyPut{Put: Put{Copy: done}})
	if err != nil || info.Size != 300_000 || info.ContentType() != "x/y" || info.Metadata[0].Name != "k" || info.Tags != nil || cmp.Diff(info.Copy, done) != "" {
		t.Fatalf("%+v, %v", info, err)
	}
	if disk() != before {
		t.Errorf("the copy took %d bytes", disk()-before)
	}
	w.del(at("b"), DeleteOptions{})
	w.s.tidy(ctx)
	c, err := other.Open(ctx, Address{Container: "d", Blob: "e"}, Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := c.WriteRange(&b, 0, 300_000); err != nil || b.String() != text {
		t.Fatal(err)
	}
	c.Close()
	checkLive(t, w)
	_, err = w.a.CopyFrom(ctx, at("x"), Source{Account: w.a, Address: at("none")}, CopyPut{})
	wantCode(t, err, CannotVerifyCopySource)
	_, err = w.a.CopyFrom(ctx, at("x"), Source{Account: other, Address: Address{Container: "d", Blob: "e"}, Conditions: Conditions{IfMatch: []string{"0x0"}}}, CopyPut{})
	wantCode(t, err, SourceConditionNotMet)
	if info, err := other.SetMetadata(ctx, Address{Container: "d", Blob: "e"}, nil, Conditions{}); err != nil || info.Copy != nil {
		t.Errorf("a write left %+v, %v", info.Copy, err)
	}
}

// ContentType is for tests.
func (i Info) ContentType() string { return i.Properties.ContentType }

func TestAppend(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	if _, err := w.a.PutBlob(ctx, at("b"), nil, Put{Type: AppendBlob}); err != nil {
		t.Fatal(err)
	}
	add := func(text string, c AppendConditions) (Info, int64, error) {
		u := w.upload(text)
		defer u.Discard()
		return w.a.Append(ctx, at("b"), u, c)
	}
	free := AppendConditions{MaxSize: -1, Position: -1}
	var want strings.Builder
	for i := range 40 { // more than a record holds
		text := big(i + 1)
		info, off, err := add(text, free)
		if err != nil || off != int64(want.Len()) || info.BlockCount != i+1 {
			t.Fatalf("%+v at %d, %v", info, off, err)
		}
		want.WriteString(text)
		w.want(at("b"), want.String())
	}
	w.reopen()
	w.want(at("b"), want.String())
	n := int64(want.Len())
	_, _, err := add("x", AppendConditions{MaxSize: -1, Position: n - 1})
	wantCode(t, err, AppendPositionConditionNotMet)
	_, _, err = add("xy", AppendConditions{MaxSize: n + 1, Position: -1})
	wantCode(t, err, MaxBlobSizeConditionNotMet)
	if _, off, err := add("x", AppendConditions{MaxSize: n + 1, Position: n}); err != nil || off != n {
		t.Fatal(off, err)
	}
	snap := w.snapshot("b")
	if _, _, err := add("y", free); err != nil {
		t.Fatal(err)
	}
	w.want(snap, want.String()+"x")
	w.want(at("b"), want.String()+"xy")
	if i, err := w.a.Seal(ctx, at("b"), -1, Conditions{}); err != nil || !i.Sealed {
		t.Fatal(i, err)
	}
	_, _, err = add("x", free)
	wantCode(t, err, BlobIsSealed)
	w.put("block", "x")
	u := w.upload("x")
	defer u.Discard()
	_, _, err = w.a.Append(ctx, at("block"), u, free)
	wantCode(t, err, InvalidBlobType)
	checkLive(t, w)
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	const size = 64 * pageBytes
	if _, err := w.a.PutBlob(ctx, at("b"), nil, Put{Type: PageBlob, PageSize: size, Sequence: 5}); err != nil {
		t.Fatal(err)
	}
	want := make([]byte, size)
	write := func(page, n int, fill string, c PageConditions) error {
		var u *Upload
		text := strings.Repeat(fill, n*pageBytes)
		if fill != "" {
			u = w.upload(text)
			defer u.Discard()
		}
		_, err := w.a.WritePages(ctx, at("b"), int64(page*pageBytes), int64(n*pageBytes), u, c)
		if err == nil {
			clear(want[page*pageBytes : (page+n)*pageBytes])
			copy(want[page*pageBytes:], text)
		}
		return err
	}
	ranges := func(previous string) (s string) {
		t.Helper()
		all, _, err := w.a.PageRanges(ctx, at("b"), 0, size, previous, Conditions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			mark := "+"
			if r.Clear {
				mark = "-"
			}
			s += " " + mark + strings.Join([]string{itoa(r.Start / pageBytes), itoa(r.End / pageBytes)}, "..")
		}
		return strings.TrimSpace(s)
	}
	check := func(want2 string) {
		t.Helper()
		w.want(at("b"), string(want))
		if got := ranges(""); got != want2 {
			t.Fatalf("ranges %s, want %s", got, want2)
		}
		checkLive(t, w)
	}
	check("")
	for _, step := range []struct {
		page, n int
		fill    string
		want    string
	}{
		{10, 4, "a", "+10..14"},
		{12, 4, "b", "+10..16"},
		{30, 2, "c", "+10..16 +30..32"},
		{11, 1, "", "+10..11 +12..16 +30..32"},
		{0, 64, "d", "+0..64"},
		{1, 62, "", "+0..1 +63..64"},
		{20, 10, "e", "+0..1 +20..30 +63..64"},
		{24, 2, "f", "+0..1 +20..30 +63..64"},
	} {
		if err := write(step.page, step.n, step.fill, PageConditions{}); err != nil {
			t.Fatal(err)
		}
		check(step.want)
	}
	w.reopen()
	check("+0..1 +20..30 +63..64")
	snap := w.snapshot("b")
	for _, step := range []struct {
		page, n int
		fill    string
	}{{21, 1, "g"}, {29, 3, "h"}, {0, 1, ""}} {
		if err := write(step.page, step.n, step.fill, PageConditions{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := ranges(snap.Snapshot); got != "-0..1 +21..22 +29..32" {
		t.Errorf("since the snapshot: %s", got)
	}
	_, _, err := w.a.PageRanges(ctx, at("b"), 0, size, "2020-01-01T00:00:00.0000000Z", Conditions{})
	wantCode(t, err, PreviousSnapshotNotFound)
	four, five := int64(4), int64(5)
	wantCode(t, write(0, 1, "x", PageConditions{SequenceLE: &four}), SequenceNumberConditionNotMet)
	wantCode(t, write(0, 1, "x", PageConditions{SequenceLT: &five}), SequenceNumberConditionNotMet)
	wantCode(t, write(0, 1, "x", PageConditions{SequenceEQ: &four}), SequenceNumberConditionNotMet)
	if err := write(0, 1, "x", PageConditions{SequenceEQ: &five, SequenceLE: &five}); err != nil {
		t.Error(err)
	}
	wantCode(t, write(63, 2, "x", PageConditions{}), InvalidPageRange)
	resize := func(to int64) (Info, error) {
		return w.a.SetProperties(ctx, at("b"), PropertiesChange{Size: &to, Sequence: func(n int64) int64 { return n + 1 }})
	}
	_, err = resize(100)
	wantCode(t, err, InvalidSize)
	if i, err := resize(21 * pageBytes); err != nil || i.Size != 21*pageBytes || i.Sequence != 6 {
		t.Fatal(i, err)
	}
	if _, err := resize(size); err != nil {
		t.Fatal(err)
	}
	clear(want[21*pageBytes:])
	check("+0..1 +20..21")
}

func itoa(n int64) string { return string(appendInt(nil, n)) }

func appendInt(b []byte, n int64) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

func TestTags(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	for _, name := range []string{"c2", "c3"} {
		if _, err := w.a.CreateContainer(ctx, name, PrivateAccess, nil); err != nil {
			t.Fatal(err)
		}
	}
	put := func(container, blob, value string) {
		u := w.upload("x")
		defer u.Discard()
		if _, err := w.a.PutBlob(ctx, Address{Container: container, Blob: blob}, u, Put{Type: BlockBlob, Tags: []Pair{{"k", value}}}); err != nil {
			t.Fatal(err)
		}
	}
	put("c", "1", "a")
	put("c2", "2", "b")
	put("c2", "3", "a")
	put("c3", "4", "a")
	w.put("5", "untagged")
	if err := w.a.SetTags(ctx, at("5"), []Pair{{"k", "a"}}, Conditions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.a.SetTags(ctx, at("1"), nil, Conditions{}); err != nil {
		t.Fatal(err)
	}
	find := func(in string) (found []string) {
		t.Helper()
		for marker := ""; ; {
			page, next, err := w.a.FindByTags(ctx, in, func(_ string, tags map[string]string) bool { return tags["k"] == "a" }, marker, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range page {
				found = append(found, f.Container+"/"+f.Blob)
			}
			if marker = next; next == "" {
				return found
			}
		}
	}
	if got := find(""); !slices.Equal(got, []string{"c/5", "c2/3", "c3/4"}) {
		t.Error(got)
	}
	if got := find("c2"); !slices.Equal(got, []string{"c2/3"}) {
		t.Error(got)
	}
	w.del(at("5"), DeleteOptions{})
	if got := find("c"); got != nil {
		t.Error(got)
	}
}

func TestContainerSoftDelete(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.retain(Retention{ContainerDays: 3})
	w.put("b", "kept")
	if err := w.a.DeleteContainer(ctx, "c", Conditions{}); err != nil {
		t.Fatal(err)
	}
	_, err := w.read(at("b"))
	wantCode(t, err, ContainerNotFound)
	w.s.tidy(ctx)
	w.reopen()
	list := func(o ContainerList) []ContainerInfo {
		t.Helper()
		page, _, err := w.a.ListContainers(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	if got := list(ContainerList{}); got != nil {
		t.Error(got)
	}
	gone := list(ContainerList{Deleted: true})
	if len(gone) != 1 || !gone[0].Deleted || gone[0].RemainingDays != 3 {
		t.Fatalf("%+v", gone)
	}
	_, err = w.a.UndeleteContainer(ctx, "c", "other")
	wantCode(t, err, ContainerNotFound)
	if _, err := w.a.CreateContainer(ctx, "c", PrivateAccess, nil); err != nil {
		t.Fatal(err)
	}
	_, err = w.a.UndeleteContainer(ctx, "c", gone[0].Version)
	wantCode(t, err, ContainerAlreadyExists)
	if err := w.a.DeleteContainer(ctx, "c", Conditions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.a.UndeleteContainer(ctx, "c", gone[0].Version); err != nil {
		t.Fatal(err)
	}
	w.want(at("b"), "kept")
	if err := w.a.DeleteContainer(ctx, "c", Conditions{}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(73 * time.Hour)
	w.s.tidy(ctx)
	if got := list(ContainerList{Deleted: true}); got != nil {
		t.Errorf("%+v", got)
	}
	w.s.tidy(ctx)
	if u, err := w.s.Usage(); err != nil || u.Live != 0 || u.Disk != 0 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestDeleteAccount(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.put("b", "x")
	if err := w.a.SetServiceProperties(ctx, []byte("<x/>")); err != nil {
		t.Fatal(err)
	}
	other := w.s.Account(2)
	if _, err := other.CreateContainer(ctx, "c", PrivateAccess, nil); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error)
	after := w.a.LastChange()
	go func() { waited <- w.a.WaitChange(ctx, "c", after) }()
	if err := w.s.DeleteAccount(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; !fault.Is(err, fault.Gone) && !fault.Is(err, fault.NotFound) { // it may not have begun yet
		t.Errorf("who waited got %v", err)
	}
	w.s.tidy(ctx)
	w.reopen()
	if _, err := w.read(at("b")); fault.CodeOf(err) != ContainerNotFound || w.a.ServiceProperties() != nil {
		t.Errorf("%v, %q", err, w.a.ServiceProperties())
	}
	if _, err := w.s.Account(2).Container(ctx, "c", Conditions{}); err != nil {
		t.Errorf("another account: %v", err)
	}
	if u, err := w.s.Usage(); err != nil || u.Live != 0 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestFeed(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	read := func(after Position) (names []string, next Position) {
		t.Helper()
		for {
			page, upTo, err := w.a.Changes(ctx, "c", after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page {
				names = append(names, c.Info.Blob)
			}
			if after = upTo; len(page) == 0 {
				return names, after
			}
		}
	}
	for _, name := range []string{"1", "2", "3", "1", "4"} {
		w.put(name, "x")
	}
	names, p := read(0)
	if !slices.Equal(names, []string{"2", "3", "1", "4"}) {
		t.Fatal(names)
	}
	w.del(at("3"), DeleteOptions{})
	if err := w.a.SetTags(ctx, at("2"), []Pair{{"a", "b"}}, Conditions{}); err != nil {
		t.Fatal(err)
	}
	if names, _ := read(p); names != nil {
		t.Errorf("after a delete and tags: %v", names)
	}
	waited := make(chan error)
	go func() { waited <- w.a.WaitChange(ctx, "c", p) }()
	w.put("5", "x")
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	w.reopen()
	if names, _ := read(p); !slices.Equal(names, []string{"5"}) {
		t.Error(names)
	}
	if err := w.a.WaitChange(ctx, "c", p); err != nil {
		t.Error(err)
	}
	w.clock.Advance(-time.Hour) // a clock that is set back does not hide what comes
	before := w.a.LastChange()
	w.put("6", "x")
	if names, _ := read(before); !slices.Equal(names, []string{"6"}) {
		t.Error(names)
	}
}

// TestOldBlocks: uncommitted blocks go after a week.
func TestOldBlocks(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	w.put("there", "x")
	for _, name := range []string{"there", "not"} {
		u := w.upload("block")
		if err := w.a.PutBlock(ctx, at(name), "1", u, BlockPut{}); err != nil {
			t.Fatal(err)
		}
		u.Discard()
	}
	w.clock.Advance(keepBlocks - time.Hour)
	w.s.tidy(ctx)
	w.wantNames(ListOptions{Uncommitted: true}, "not there")
	w.clock.Advance(2 * time.Hour)
	w.s.tidy(ctx)
	w.wantNames(ListOptions{Uncommitted: true}, "there")
	if list, err := w.a.Blocks(ctx, at("there"), Conditions{}); err != nil || list.Uncommitted != nil {
		t.Errorf("%+v, %v", list, err)
	}
	checkLive(t, w)
}
