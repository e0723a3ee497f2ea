package file

import (
	"context"
	"os"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// SinkKind is the row of files that jobs write to. resolve makes a path absolute.
func SinkKind(resolve func(string) string) jobs.SinkKind {
	return jobs.SinkKind{Kind: Kind, Open: func(_ context.Context, out jobs.Output) (stream.Sink, error) {
		return sink{resolve(out.Target)}, nil
	}}
}

// sink appends rows to a file, one a line, which it opens each time: a file that
// was moved away is made again. It is the owner's alone, as all that lazuli makes.
// After a crash the last rows may be there twice.
type sink struct{ path string }

// Write implements stream.Sink.
func (s sink) Write(_ context.Context, b stream.OutputBatch) error {
	var text []byte
	for _, r := range b.Rows {
		text = append(append(text, r.JSON...), '\n')
	}
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
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
