package hub

import (
	"bytes"
	"context"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// SinkKind is the row of hubs that jobs write to.
func SinkKind(find Find) jobs.SinkKind {
	return jobs.SinkKind{Kind: Kind, Open: func(_ context.Context, out jobs.Output) (stream.Sink, error) {
		form, err := formOf(out)
		if err != nil {
			return nil, err
		}
		namespace, err := find(out.Account)
		if err != nil {
			return nil, err
		}
		if _, err := namespace.Find(out.Target, broker.DefaultGroup); err != nil {
			return nil, err
		}
		return &sink{&Sender{Hubs: namespace.Hubs, Name: out.Target}, out.Column, out.Properties, form}, nil
	}}
}

// sink sends rows as events.
type sink struct {
	to         *Sender
	keyColumn  string
	properties []string
	form       form
}

func (s *sink) Write(ctx context.Context, b stream.OutputBatch) error {
	rows := make([]outRow, len(b.Rows))
	for i, r := range b.Rows {
		rows[i] = outRow{json: bytes.Clone(r.JSON), key: r.Key}
		if s.keyColumn == "" && len(s.properties) == 0 {
			continue
		}
		fields, err := fieldsOf(r.JSON)
		if err != nil {
			return err
		}
		if s.keyColumn != "" {
			key, ok := fields.text(s.keyColumn)
			if !ok {
				return fault.New(fault.Invalid, "output", "the row has no text in column %s, which is to be its partition key", s.keyColumn)
			}
			rows[i].key = key
		}
		for _, name := range s.properties {
			if v, ok := fields.value(name); ok {
				rows[i].properties = append(rows[i].properties, amqp.Entry{Key: name, Value: v})
			}
		}
	}
	events, err := s.form(rows)
	if err != nil {
		return err
	}
	return s.to.Send(ctx, events)
}
