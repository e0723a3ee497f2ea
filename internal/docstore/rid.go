package docstore

import (
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// A resource id names a resource by numbers. SDKs take it apart, so its layout
// is the service's: standard base64 with "/" written "-", over
//
//	+---------------------+----------------------------+--------------------------------+
//	| database, 4 bytes   | container, 4 bytes,        | ordinal, 8 bytes little-endian,|
//	| big-endian, not 0   | big-endian, top bit set    | top 4 bits: the type, 0 = item |
//	+---------------------+----------------------------+--------------------------------+
//
// of which a database has the first part, a container two, an item all three.
// The container's top bit tells it from a user of the database.

const (
	containerBit = 1 << 31
	maxOrdinal   = 1<<60 - 1
	itemRIDLen   = 24 // characters
)

// RID is a resource id taken apart. Container and Ordinal are 0 where absent.
type RID struct {
	Database, Container uint32
	Ordinal             uint64
}

// Owner returns the id of the container of an item, or of the database of a
// container.
func (r RID) Owner() RID {
	if r.Ordinal != 0 {
		return RID{Database: r.Database, Container: r.Container}
	}
	return RID{Database: r.Database}
}

// String returns the text form.
func (r RID) String() string {
	var b [16]byte
	binary.BigEndian.PutUint32(b[:], r.Database)
	binary.BigEndian.PutUint32(b[4:], r.Container|containerBit)
	binary.LittleEndian.PutUint64(b[8:], r.Ordinal)
	n := 4
	if r.Ordinal != 0 {
		n = 16
	} else if r.Container != 0 {
		n = 8
	}
	return strings.ReplaceAll(base64.StdEncoding.EncodeToString(b[:n]), "/", "-")
}

// appendItem appends the text form of an item's id.
func (r RID) appendItem(dst []byte) []byte {
	var b [16]byte
	binary.BigEndian.PutUint32(b[:], r.Database)
	binary.BigEndian.PutUint32(b[4:], r.Container|containerBit)
	binary.LittleEndian.PutUint64(b[8:], r.Ordinal)
	start := len(dst)
	dst = base64.StdEncoding.AppendEncode(dst, b[:])
	for i := start; i < len(dst); i++ {
		if dst[i] == '/' {
			dst[i] = '-'
		}
	}
	return dst
}

// ParseRID reads a resource id of a database, a container or an item. It
// returns fault.Invalid for anything else.
func ParseRID(s string) (RID, error) {
	bad := func() (RID, error) {
		return RID{}, fault.New(fault.Invalid, "resource id", "%.40q is not one", s)
	}
	if len(s) > itemRIDLen || strings.ContainsAny(s, "/\r\n") { // base64 would skip line ends
		return bad()
	}
	b, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(s, "-", "/"))
	if err != nil || len(b) != 4 && len(b) != 8 && len(b) != 16 {
		return bad()
	}
	r := RID{Database: binary.BigEndian.Uint32(b)}
	if len(b) > 4 {
		c := binary.BigEndian.Uint32(b[4:])
		if r.Container = c &^ containerBit; c&containerBit == 0 || r.Container == 0 {
			return bad()
		}
	}
	if len(b) > 8 {
		if r.Ordinal = binary.LittleEndian.Uint64(b[8:]); r.Ordinal == 0 || r.Ordinal > maxOrdinal {
			return bad()
		}
	}
	if r.Database == 0 {
		return bad()
	}
	return r, nil
}

// offerRID returns the resource id of the throughput offer of a database or a
// container: three bytes, the top bit telling containers.
func offerRID(number uint32, container bool) string {
	if container {
		number |= 1 << 23
	}
	b := []byte{byte(number >> 16), byte(number >> 8), byte(number)}
	return strings.ReplaceAll(base64.StdEncoding.EncodeToString(b), "/", "-")
}
