package portal

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	statusTopic     = "status"
	dashboardPrefix = "dashboard:"
	writeLimit      = 10 * time.Second // a page that takes nothing for this long is let go
	heartbeat       = 15 * time.Second // keeps intermediaries from closing a quiet stream
	maxTopics       = 8
)

// streamTopics serves GET /api/stream?topic=…: one stream per page, which
// carries "status" and "dashboard:<name>" at most once a second each. The
// event's name is the topic, its data one JSON value. It ends with the request's
// context, which the server ends when it stops.
func (s *Server) streamTopics(w http.ResponseWriter, r *http.Request) {
	names := slices.Compact(slices.Sorted(slices.Values(r.URL.Query()["topic"])))
	if len(names) == 0 {
		names = []string{statusTopic}
	}
	for _, name := range names {
		if err := s.checkTopic(name); err != nil || len(names) > maxTopics {
			s.fail(w, r, fault.New(fault.NotFound, "topic "+name, "no such topic"))
			return
		}
	}
	p, missing, err := s.topics.open(names, time.Now())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer s.topics.close(p)
	s.hurry(missing)

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	control := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	buf := []byte("retry: 1000\n\n")
	for {
		_ = control.SetWriteDeadline(time.Now().Add(writeLimit)) // a recorder in a test has none
		if _, err := w.Write(buf); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			buf = append(buf[:0], ": still here\n\n"...)
		case <-p.wake:
			buf = buf[:0]
			for _, m := range s.topics.take(p) {
				buf = append(buf, "event: "...)
				buf = append(buf, m.topic...)
				buf = append(buf, "\ndata: "...)
				buf = append(buf, m.body...)
				buf = append(buf, "\n\n"...)
			}
		}
	}
}

func (s *Server) checkTopic(name string) error {
	if name == statusTopic {
		return nil
	}
	board, ok := strings.CutPrefix(name, dashboardPrefix)
	if !ok {
		return fault.New(fault.NotFound, "topic "+name, "no such topic")
	}
	_, err := s.boards.Board(board)
	return err
}
