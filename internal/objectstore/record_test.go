package objectstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzRecord: whatever bytes a record has, it is refused or read, and what is
// read is written and read again as the same.
func FuzzRecord(f *testing.F) {
	done := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	for _, r := range []record{
		{typ: BlockBlob},
		{typ: PageBlob, table: true, uid: 7, size: 512, sequence: 3, etag: 1 << 59, created: 1, modified: 2},
		{
			typ: AppendBlob, state: stateVersion, uncommitted: true, pending: true, sealed: true, listed: true, blocks: 4, idLen: 5, version: 6,
			deleted: 7, expires: 8, tier: "Cool", tierChanged: 9, metadata: Metadata{{"k", ""}}, tags: []Pair{{"a", "b"}},
			props:      Properties{ContentType: "x/y", ContentMD5: []byte{1, 2}},
			lease:      lease{id: leaseID{1}, held: true, breaking: true, duration: 15, ends: 10},
			copy:       &Copy{ID: "1", Status: "success", Total: 4, Completed: done},
			encryption: Encryption{"a", "b"},
			refs:       []ref{whole(run{1, 16, 100}), {run{2, 16, 100_000}, 512, 1024}},
		},
	} {
		f.Add(r.append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b)
		if err != nil {
			return
		}
		again, err := parseRecord(r.append(nil))
		opts := cmp.AllowUnexported(record{}, lease{}, ref{}, run{})
		if err != nil || !cmp.Equal(r, again, opts) {
			t.Fatalf("%v %s", err, cmp.Diff(r, again, opts))
		}
		r.info("c", "b", 1, done)
	})
}

// FuzzValues: the other values of the store never make a decoder fall over.
func FuzzValues(f *testing.F) {
	c := containerRecord{cid: 1, made: 2, etag: 3, metadata: Metadata{{"k", "v"}}, policies: []byte("x"), access: BlobAccess}
	f.Add(c.append(nil))
	f.Add((&settings{properties: []byte("x"), retention: Retention{1, 2, true}}).append(nil))
	f.Add(pendingBlock{1, []ref{whole(run{1, 16, 100})}}.append(nil))
	f.Add(appendRefs(nil, []ref{whole(run{1, 16, 100})}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = parseContainer(b)
		_, _ = parseSettings(b)
		_, _ = parseBlock(b)
		d := decoder{b: b}
		d.refs()
	})
}

func TestTicks(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 123_456_700, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 100, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_900, time.UTC),
	} {
		k := tickOf(at)
		if back, ok := parseTick(k.text()); !ok || back != k || !k.time().Equal(at) {
			t.Errorf("%v: %s, %v", at, k.text(), k.time())
		}
	}
	for _, bad := range []string{"", "x", "2026-01-02", "2026-01-02T03:04:05+09:00x"} {
		if k, ok := parseTick(bad); ok {
			t.Errorf("%q is %v", bad, k)
		}
	}
	if got := tickOf(time.Date(2026, 1, 2, 3, 4, 5, 123_456_700, time.UTC)).text(); got != "2026-01-02T03:04:05.1234567Z" {
		t.Error(got)
	}
}
