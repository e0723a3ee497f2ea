// Command storageapp is a function app with every trigger and binding of storage,
// for the tests of the program.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/lazuli-dev/lazuli/functions"
)

func main() {
	app := functions.New()

	done := &functions.QueueOutput{Queue: "done"}
	app.Queue("work", functions.QueueTrigger{Queue: "work"}, func(ctx context.Context, m functions.Message) error {
		return done.Send(ctx, "done: "+string(m.Body))
	}, done)

	out := &functions.BlobOutput{Path: "outbox/{name}.txt"}
	row := &functions.TableOutput{Table: "Thumbs", PartitionKey: "{ext}"}
	app.Blob("thumb", functions.BlobTrigger{Path: "inbox/{name}.{ext}"}, func(ctx context.Context, b functions.Blob) error {
		return errors.Join(
			out.Write(ctx, append([]byte("thumb of "), b.Content...)),
			row.Insert(ctx, map[string]any{"RowKey": b.Params["name"], "size": len(b.Content), "blob": b.Name}))
	}, out, row)

	j := join{
		content: &functions.BlobInput{Path: "outbox/{file}.txt"},
		missing: &functions.BlobInput{Path: "outbox/{file}.none"},
		row:     &functions.TableInput{Table: "Thumbs", PartitionKey: "png", RowKey: "{file}"},
		rows:    &functions.TableInput{Table: "Thumbs", Filter: "size gt {least}", Take: 1},
		answers: &functions.QueueOutput{Queue: "answers-%SUFFIX%"},
	}
	app.Queue("join", functions.QueueTrigger{Queue: "join"}, j.run, j.content, j.missing, j.row, j.rows, j.answers)
	app.Main()
}

type join struct {
	content, missing *functions.BlobInput
	row, rows        *functions.TableInput
	answers          *functions.QueueOutput
}

func (j join) run(ctx context.Context, m functions.Message) error {
	content, err := j.content.Read(ctx)
	if err != nil {
		return err
	}
	_, missing := j.missing.Read(ctx)
	var row json.RawMessage
	if err := j.row.Get(ctx, &row); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var rows []json.RawMessage
	if err := j.rows.Get(ctx, &rows); err != nil {
		return err
	}
	return j.answers.Send(ctx, map[string]any{
		"content": string(content), "missing": errors.Is(missing, fs.ErrNotExist), "row": row, "rows": rows, "count": m.DequeueCount,
	})
}
