package streamsql

import "encoding/binary"

const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// survey says in one pass, eight bytes at a time, whether text is ASCII and
// whether it is plain: without backslashes and control characters, so that a
// JSON string in it ends at the next quote.
func survey(b []byte) (ascii, plain bool) {
	var all, odd uint64
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		back := w ^ lows*'\\'
		all |= w
		// A byte below 0x20 or equal to a backslash sets its high bit; a
		// borrow may set one more, which only costs the fast path.
		odd |= (w - lows*0x20) &^ w & highs
		odd |= (back - lows) &^ back & highs
	}
	for _, c := range b {
		all |= uint64(c)
		if c < 0x20 || c == '\\' {
			odd |= highs
		}
	}
	return all&highs == 0, odd == 0
}
