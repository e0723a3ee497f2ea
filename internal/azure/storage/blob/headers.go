package blob

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// set writes a header of the reply, spelled as the service does.
func (x *exchange) set(name, value string) { x.w.Header()[name] = x.values.Of(value) }

// setSome writes a header unless it is empty.
func (x *exchange) setSome(name, value string) {
	if value != "" {
		x.set(name, value)
	}
}

// rfc1123 is how headers and lists write times.
func rfc1123(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// quoted is an ETag as headers have it.
func quoted(etag string) string { return `"` + etag + `"` }

// setState writes the headers that every answer about a blob or container has.
func (x *exchange) setState(etag string, modified time.Time) {
	x.set("ETag", quoted(etag))
	x.set("Last-Modified", rfc1123(modified))
}

// setWritten writes the headers that answer a write of a blob.
func (x *exchange) setWritten(i *objectstore.Info) {
	x.setState(i.ETag, i.Modified)
	x.setSome("x-ms-version-id", i.Version)
	x.setEncrypted(i.Encryption, "x-ms-request-server-encrypted")
}

// setEncrypted says that what is stored is encrypted, as the service always does,
// and by which key or scope of the customer's, if any.
func (x *exchange) setEncrypted(e objectstore.Encryption, name string) {
	x.set(name, "true")
	x.setSome("x-ms-encryption-key-sha256", e.KeySHA256)
	x.setSome("x-ms-encryption-scope", e.Scope)
}

// setBlob writes the headers of Get Blob and Get Blob Properties, but for the
// length and the range.
func (x *exchange) setBlob(i *objectstore.Info) {
	x.setState(i.ETag, i.Modified)
	x.setContent(&i.Properties)
	h := x.w.Header()
	storage.SetMetadata(h, pairs(i.Metadata))
	x.set("Accept-Ranges", "bytes")
	x.set("x-ms-blob-type", i.Type.String())
	x.set("x-ms-creation-time", rfc1123(i.Created))
	x.setLease(i.Lease)
	x.setEncrypted(i.Encryption, "x-ms-server-encrypted")
	x.setTier(i)
	x.setCopy(x.svc.copies.now(i.Copy))
	if n := len(i.Tags); n > 0 {
		x.set("x-ms-tag-count", strconv.Itoa(n))
	}
	switch i.Type {
	case objectstore.PageBlob:
		x.set("x-ms-blob-sequence-number", strconv.FormatInt(i.Sequence, 10))
	case objectstore.AppendBlob:
		x.set("x-ms-blob-committed-block-count", strconv.Itoa(i.BlockCount))
		if i.Sealed {
			x.set("x-ms-blob-sealed", "true")
		}
	}
	if i.Version != "" {
		x.set("x-ms-version-id", i.Version)
		if i.Current {
			x.set("x-ms-is-current-version", "true")
		}
	}
}

// defaultContentType is of blobs that were written without one.
const defaultContentType = "application/octet-stream"

// setContent writes the content headers, with what the SAS says instead.
func (x *exchange) setContent(p *objectstore.Properties) {
	kind := p.ContentType
	if kind == "" {
		kind = defaultContentType
	}
	x.set("Content-Type", x.override("rsct", kind))
	x.setSome("Content-Encoding", x.override("rsce", p.ContentEncoding))
	x.setSome("Content-Language", x.override("rscl", p.ContentLanguage))
	x.setSome("Content-Disposition", x.override("rscd", p.ContentDisposition))
	x.setSome("Cache-Control", x.override("rscc", p.CacheControl))
	if len(p.ContentMD5) > 0 {
		x.set("Content-MD5", base64.StdEncoding.EncodeToString(p.ContentMD5))
	}
}

// override is a header's value, or what the signed parameters of a SAS put in its
// place.
func (x *exchange) override(parameter, value string) string {
	if x.req.Query.Has("sig") {
		if v := x.req.Query.Get(parameter); v != "" {
			return v
		}
	}
	return value
}

func (x *exchange) setLease(l objectstore.LeaseView) {
	status, duration := leaseTexts(l)
	x.set("x-ms-lease-status", status)
	x.set("x-ms-lease-state", l.State.String())
	x.setSome("x-ms-lease-duration", duration)
}

// leaseTexts are a lease's status, and its duration while it is leased.
func leaseTexts(l objectstore.LeaseView) (status, duration string) {
	if l.State == objectstore.Leased {
		duration = "fixed"
		if l.Infinite {
			duration = "infinite"
		}
	}
	if l.Locked() {
		return "locked", duration
	}
	return "unlocked", duration
}

func (x *exchange) setTier(i *objectstore.Info) {
	if i.Tier == "" {
		return
	}
	x.set("x-ms-access-tier", i.Tier)
	if i.TierInferred {
		x.set("x-ms-access-tier-inferred", "true")
	}
	if !i.TierChanged.IsZero() {
		x.set("x-ms-access-tier-change-time", rfc1123(i.TierChanged))
	}
}

func (x *exchange) setCopy(c *objectstore.Copy) {
	if c == nil {
		return
	}
	x.set("x-ms-copy-id", c.ID)
	x.set("x-ms-copy-source", c.Source)
	x.set("x-ms-copy-status", c.Status)
	x.setSome("x-ms-copy-status-description", c.StatusDescription)
	x.set("x-ms-copy-progress", copyProgress(c))
	if !c.Completed.IsZero() {
		x.set("x-ms-copy-completion-time", rfc1123(c.Completed))
	}
}

func copyProgress(c *objectstore.Copy) string {
	return strconv.FormatInt(c.Copied, 10) + "/" + strconv.FormatInt(c.Total, 10)
}

// pairs are metadata as the shared room has them.
func pairs(m objectstore.Metadata) []storage.Pair {
	all := make([]storage.Pair, len(m))
	for i, p := range m {
		all[i] = storage.Pair(p)
	}
	return all
}

// metadata reads the request's metadata.
func (x *exchange) metadata() (objectstore.Metadata, error) {
	given, err := x.req.Metadata()
	if err != nil || len(given) == 0 {
		return nil, err
	}
	m := make(objectstore.Metadata, len(given))
	for i, p := range given {
		m[i] = objectstore.Pair(p)
	}
	return m, nil
}
