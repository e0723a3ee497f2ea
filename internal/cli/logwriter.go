package cli

import (
	"io"
	"sync"
)

// maxPendingLog bounds what waits to be written; a logger that is faster than
// its terminal waits.
const maxPendingLog = 1 << 20

// logWriter writes log lines from a goroutine of its own, everything that has
// gathered with one call. A function that logs a line for each of thousands of
// documents would otherwise spend more on system calls than on its work. A
// line is on its way at once; only a crash of this process can lose one.
type logWriter struct {
	out  io.Writer
	done chan struct{} // closed when the writer is gone

	mu      sync.Mutex // guards what follows
	changed *sync.Cond // pending, writing or closed changed
	pending []byte
	writing bool // the writer is busy with lines that are no longer pending
	closed  bool
	err     error // of the last write
}

// newLogWriter starts the writer. close stops it.
func newLogWriter(out io.Writer) *logWriter {
	w := &logWriter{out: out, done: make(chan struct{})}
	w.changed = sync.NewCond(&w.mu)
	go w.run()
	return w
}

// Write takes a line over. It reports the failure of an earlier one.
func (w *logWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) >= maxPendingLog && !w.closed {
		w.changed.Wait()
	}
	if w.closed {
		return w.out.Write(p) // too late for the writer, not for the line
	}
	w.pending = append(w.pending, p...)
	w.changed.Broadcast()
	return len(p), w.err
}

// flush returns when all lines taken over so far are written.
func (w *logWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) > 0 || w.writing {
		w.changed.Wait()
	}
}

// close writes what is left and ends the writer. Lines that come later are
// written by whoever logs them.
func (w *logWriter) close() {
	w.mu.Lock()
	w.closed = true
	w.changed.Broadcast()
	w.mu.Unlock()
	<-w.done
}

func (w *logWriter) run() {
	defer close(w.done)
	var spare []byte
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for len(w.pending) == 0 && !w.closed {
			w.changed.Wait()
		}
		if len(w.pending) == 0 {
			return
		}
		lines := w.pending
		w.pending, w.writing = spare[:0], true
		w.mu.Unlock()
		_, err := w.out.Write(lines)
		w.mu.Lock()
		spare, w.writing, w.err = lines, false, err
		w.changed.Broadcast()
	}
}
