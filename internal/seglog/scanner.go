package seglog

import (
	"errors"
	"io"

	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// scanBytes is how much a scanner reads at a time.
const scanBytes = 256 << 10

// scanner walks the groups of a segment file from a position on, verifying each.
type scanner struct {
	f    vfs.File
	salt uint32
	end  int64 // where the valid bytes of the file end
	pos  int64 // of buf[0]
	buf  []byte
	off  int // of the next group in buf
}

func newScanner(f vfs.File, salt uint32, pos, end int64) *scanner {
	return &scanner{f: f, salt: salt, pos: pos, end: end}
}

// at returns the position of the next group.
func (s *scanner) at() int64 { return s.pos + int64(s.off) }

// next returns the next group's header and bytes, which stay valid until the
// following call. At the end it returns io.EOF. When what stands there is no
// complete, sound group, reason says why and at still gives its position.
func (s *scanner) next() (g groupHeader, raw []byte, reason string, err error) {
	left := s.end - s.at()
	if left <= 0 {
		return g, nil, "", io.EOF
	}
	if left < groupHeaderSize {
		return g, nil, "the file ends inside a group's header", nil
	}
	if err := s.need(groupHeaderSize); err != nil {
		return g, nil, "", err
	}
	g, reason = parseGroupHeader(s.buf[s.off:])
	if reason != "" {
		return g, nil, reason, nil
	}
	if int64(g.length) > left {
		return g, nil, "the file ends inside a group", nil
	}
	if err := s.need(g.length); err != nil {
		return g, nil, "", err
	}
	raw = s.buf[s.off : s.off+g.length : s.off+g.length]
	if reason = verifyGroup(raw, g, s.salt); reason != "" {
		return g, nil, reason, nil
	}
	s.off += g.length
	return g, raw, "", nil
}

// need makes n bytes from the next group on available in buf.
func (s *scanner) need(n int) error {
	if len(s.buf)-s.off >= n {
		return nil
	}
	rest := s.buf[s.off:]
	size := int(min(int64(max(n, scanBytes)), s.end-s.at()))
	buf := s.buf[:0]
	if cap(buf) < size {
		buf = make([]byte, 0, size)
	}
	kept := copy(buf[:size], rest)
	s.pos, s.off, s.buf = s.at(), 0, buf[:size]
	return readFull(s.f, s.buf[kept:], s.pos+int64(kept))
}

// readFull fills b from the position on.
func readFull(f vfs.File, b []byte, pos int64) error {
	n, err := f.ReadAt(b, pos)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
