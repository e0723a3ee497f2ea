package objectstore

import "github.com/lazuli-dev/lazuli/internal/fault"

import "context"

// PageRanges returns the bytes of a page blob, between off and off+n, that were
// written and not cleared. With previous, the name of an earlier snapshot, it
// returns what changed since then; after the store has moved bytes a range may be
// among them that did not.
func (a Account) PageRanges(ctx context.Context, addr Address, off, n int64, previous string, cond Conditions) (ranges []PageRange, info Info, err error) {
	c, err := a.open(ctx, addr, cond)
	if err != nil {
		return nil, info, err
	}
	defer c.Close()
	info = c.Info()
	switch {
	case info.Type != PageBlob:
		return nil, info, wrongType(c.v.resource())
	case off < 0 || n < 0 || off > info.Size:
		return nil, info, codes.New(InvalidRange, c.v.resource(), "it has %d bytes", info.Size)
	}
	n = min(n, info.Size-off)
	now, err := c.parts(off, n)
	if err != nil || previous == "" {
		return rangesOf(now), info, err
	}
	addr.Snapshot, addr.Version = previous, ""
	p, err := a.open(ctx, addr, Conditions{})
	if fault.CodeOf(err) == BlobNotFound {
		err = codes.Wrap(PreviousSnapshotNotFound, c.v.resource(), err, "the snapshot to compare with is not there")
	}
	if err != nil {
		return nil, info, err
	}
	defer p.Close()
	before, err := p.parts(off, n)
	return difference(now, before), info, err
}

// parts returns the parts of the content between off and off+n, cut there.
func (c *Content) parts(off, n int64) (all []part, err error) {
	err = eachPart(c.db(), c.v.c.cid, c.v.rec, off, n, func(p part) error {
		from, to := max(p.off, off), min(p.off+p.n, off+n)
		all = append(all, part{from, p.slice(from-p.off, to-from)})
		return nil
	})
	return all, err
}

func rangesOf(parts []part) (ranges []PageRange) {
	for _, p := range parts {
		ranges = addRange(ranges, PageRange{p.off, p.off + p.n, false})
	}
	return ranges
}

// addRange adds a range behind the others, to the last when it touches it.
func addRange(to []PageRange, r PageRange) []PageRange {
	if last := len(to) - 1; last >= 0 && to[last].End == r.Start && to[last].Clear == r.Clear {
		to[last].End = r.End
		return to
	}
	return append(to, r)
}

// difference walks two lists of parts side by side: bytes that are not the same
// bytes of the disk were written since, what is only in the earlier one was
// cleared.
func difference(now, before []part) (ranges []PageRange) {
	for len(now) > 0 || len(before) > 0 {
		switch {
		case len(before) == 0 || len(now) > 0 && now[0].off < before[0].off:
			end := now[0].off + now[0].n
			if len(before) > 0 {
				end = min(end, before[0].off)
			}
			ranges = addRange(ranges, PageRange{now[0].off, end, false})
			now = cutParts(now, end)
		case len(now) == 0 || before[0].off < now[0].off:
			end := before[0].off + before[0].n
			if len(now) > 0 {
				end = min(end, now[0].off)
			}
			ranges = addRange(ranges, PageRange{before[0].off, end, true})
			before = cutParts(before, end)
		default:
			end := min(now[0].off+now[0].n, before[0].off+before[0].n)
			if now[0].run != before[0].run || now[0].skip != before[0].skip {
				ranges = addRange(ranges, PageRange{now[0].off, end, false})
			}
			now, before = cutParts(now, end), cutParts(before, end)
		}
	}
	return ranges
}

// cutParts takes what is before a byte away from the first part.
func cutParts(parts []part, to int64) []part {
	p := parts[0]
	if p.off+p.n <= to {
		return parts[1:]
	}
	parts[0] = part{to, p.slice(to-p.off, p.off+p.n-to)}
	return parts
}
