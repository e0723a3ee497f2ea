package seglog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// wantCorruption fails unless err says that the file is damaged at the byte.
func wantCorruption(t *testing.T, err error, file string, position int64) {
	t.Helper()
	var c *vfs.Damage
	if !errors.As(err, &c) || !fault.Is(err, fault.Internal) {
		t.Fatalf("got %v, want a corruption of %s at byte %d", err, file, position)
	}
	if c.File != file || c.Position != position {
		t.Fatalf("got %q, want %s at byte %d", err, file, position)
	}
	for _, part := range []string{file, fmt.Sprintf("byte %d", position), "restore"} {
		if !strings.Contains(err.Error(), part) {
			t.Fatalf("the message lacks %q: %v", part, err)
		}
	}
}

// copyOf returns a file system with the log's files, one of them replaced.
func copyOf(t *testing.T, fs vfs.FS, replace string, with []byte) *vfs.MemFS {
	t.Helper()
	out := vfs.NewMem()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		p := fs.PathJoin(dir, name)
		b := contents(t, fs, p)
		if p == replace {
			b = with
		}
		put(t, out, p, b)
	}
	return out
}

// A flipped bit in a group that later groups prove to have been stored is
// refused at Open, wherever in the group it is.
func TestFlippedBitInLastSegment(t *testing.T) {
	files, _ := written(t, Options{}, 5)
	file := path(files, 1)
	good := contents(t, files, file)
	groups := positionsOf(t, files, 1)
	for i, begin := range groups[:len(groups)-2] {
		for pos := begin; pos < groups[i+1]; pos++ {
			bad := slices.Clone(good)
			bad[pos] ^= 1 << (pos % 8)
			_, err := Open(Options{FS: copyOf(t, files, file, bad), Dir: dir, Name: "log"})
			wantCorruption(t, err, file, begin)
		}
	}
}

// After an orderly end even the last group cannot be mistaken for a torn one.
func TestFlippedBitAfterOrderlyEnd(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, Options{FS: fs})
	l.mustAppend("", "first")
	l.mustAppend("", "last")
	l.stop()
	file := path(fs, 1)
	last := positionsOf(t, fs, 1)[1]
	bad := contents(t, fs, file)
	bad[last+groupHeaderSize+5] ^= 4
	_, err := Open(Options{FS: copyOf(t, fs, file, bad), Dir: dir, Name: "log"})
	wantCorruption(t, err, file, last)
}

// Damage in a sealed segment is found when a reader comes to it, which gets
// what is before it and then an error, again and again.
func TestFlippedBitInSealedSegment(t *testing.T) {
	files, want := written(t, Options{SegmentBytes: 400}, 12)
	file := path(files, 2)
	good := contents(t, files, file)
	groups := positionsOf(t, files, 2)
	g, _ := parseGroupHeader(good[groups[1]:])
	before := want.entries[:g.first]
	for pos := groups[1]; pos < groups[2]; pos++ {
		bad := slices.Clone(good)
		bad[pos] ^= 0x10
		l := start(t, Options{FS: copyOf(t, files, file, bad)})
		for range 2 {
			got, err := readFrom(l.Log, 0)
			wantCorruption(t, err, file, groups[1])
			wantEntries(t, got, before)
		}
		_, err := readFrom(l.Log, g.first)
		wantCorruption(t, err, file, groups[1])
		l.stop()
	}
}

func TestDamagedFiles(t *testing.T) {
	files, _ := written(t, Options{SegmentBytes: 400}, 12)
	last := uint64(0)
	for n := uint64(1); ; n++ {
		if _, err := files.Stat(path(files, n)); err != nil {
			break
		}
		last = n
	}
	if last < 4 {
		t.Fatalf("only %d segments", last)
	}
	header2 := contents(t, files, path(files, 2))
	flipped := slices.Clone(header2)
	flipped[20] ^= 1
	groups1 := positionsOf(t, files, 1)
	cut := groups1[len(groups1)-1] - 1
	for _, c := range []struct {
		name     string
		file     uint64
		with     []byte
		id       uint64
		wantFile uint64
		wantAt   int64
	}{
		{"header damaged", 2, flipped, 0, 2, 0},
		{"header cut off", 2, header2[:30], 0, 2, 0},
		{"last one empty", last, nil, 0, last, 0},
		{"not a segment", 2, []byte(strings.Repeat("hello ", 100)), 0, 2, 0},
		{"another segment's file", 2, contents(t, files, path(files, 3)), 0, 2, 0},
		{"another log's file", 0, nil, 77, 1, 0},
		{"sealed one cut off", 1, contents(t, files, path(files, 1))[:cut], 0, 1, cut},
	} {
		t.Run(c.name, func(t *testing.T) {
			replace := ""
			if c.file > 0 {
				replace = path(files, c.file)
			}
			_, err := Open(Options{FS: copyOf(t, files, replace, c.with), Dir: dir, Name: "log", ID: c.id})
			wantCorruption(t, err, path(files, c.wantFile), c.wantAt)
		})
	}
	t.Run("one missing", func(t *testing.T) {
		fs := copyOf(t, files, "", nil)
		if err := fs.Remove(path(fs, 2)); err != nil {
			t.Fatal(err)
		}
		_, err := Open(Options{FS: fs, Dir: dir, Name: "log"})
		wantCorruption(t, err, path(fs, 3), 0)
	})
	t.Run("all missing", func(t *testing.T) {
		_, err := Open(Options{FS: vfs.NewMem(), Dir: dir, Name: "log", MustExist: true})
		wantCorruption(t, err, dir, 0)
	})
}

// A record may hold what looks like a group that testifies that the bytes
// before it were stored. It is not believed: it does not know the salt.
func TestForgedWitness(t *testing.T) {
	fs := vfs.NewMem()
	l := start(t, Options{FS: fs})
	l.mustAppend("", "good")
	pos := l.w.pos
	forged := make([]byte, groupSize("", toBytes([]string{"lie"})))
	encodeGroup(forged, kindRecords, 0, 1, 0, pos+1, "", toBytes([]string{"lie"}))
	l.mustAppend("", string(forged))
	file := path(fs, 1)
	b := contents(t, fs, file)
	l.stop()
	b[pos] ^= 1 // the crash tore the group's first block

	left := vfs.NewMem()
	put(t, left, file, b)
	l = start(t, Options{FS: left})
	wantEntries(t, mustRead(t, l.Log), []entry{{0, "", "good"}})
}
