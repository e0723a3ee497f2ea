package queue

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// ID is a message's: a GUID.
type ID [16]byte

// String is the GUID in lower case with hyphens.
func (id ID) String() string {
	var text [36]byte
	at := 0
	for i, group := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			text[at] = '-'
			at++
		}
		at += hex.Encode(text[at:], group)
	}
	return string(text[:])
}

// ParseID reads what String wrote, in either case.
func ParseID(text string) (id ID, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	var digits [32]byte
	copy(digits[:], text[:8])
	copy(digits[8:], text[9:13])
	copy(digits[12:], text[14:18])
	copy(digits[16:], text[19:23])
	copy(digits[20:], text[24:])
	_, err := hex.Decode(id[:], digits[:])
	return id, err == nil
}

// never is an expiry that does not come.
const never = math.MaxInt64

// state is all of a message but its text. Times are Unix nanoseconds.
type state struct {
	id       ID
	inserted int64
	expires  int64 // never: not at all
	visible  int64
	pop      int64  // the number of its last receipt, which grows
	dequeued uint32 // how often it was given out
	size     uint32 // of the text
}

// A state, little-endian:
//
//	0         1       17         25        33        41    49         53     57
//	│ version │ id 16 │ inserted │ expires │ visible │ pop │ dequeued │ size │
const (
	stateVersion = 1
	stateBytes   = 57
)

func (s *state) append(b []byte) []byte {
	b = append(append(b, stateVersion), s.id[:]...)
	for _, n := range [...]int64{s.inserted, s.expires, s.visible, s.pop} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n)) //nolint:gosec // bits
	}
	b = binary.LittleEndian.AppendUint32(b, s.dequeued)
	return binary.LittleEndian.AppendUint32(b, s.size)
}

func parseState(b []byte) (s state, err error) {
	if len(b) != stateBytes || b[0] != stateVersion {
		return s, fault.New(fault.Internal, "queue", "the state of a message is damaged, or of another version of lazuli")
	}
	copy(s.id[:], b[1:])
	for i, n := range [...]*int64{&s.inserted, &s.expires, &s.visible, &s.pop} {
		*n = int64(binary.LittleEndian.Uint64(b[17+8*i:])) //nolint:gosec // bits
	}
	s.dequeued, s.size = binary.LittleEndian.Uint32(b[49:]), binary.LittleEndian.Uint32(b[53:])
	return s, nil
}

// Pair is a name and a value of metadata. Order and case of names are kept.
type Pair struct{ Name, Value string }

// queueRecord is a queue as the store keeps it.
type queueRecord struct {
	ID       uint64    `json:"id"` // not used again while the store is open
	Created  time.Time `json:"created"`
	Metadata []Pair    `json:"metadata,omitempty"`
	ACL      []byte    `json:"acl,omitempty"` // stored access policies, opaque
}

func (r queueRecord) json() []byte {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // of texts and numbers: it never fails
	}
	return text
}
