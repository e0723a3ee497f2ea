package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// containerSink upserts rows as documents. The document's id is a column: id,
// or the one that the project file names. A row without it gets one made of
// its number, which is the same when the row is written again.
type containerSink struct {
	sources             *sources
	database, container string
	idColumn            string
	name                string // of job and output, for ids
}

func (s *containerSink) Write(ctx context.Context, b stream.OutputBatch) error {
	c, err := s.sources.container(ctx, s.database, s.container, "")
	if err != nil {
		return fault.Wrap(fault.Unavailable, s.database+"/"+s.container, err, "open the container")
	}
	ops := make([]docstore.Op, len(b.Rows))
	for i, r := range b.Rows {
		body, err := s.document(r.JSON, b.Lane, b.First+uint64(i))
		if err != nil {
			return err
		}
		ops[i] = docstore.Op{Kind: docstore.Upsert, Body: body}
	}
	results, err := c.Write(ctx, ops, false)
	if err != nil {
		return err
	}
	for i := range results {
		if results[i].Err != nil {
			return fmt.Errorf("row %d of %d (id %s): %w", i+1, len(ops), documentID(ops[i].Body), results[i].Err)
		}
	}
	return nil
}

// document is the row with an id.
func (s *containerSink) document(row []byte, lane string, number uint64) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(row, &fields); err != nil {
		return nil, fault.Wrap(fault.Invalid, s.container, err, "row")
	}
	column := s.idColumn
	if column == "" {
		column = "id"
	}
	var id string
	switch raw, found := fields[column]; {
	case !found && s.idColumn != "":
		return nil, fault.New(fault.Invalid, s.container, "the row has no column %s, which is to be the document's id", column)
	case !found:
		id = fmt.Sprintf("%s-%s-%d", s.name, lane, number)
	case json.Unmarshal(raw, &id) != nil:
		id = string(raw) // a number or another value as its text
	case column == "id":
		return row, nil
	}
	if _, other := fields["id"]; other {
		return nil, fault.New(fault.Invalid, s.container, "the row has a column id that is not a text, or another column (%s) is to be the id", column)
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	out := append([]byte(`{"id":`), quoted...)
	if rest := bytes.TrimSpace(row[1:]); len(rest) > 1 {
		out = append(out, ',')
	}
	return append(out, row[1:]...), nil
}

// hubSink sends rows as events.
type hubSink struct {
	to        trigger.EventSink
	keyColumn string
}

func (s *hubSink) Write(ctx context.Context, b stream.OutputBatch) error {
	events := make([]trigger.OutgoingEvent, len(b.Rows))
	for i, r := range b.Rows {
		events[i] = trigger.OutgoingEvent{Body: bytes.Clone(r.JSON), PartitionKey: r.Key}
		if s.keyColumn == "" {
			continue
		}
		key, ok := columnText(r.JSON, s.keyColumn)
		if !ok {
			return fault.New(fault.Invalid, "output", "the row has no text in column %s, which is to be its partition key", s.keyColumn)
		}
		events[i].PartitionKey = key
	}
	return s.to.Send(ctx, events)
}

func columnText(row []byte, column string) (string, bool) {
	var fields map[string]json.RawMessage
	var text string
	if json.Unmarshal(row, &fields) != nil || json.Unmarshal(fields[column], &text) != nil {
		return "", false
	}
	return text, text != ""
}

// datasetSink adds rows to a dashboard's dataset. Datasets live in memory, so
// a row that is written again after a failure shows twice at worst.
type datasetSink struct{ dataset *dashboard.Dataset }

func (s *datasetSink) Write(_ context.Context, b stream.OutputBatch) error {
	rows := make([][]byte, len(b.Rows))
	for i, r := range b.Rows {
		rows[i] = bytes.Clone(r.JSON)
	}
	s.dataset.Add(rows, time.Now())
	return nil
}

// fileSink appends rows to a file, one a line. After a crash the last rows may
// be there twice.
type fileSink struct{ path string }

func (s *fileSink) Write(_ context.Context, b stream.OutputBatch) error {
	var text []byte
	for _, r := range b.Rows {
		text = append(append(text, r.JSON...), '\n')
	}
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fault.Wrap(fault.Unavailable, s.path, err, "open the output")
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, s.path, err, "write the output")
	}
	return nil
}
