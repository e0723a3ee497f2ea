package seglog

import (
	"errors"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Whatever bytes are in a segment file: Open and readers end without a panic,
// with dense records or a Corruption that names the file; and what Open accepts
// it accepts again, with an append after it.
func FuzzRecover(f *testing.F) {
	files, _ := written(f, Options{}, 3)
	good := contents(f, files, path(files, 1))
	f.Add(good)
	f.Add(good[:len(good)-7])
	f.Add(good[:headerSize])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		fs := vfs.NewMem()
		put(t, fs, path(fs, 1), b)
		l, err := tryStart(t, Options{FS: fs})
		if err != nil {
			var c *vfs.Damage
			if !errors.As(err, &c) || c.File == "" {
				t.Fatalf("not a corruption: %v", err)
			}
			return
		}
		before := mustRead(t, l.Log)
		for i, e := range before {
			if e.Sequence != before[0].Sequence+int64(i) {
				t.Fatalf("record %d follows %d", e.Sequence, before[i-1].Sequence)
			}
		}
		res := l.mustAppend("", "after")
		l.stop()
		l = start(t, Options{FS: fs})
		want := append(before, entry{res.First, "", "after"})
		wantEntries(t, mustRead(t, l.Log), want)
		l.stop()
	})
}

// A group decodes to what was encoded, or is refused; nothing panics.
func FuzzGroup(f *testing.F) {
	b := make([]byte, groupSize("key", toBytes([]string{"a", "bc"})))
	encodeGroup(b, kindRecords, 5, 7, 1_700_000_000_000, 64, "key", toBytes([]string{"a", "bc"}))
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < groupHeaderSize {
			return
		}
		g, reason := parseGroupHeader(b)
		if reason != "" || g.length > len(b) || verifyGroup(b, g, 5) != "" {
			return
		}
		r := Reader{cur: &chunk{buf: b[:g.length]}, next: g.first}
		r.cur.published.Store(int64(g.length))
		if g.kind != kindRecords {
			return
		}
		if !r.enter() {
			t.Fatal("a sound group was passed over")
		}
		var records [][]byte
		for r.grp.left > 0 {
			records = append(records, r.body())
		}
		again := make([]byte, groupSize(r.grp.label, records))
		encodeGroup(again, g.kind, 5, g.first, g.ms, g.durable, r.grp.label, records)
		if string(again) != string(b[:g.length]) {
			t.Fatalf("decoded and encoded again, %x became %x", b[:g.length], again)
		}
	})
}
