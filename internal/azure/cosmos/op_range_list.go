package cosmos

import (
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/docstore"
)

// keyRange is a partition key range, as pkranges lists it.
type keyRange struct {
	RID       string   `json:"_rid"`
	ID        string   `json:"id"`
	ETag      string   `json:"_etag"`
	Min       string   `json:"minInclusive"`
	Max       string   `json:"maxExclusive"`
	RIDPrefix int      `json:"ridPrefix"`
	Self      string   `json:"_self"`
	Fraction  int      `json:"throughputFraction"`
	Status    string   `json:"status"`
	Parents   []string `json:"parents"`
	Timestamp int64    `json:"_ts"`
	LSN       uint64   `json:"_lsn"`
}

const (
	minEPK = ""
	maxEPK = "FF"
)

// listRanges answers the container's one range. SDKs read it as a change feed:
// they come again with the ETag until they get 304.
func (x *exchange) listRanges() error {
	if err := x.openContainer(); err != nil {
		return err
	}
	res := x.coll.Resource()
	// Ranges never change, so their ETag is the container's identity.
	etag := `"` + res.RID + `-ranges"`
	x.set(hdrETag, etag)
	x.charge = chargeMetadataRead
	if match := x.header(hdrIfNoneMatch); match == etag || match == "*" {
		return x.reply(http.StatusNotModified, nil)
	}
	rid := rangeRID(res.RID)
	x.set(hdrItemCount, "1")
	return x.replyJSON(http.StatusOK, struct {
		RID    string     `json:"_rid"`
		Ranges []keyRange `json:"PartitionKeyRanges"`
		Count  int        `json:"_count"`
	}{res.RID, []keyRange{{
		RID: rid, ID: rangeID, ETag: etag, Min: minEPK, Max: maxEPK,
		Self: res.Self + "pkranges/" + rid + "/", Fraction: 1, Status: "online", Parents: []string{},
		Timestamp: res.Timestamp, LSN: x.coll.LSN(),
	}}, 1})
}

// rangeRID is the _rid of the container's range: the ordinal 1 with type 5 in
// its top four bits.
func rangeRID(container string) string {
	rid, err := docstore.ParseRID(container)
	if err != nil {
		return container
	}
	rid.Ordinal = 5<<60 | 1
	return rid.String()
}

// checkRangeID refuses a range that does not exist with 410/1002, on which
// SDKs refresh their routing map.
func (x *exchange) checkRangeID() error {
	v := x.header(hdrRangeID)
	if v == "" {
		return nil
	}
	// Some clients send "<container rid>,<range>".
	if i := strings.LastIndexByte(v, ','); i >= 0 {
		v = v[i+1:]
	}
	if v != rangeID {
		return &apiError{
			status: http.StatusGone, sub: subRangeGone, code: "Gone",
			msg: "The partition key range '" + clip(v, 40) + "' does not exist: every container has the one range '" + rangeID + "'.",
		}
	}
	return nil
}
