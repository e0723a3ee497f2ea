package hubs

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Limits of what the page sends.
const (
	maxEvent   = 1 << 20  // an event of the service
	maxRequest = 64 << 20 // a file of lines
	maxCount   = 10_000_000
	maxLines   = 1_000_000 // of a file
	frame      = 1024      // bytes of an event beside its body and properties, at most
	maxKey     = 128
	sendWait   = 10 * time.Second
	sendBatch  = 100 // events of one append
)

// NewEvents is the body of POST …/events: an event, several like it, or one for
// each line of a text.
type NewEvents struct {
	Body        string         `json:"body"`
	Binary      []byte         `json:"binary"` // base64; instead of body
	Lines       bool           `json:"lines"`  // each line of body that is not empty is an event
	Key         string         `json:"key"`
	Partition   *int           `json:"partition"` // null: by key, or in turn
	ContentType string         `json:"contentType"`
	Properties  map[string]any `json:"properties"` // texts, numbers and booleans
	Count       int            `json:"count"`      // so many times; 0 is 1
}

// Sent is the answer for one event.
type Sent struct {
	Partition  int   `json:"partition"`
	Sequence   int64 `json:"sequence"`
	EnqueuedAt int64 `json:"enqueuedAt"` // unix milliseconds
}

// Sending is the answer for many, which a task sends.
type Sending struct {
	Task string `json:"task"`
	Of   int64  `json:"of"` // events
}

// sendEvents serves POST …/events.
func (p *page) sendEvents(w http.ResponseWriter, r *http.Request) error {
	t, err := p.target(r)
	if err != nil {
		return err
	}
	var n NewEvents
	if err := portal.ReadJSON(w, r, maxRequest, &n); err != nil {
		return err
	}
	s, err := newSender(t.hub, &n)
	if err != nil {
		return err
	}
	if s.of == 1 {
		return p.sendOne(w, r, s.route(), s.next(), n.Key)
	}
	id, err := p.Tasks.Start(portal.Task{Kind: "send", Subject: t.hub.Name(), To: t.address() + "/events"}, s.run)
	if err == nil {
		portal.WriteJSON(w, http.StatusAccepted, Sending{id, s.of})
	}
	return err
}

// sendAgain serves POST …/events/{sequence}/again: the same bytes, to the same
// partition.
func (p *page) sendAgain(w http.ResponseWriter, r *http.Request) error {
	_, part, record, err := p.record(r)
	if err != nil {
		return err
	}
	return p.sendOne(w, r, part, slices.Clone(record.Body), record.Key)
}

func (p *page) sendOne(w http.ResponseWriter, r *http.Request, part *broker.Partition, message []byte, key string) error {
	res, err := store(r.Context(), part, [][]byte{message}, key)
	if err == nil {
		portal.WriteJSON(w, http.StatusCreated, Sent{part.ID(), res.FirstSequence, res.EnqueuedAt.UnixMilli()})
	}
	return err
}

// store appends and waits until that is durable.
func store(ctx context.Context, part *broker.Partition, messages [][]byte, key string) (broker.AppendResult, error) {
	done := make(chan broker.AppendResult, 1)
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	part.AppendContext(ctx, broker.Append{Records: messages, Key: key}, func(res broker.AppendResult) { done <- res })
	select {
	case res := <-done:
		return res, res.Err
	case <-ctx.Done():
		return broker.AppendResult{}, fault.New(fault.Unavailable, "hub "+part.Hub().Name(), "the event was not stored within %v", sendWait)
	}
}

// sender makes and sends the events of a request.
type sender struct {
	hub   *broker.Hub
	part  *broker.Partition // nil: any
	key   string
	head  eventdata.Message // without a body
	lines [][]byte          // a body each
	of    int64
	at    int // of the next line
}

func newSender(hub *broker.Hub, n *NewEvents) (*sender, error) {
	s := &sender{hub: hub, key: n.Key, of: int64(max(n.Count, 1))}
	if n.Partition != nil && n.Key != "" {
		return nil, fault.New(fault.Invalid, "partition", "an event has a key or a partition: the key says which partition it is")
	}
	if len(n.Key) > maxKey {
		return nil, fault.New(fault.Invalid, "key", "it has %d bytes; %d are the most", len(n.Key), maxKey)
	}
	if n.Count < 0 || n.Count > maxCount {
		return nil, fault.New(fault.Invalid, "count", "it can be 1 to %d", maxCount)
	}
	var err error
	if n.Partition != nil {
		if s.part, err = hub.Partition(*n.Partition); err != nil {
			return nil, err
		}
	}
	if s.head.Properties, err = properties(n.Properties); err != nil {
		return nil, err
	}
	s.head.ContentType = n.ContentType
	head, err := s.head.Append(nil)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "event", err, "it cannot be encoded")
	}
	if err := s.bodies(n, maxEvent-frame-len(head)); err != nil {
		return nil, err
	}
	if s.of *= int64(len(s.lines)); s.of > maxCount {
		return nil, fault.New(fault.TooLarge, "count", "these are %d events; %d at a time are the most", s.of, maxCount)
	}
	return s, nil
}

// bodies takes the events' bodies, of which each has so much room.
func (s *sender) bodies(n *NewEvents, room int) error {
	s.lines = [][]byte{[]byte(n.Body)}
	switch {
	case n.Binary != nil:
		s.lines[0] = n.Binary
	case n.Lines:
		s.lines = s.lines[:0]
		for line := range strings.Lines(n.Body) {
			if line = strings.TrimRight(line, "\r\n"); line != "" {
				if len(s.lines) == maxLines {
					return fault.New(fault.TooLarge, "body", "it has more than %d lines", maxLines)
				}
				s.lines = append(s.lines, []byte(line))
			}
		}
	}
	if len(s.lines) == 0 {
		return fault.New(fault.Invalid, "body", "it has no line that is not empty")
	}
	for i, body := range s.lines {
		if len(body) > room {
			return fault.New(fault.TooLarge, "body", "event %d has a body of %d bytes; an event has at most 1 MiB with its properties", i+1, len(body))
		}
	}
	return nil
}

// properties are application properties of JSON values. Whole numbers become
// longs, others doubles.
func properties(given map[string]any) (amqp.Map, error) {
	var m amqp.Map
	for name, v := range given {
		switch x := v.(type) {
		case string, bool:
		case float64:
			if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
				v = int64(x)
			}
		default:
			return nil, fault.New(fault.Invalid, "property "+name, "it can be a text, a number, true or false")
		}
		m = append(m, amqp.Entry{Key: name, Value: v})
	}
	slices.SortFunc(m, func(a, b amqp.Entry) int { return strings.Compare(a.Key.(string), b.Key.(string)) })
	return m, nil
}

// next is the next event's message. Without a content type, a body that is JSON
// has that of JSON.
func (s *sender) next() []byte {
	m := s.head
	m.Body = s.lines[s.at%len(s.lines)]
	s.at++
	if m.ContentType == "" && json.Valid(m.Body) {
		m.ContentType = "application/json"
	}
	message, err := m.Append(nil)
	if err != nil {
		return amqp.AppendDataSection(nil, m.Body) // cannot be: newSender has tried
	}
	return message
}

func (s *sender) route() *broker.Partition {
	switch {
	case s.part != nil:
		return s.part
	case s.key != "":
		return s.hub.Route(s.key)
	}
	return s.hub.RoundRobin()
}

// run is the task that sends all.
func (s *sender) run(ctx context.Context, p *portal.Progress) error {
	p.Of(s.of)
	for sent := int64(0); sent < s.of; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var batch [][]byte
		size := 0
		for sent+int64(len(batch)) < s.of && len(batch) < sendBatch && size < maxEvent {
			m := s.next()
			batch, size = append(batch, m), size+len(m)
		}
		if _, err := store(ctx, s.route(), batch, s.key); err != nil {
			return err
		}
		sent += int64(len(batch))
		p.Add(int64(len(batch)))
	}
	return nil
}
