package blob

import (
	"strconv"
	"strings"
)

// span is a range of bytes as a header asks for it: from its first byte to its
// last, or to the end of the blob when last is openEnd.
type span struct{ first, last int64 }

const openEnd = int64(-1)

// parseRange reads "bytes=a-b" or "bytes=a-". ok is false for every other form:
// the service ignores those and answers the whole blob (several ranges, the last
// n bytes, other units).
func parseRange(text string) (s span, ok bool) {
	bounds, isBytes := strings.CutPrefix(text, "bytes=")
	first, last, isRange := strings.Cut(strings.TrimSpace(bounds), "-")
	if !isBytes || !isRange {
		return span{}, false
	}
	if s.first, ok = parseOffset(first); !ok {
		return span{}, false
	}
	if last == "" {
		return span{s.first, openEnd}, true
	}
	if s.last, ok = parseOffset(last); !ok || s.last < s.first {
		return span{}, false
	}
	return s, true
}

// parseOffset reads decimal digits and nothing else.
func parseOffset(text string) (int64, bool) {
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0, false // no sign
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// within is the offset and length of the span in a blob of that size. ok is false
// when it begins at or behind the end, as every range of an empty blob does.
func (s span) within(size int64) (off, n int64, ok bool) {
	if s.first >= size {
		return 0, 0, false
	}
	last := s.last
	if last == openEnd || last >= size {
		last = size - 1
	}
	return s.first, last - s.first + 1, true
}

// pages is the offset and length of a span of whole 512-byte pages, of which both
// bounds must be given.
func (s span) pages() (off, n int64, ok bool) {
	if s.last == openEnd || s.first%pageBytes != 0 || (s.last+1)%pageBytes != 0 {
		return 0, 0, false
	}
	return s.first, s.last - s.first + 1, true
}

// pageBytes is the unit of a page blob.
const pageBytes = 512

// contentRange is the header of a 206: "bytes 0-9/100".
func contentRange(off, n, size int64) string {
	b := make([]byte, 0, 64)
	b = append(b, "bytes "...)
	b = strconv.AppendInt(b, off, 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, off+n-1, 10)
	b = append(b, '/')
	return string(strconv.AppendInt(b, size, 10))
}
