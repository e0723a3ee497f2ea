// Package dataset is a dataset of a dashboard that rows are pushed to.
package dataset

import (
	"bytes"
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Kind is the name of the kind in tables. Targets are datasets.
const Kind = "dataset"

// Dataset takes rows, which it keeps.
type Dataset interface {
	Add(rows [][]byte, now time.Time)
}

// SinkKind is the row of datasets; find finds one by its name. may reports
// whether one that is not there may come yet: then writing to it fails, and is
// tried again, until it does.
func SinkKind(find func(name string) (Dataset, error), may func() bool) jobs.SinkKind {
	return jobs.SinkKind{Kind: Kind, Open: func(_ context.Context, out jobs.Output) (stream.Sink, error) {
		if _, err := find(out.Target); err != nil && !may() {
			return nil, err
		}
		return &sink{find, out.Target}, nil
	}}
}

// sink adds rows to a dataset. Datasets live in memory, so a row that is written
// again after a failure shows twice at worst.
type sink struct {
	find func(name string) (Dataset, error)
	name string
}

// Write implements stream.Sink.
func (s *sink) Write(_ context.Context, b stream.OutputBatch) error {
	d, err := s.find(s.name)
	if err != nil {
		return err
	}
	rows := make([][]byte, len(b.Rows))
	for i, r := range b.Rows {
		rows[i] = bytes.Clone(r.JSON)
	}
	d.Add(rows, time.Now())
	return nil
}
