package streamsql

import (
	"encoding/binary"
	"unsafe"
)

// The digits and the marks of a text of eight bytes, the first byte lowest: XOR
// with the text leaves the digits' values, and 0 for the marks.
const (
	shapeDate  = '0' | '0'<<8 | '0'<<16 | '0'<<24 | '-'<<32 | '0'<<40 | '0'<<48 | '-'<<56 // yyyy-mm-
	shapeClock = '0' | '0'<<8 | ':'<<16 | '0'<<24 | '0'<<32 | ':'<<40 | '0'<<48 | '0'<<56 // hh:mm:ss

	// Added to what XOR has left, these set the high bit of a byte that is neither.
	roomDate  = 0x7f_76_76_7f_76_76_76_76
	roomClock = 0x76_76_7f_76_76_7f_76_76

	plainLength = len("yyyy-mm-ddThh:mm:ss")
)

// plainDateTime reads what nearly all events begin their time with,
// yyyy-mm-ddThh:mm:ss, several bytes at a time. Of anything else ok is false:
// dateParser knows more forms, and reads what follows.
func plainDateTime(text string) (ticks int64, ok bool) {
	s := unsafe.Slice(unsafe.StringData(text), len(text))
	if len(s) < plainLength || s[10] != 'T' && s[10] != ' ' {
		return 0, false
	}
	date := binary.LittleEndian.Uint64(s) ^ shapeDate
	clock := binary.LittleEndian.Uint64(s[11:]) ^ shapeClock
	tens, ones := s[8]-'0', s[9]-'0'
	if (date|(date+roomDate)|clock|(clock+roomClock))&highs != 0 || tens > 9 || ones > 9 {
		return 0, false
	}
	y := int(date&15)*1000 + int(date>>8&15)*100 + int(date>>16&15)*10 + int(date>>24&15)
	m := int(date>>40&15)*10 + int(date>>48&15)
	d := int(tens)*10 + int(ones)
	hour := int(clock&15)*10 + int(clock>>8&15)
	minute := int(clock>>24&15)*10 + int(clock>>32&15)
	second := int(clock>>48&15)*10 + int(clock>>56)
	if y < 1 || m < 1 || m > 12 || d < 1 || d > 28 && d > daysInMonth(y, m) || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	return int64(daysOf(y, m, d))*TicksPerDay + int64(hour*3600+minute*60+second)*TicksPerSecond, true
}
