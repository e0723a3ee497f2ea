package seglog

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

func TestRetainBySize(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, Options{FS: fs, SegmentBytes: 500, Tail: NewTail(0)})
	var want numbered
	for i := range 100 {
		l.mustAppend("", fmt.Sprint(i))
		want.add("", fmt.Sprint(i))
	}
	slow, err := l.NewReader(0)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if got, err := slow.Next(1, 1, nil); err != nil || got[0].Sequence != 0 {
		t.Fatal(got, err)
	}
	done, err := l.Retain(Retention{Bytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	info := l.Info()
	if info.Bytes < 2000 || info.Bytes > 2500 || info.Begin != done.Begin || done.Begin == 0 || info.Next != 100 {
		t.Fatalf("removed %+v, left %+v", done, info)
	}
	names, err := fs.List(dir)
	if err != nil || len(names) != info.Segments {
		t.Fatalf("%d files, %v; want %d", len(names), err, info.Segments)
	}
	wantEntries(t, mustRead(t, l.Log), want.entries[info.Begin:])
	// The slow one finishes what it holds and goes on with the oldest kept.
	got, err := slow.Next(1000, 1<<20, nil)
	if err != nil || got[len(got)-1].Sequence != 99 {
		t.Fatalf("the slow reader got %d records, %v", len(got), err)
	}
	l.stop()
	l = start(t, Options{FS: fs})
	if again := l.Info(); again.Begin != info.Begin || again.Next != 100 {
		t.Fatalf("after a restart: %+v", again)
	}
}

// Records go when they are too old, even those of a log that nobody writes to
// any more, and an empty log remembers its numbers and its last time.
func TestRetainByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := vfs.NewMem()
		l := start(t, Options{FS: fs})
		policy := Retention{Age: time.Hour}
		l.mustAppend("", "a")
		<-time.After(50 * time.Minute)
		last := l.mustAppend("", "b")
		retain := func(begin int64) {
			t.Helper()
			if _, err := l.Retain(policy); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			done, err := l.Retain(policy)
			if err != nil || done.Begin != begin {
				t.Fatalf("begin %d, %v; want %d", done.Begin, err, begin)
			}
		}
		retain(0)
		<-time.After(20 * time.Minute)
		retain(0) // a is too old but b is not, and they share a segment
		<-time.After(50 * time.Minute)
		retain(2)
		for range 2 {
			info := l.Info()
			if info.Begin != 2 || info.Next != 2 || !info.LastTime.Equal(last.Time) {
				t.Fatalf("empty log: %+v", info)
			}
			if got := mustRead(t, l.Log); len(got) != 0 {
				t.Fatalf("%d records in an empty log", len(got))
			}
			l.stop()
			l = start(t, Options{FS: fs})
		}
		if res := l.mustAppend("", "c"); res.First != 2 {
			t.Fatalf("next record is %d, want 2", res.First)
		}
		wantEntries(t, mustRead(t, l.Log), []entry{{2, "", "c"}})
	})
}
