package amqp

import (
	"encoding/binary"
	"fmt"
)

// A frame (part 2, section 2.3.1). The data offset counts 4-byte words; what
// lies between byte 8 and the body is an extended header that we pass over.
//
//	 0        4     5      6         8         doff*4            size
//	┌────────┬─────┬──────┬─────────┬─────────┬─────────────────┐
//	│ size   │doff │ type │ channel │ ext.    │ performative,   │
//	│ u32    │ u8  │ u8   │ u16     │ header  │ then payload    │
//	└────────┴─────┴──────┴─────────┴─────────┴─────────────────┘
const (
	frameHeaderSize = 8
	frameTypeAMQP   = 0
	frameTypeSASL   = 1
	// minMaxFrameSize is the smallest max-frame-size a peer may ask for.
	minMaxFrameSize = 512
)

// A protocol header opens each layer: "AMQP", protocol id, version 1.0.0.
const (
	protoAMQP = 0
	protoTLS  = 2
	protoSASL = 3
)

func protocolHeader(id byte) [8]byte { return [8]byte{'A', 'M', 'Q', 'P', id, 1, 0, 0} }

// frameHeader is the decoded head of a frame.
type frameHeader struct {
	size    uint32
	skip    int // bytes from the frame's start to its body
	kind    byte
	channel uint16
}

// parseFrameHeader decodes b, which has at least 8 bytes.
func parseFrameHeader(b []byte, maxSize uint32) (frameHeader, error) {
	h := frameHeader{
		size:    binary.BigEndian.Uint32(b),
		skip:    4 * int(b[4]),
		kind:    b[5],
		channel: binary.BigEndian.Uint16(b[6:]),
	}
	switch {
	case h.size < frameHeaderSize:
		return h, framingError("frame of %d bytes is smaller than its header", h.size)
	case h.size > maxSize:
		return h, framingError("frame of %d bytes exceeds the maximum of %d", h.size, maxSize)
	case h.skip < frameHeaderSize || uint32(h.skip) > h.size:
		return h, framingError("data offset of %d bytes does not fit a frame of %d", h.skip, h.size)
	case h.kind != frameTypeAMQP && h.kind != frameTypeSASL:
		return h, framingError("unknown frame type %d", h.kind)
	}
	return h, nil
}

func framingError(format string, args ...any) *Error {
	return &Error{Condition: ErrFraming, Description: fmt.Sprintf(format, args...)}
}

// openFrame appends the head of a frame whose size closeFrame fills in.
func openFrame(dst []byte, kind byte, channel uint16) (grown []byte, mark int) {
	return append(dst, 0, 0, 0, 0, 2, kind, byte(channel>>8), byte(channel)), len(dst)
}

func closeFrame(dst []byte, mark int) []byte {
	binary.BigEndian.PutUint32(dst[mark:], uint32(len(dst)-mark))
	return dst
}

// appendEmptyFrame appends a heartbeat.
func appendEmptyFrame(dst []byte) []byte {
	dst, mark := openFrame(dst, frameTypeAMQP, 0)
	return closeFrame(dst, mark)
}
