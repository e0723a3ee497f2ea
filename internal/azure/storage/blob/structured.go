package blob

import (
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"github.com/minio/crc64nvme"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// A structured body carries content with a CRC-64 for each segment and for the
// whole, so that what arrives is what was sent (the header x-ms-structured-body,
// XSM/1.0). Numbers are little-endian:
//
//	┌────┬──────────────┬────────┬──────────┐
//	│ 01 │ total length │ flags  │ segments │   u8, u64 (this header to the last CRC), u16 (1 = CRC-64), u16
//	└────┴──────────────┴────────┴──────────┘
//	┌────────┬────────┬──────────┬──────────┐
//	│ number │ length │ data …   │ CRC-64   │   per segment: u16 from 1, u64, bytes, u64 (with flag 1)
//	└────────┴────────┴──────────┴──────────┘
//	┌────────────────┐
//	│ CRC-64 of all  │                          u64 (with flag 1)
//	└────────────────┘
const (
	structuredName    = "XSM/1.0; properties=crc64"
	structuredHeader  = 1 + 8 + 2 + 2
	segmentHeader     = 2 + 8
	crcBytes          = 8
	structuredSegment = 4 << 20 // of what we send
	maxSegments       = 1<<16 - 1
	flagCRC64         = 1
)

// newCRC64 is the CRC-64/NVME that the protocol uses everywhere.
func newCRC64() hash.Hash64 { return crc64nvme.New() }

// segmentSize is the size of the segments that n bytes are sent in.
func segmentSize(n int64) int64 {
	if least := (n + maxSegments - 1) / maxSegments; least > structuredSegment {
		return least
	}
	return structuredSegment
}

// structuredLength is the size of n bytes as a structured body.
func structuredLength(n int64) int64 {
	return structuredHeader + segmentCount(n)*(segmentHeader+crcBytes) + n + crcBytes
}

// segmentCount is how many segments n bytes are sent in: an empty body is one
// empty segment.
func segmentCount(n int64) int64 {
	size := segmentSize(n)
	return max((n+size-1)/size, 1)
}

// structuredWriter frames exactly n bytes that are written to it. Close writes
// what is behind them.
type structuredWriter struct {
	w       io.Writer
	left    int64 // of the content
	size    int64 // of a segment
	segment int64 // bytes left of the open segment
	number  uint16
	crc     hash.Hash64 // of the open segment
	all     hash.Hash64
}

func newStructuredWriter(w io.Writer, n int64) (*structuredWriter, error) {
	head := make([]byte, 0, structuredHeader)
	head = append(head, 1)
	head = binary.LittleEndian.AppendUint64(head, uint64(structuredLength(n)))
	head = binary.LittleEndian.AppendUint16(head, flagCRC64)
	head = binary.LittleEndian.AppendUint16(head, uint16(segmentCount(n)))
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	s := &structuredWriter{w: w, left: n, size: segmentSize(n), crc: newCRC64(), all: newCRC64()}
	return s, s.open()
}

// open begins the next segment.
func (s *structuredWriter) open() error {
	s.number++
	s.segment = min(s.size, s.left)
	s.crc.Reset()
	head := make([]byte, 0, segmentHeader)
	head = binary.LittleEndian.AppendUint16(head, s.number)
	head = binary.LittleEndian.AppendUint64(head, uint64(s.segment))
	_, err := s.w.Write(head)
	return err
}

// Write writes content.
func (s *structuredWriter) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if s.segment == 0 {
			if s.left == 0 {
				return done, fmt.Errorf("structured body: %d bytes more than announced", len(p)-done)
			}
			if err := s.next(); err != nil {
				return done, err
			}
		}
		part := p[done:min(int64(len(p)), int64(done)+s.segment)]
		n, err := s.w.Write(part)
		s.crc.Write(part[:n])
		s.all.Write(part[:n])
		s.segment -= int64(n)
		s.left -= int64(n)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (s *structuredWriter) next() error {
	if err := s.sum(s.crc); err != nil {
		return err
	}
	return s.open()
}

func (s *structuredWriter) sum(crc hash.Hash64) error {
	_, err := s.w.Write(binary.LittleEndian.AppendUint64(nil, crc.Sum64()))
	return err
}

// Close ends the body.
func (s *structuredWriter) Close() error {
	if s.left != 0 {
		return fmt.Errorf("structured body: %d bytes fewer than announced", s.left)
	}
	if err := s.sum(s.crc); err != nil {
		return err
	}
	return s.sum(s.all)
}

// structuredReader yields the content of a structured body and checks its sums.
type structuredReader struct {
	r        io.Reader
	want     int64 // what the content's length must be
	left     int64 // of the open segment
	got      int64
	segments uint16
	number   uint16
	sums     bool
	crc, all hash.Hash64
	begun    bool
	err      error
}

func newStructuredReader(r io.Reader, contentLength int64) *structuredReader {
	return &structuredReader{r: r, want: contentLength, crc: newCRC64(), all: newCRC64()}
}

// Read yields content. Its last answer is io.EOF only when everything was right.
func (s *structuredReader) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.read(p)
	s.err = err
	return n, err
}

func (s *structuredReader) read(p []byte) (int, error) {
	if !s.begun {
		if err := s.begin(); err != nil {
			return 0, err
		}
	}
	for s.left == 0 {
		if err := s.advance(); err != nil {
			return 0, err
		}
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	s.got += int64(n)
	if s.sums {
		s.crc.Write(p[:n])
		s.all.Write(p[:n])
	}
	if err == io.EOF {
		if n > 0 {
			return n, nil
		}
		return n, badStructure("it ends within segment %d", s.number)
	}
	return n, err
}

func (s *structuredReader) begin() error {
	s.begun = true
	var head [structuredHeader]byte
	if err := s.fill(head[:]); err != nil {
		return err
	}
	flags := binary.LittleEndian.Uint16(head[9:])
	s.segments = binary.LittleEndian.Uint16(head[11:])
	if head[0] != 1 {
		return badStructure("its version is %d, not 1", head[0])
	}
	if flags&^flagCRC64 != 0 {
		return badStructure("its flags %#x are unknown", flags)
	}
	s.sums = flags&flagCRC64 != 0
	sums := uint64(0)
	if s.sums {
		sums = crcBytes * (uint64(s.segments) + 1)
	}
	want := structuredHeader + uint64(s.segments)*segmentHeader + uint64(s.want) + sums
	if total := binary.LittleEndian.Uint64(head[1:]); total != want {
		return badStructure("its length is given as %d and would be %d for the content's length", total, want)
	}
	return nil
}

// advance goes on to the next segment, or to the end.
func (s *structuredReader) advance() error {
	if s.number > 0 && s.sums {
		if err := s.check(s.crc); err != nil {
			return err
		}
	}
	if s.number == s.segments {
		return s.end()
	}
	var head [segmentHeader]byte
	if err := s.fill(head[:]); err != nil {
		return err
	}
	s.number++
	s.crc.Reset()
	number, length := binary.LittleEndian.Uint16(head[:]), binary.LittleEndian.Uint64(head[2:])
	if number != s.number {
		return badStructure("segment %d has the number %d", s.number, number)
	}
	if length > uint64(s.want-s.got) {
		return badStructure("segment %d is longer than what is left of the content", s.number)
	}
	s.left = int64(length)
	return nil
}

func (s *structuredReader) end() error {
	if s.sums {
		if err := s.check(s.all); err != nil {
			return err
		}
	}
	if s.got != s.want {
		return badStructure("it holds %d bytes of content, not %d", s.got, s.want)
	}
	var more [1]byte
	if n, _ := io.ReadFull(s.r, more[:]); n > 0 {
		return badStructure("there is more behind its end")
	}
	return io.EOF
}

func (s *structuredReader) check(crc hash.Hash64) error {
	var sum [crcBytes]byte
	if err := s.fill(sum[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint64(sum[:]) != crc.Sum64() {
		return storage.Fail("Crc64Mismatch")
	}
	return nil
}

func (s *structuredReader) fill(p []byte) error {
	_, err := io.ReadFull(s.r, p)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return badStructure("it ends early")
	}
	return err
}

func badStructure(format string, args ...any) error {
	return storage.Fail("InvalidInput").With("Reason", "The structured body is damaged: "+fmt.Sprintf(format, args...)+".")
}
