package container

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// maxReference bounds a table of reference data.
const maxReference = 256 << 20

// reference is reference data: all documents of one moment.
type reference struct {
	account        Account
	database, name string
}

// Snapshots implements stream.Reference. There is one version, which is valid
// always.
func (r *reference) Snapshots(ctx context.Context) ([]stream.Snapshot, error) {
	c, err := r.account.Find(r.database, r.name)
	if err != nil {
		return nil, err
	}
	var rows [][]byte
	size := 0
	for item, err := range c.Snapshot(ctx) {
		if err != nil {
			return nil, err
		}
		if size += len(item.Body); size > maxReference {
			return nil, fault.New(fault.TooLarge, r.database+"/"+r.name, "more than %d bytes of reference data", maxReference)
		}
		rows = append(rows, item.Body)
	}
	return []stream.Snapshot{{ValidFrom: stream.StartOfInput, ETag: stream.RowsETag(rows), Rows: rows}}, nil
}
