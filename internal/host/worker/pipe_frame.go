package worker

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Bounds of a frame. A header is names and numbers; what is large is in parts.
const (
	maxPipeHeader = 16 << 20
	maxPipeParts  = 1 << 20
	// readAtOnce is how much room is made on a length that was only claimed.
	readAtOnce = 1 << 20
)

// appendFrame encodes a message: its header as JSON behind its length, and its
// parts behind that as they are.
//
//	┌──────────────┬─────────────────────────┬────────┬────────┬──
//	│ length (u32) │ header: JSON, UTF-8     │ part 0 │ part 1 │ …
//	│ big endian   │ {"parts":[n…],"verb":…} │ n₀ B   │ n₁ B   │
//	└──────────────┴─────────────────────────┴────────┴────────┴──
func appendFrame(b []byte, m *pipeMessage) ([]byte, error) {
	size := 0
	m.Parts = make([]int, len(m.parts))
	for i, p := range m.parts {
		m.Parts[i] = len(p)
		size += len(p)
	}
	if len(m.parts) > maxPipeParts || size > maxMessage {
		return b, fault.New(fault.TooLarge, "worker", "it cannot be sent a message of %d parts and %d bytes; at most %d parts and %d bytes", len(m.parts), size, maxPipeParts, maxMessage)
	}
	header, err := json.Marshal(m)
	if err != nil {
		return b, fault.Wrap(fault.Invalid, "worker", err, "it cannot be sent a message that has no form in JSON")
	}
	if len(header) > maxPipeHeader {
		return b, fault.New(fault.TooLarge, "worker", "it cannot be sent %d bytes of names, headers and metadata (a trigger makes metadata of each member of a JSON object); at most %d", len(header), maxPipeHeader)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(header)))
	b = append(b, header...)
	for _, p := range m.parts {
		b = append(b, p...)
	}
	return b, nil
}

// readFrame reads one message. Its parts share one buffer that is the message's
// own. io.EOF says that the stream ended between two messages. Of a whole frame
// whose header is no message it returns what it could read, with unread set.
func readFrame(r io.Reader) (*pipeMessage, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(length[:]))
	if n > maxMessage {
		return nil, fault.New(fault.Invalid, "worker", "it sent a header of %d bytes", n)
	}
	header, err := readClaimed(r, min(n, maxPipeHeader))
	if err != nil {
		return nil, err
	}
	m := &pipeMessage{}
	if n > maxPipeHeader {
		if _, err := io.CopyN(io.Discard, r, n-maxPipeHeader); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		m, err = salvage(header, fault.New(fault.TooLarge, "worker", "it sent a header of %d bytes; at most %d are read", n, maxPipeHeader))
	} else if wrong := json.Unmarshal(header, m); wrong != nil {
		m, err = salvage(header, fault.Wrap(fault.Invalid, "worker", wrong, "it sent a header that is not the JSON of a message"))
	}
	if err != nil {
		return nil, err
	}
	return m, m.readParts(r)
}

func (m *pipeMessage) readParts(r io.Reader) error {
	size := int64(0)
	for _, n := range m.Parts {
		if n < 0 || len(m.Parts) > maxPipeParts || size+int64(n) > maxMessage {
			return fault.New(fault.Invalid, "worker", "it sent a message with parts that are too many or too large")
		}
		size += int64(n)
	}
	body, err := readClaimed(r, size)
	if err != nil {
		return err
	}
	m.parts = make([][]byte, len(m.Parts))
	for i, n := range m.Parts {
		m.parts[i], body = body[:n:n], body[n:]
	}
	return nil
}

// readClaimed reads n bytes, making room for what comes and not for what was
// claimed.
func readClaimed(r io.Reader, n int64) ([]byte, error) {
	if n <= readAtOnce {
		b := make([]byte, n)
		_, err := io.ReadFull(r, b)
		return b, err
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, n); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return b.Bytes(), nil
}
