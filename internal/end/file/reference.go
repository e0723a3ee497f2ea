package file

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// Kind is the name of the kind in tables. Targets are paths.
const Kind = "file"

// maxReference bounds a table of reference data.
const maxReference = 256 << 20

// ReferenceKind is the row of files that are reference data. resolve makes a path
// absolute.
func ReferenceKind(resolve func(string) string) jobs.ReferenceKind {
	return jobs.ReferenceKind{Kind: Kind, Open: func(_ context.Context, in jobs.Input) (stream.Reference, error) {
		for _, pattern := range []string{"{date}", "{time}"} {
			if strings.Contains(strings.ToLower(in.Target), pattern) {
				return nil, fault.New(fault.Invalid, in.Target, "the path has %s: reference data of several times is in blobs (blob: CONTAINER/PATH), a file is one that is read again (refresh)", pattern)
			}
		}
		return reference{resolve(in.Target)}, nil
	}}
}

// reference is reference data in a file: a JSON array of objects, objects one
// after the other, or .csv with a header. It has one version, which is valid
// always and named by its content.
type reference struct{ path string }

// Snapshots implements stream.Reference.
func (r reference) Snapshots(ctx context.Context) ([]stream.Snapshot, error) {
	text, err := r.settled(ctx)
	if err != nil {
		return nil, err
	}
	table, err := rows.Form{}.Table(text, r.path)
	if err != nil {
		return nil, err
	}
	return []stream.Snapshot{{ValidFrom: stream.StartOfInput, ETag: stream.RowsETag(table), Rows: table}}, nil
}

// quiet is how long a file must have been left alone to be read, and patience
// how long one that changes all the time is waited for.
const (
	quiet    = 50 * time.Millisecond
	patience = 2 * time.Second
)

// settled is the text of the file once nobody is writing it: many programs
// empty a file before they write it anew, and half a .csv is a table too.
func (r reference) settled(ctx context.Context) ([]byte, error) {
	for deadline := time.Now().Add(patience); ; {
		before, err := os.Stat(r.path)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, r.path, err, "reference data")
		}
		if before.Size() > maxReference {
			return nil, fault.New(fault.TooLarge, r.path, "%d bytes of reference data; at most %d", before.Size(), maxReference)
		}
		if age := time.Since(before.ModTime()); age >= quiet || age < 0 {
			text, err := textfile.ReadPath(r.path, maxReference)
			if err != nil {
				return nil, fault.Wrap(fault.Invalid, "", err, "reference data")
			}
			after, err := os.Stat(r.path)
			if err == nil && after.ModTime().Equal(before.ModTime()) && after.Size() == int64(len(text)) {
				return text, nil
			}
		}
		if time.Now().After(deadline) {
			return nil, fault.New(fault.Invalid, r.path, "the file of reference data is being written all the time; write it beside and rename it")
		}
		if err := run.Pause(ctx, quiet); err != nil {
			return nil, err
		}
	}
}
