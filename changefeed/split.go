package changefeed

import (
	"context"
	"fmt"
)

// split replaces the lease of a range that is not read as one any more by leases
// of what it became, each with its position, and deletes it last: who ends between
// finds the new ones.
func (p *Processor) split(ctx context.Context, l *lease) error {
	ranges, err := p.source.Ranges(ctx)
	if err != nil {
		return err
	}
	doc := l.copy()
	span, known := doc.span()
	var parts []Range
	for _, r := range ranges {
		switch {
		case span.ID != "" && r.ID == span.ID:
			return fmt.Errorf("it is still there; the service is about to split it")
		case known && overlap(span, r), !known && isParent(r, span.ID):
			parts = append(parts, r)
		}
	}
	parts, err = became(span, known, doc.Version, parts)
	if err != nil {
		return err
	}
	if len(parts) == 1 && newDocument(p.prefix, parts[0], "").ID == doc.ID {
		return fmt.Errorf("it goes on as a part of range %s; it is tried again", ranges[0].ID)
	}
	for _, part := range parts {
		if err := p.create(ctx, newDocument(p.prefix, part, doc.position())); err != nil {
			return err
		}
	}
	p.o.Log.Info("a range was split or merged", "lease", l.token(), "parts", len(parts))
	return l.remove(ctx)
}

// became are the ranges of the leases that follow one. Ranges of the service keep
// their ids; of those that a merge made, and for leases that were of one, the part
// that is the lease's own has none.
func became(span Range, known bool, version int, now []Range) ([]Range, error) {
	switch {
	case len(now) == 0:
		return nil, fmt.Errorf("none of the ranges of now came of it")
	case len(now) > 1 && version == 0 || !known:
		return now, nil
	case len(now) == 1 && version == 0 && now[0].Min == span.Min && now[0].Max == span.Max:
		return now, nil
	}
	own := make([]Range, len(now))
	for i, r := range now {
		own[i] = Range{Min: max(r.Min, span.Min), Max: min(r.Max, span.Max)}
	}
	return own, nil
}
