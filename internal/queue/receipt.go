package queue

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// A receipt is the number of the giving out that it is for, and a signature by which
// one that was never given is told from one that is not the last any more:
//
//	0     8          16
//	│ pop │ HMAC 8   │   in base64
const receiptBytes = 16

func (s *Store) signReceipt(id ID, pop []byte) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write(id[:])
	mac.Write(pop)
	return mac.Sum(nil)[:receiptBytes-8]
}

func (s *Store) receipt(m *state) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, receiptBytes), uint64(m.pop)) //nolint:gosec // bits
	return base64.StdEncoding.EncodeToString(append(b, s.signReceipt(m.id, b)...))
}

// readReceipt returns the number of a receipt that was given for the message.
func (s *Store) readReceipt(id ID, text string) (pop int64, ok bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(text) != base64.StdEncoding.EncodedLen(receiptBytes) || // no line ends in it
		len(b) != receiptBytes || !hmac.Equal(b[8:], s.signReceipt(id, b[:8])) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(b)), true //nolint:gosec // bits
}
