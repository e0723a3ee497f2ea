package cosmos

import (
	"net/http"
	"strconv"
	"strings"
)

// Header names in the canonical form of net/http, so that the maps are read
// and written without canonicalising on every request.
const (
	hdrActivityID         = "X-Ms-Activity-Id"
	hdrAIM                = "A-Im"
	hdrAltContentPath     = "X-Ms-Alt-Content-Path"
	hdrAuthorization      = "Authorization"
	hdrAutopilot          = "X-Ms-Cosmos-Offer-Autopilot-Settings"
	hdrBatchAtomic        = "X-Ms-Cosmos-Batch-Atomic"
	hdrBatchContinue      = "X-Ms-Cosmos-Batch-Continue-On-Error"
	hdrBatchRequest       = "X-Ms-Cosmos-Is-Batch-Request"
	hdrCharge             = "X-Ms-Request-Charge"
	hdrContentLength      = "Content-Length"
	hdrContentPath        = "X-Ms-Content-Path"
	hdrContentType        = "Content-Type"
	hdrContinuation       = "X-Ms-Continuation"
	hdrContinuationLimit  = "X-Ms-Documentdb-Responsecontinuationtokenlimitinkb"
	hdrCrossPartition     = "X-Ms-Documentdb-Query-Enablecrosspartition"
	hdrDate               = "Date"
	hdrDuration           = "X-Ms-Request-Duration-Ms"
	hdrEndEPK             = "X-Ms-End-Epk"
	hdrETag               = "Etag"
	hdrGatewayVersion     = "X-Ms-Gatewayversion"
	hdrGlobalCommittedLSN = "X-Ms-Global-Committed-Lsn"
	hdrIfMatch            = "If-Match"
	hdrIfModifiedSince    = "If-Modified-Since"
	hdrIfNoneMatch        = "If-None-Match"
	hdrIndexMetrics       = "X-Ms-Cosmos-Populateindexmetrics"
	hdrIndexMetricsV2     = "X-Ms-Cosmos-Populateindexmetrics-V2"
	hdrIndexUtilization   = "X-Ms-Cosmos-Index-Utilization"
	hdrIntendedRID        = "X-Ms-Cosmos-Intended-Collection-Rid"
	hdrIsQuery            = "X-Ms-Documentdb-Isquery"
	hdrIsUpsert           = "X-Ms-Documentdb-Is-Upsert"
	hdrItemCount          = "X-Ms-Item-Count"
	hdrLastChange         = "X-Ms-Last-State-Change-Utc"
	hdrLLSN               = "X-Ms-Cosmos-Llsn"
	hdrLSN                = "Lsn"
	hdrMaxItemCount       = "X-Ms-Max-Item-Count"
	hdrMinThroughput      = "X-Ms-Cosmos-Min-Throughput"
	hdrOfferPending       = "X-Ms-Offer-Replace-Pending"
	hdrOfferThroughput    = "X-Ms-Offer-Throughput"
	hdrPartitionKey       = "X-Ms-Documentdb-Partitionkey"
	hdrPlanRequest        = "X-Ms-Cosmos-Is-Query-Plan-Request"
	hdrPostTrigger        = "X-Ms-Documentdb-Post-Trigger-Include"
	hdrPrefer             = "Prefer"
	hdrPreTrigger         = "X-Ms-Documentdb-Pre-Trigger-Include"
	hdrQuery              = "X-Ms-Documentdb-Query"
	hdrQueryMetrics       = "X-Ms-Documentdb-Query-Metrics"
	hdrQuotaInfo          = "X-Ms-Documentdb-Populatequotainfo"
	hdrRangeID            = "X-Ms-Documentdb-Partitionkeyrangeid"
	hdrReadKeyType        = "X-Ms-Read-Key-Type"
	hdrResourceQuota      = "X-Ms-Resource-Quota"
	hdrResourceUsage      = "X-Ms-Resource-Usage"
	hdrRetryAfter         = "X-Ms-Retry-After-Ms"
	hdrSchemaVersion      = "X-Ms-Schemaversion"
	hdrServiceVersion     = "X-Ms-Serviceversion"
	hdrSessionToken       = "X-Ms-Session-Token"
	hdrStartEPK           = "X-Ms-Start-Epk"
	hdrSubStatus          = "X-Ms-Substatus"
	hdrTransportID        = "X-Ms-Transport-Request-Id"
	hdrVersion            = "X-Ms-Version"
	hdrWantQueryMetrics   = "X-Ms-Documentdb-Populatequerymetrics"
	hdrWireFormat         = "X-Ms-Cosmos-Changefeed-Wire-Format-Version"
	hdrXDate              = "X-Ms-Date"
)

// Constant reply values. They are shared between replies; nobody writes them.
var (
	valJSON           = []string{"application/json"}
	valVersion        = []string{"2020-07-15"}
	valGatewayVersion = []string{"version=2.14.0"}
	valServiceVersion = []string{"version=2.14.0.0"}
	valSchemaVersion  = []string{"1.18"}
	valRangeID        = []string{rangeID}
	valZero           = []string{"0"}
	valFalse          = []string{"false"}
)

// first returns the first value of a canonical header key, or "".
func first(h http.Header, key string) string {
	if v := h[key]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// flag reads a boolean header. Clients write True, true and rarely 1; anything
// that is no boolean is refused rather than read as false.
func flag(h http.Header, key string) (bool, error) {
	v := first(h, key)
	if v == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(strings.ToLower(v))
	if err != nil {
		return false, badHeader(key, v, "expected true or false")
	}
	return b, nil
}

// pageLimit bounds what one page of a feed holds.
type pageLimit struct {
	items int // at most this many items
	bytes int // stop after this many bytes
}

const (
	defaultPageItems = 100     // no header
	dynamicPageItems = 10_000  // -1: as many as the byte limit allows
	pageBytes        = 4 << 20 // a response page of the service
)

// readPageLimit reads x-ms-max-item-count: absent is the service's default of
// 100, -1 leaves the choice to the server.
func readPageLimit(h http.Header) (pageLimit, error) {
	limit := pageLimit{items: defaultPageItems, bytes: pageBytes}
	v := first(h, hdrMaxItemCount)
	if v == "" {
		return limit, nil
	}
	n, err := strconv.ParseInt(v, 10, 32)
	switch {
	case err != nil || n < -1 || n == 0:
		return limit, badHeader(hdrMaxItemCount, v, "expected -1 or a positive number")
	case n == -1 || n > dynamicPageItems:
		limit.items = dynamicPageItems
	default:
		limit.items = int(n)
	}
	return limit, nil
}

// badHeader is the error of a header whose value cannot be used. Long values
// are cut, so that a reply never mirrors a peer's megabyte.
func badHeader(key, value, why string) *apiError {
	return badRequest(subNone, "The value '%s' of the header '%s' is invalid: %s.", clip(value, 80), strings.ToLower(key), why)
}

// clip cuts s to at most n bytes for an error message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
