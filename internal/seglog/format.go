package seglog

import (
	"encoding/binary"
	"hash/crc32"
)

// All numbers are little-endian. Checksums are CRC-32C (Castagnoli).

// castagnoli is the checksum's table; the standard library computes it with the
// processor's own instruction.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	// headerSize is the size of a segment's header.
	headerSize = 64
	// groupHeaderSize is the size of a group's header, before its label.
	groupHeaderSize = 40
	// recordPrefix is the size of the length in front of each record.
	recordPrefix = 4
	// MaxGroupBytes is the largest encoded group: what a decoder believes.
	MaxGroupBytes = 64 << 20
	// maxLabel is the longest label.
	maxLabel = 1<<16 - 1
)

const magic = "LZSEGM01"

// header begins every segment file. It is on disk before the file gets its
// name, so a segment with a bad header is damaged, never half made.
type header struct {
	salt    uint32 // random: where the checksums of this file's groups begin
	number  uint64 // of the segment: 1, 2, 3, …
	logID   uint64 // Options.ID: a file of another log is noticed
	first   int64  // sequence number of the first record that will be in it
	prevEnd int64  // bytes of the segment before that count; what follows them there is void
	prevMs  int64  // time of the last record before this segment, Unix milliseconds
	madeMs  int64  // when the segment was begun
}

//	 0        8    12   16       24       32       40       48       56       64
//	┌────────┬────┬────┬────────┬────────┬────────┬────────┬────────┬────────┐
//	│ magic  │crc │salt│ number │ log id │ first  │prev end│prev ms │made ms │
//	└────────┴────┴────┴────────┴────────┴────────┴────────┴────────┴────────┘
//	              └──────────────── covered by crc ─────────────────────────┘

func (h header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, magic)
	le := binary.LittleEndian
	le.PutUint32(b[12:], h.salt)
	le.PutUint64(b[16:], h.number)
	le.PutUint64(b[24:], h.logID)
	le.PutUint64(b[32:], uint64(h.first))
	le.PutUint64(b[40:], uint64(h.prevEnd))
	le.PutUint64(b[48:], uint64(h.prevMs))
	le.PutUint64(b[56:], uint64(h.madeMs))
	le.PutUint32(b[8:], crc32.Checksum(b[12:], castagnoli))
	return b
}

// decodeHeader returns the header, or what is wrong with it.
func decodeHeader(b []byte) (header, string) {
	if len(b) < headerSize {
		return header{}, "the file is shorter than a segment's header"
	}
	b = b[:headerSize]
	le := binary.LittleEndian
	switch {
	case string(b[:8]) != magic:
		return header{}, "the file does not begin like a segment of this version"
	case le.Uint32(b[8:]) != crc32.Checksum(b[12:], castagnoli):
		return header{}, "the checksum of the segment's header does not match"
	}
	h := header{
		salt:    le.Uint32(b[12:]),
		number:  le.Uint64(b[16:]),
		logID:   le.Uint64(b[24:]),
		first:   int64(le.Uint64(b[32:])),
		prevEnd: int64(le.Uint64(b[40:])),
		prevMs:  int64(le.Uint64(b[48:])),
		madeMs:  int64(le.Uint64(b[56:])),
	}
	if h.first < 0 || h.prevEnd < 0 || h.number == 0 {
		return header{}, "the segment's header holds impossible numbers"
	}
	return h, ""
}

// groupKind tells groups of records from marks of the log itself.
type groupKind uint16

const (
	kindRecords groupKind = 0
	kindClosed  groupKind = 1 // an orderly end: everything before it was on disk; no records
)

// groupHeader begins every group. A group is what one append stored, whole or
// not at all.
type groupHeader struct {
	length  int   // of the whole group
	first   int64 // sequence number of its first record
	ms      int64 // Unix milliseconds, never less than in the group before
	durable int64 // bytes of this file known to be on disk when the group was written
	count   int   // records
	label   int   // length of the label
	kind    groupKind
}

//	 0    4      8        16       24      28      32      36      38     40
//	┌────┬──────┬────────┬────────┬───────┬───────┬───────┬───────┬──────┐
//	│crc │length│ first  │   ms   │durable│ count │ bodies│ label │ kind │
//	└────┴──────┴────────┴────────┴───────┴───────┴───────┴───────┴──────┘
//	     └─ covered by crc, to the end of the group ─▶
//	┌──────────┬────────┬────────┬────────┬────────┬──
//	│ label …  │ length │ body … │ length │ body … │ …
//	└──────────┴────────┴────────┴────────┴────────┴──
//
// "bodies" is the sum of the bodies' lengths, so that the group's length can be
// checked against its parts before any of them is touched.
//
// "durable" is what tells a torn tail from damage. A write that a crash cut off
// may leave any of its blocks behind, so a bad group followed by a good one is
// not damage by itself. But a good group that says "all before byte d was on
// disk when I was written" proves that a bad group before d was once good.
//
// The checksum begins with the segment's salt, so that nobody can send a record
// that holds something like a group and have it taken for such a witness.

// groupSize is the encoded size of a group.
func groupSize(label string, records [][]byte) int {
	n := groupHeaderSize + len(label) + recordPrefix*len(records)
	for _, r := range records {
		n += len(r)
	}
	return n
}

// encodeGroup writes a group into b, whose length is groupSize.
func encodeGroup(b []byte, kind groupKind, salt uint32, first, ms, durable int64, label string, records [][]byte) {
	le := binary.LittleEndian
	le.PutUint32(b[4:], uint32(len(b)))
	le.PutUint64(b[8:], uint64(first))
	le.PutUint64(b[16:], uint64(ms))
	le.PutUint32(b[24:], uint32(durable))
	le.PutUint32(b[28:], uint32(len(records)))
	le.PutUint32(b[32:], uint32(len(b)-groupHeaderSize-len(label)-recordPrefix*len(records)))
	le.PutUint16(b[36:], uint16(len(label)))
	le.PutUint16(b[38:], uint16(kind))
	at := groupHeaderSize + copy(b[groupHeaderSize:], label)
	for _, r := range records {
		le.PutUint32(b[at:], uint32(len(r)))
		at += recordPrefix
		at += copy(b[at:], r)
	}
	le.PutUint32(b, crc32.Update(salt, castagnoli, b[4:]))
}

// parseGroupHeader reads a group's header from b, which holds at least
// groupHeaderSize bytes, or says what is wrong with it. It does not look at the
// checksum.
func parseGroupHeader(b []byte) (groupHeader, string) {
	le := binary.LittleEndian
	length := le.Uint32(b[4:])
	g := groupHeader{
		length:  int(length),
		first:   int64(le.Uint64(b[8:])),
		ms:      int64(le.Uint64(b[16:])),
		durable: int64(le.Uint32(b[24:])),
		count:   int(le.Uint32(b[28:])),
		label:   int(le.Uint16(b[36:])),
		kind:    groupKind(le.Uint16(b[38:])),
	}
	bodies := uint64(le.Uint32(b[32:]))
	switch {
	case length < groupHeaderSize || length > MaxGroupBytes:
		return g, "the length of a group is impossible"
	case uint64(length) != groupHeaderSize+uint64(g.label)+recordPrefix*uint64(g.count)+bodies:
		return g, "the length of a group does not match its parts"
	case g.kind > kindClosed || (g.kind == kindClosed) != (g.count == 0):
		return g, "a group is of no known kind"
	case g.first < 0:
		return g, "a sequence number is negative"
	}
	return g, ""
}

// verifyGroup checks the checksum of a whole group and that its records fill
// it, and says what is wrong.
func verifyGroup(b []byte, g groupHeader, salt uint32) string {
	le := binary.LittleEndian
	if le.Uint32(b) != crc32.Update(salt, castagnoli, b[4:g.length]) {
		return "the checksum of a group does not match"
	}
	rest := b[groupHeaderSize+g.label : g.length]
	for range g.count {
		if len(rest) < recordPrefix {
			return "a group ends inside a record"
		}
		n := le.Uint32(rest)
		if uint64(n) > uint64(len(rest)-recordPrefix) {
			return "a record is longer than its group"
		}
		rest = rest[recordPrefix+n:]
	}
	if len(rest) != 0 {
		return "a group is longer than its records"
	}
	return ""
}
