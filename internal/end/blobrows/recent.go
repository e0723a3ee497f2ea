package blobrows

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// recentBlobs is how many of the newest blobs are looked into.
const recentBlobs = 32

// Recent implements jobs.Source: the first piece of each of the newest blobs.
func (s *source) Recent(ctx context.Context, most, bytes int) ([][]stream.Event, error) {
	blobs, err := s.blobs()
	if err != nil {
		return nil, err
	}
	newest, err := s.newest(ctx, blobs)
	if err != nil {
		return nil, err
	}
	all := make([][]stream.Event, s.partitions)
	for _, c := range newest[max(len(newest)-min(recentBlobs, most), 0):] {
		m, _ := s.pattern.Match(c.Info.Blob)
		p := m.Partition % s.partitions
		e, ok := s.first(ctx, blobs, c)
		if bytes -= len(e.Body); bytes < 0 {
			break
		}
		if ok {
			all[p] = append(all[p], e)
		}
	}
	return all, nil
}

// newest are the last changes of blobs of the pattern, looked for in longer and
// longer times until there are enough.
func (s *source) newest(ctx context.Context, blobs objectstore.Account) (found []objectstore.Change, err error) {
	last := blobs.LastChange()
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour, 30 * 24 * time.Hour, 0} {
		after := last - min(last, objectstore.Position(back/100))
		if back == 0 {
			after = 0
		}
		found = found[:0]
		for {
			changes, upTo, err := blobs.Changes(ctx, s.pattern.Container, after, pageSize)
			if err != nil {
				return nil, err
			}
			for _, c := range changes {
				if _, ok := s.pattern.Match(c.Info.Blob); ok {
					found = append(found, c)
				}
			}
			found = found[max(len(found)-recentBlobs, 0):]
			if after = upTo; len(changes) < pageSize {
				break
			}
		}
		if len(found) > 0 {
			break
		}
	}
	return found, nil
}

// first is the first piece of a blob; ok is false for one that cannot be read.
func (s *source) first(ctx context.Context, blobs objectstore.Account, c objectstore.Change) (e stream.Event, ok bool) {
	content, err := blobs.Open(ctx, objectstore.Address{Container: s.pattern.Container, Blob: c.Info.Blob}, objectstore.Conditions{})
	if err != nil {
		return e, false
	}
	defer content.Close()
	p := open(content)
	p.in.ctx = ctx
	if err := p.begin(s.form, s.unpack); err != nil {
		return e, false
	}
	text, err := p.next(ctx, nil)
	offset, known := offsetOf(c.Position, 0)
	return stream.Event{Offset: offset, Sequence: offset, Arrival: int64(c.Position), Body: text, Origin: c.Info.Blob, In: s.place(c.Info.Blob, 1)}, err == nil && known
}
