package portal

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	maxPeek      = 200
	maxPeekBytes = 2 << 20
	maxPeekBody  = 32 << 10 // shown of one event
	maxSend      = 1 << 20  // an event of the service
	sendWait     = 10 * time.Second
)

// Event is a stored event for people: its body as text when it is UTF-8.
type Event struct {
	Sequence   int64           `json:"sequence"`
	Offset     string          `json:"offset"`
	EnqueuedAt time.Time       `json:"enqueuedAt"`
	Key        string          `json:"key,omitempty"`
	Body       string          `json:"body"`
	Size       int             `json:"size"`             // bytes of the body
	Binary     bool            `json:"binary,omitempty"` // the body is no text
	Cut        bool            `json:"cut,omitempty"`    // only the beginning is shown
	Properties json.RawMessage `json:"properties,omitempty"`
	System     json.RawMessage `json:"system,omitempty"`
}

// SetBody fills Body, Size, Binary and Cut.
func (e *Event) SetBody(body []byte) {
	e.Size = len(body)
	if len(body) > maxPeekBody {
		body, e.Cut = body[:maxPeekBody], true
		for len(body) > 0 && e.Cut && !utf8.Valid(body[len(body)-min(len(body), utf8.UTFMax):]) && len(body) > maxPeekBody-utf8.UTFMax {
			body = body[:len(body)-1]
		}
	}
	if e.Binary = !utf8.Valid(body); !e.Binary {
		e.Body = string(body)
	}
}

// peekEvents serves GET …/events?count=50[&before=SEQUENCE]: the newest events,
// or those before a sequence number; newest first.
func (s *Server) peekEvents(w http.ResponseWriter, r *http.Request) {
	events, err := s.peek(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, events)
}

func (s *Server) peek(r *http.Request) ([]Event, error) {
	hub, err := s.cfg.Hubs.Hub(r.PathValue("hub"))
	if err != nil {
		return nil, err
	}
	id, err := strconv.Atoi(r.PathValue("partition"))
	if err != nil {
		return nil, fault.New(fault.Invalid, "partition "+r.PathValue("partition"), "is not a number")
	}
	p, err := hub.Partition(id)
	if err != nil {
		return nil, err
	}
	count, err := number(r, "count", 50)
	if err != nil {
		return nil, err
	}
	info := p.Info()
	end, err := number(r, "before", info.LastSequence+1)
	if err != nil {
		return nil, err
	}
	end = min(end, info.LastSequence+1)
	count = min(max(count, 1), maxPeek)
	first := max(info.BeginSequence, end-count)
	if first >= end {
		return []Event{}, nil
	}
	records, err := read(p, first, int(end-first))
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(records))
	for i := len(records) - 1; i >= 0; i-- {
		e, err := s.cfg.Codec.Decode(&records[i])
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

func read(p *broker.Partition, first int64, count int) ([]broker.Record, error) {
	reader, err := p.NewReader(broker.Sequence(first, true))
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return reader.Next(count, maxPeekBytes, nil)
}

// number reads a whole number of the query string.
func number(r *http.Request, name string, fallback int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, name, "%q is not a whole number from 0", text)
	}
	return n, nil
}

// newEvent is the body of sendEvent.
type newEvent struct {
	Body string `json:"body"`
	Key  string `json:"key"` // partition key, or ""
}

// sendEvent serves POST /api/hubs/{hub}/events: one test event.
func (s *Server) sendEvent(w http.ResponseWriter, r *http.Request) {
	var e newEvent
	hub, err := s.cfg.Hubs.Hub(r.PathValue("hub"))
	if err == nil {
		err = readJSON(w, r, maxSend, &e)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := hub.RoundRobin()
	if e.Key != "" {
		p = hub.Route(e.Key)
	}
	contentType := ""
	if json.Valid([]byte(e.Body)) {
		contentType = "application/json"
	}
	done := make(chan broker.AppendResult, 1)
	ctx, cancel := context.WithTimeout(r.Context(), sendWait)
	defer cancel()
	p.AppendContext(ctx, broker.Append{Records: [][]byte{s.cfg.Codec.Encode([]byte(e.Body), contentType)}, Key: e.Key},
		func(res broker.AppendResult) { done <- res })
	select {
	case res := <-done:
		if res.Err != nil {
			s.fail(w, r, res.Err)
			return
		}
		writeJSON(w, http.StatusCreated, map[string]any{"partition": p.ID(), "sequence": res.FirstSequence, "enqueuedAt": res.EnqueuedAt})
	case <-ctx.Done():
		s.fail(w, r, fault.New(fault.Unavailable, "hub "+hub.Name(), "the event was not stored within %v", sendWait))
	}
}
