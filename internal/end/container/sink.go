package container

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// sink upserts rows as documents. The document's id is a column: id, or the one
// that the output names. A row without it gets stream.OutputBatch.ID, which is
// the same when the row is written again and no other row's.
type sink struct {
	account        Account
	database, name string
	idColumn       string
}

// Write implements stream.Sink.
func (s *sink) Write(ctx context.Context, b stream.OutputBatch) error {
	c, err := s.account.Find(s.database, s.name)
	if err != nil {
		return fault.Wrap(fault.Unavailable, s.database+"/"+s.name, err, "open the container")
	}
	ops := make([]docstore.Op, len(b.Rows))
	ids := make([]string, len(b.Rows))
	for i, r := range b.Rows {
		body, id, err := s.document(r.JSON, b.ID(i))
		if err != nil {
			return err
		}
		ops[i], ids[i] = docstore.Op{Kind: docstore.Upsert, Body: body}, id
	}
	results, err := c.Write(ctx, ops, false)
	if err != nil {
		return err
	}
	for i := range results {
		if results[i].Err != nil {
			return fmt.Errorf("row %d of %d (id %s): %w", i+1, len(ops), ids[i], results[i].Err)
		}
	}
	return nil
}

// document is the row with an id: that of its column, or else the given one.
func (s *sink) document(row []byte, generated string) (body []byte, id string, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(row, &fields); err != nil {
		return nil, "", fault.Wrap(fault.Invalid, s.name, err, "row")
	}
	column := s.idColumn
	if column == "" {
		column = "id"
	}
	switch raw, found := fields[column]; {
	case !found && s.idColumn != "":
		return nil, "", fault.New(fault.Invalid, s.name, "the row has no column %s, which is to be the document's id", column)
	case !found:
		id = generated
	case json.Unmarshal(raw, &id) != nil:
		id = string(raw) // a number or another value as its text
	case column == "id":
		return row, id, nil
	}
	if _, other := fields["id"]; other {
		return nil, "", fault.New(fault.Invalid, s.name, "the row has a column id that is not a text, or another column (%s) is to be the id", column)
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, "", err
	}
	out := append([]byte(`{"id":`), quoted...)
	if rest := bytes.TrimSpace(row[1:]); len(rest) > 1 {
		out = append(out, ',')
	}
	return append(out, row[1:]...), id, nil
}
