package tablestore

import (
	"bytes"
	"slices"
	"strings"
)

// Bound is an end of an Interval. The zero Bound is none.
type Bound struct {
	Key       string
	Inclusive bool
	Set       bool
}

// Interval is the texts between two bounds, in the order of UTF-16 units.
type Interval struct{ Low, High Bound }

// Box is the entities whose partition key is in one interval and whose row key is
// in the other.
type Box struct{ Partition, Row Interval }

// point reports whether only one text is in the interval.
func (i Interval) point() bool {
	return i.Low.Set && i.High.Set && i.Low.Inclusive && i.High.Inclusive && i.Low.Key == i.High.Key
}

// legal replaces bounds that no key can have by ones that are at least as wide: a
// key cannot have the character 0.
func (i Interval) legal() Interval {
	for _, b := range []*Bound{&i.Low, &i.High} {
		if at := strings.IndexByte(b.Key, 0); at >= 0 {
			b.Key, b.Inclusive = b.Key[:at], true
		}
	}
	return i
}

// span is the range of keys that has all entities of the box, and with them, when
// the partition is not one, perhaps others: a row's bounds are of use within a
// partition only.
func (b Box) span() keySpan {
	part, row := b.Partition.legal(), b.Row.legal()
	if part.point() {
		return rowSpan(appendUnits(nil, part.Low.Key), row)
	}
	var s keySpan
	if part.Low.Set {
		s.low = appendUnits(nil, part.Low.Key)
		if !part.Low.Inclusive {
			s.low = append(s.low, 1) // behind KEY 0 row
		}
	}
	if part.High.Set {
		s.high = appendUnits(nil, part.High.Key)
		if part.High.Inclusive {
			s.high = append(s.high, 1)
		} else {
			s.high = append(s.high, 0)
		}
	}
	return s
}

// rowSpan is the range of the rows of one partition.
func rowSpan(partition []byte, row Interval) keySpan {
	s := keySpan{low: append(bytes.Clone(partition), 0), high: append(bytes.Clone(partition), 1)}
	if row.Low.Set {
		s.low = appendUnits(s.low, row.Low.Key)
		if !row.Low.Inclusive {
			s.low = append(s.low, 0)
		}
	}
	if row.High.Set {
		s.high = appendUnits(append(bytes.Clone(partition), 0), row.High.Key)
		if row.High.Inclusive {
			s.high = append(s.high, 0)
		}
	}
	return s
}

// spansOf are the ranges of keys of the boxes, from a position on, in order and
// without overlap.
func spansOf(boxes []Box, from *Position) []keySpan {
	spans := []keySpan{{}}
	if boxes != nil {
		spans = spans[:0]
		for _, b := range boxes {
			spans = append(spans, b.span())
		}
	}
	var begin []byte
	if from != nil {
		begin = appendUnits(append(appendUnits(nil, from.PartitionKey), 0), from.RowKey)
	}
	for i := range spans {
		if bytes.Compare(spans[i].low, begin) < 0 {
			spans[i].low = begin
		}
	}
	spans = slices.DeleteFunc(spans, keySpan.empty)
	slices.SortFunc(spans, func(a, b keySpan) int { return bytes.Compare(a.low, b.low) })
	return joined(spans)
}

// joined joins ranges that touch.
func joined(spans []keySpan) []keySpan {
	out := spans[:0]
	for _, s := range spans {
		last := len(out) - 1
		switch {
		case last < 0 || len(out[last].high) > 0 && bytes.Compare(out[last].high, s.low) < 0:
			out = append(out, s)
		case len(out[last].high) > 0 && (len(s.high) == 0 || bytes.Compare(s.high, out[last].high) > 0):
			out[last].high = s.high
		}
	}
	return out
}
