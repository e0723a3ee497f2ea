package blobrows

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/blobpath"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
)

// SinkKind is the row of blobs that jobs write to.
func SinkKind(find Find) jobs.SinkKind {
	return jobs.SinkKind{Kind: Kind, Open: func(_ context.Context, out jobs.Output) (stream.Sink, error) {
		e, err := newEnd(find, blobpath.Output, out.Account, out.Target, out.Format, out.Blobs)
		if err != nil {
			return nil, err
		}
		a, err := find(out.Account)
		if err == nil {
			err = a.Need(e.pattern.Container)
		}
		if err != nil {
			return nil, err
		}
		return &sink{end: e, array: out.Format == "array", most: out.Blobs.FileBytes, writers: map[string]*writer{}}, nil
	}}
}

// sink puts rows into files, as blobs:
//
//	CONTAINER/PATH/SCHEMA_WRITER_NUMBER.json
//
// PATH is the pattern's at System.Timestamp() of the row, with the row's column.
// SCHEMA is 0, or of CSV a hash of the columns; WRITER names the run and lane that
// writes; NUMBER counts its files of the path. Another file begins with another
// path or schema, when the process is started again, when one has become as large,
// or has as many blocks, as it may, and when it was deleted or changed by others.
//
// Rows are put as they come. Files of lines are append blobs, those of an array are
// block lists that end with the closing bracket: a file is whole whenever it is
// read. With the rows a file gets, in the same commit, the number of the row that
// comes next in it. Rows that are written again after a crash are left out by it.
// https://learn.microsoft.com/azure/stream-analytics/blob-storage-azure-data-lake-gen2-output
type sink struct {
	end
	array bool
	most  int64 // bytes of a file; 0: no bound

	mu      sync.Mutex // guards writers, whose values belong to their lanes
	writers map[string]*writer
}

// Write implements stream.Sink.
func (s *sink) Write(ctx context.Context, b stream.OutputBatch) error {
	return s.writer(&b).write(ctx, &b)
}

// writer is the lane's, another for each run.
func (s *sink) writer(b *stream.OutputBatch) *writer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.writers[b.Lane]
	if w == nil || w.run != b.Run {
		w = &writer{s: s, run: b.Run, id: writerID(b), files: map[place]*file{}}
		s.writers[b.Lane] = w
	}
	return w
}

// writerID is the same whenever a run goes on, and no other writer's.
func writerID(b *stream.OutputBatch) string {
	sum := sha256.Sum256([]byte(b.Job + "\x00" + b.Output + "\x00" + b.Run + "\x00" + b.Lane))
	return hex.EncodeToString(sum[:16])
}

// csv reports whether files are CSV.
func (s *sink) csv() bool { return s.form.Format == rows.CSV }

func (s *sink) extension() string {
	if s.csv() {
		return ".csv"
	}
	return ".json"
}

func (s *sink) contentType() string {
	switch {
	case s.csv():
		return "text/csv"
	case s.array:
		return "application/json"
	}
	return "application/x-ndjson"
}
