package cli

import (
	"fmt"
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
	out    io.Writer
	screen io.Writer     // the same, where a person watches: takes the status line; else nil
	done   chan struct{} // closed when the writer is gone

	mu      sync.Mutex // guards what follows
	changed *sync.Cond // pending, writing or closed changed
	pending []byte
	status  string // the line that stays below all others, or ""
	shown   string // the one that stands there now
	writing bool   // the writer is busy with lines that are no longer pending
	closed  bool
	err     error // of the last write
}

// newLogWriter starts the writer. close stops it. screen may be nil.
func newLogWriter(out, screen io.Writer) *logWriter {
	w := &logWriter{out: out, screen: screen, done: make(chan struct{})}
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

// setStatus shows a line below all others until it is replaced; "" shows none.
// Without a screen nothing is shown.
func (w *logWriter) setStatus(line string) {
	if w.screen == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.status = line
		w.changed.Broadcast()
	}
}

// flush returns when all lines taken over so far are written.
func (w *logWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.idle() || w.writing {
		w.changed.Wait()
	}
}

// idle reports that everything is shown. The caller holds mu.
func (w *logWriter) idle() bool { return len(w.pending) == 0 && w.status == w.shown }

// close writes what is left and ends the writer. Lines that come later are
// written by whoever logs them.
func (w *logWriter) close() {
	w.mu.Lock()
	w.closed, w.status = true, ""
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
		for w.idle() && !w.closed {
			w.changed.Wait()
		}
		if w.idle() {
			return
		}
		lines, below, above := w.pending, w.status, w.shown
		w.pending, w.writing, w.shown = spare[:0], true, w.status
		w.mu.Unlock()
		err := w.show(lines, above, below)
		w.mu.Lock()
		spare, w.writing, w.err = lines, false, err
		w.changed.Broadcast()
	}
}

// show writes lines between the status line that stands there and the one that
// follows.
func (w *logWriter) show(lines []byte, above, below string) error {
	if above != "" {
		fmt.Fprint(w.screen, "\r\x1b[K")
	}
	var err error
	if len(lines) > 0 {
		_, err = w.out.Write(lines)
	}
	if below != "" {
		fmt.Fprint(w.screen, below)
	}
	return err
}
