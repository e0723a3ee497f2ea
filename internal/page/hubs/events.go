package hubs

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
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

// setBody fills Body, Size, Binary and Cut.
func (e *Event) setBody(body []byte) {
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
func (p page) peekEvents(w http.ResponseWriter, r *http.Request) error {
	part, err := p.partition(r)
	if err != nil {
		return err
	}
	count, err := portal.Number(r, "count", 50)
	if err != nil {
		return err
	}
	info := part.Info()
	end, err := portal.Number(r, "before", info.LastSequence+1)
	if err != nil {
		return err
	}
	end = min(end, info.LastSequence+1)
	count = min(max(count, 1), maxPeek)
	events := []Event{}
	if first := max(info.BeginSequence, end-count); first < end {
		if events, err = peek(part, first, int(end-first)); err != nil {
			return err
		}
	}
	portal.WriteJSON(w, http.StatusOK, events)
	return nil
}

func (p page) partition(r *http.Request) (*broker.Partition, error) {
	hub, err := p.Hubs.Hub(r.PathValue("hub"))
	if err != nil {
		return nil, err
	}
	id, err := strconv.Atoi(r.PathValue("partition"))
	if err != nil {
		return nil, fault.New(fault.Invalid, "partition "+r.PathValue("partition"), "is not a number")
	}
	return hub.Partition(id)
}

// peek reads events, newest first.
func peek(p *broker.Partition, first int64, count int) ([]Event, error) {
	records, err := read(p, first, count)
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(records))
	for i := len(records) - 1; i >= 0; i-- {
		e, err := decode(&records[i])
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

// NewEvent is the body of POST /api/hubs/{hub}/events.
type NewEvent struct {
	Body string `json:"body"`
	Key  string `json:"key"` // partition key, or ""
}

// Sent is its answer.
type Sent struct {
	Partition  int       `json:"partition"`
	Sequence   int64     `json:"sequence"`
	EnqueuedAt time.Time `json:"enqueuedAt"`
}

// sendEvent serves POST /api/hubs/{hub}/events: one test event.
func (p page) sendEvent(w http.ResponseWriter, r *http.Request) error {
	var e NewEvent
	hub, err := p.Hubs.Hub(r.PathValue("hub"))
	if err == nil {
		err = portal.ReadJSON(w, r, maxSend, &e)
	}
	if err != nil {
		return err
	}
	part := hub.RoundRobin()
	if e.Key != "" {
		part = hub.Route(e.Key)
	}
	done := make(chan broker.AppendResult, 1)
	ctx, cancel := context.WithTimeout(r.Context(), sendWait)
	defer cancel()
	part.AppendContext(ctx, broker.Append{Records: [][]byte{encode([]byte(e.Body))}, Key: e.Key},
		func(res broker.AppendResult) { done <- res })
	select {
	case res := <-done:
		if res.Err != nil {
			return res.Err
		}
		portal.WriteJSON(w, http.StatusCreated, Sent{part.ID(), res.FirstSequence, res.EnqueuedAt})
		return nil
	case <-ctx.Done():
		return fault.New(fault.Unavailable, "hub "+hub.Name(), "the event was not stored within %v", sendWait)
	}
}

// decode shows a stored message as functions would see it.
func decode(r *broker.Record) (Event, error) {
	out := Event{Sequence: r.Sequence, Offset: r.Offset.String(), EnqueuedAt: r.EnqueuedAt, Key: r.Key}
	e, err := eventdata.Read(r.Body)
	if err != nil {
		return out, err
	}
	shown, err := e.Show()
	if err != nil {
		return out, err
	}
	out.Properties, out.System = shown.Properties, shown.System
	out.setBody(e.Body)
	return out, nil
}

// encode makes a message of one Data section, whose type is told when the body
// is JSON.
func encode(body []byte) []byte {
	m := eventdata.Message{Body: body}
	if json.Valid(body) {
		m.ContentType = "application/json"
	}
	b, err := m.Append(nil)
	if err != nil { // the type cannot be told: the body can
		return amqp.AppendDataSection(nil, body)
	}
	return b
}
