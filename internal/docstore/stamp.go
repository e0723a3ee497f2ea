package docstore

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
)

// The system properties end every stored document, always in this order and,
// until the year 2286, with these lengths. So their values are found from the
// end of the text.
//
//	,"_rid":"…24…","_self":"dbs/…8…/colls/…12…/docs/…24…/","_etag":"\"…36…\"","_attachments":"attachments/","_ts":…10…}
const (
	stampRID   = `,"_rid":"`
	stampSelf  = `","_self":"dbs/`
	stampColls = `/colls/`
	stampDocs  = `/docs/`
	stampETag  = `/","_etag":"\"`
	stampTS    = `\"","_attachments":"attachments/","_ts":`

	ridLen  = itemRIDLen
	dbLen   = 8
	collLen = 12
	etagLen = 36
	tsLen   = 10

	stampLen = len(stampRID) + ridLen + len(stampSelf) + dbLen + len(stampColls) + collLen + len(stampDocs) + ridLen +
		len(stampETag) + etagLen + len(stampTS) + tsLen + 1

	etagFromEnd = 1 + tsLen + len(stampTS) + etagLen
)

// isSystem reports whether a property's name is one that the store sets.
// _lsn is the change feed's and never stored.
func isSystem(name []byte) bool {
	switch string(name) {
	case "_rid", "_self", "_etag", "_attachments", "_ts", "_lsn":
		return true
	}
	return false
}

// appendStamp appends the system properties and the closing brace to a document
// that lacks them.
func (c *Container) appendStamp(dst []byte, ordinal uint64, ts int64) []byte {
	dst = append(dst, stampRID...)
	start := len(dst)
	dst = RID{c.rid.Database, c.rid.Container, ordinal}.appendItem(dst)
	rid := dst[start:len(dst):len(dst)]
	dst = append(dst, c.stampSelf...)
	dst = append(dst, rid...)
	dst = append(dst, stampETag...)
	dst = appendGUID(dst)
	dst = append(dst, stampTS...)
	dst = strconv.AppendInt(dst, ts, 10)
	return append(dst, '}')
}

// appendGUID appends a random GUID in the usual form.
func appendGUID(dst []byte) []byte {
	var b [16]byte
	hi, lo := rand.Uint64(), rand.Uint64()
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4, RFC 9562
	start := len(dst)
	dst = append(dst, "00000000-0000-0000-0000-000000000000"...)
	out := dst[start:]
	hex.Encode(out, b[:4])
	hex.Encode(out[9:], b[4:6])
	hex.Encode(out[14:], b[6:8])
	hex.Encode(out[19:], b[8:10])
	hex.Encode(out[24:], b[10:])
	return dst
}

// ridOf returns the _rid of a stored document.
func ridOf(doc []byte) []byte {
	at := len(doc) - stampLen + len(stampRID)
	return doc[at : at+ridLen]
}

// guidOf returns the GUID in the _etag of a stored document.
func guidOf(doc []byte) []byte {
	at := len(doc) - etagFromEnd
	return doc[at : at+etagLen]
}

// etagOf returns the _etag of a stored document, in double quotes.
func etagOf(doc []byte) string {
	out := make([]byte, 0, etagLen+2)
	out = append(append(append(out, '"'), guidOf(doc)...), '"')
	return string(out)
}
