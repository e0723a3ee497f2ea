package seglog

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// A log that lost its newest segment, or a part of it, after an orderly stop is
// refused with the file's name: what it held was acknowledged, and its numbers
// would be given again.
func TestLostEnd(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, Options{FS: fs, SegmentBytes: 400})
	for range 12 {
		l.mustAppend("", strings.Repeat("x", 80))
	}
	newest := l.segments[len(l.segments)-1]
	number, begin := newest.number, newest.path
	if number < 3 {
		t.Fatalf("%d segments", number)
	}
	l.stop()
	whole := contents(t, fs, begin)
	refused := func(t *testing.T, fs vfs.FS, position int64) {
		t.Helper()
		_, err := tryStart(t, Options{FS: fs})
		wantCorruption(t, err, begin, position)
	}
	t.Run("missing", func(t *testing.T) {
		lost := copyOf(t, fs, "", nil)
		if err := lost.Remove(begin); err != nil {
			t.Fatal(err)
		}
		refused(t, lost, 0)
	})
	t.Run("all missing", func(t *testing.T) {
		lost := vfs.NewMem()
		put(t, lost, fs.PathJoin(dir, endFile), contents(t, fs, fs.PathJoin(dir, endFile)))
		refused(t, lost, 0)
	})
	t.Run("cut", func(t *testing.T) {
		groups := positionsOf(t, fs, number)
		for n := headerSize; n < len(whole); n++ {
			at := int64(headerSize)
			for _, pos := range groups {
				if pos <= int64(n) {
					at = pos
				}
			}
			refused(t, copyOf(t, fs, begin, whole[:n]), at)
		}
	})
	t.Run("blank", func(t *testing.T) {
		blank := append(append([]byte{}, whole[:headerSize]...), make([]byte, len(whole)-headerSize)...)
		refused(t, copyOf(t, fs, begin, blank), headerSize)
	})
	t.Run("the file itself is damaged", func(t *testing.T) {
		end := fs.PathJoin(dir, endFile)
		b := contents(t, fs, end)
		b[30] ^= 1
		_, err := tryStart(t, Options{FS: copyOf(t, fs, end, b)})
		if err == nil || !strings.Contains(err.Error(), end+" is damaged") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("went on since", func(t *testing.T) {
		later := copyOf(t, fs, "", nil)
		l := start(t, Options{FS: later, SegmentBytes: 400})
		for range 12 {
			l.mustAppend("", strings.Repeat("y", 80))
		}
		crashed := vfs.NewMem() // without an orderly stop: the old end is there
		for _, s := range l.segments {
			put(t, crashed, s.path, contents(t, later, s.path))
		}
		put(t, crashed, later.PathJoin(dir, endFile), contents(t, later, later.PathJoin(dir, endFile)))
		l.stop()
		again := start(t, Options{FS: crashed})
		if info := again.Info(); info.Next != 24 {
			t.Errorf("%d records", info.Next)
		}
		again.stop()
	})
}
