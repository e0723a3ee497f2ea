package seglog

import (
	"errors"
	"io"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	// blankStep bounds how many zeros are written ahead of the writer at once.
	blankStep = 1 << 20
	// blankBelow is the size of a write from which blanks would only be copied
	// twice: it changes so many blocks that their metadata costs little.
	blankBelow = 256 << 10
)

var zeros [blankStep]byte // never changed

// blank writes zeros ahead of a small write, up to as many bytes as the segment
// has so that idle logs cost nothing. A sync of what is written over them stores
// just that; behind the end of the file it would have to store the file's new
// size and blocks as well, each time. It is a hint: where it fails the write
// itself decides.
func (l *Log) blank(size int64) {
	w := &l.w
	if l.opts.Sync != vfs.SyncAlways || size >= blankBelow || w.pos+size <= w.blanked {
		return
	}
	from := max(w.pos, w.blanked)
	n := min(w.pos, blankStep, l.segmentBytes.Load()-from)
	if n < 2*size {
		return
	}
	if _, err := w.file.WriteAt(zeros[:n], from); err == nil {
		w.blanked = from + n
	}
}

// zerosFrom reports whether the file has nothing but zeros from pos to end.
func zerosFrom(f vfs.File, pos, end int64) (bool, error) {
	buf := make([]byte, min(scanBytes, end-pos))
	for pos < end {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), end-pos)], pos)
		for _, b := range buf[:n] {
			if b != 0 {
				return false, nil
			}
		}
		if pos += int64(n); err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if n == 0 {
			break
		}
	}
	return true, nil
}
