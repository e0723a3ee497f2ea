package seglog

import "fmt"

// readAhead is how much of a file a reader takes into memory at a time, unless
// a single group is larger.
const readAhead = 512 << 10

// readChunk reads groups from the segment, beginning with one at or before the
// record r.next, and verifies them. The chunk is not part of the tail: when it
// is used up, the reader looks again.
func (r *Reader) readChunk(s *segment) (*chunk, error) {
	if err := r.openFile(s); err != nil {
		return nil, err
	}
	l := r.l
	l.mu.Lock()
	end := s.end
	l.mu.Unlock()

	buf := make([]byte, min(readAhead, end-r.pos))
	if err := readFull(r.file, buf, r.pos); err != nil {
		return nil, fmt.Errorf("read %s at byte %d: %w", s.path, r.pos, err)
	}
	n, reason := 0, ""
	for n < len(buf) && reason == "" {
		var g groupHeader
		if len(buf)-n < groupHeaderSize {
			reason = "the file ends inside a group's header"
			break
		}
		if g, reason = parseGroupHeader(buf[n:]); reason != "" {
			break
		}
		if n == 0 && g.length > len(buf) && int64(g.length) <= end-r.pos {
			whole := make([]byte, g.length)
			if err := readFull(r.file, whole[copy(whole, buf):], r.pos+int64(len(buf))); err != nil {
				return nil, fmt.Errorf("read %s at byte %d: %w", s.path, r.pos, err)
			}
			buf = whole
		}
		if g.length > len(buf)-n {
			reason = "the file ends inside a group"
			break
		}
		if reason = verifyGroup(buf[n:], g, s.salt); reason != "" {
			break
		}
		if r.fileAt >= 0 && g.first != r.fileAt {
			reason = fmt.Sprintf("record %d stands where %d should be", g.first, r.fileAt)
			break
		}
		n += g.length
		r.fileAt = g.first + int64(g.count)
	}
	if n == 0 {
		if reason == "" {
			reason = fmt.Sprintf("the segment ends before record %d", r.next)
		}
		return nil, l.corrupt(s.path, r.pos, reason)
	}
	// What is wrong behind the good groups is found again when they are used up.
	r.pos += int64(n)
	c := &chunk{buf: buf[:n:n]}
	c.published.Store(int64(n))
	c.evicted.Store(true)
	return c, nil
}

// openFile opens the segment's file, unless it is open already, and finds where
// to begin.
func (r *Reader) openFile(s *segment) error {
	if r.seg == s {
		return nil
	}
	r.closeFile()
	f, err := r.l.opts.FS.Open(s.path)
	if err != nil {
		return err
	}
	r.file, r.seg = f, s
	index, err := r.l.indexOf(s, f)
	if err != nil {
		r.closeFile()
		return err
	}
	r.pos, r.fileAt = positionOf(index, r.next), -1
	if r.pos == headerSize {
		r.fileAt = s.first
	}
	return nil
}

func (r *Reader) closeFile() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file, r.seg = nil, nil
	return err
}
