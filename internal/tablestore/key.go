package tablestore

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/kv"
)

// Every key of the store begins with the space's byte (see kv.Layout) and a
// table's byte. Numbers are big-endian; table is a table's number, 4 bytes.
//
//	E table partition 0 row -> record: timestamp and properties (record.go)
//	P table                 -> tally: highest timestamp, count of entities, their bytes
//	C table                 -> table, JSON
//	S account               -> the properties of the account's service, opaque; account 8 bytes
//	N                       -> the next number of a table, 4 bytes
//
// partition and row are texts in CESU-8: each UTF-16 unit as UTF-8 would write
// it, so that the order of bytes is the service's order, that of UTF-16 units. No
// key has the character 0.
const (
	rowEntities = 'E'
	rowTallies  = 'P'
	rowTables   = 'C'
	rowServices = 'S'
	rowNumbers  = 'N'
)

// prefixLen is the length of what an entity's key begins with: space, E, table.
const prefixLen = 6

// kept is the first byte of the store's keys.
var kept = kv.TablesPrefix[0]

func tableKey(dst []byte, row byte, table uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, kept, row), table)
}

func serviceKey(account uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kept, rowServices}, account)
}

func numbersKey() []byte { return []byte{kept, rowNumbers} }

// entityKey appends the key of an entity.
func entityKey(dst []byte, table uint32, partition, row string) []byte {
	dst = tableKey(dst, rowEntities, table)
	dst = append(appendUnits(dst, partition), 0)
	return appendUnits(dst, row)
}

// appendUnits appends a text in CESU-8.
func appendUnits(dst []byte, s string) []byte {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < 0xf0
	}
	if plain {
		return append(dst, s...) // nothing beyond U+FFFF: CESU-8 is UTF-8
	}
	for _, r := range s {
		if r < 0x10000 {
			dst = utf8.AppendRune(dst, r)
			continue
		}
		r -= 0x10000
		dst = appendUnit(appendUnit(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	return dst
}

// appendUnit appends a surrogate in three bytes.
func appendUnit(dst []byte, u rune) []byte {
	return append(dst, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
}

// splitKey returns the partition and row of an entity's key.
func splitKey(key []byte) (partition, row string, ok bool) {
	if len(key) < prefixLen {
		return "", "", false
	}
	all := string(key[prefixLen:])
	at := strings.IndexByte(all, 0)
	if at < 0 {
		return "", "", false
	}
	return textOf(all[:at]), textOf(all[at+1:]), true
}

// textOf is the text that appendUnits wrote.
func textOf(units string) string {
	at := strings.IndexByte(units, 0xed) // what every surrogate begins with
	if at < 0 {
		return units
	}
	var b strings.Builder
	for i := 0; i < len(units); {
		if high, ok := surrogate(units[i:]); ok && high < 0xdc00 {
			if low, ok := surrogate(units[i+3:]); ok && low >= 0xdc00 {
				b.WriteRune(0x10000 + (high-0xd800)<<10 + low - 0xdc00)
				i += 6
				continue
			}
		}
		b.WriteByte(units[i])
		i++
	}
	return b.String()
}

// surrogate reads a surrogate in three bytes.
func surrogate(s string) (rune, bool) {
	if len(s) < 3 || s[0] != 0xed || s[1] < 0xa0 {
		return 0, false
	}
	return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), true
}

// Compare compares two texts by their UTF-16 units, as the service orders keys
// and filters compare strings.
func Compare(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		// U+E000 to U+FFFF are above the surrogates of what is beyond them.
		if x >= 0xee && y >= 0xee && (x < 0xf0) != (y < 0xf0) {
			return int(y) - int(x)
		}
		return int(x) - int(y)
	}
	return len(a) - len(b)
}

// keySpan is a range of keys, low <= key < high, without the table's prefix. An
// empty high is the end of the table.
type keySpan struct{ low, high []byte }

func (s keySpan) empty() bool { return len(s.high) > 0 && bytes.Compare(s.low, s.high) >= 0 }
