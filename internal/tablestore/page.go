package tablestore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// page is a page of a query under way.
type page struct {
	t      *Table
	query  Query
	use    func(*Entity) error
	prefix []byte // of the table's keys
	e      Entity

	found, scanned          int
	foundBytes, scannedSize int
}

// bounds are the full keys of a span.
func (p *page) bounds(s keySpan) (low, high []byte) {
	low = append(bytes.Clone(p.prefix), s.low...)
	if len(s.high) == 0 {
		return low, kv.PrefixEnd(p.prefix)
	}
	return low, append(bytes.Clone(p.prefix), s.high...)
}

// full reports whether the page has all it may have.
func (p *page) full() bool {
	return p.found >= p.query.Max || p.foundBytes >= maxPageBytes || p.scanned >= maxScanned || p.scannedSize >= maxScannedBytes
}

// walk goes through one range, and returns where the next page begins if this one
// is full before its end.
func (p *page) walk(ctx context.Context, it *kv.Iter, low, high []byte) (*Position, error) {
	for ok := it.SeekGE(low); ok && bytes.Compare(it.Key(), high) < 0; ok = it.Next() {
		partition, row, ok := splitKey(it.Key())
		if !ok {
			return nil, fmt.Errorf("table %s has the key %x: %w", p.t.Name(), it.Key(), errRecord)
		}
		if p.full() {
			return &Position{partition, row}, nil
		}
		if p.scanned++; p.scanned%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p.scannedSize += len(it.Key()) + len(it.Value())
		p.e.PartitionKey, p.e.RowKey = partition, row
		if err := p.e.parse(string(it.Value())); err != nil {
			return nil, damaged(partition, row, err)
		}
		if p.query.Match != nil && !p.query.Match(&p.e) {
			continue
		}
		p.found++
		p.foundBytes += len(it.Value())
		if err := p.use(&p.e); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
