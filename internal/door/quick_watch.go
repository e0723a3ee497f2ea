package door

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// watch looks, while a handler takes its time, whether the client is still there: by
// reading. A byte that comes is of the next request, and is kept.
type watch struct {
	conn  net.Conn
	timer *time.Timer
	one   [1]byte
	came  bool // one holds a byte; looked at between requests

	mu     sync.Mutex // guards what follows, and timer
	state  watching
	since  time.Time     // when waiting began
	armed  bool          // the timer will fire
	over   chan struct{} // closed when reading has ended
	cancel context.CancelFunc
}

type watching uint8

const (
	resting watching = iota
	waiting          // for the time to look
	reading
)

// begin begins the time after which the client is looked at. The timer runs on from
// request to request, and looks at the time when it fires: to set one anew for each
// wakes the thread that waits for the earliest of all timers.
func (w *watch) begin(cancel context.CancelFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state, w.cancel, w.since = waiting, cancel, time.Now()
	switch {
	case w.armed:
	case w.timer == nil:
		w.timer = time.AfterFunc(watchAfter, w.look)
	default:
		w.timer.Reset(watchAfter)
	}
	w.armed = true
}

// look reads until the handler ends, and cancels its context when the client has gone.
func (w *watch) look() {
	w.mu.Lock()
	left := watchAfter - time.Since(w.since)
	if w.armed = w.state == waiting && left > 0; w.armed {
		w.timer.Reset(left)
	}
	if w.armed || w.state != waiting {
		w.mu.Unlock()
		return
	}
	w.state, w.over = reading, make(chan struct{})
	over, cancel := w.over, w.cancel
	w.conn.SetReadDeadline(time.Time{})
	w.mu.Unlock()
	n, err := w.conn.Read(w.one[:])
	if n > 0 {
		w.came = true
	} else if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		cancel()
	}
	close(over)
}

// end ends the look. It reports whether there was one, which moves the deadline of
// reads.
func (w *watch) end() bool {
	w.mu.Lock()
	was, over := w.state, w.over
	w.state = resting
	w.mu.Unlock()
	if was != reading {
		return false
	}
	w.conn.SetReadDeadline(time.Unix(1, 0))
	<-over
	return true
}
