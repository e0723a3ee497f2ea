package hubs

import (
	"encoding/json"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Event is an event with all that there is: GET …/partitions/P/events/SEQUENCE.
type Event struct {
	Partition   int             `json:"partition"`
	Sequence    int64           `json:"sequence"`
	Offset      string          `json:"offset"`
	EnqueuedAt  int64           `json:"enqueuedAt"` // unix milliseconds
	Key         string          `json:"key,omitempty"`
	Body        string          `json:"body,omitempty"`   // when it is text in UTF-8
	Binary      []byte          `json:"binary,omitempty"` // when it is not: base64
	Size        int             `json:"size"`             // bytes of the body
	Properties  json.RawMessage `json:"properties,omitempty"`
	System      json.RawMessage `json:"system,omitempty"`
	TraceParent string          `json:"traceParent,omitempty"`
	ReadBy      []ReadBy        `json:"readBy"`
}

// ReadBy says how a consumer stands to an event.
type ReadBy struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	App    string `json:"app,omitempty"`
	Name   string `json:"name"`
	Read   bool   `json:"read"`
	Seen   bool   `json:"seen"`          // it has read anything
	Behind int64  `json:"behind"`        // events before it, and it; 0 when it is read
	Run    *Run   `json:"run,omitempty"` // of a function, while it is remembered
}

// getEvent serves one event.
func (p *page) getEvent(w http.ResponseWriter, r *http.Request) error {
	t, part, record, err := p.record(r)
	if err != nil {
		return err
	}
	e, err := decode(part.ID(), &record)
	if err != nil {
		return err
	}
	e.ReadBy = p.readBy(t, e.Partition, e.Sequence)
	portal.WriteJSON(w, http.StatusOK, e)
	return nil
}

// record finds the event of a request.
func (p *page) record(r *http.Request) (t target, part *broker.Partition, record broker.Record, err error) {
	if t, err = p.target(r); err != nil {
		return t, nil, record, err
	}
	id, err := strconv.Atoi(r.PathValue("partition"))
	if err != nil {
		return t, nil, record, fault.New(fault.Invalid, "partition "+r.PathValue("partition"), "is not a number")
	}
	if part, err = t.hub.Partition(id); err != nil {
		return t, nil, record, err
	}
	sequence, err := strconv.ParseInt(r.PathValue("sequence"), 10, 64)
	if err != nil || sequence < 0 {
		return t, nil, record, fault.New(fault.Invalid, "event "+r.PathValue("sequence"), "is not a sequence number")
	}
	reader, err := part.NewReader(broker.Sequence(sequence, true))
	if err != nil {
		return t, nil, record, err
	}
	defer reader.Close()
	records, err := reader.Next(1, 1, nil)
	if err != nil {
		return t, nil, record, err
	}
	if len(records) == 0 || records[0].Sequence != sequence {
		info := part.Info()
		return t, nil, record, fault.New(fault.NotFound, "event "+r.PathValue("sequence"), "partition %d keeps the events %d to %d", id, info.BeginSequence, info.LastSequence)
	}
	return t, part, records[0], nil
}

// decode shows a stored message as functions would see it.
func decode(partition int, r *broker.Record) (Event, error) {
	out := Event{Partition: partition, Sequence: r.Sequence, Offset: r.Offset.String(), EnqueuedAt: r.EnqueuedAt.UnixMilli(), Key: r.Key}
	e, err := eventdata.Read(r.Body)
	if err != nil {
		return out, err
	}
	shown, err := e.Show()
	if err != nil {
		return out, err
	}
	out.Properties, out.System, out.TraceParent, out.Size = shown.Properties, shown.System, shown.TraceParent, len(e.Body)
	if utf8.Valid(e.Body) {
		out.Body = string(e.Body)
	} else {
		out.Binary = e.Body
	}
	return out, nil
}

// readBy asks all consumers about an event.
func (p *page) readBy(t target, partition int, sequence int64) []ReadBy {
	infos := infos(t.hub)
	readers := p.readers()
	runs := map[string]Consumer{}
	for _, all := range readers {
		for _, c := range all {
			runs[c.id()] = c
		}
	}
	out := []ReadBy{}
	for _, b := range p.consumers(t.hub, infos, readers) {
		if partition >= len(b.Next) || !b.counts() {
			continue
		}
		read := ReadBy{ID: b.ID, Kind: b.Kind, App: b.App, Name: b.Name, Seen: b.Seen, Read: b.Next[partition] > sequence}
		if !read.Read {
			read.Behind = sequence - b.Next[partition] + 1
		}
		if c := runs[b.ID]; c.Run != nil {
			if run, ok := c.Run(partition, sequence); ok {
				read.Run = &run
			}
		}
		out = append(out, read)
	}
	return out
}
