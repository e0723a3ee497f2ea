package app

import (
	"bytes"
	"context"
	"encoding/json"
	"os"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// maxReference bounds a table of reference data.
const maxReference = 256 << 20

// fileReference is reference data in a file: a JSON array of objects, or
// objects one after the other. It has one version, valid always.
type fileReference struct{ path string }

func (r fileReference) Snapshots(context.Context) ([]stream.Snapshot, error) {
	info, err := os.Stat(r.path)
	if err != nil {
		return nil, fileError(r.path, err, "reference data")
	}
	if info.Size() > maxReference {
		return nil, fault.New(fault.TooLarge, r.path, "%d bytes of reference data; at most %d", info.Size(), maxReference)
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		return nil, fileError(r.path, err, "reference data")
	}
	rows, err := jsonRows(text)
	if err != nil {
		return nil, fileError(r.path, err, "reference data must be JSON objects, in an array or one after the other")
	}
	return []stream.Snapshot{{ValidFrom: stream.StartOfInput, Rows: rows}}, nil
}

func jsonRows(text []byte) ([][]byte, error) {
	var raws []json.RawMessage
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '[' {
		if err := json.Unmarshal(trimmed, &raws); err != nil {
			return nil, err
		}
	} else {
		for dec := json.NewDecoder(bytes.NewReader(text)); dec.More(); {
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return nil, err
			}
			raws = append(raws, raw)
		}
	}
	rows := make([][]byte, len(raws))
	for i, raw := range raws {
		if raw[0] != '{' {
			return nil, fault.New(fault.Invalid, "", "row %d is not an object", i+1)
		}
		rows[i] = raw
	}
	return rows, nil
}

// containerReference is reference data in a container: all its documents as
// they are when they are read.
type containerReference struct {
	sources             *sources
	database, container string
}

func (r containerReference) Snapshots(ctx context.Context) ([]stream.Snapshot, error) {
	c, err := r.sources.find(r.database, r.container)
	if err != nil {
		return nil, err
	}
	var rows [][]byte
	size, after := 0, uint64(0)
	for {
		items, last, err := c.Changes(ctx, after, docstore.ChangeOptions{Max: 1000})
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			return []stream.Snapshot{{ValidFrom: stream.StartOfInput, Rows: rows}}, nil
		}
		for i := range items {
			if size += len(items[i].Body); size > maxReference {
				return nil, fault.New(fault.TooLarge, r.database+"/"+r.container, "more than %d bytes of reference data", maxReference)
			}
			rows = append(rows, items[i].Body)
		}
		after = last
	}
}
