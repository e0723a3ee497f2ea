package file

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/stream/rows"
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
				return nil, fault.New(fault.Invalid, in.Target, "the path has %s: reference data of several times is not supported here, only one file that is read again (refresh)", pattern)
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
func (r reference) Snapshots(context.Context) ([]stream.Snapshot, error) {
	info, err := os.Stat(r.path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, r.path, err, "reference data")
	}
	if info.Size() > maxReference {
		return nil, fault.New(fault.TooLarge, r.path, "%d bytes of reference data; at most %d", info.Size(), maxReference)
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, r.path, err, "reference data")
	}
	table, err := rows.All(bytes.NewReader(text), r.path)
	if err != nil {
		return nil, err
	}
	for i, row := range table {
		if len(row) == 0 || row[0] != '{' || !json.Valid(row) {
			return nil, fault.New(fault.Invalid, r.path, "row %d is not a JSON object: reference data must be objects, in an array or one after the other, or a .csv file with a header", i+1)
		}
	}
	return []stream.Snapshot{{ValidFrom: stream.StartOfInput, ETag: stream.RowsETag(table), Rows: table}}, nil
}
