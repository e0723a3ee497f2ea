package localrun

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
)

// fileSource is a file as an input with one partition.
type fileSource struct {
	path    string
	arrival int64
}

// Partitions implements stream.Source.
func (s *fileSource) Partitions(context.Context) (int, error) { return 1, nil }

// Open implements stream.Source. Files are read from the beginning.
func (s *fileSource) Open(context.Context, int, stream.Position) (stream.Reader, error) {
	f, in, err := openFile(s.path)
	if err != nil {
		return nil, err
	}
	return &fileReader{file: f, rows: in, arrival: s.arrival}, nil
}

type fileReader struct {
	file    *os.File
	rows    *rows.Reader
	arrival int64
	offset  int64
}

// Read implements stream.Reader.
func (r *fileReader) Read(_ context.Context, b *stream.Batch, limit int) error {
	b.Events, b.Buf = b.Events[:0], b.Buf[:0]
	var ends []int
	for len(ends) < limit && len(b.Buf) < 1<<20 {
		body, err := r.rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		b.Buf = append(b.Buf, body...)
		ends = append(ends, len(b.Buf))
	}
	if len(ends) == 0 {
		return io.EOF
	}
	start := 0
	for _, end := range ends {
		b.Events = append(b.Events, stream.Event{Offset: r.offset, Sequence: r.offset, Arrival: r.arrival, Body: b.Buf[start:end:end]})
		start = end
		r.offset++
	}
	return nil
}

// Backlog implements stream.Reader.
func (r *fileReader) Backlog() int64 { return -1 }

// Close implements stream.Reader.
func (r *fileReader) Close() error { return r.file.Close() }

// fileReference is a file as reference data with one version.
type fileReference string

// Snapshots implements stream.Reference.
func (f fileReference) Snapshots(context.Context) ([]stream.Snapshot, error) {
	file, err := os.Open(string(f))
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, "", err, "the file cannot be read")
	}
	defer file.Close()
	all, err := rows.All(file, string(f))
	if err != nil {
		return nil, err
	}
	return []stream.Snapshot{{ValidFrom: stream.StartOfInput, Rows: all}}, nil
}

// openFile opens a file of rows.
func openFile(path string) (*os.File, *rows.Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fault.Wrap(fault.NotFound, "", err, "the file cannot be read")
	}
	in, err := rows.NewReader(f, path)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, in, nil
}
