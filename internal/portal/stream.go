package portal

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	summaryTopic = "summary"
	noticesTopic = "notices"
	tasksTopic   = "tasks"
	heartbeat    = 15 * time.Second // keeps intermediaries from closing a quiet stream
	maxChange    = 64 << 10
	maxTopic     = 4 << 10 // of a name; a container's, with its database's, has at most 2 KiB
)

// Opened is the first event of every stream, "opened".
type Opened struct {
	ID string `json:"id"` // for POST /api/stream/ID
}

// StreamChange is the body of POST /api/stream/{id}.
type StreamChange struct {
	Add  []string `json:"add"`
	Drop []string `json:"drop"`
}

// streamTopics serves GET /api/stream?topic=…: the topics that are named, at
// most once a second each. The event's name is the topic, its data one JSON
// value. It ends with the request's context, which the server ends when it stops,
// or when it gives way to a newer stream of the same client.
func (s *Server) streamTopics(w http.ResponseWriter, r *http.Request) error {
	names := r.URL.Query()["topic"]
	for _, name := range names {
		if err := s.checkTopic(name); err != nil {
			return err
		}
	}
	st := s.topics.open(clientOf(r))
	defer s.topics.close(st)
	if err := s.watch(st, names, nil); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	opened, err := json.Marshal(Opened{st.id})
	if err != nil {
		return err
	}
	s.send(w, r, st, append([]byte("retry: 1000\n\n"), frame(nil, message{"opened", opened})...))
	return nil
}

// send writes what comes, beginning with buf, until the stream ends.
func (s *Server) send(w http.ResponseWriter, r *http.Request, st *stream, buf []byte) {
	control := http.NewResponseController(w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		_ = control.SetWriteDeadline(time.Now().Add(patience)) // a recorder in a test has none
		if _, err := w.Write(buf); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-st.over: // a program that reconnects waits: there are too many of its kind
			_, _ = w.Write([]byte("retry: 30000\nevent: over\ndata: {}\n\n"))
			return
		case <-beat.C:
			buf = append(buf[:0], ": still here\n\n"...)
		case <-st.wake:
			buf = buf[:0]
			for _, m := range s.topics.take(st, time.Now()) {
				buf = frame(buf, m)
			}
		}
	}
}

func frame(buf []byte, m message) []byte {
	buf = append(buf, "event: "...)
	buf = append(buf, m.topic...)
	buf = append(buf, "\ndata: "...)
	buf = append(buf, m.body...)
	return append(buf, "\n\n"...)
}

// changeStream serves POST /api/stream/{id}: topics come and go without another
// connection. It answers with those that there are not, which are left out.
func (s *Server) changeStream(w http.ResponseWriter, r *http.Request) error {
	var c StreamChange
	st, err := s.topics.find(r.PathValue("id"))
	if err == nil {
		err = ReadJSON(w, r, maxChange, &c)
	}
	if err != nil {
		return err
	}
	unknown := []string{}
	c.Add = slices.DeleteFunc(c.Add, func(name string) bool {
		err := s.checkTopic(name)
		if err != nil {
			unknown = append(unknown, name)
		}
		return err != nil
	})
	if err := s.watch(st, c.Add, c.Drop); err != nil {
		return err
	}
	WriteJSON(w, http.StatusOK, map[string][]string{"unknown": unknown})
	return nil
}

func (s *Server) watch(st *stream, add, drop []string) error {
	missing, err := s.topics.change(st, add, drop, time.Now())
	s.hurry(missing)
	return err
}

// clientOf says who asks.
func clientOf(r *http.Request) client {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return client{host, r.UserAgent()}
}

// checkTopic reports a topic that there is not. A thing that does not exist is
// one all the same: it may come.
func (s *Server) checkTopic(name string) error {
	if slices.Contains([]string{summaryTopic, noticesTopic, tasksTopic}, name) {
		return nil
	}
	_, _, board := boardOf(name)
	if _, _, ok := s.page(name); ok || board {
		return nil
	}
	return fault.New(fault.NotFound, "topic "+name, "no such topic")
}

// page returns the page that a topic belongs to, and the id of the thing when
// it is not the list's.
func (s *Server) page(topic string) (p *Page, id string, ok bool) {
	item, id, single := strings.Cut(topic, ":")
	if len(topic) > maxTopic || strings.ContainsAny(topic, "\r\n") {
		return nil, "", false
	}
	for i := range s.cfg.Pages {
		p := &s.cfg.Pages[i]
		if single && item == p.Item && p.Detail != nil && id != "" || !single && topic == p.Kind && p.Rows != nil {
			return p, id, true
		}
	}
	return nil, "", false
}
