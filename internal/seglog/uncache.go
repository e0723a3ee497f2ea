package seglog

import "github.com/lazuli-dev/lazuli/internal/vfs"

// uncacheStep is how many bytes on disk gather before the page cache lets them
// go, so that a log with little traffic does not ask often.
const uncacheStep = 1 << 20

// uncache lets the page cache drop what is on disk. The newest groups are in
// the tail, so the cache would hold them twice, and a log that grows would fill
// all memory with pages nobody reads: to write a page that was just let go is
// several times faster than to write one the system has not used before. A
// reader that falls behind the tail reads the disk, in large pieces.
func (w *writer) uncache() {
	if w.synced-w.uncached < uncacheStep {
		return
	}
	// From the beginning each time: the cache keeps what straddles the end of a
	// range, and finds that there is nothing else quickly.
	vfs.Uncache(w.file, 0, w.synced)
	w.uncached = w.synced
}
