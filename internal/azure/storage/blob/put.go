package blob

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// address names the blob, snapshot or version of the request.
func (x *exchange) address() objectstore.Address {
	return objectstore.Address{Container: x.target.Container, Blob: x.target.Blob, Snapshot: x.target.Snapshot, Version: x.target.Version}
}

// current names the blob, and refuses a snapshot or version, which cannot be
// written.
func (x *exchange) current() (objectstore.Address, error) {
	for _, name := range [...]string{"snapshot", "versionid"} {
		if v := x.req.Query.Get(name); v != "" {
			return objectstore.Address{}, storage.InvalidQuery(name, clip(v, 100), "The operation is on a blob, not on a snapshot or version of it.")
		}
	}
	return x.address(), nil
}

// readPut reads what a blob that is written gets besides its content: content
// headers, metadata, tags, tier, key and conditions.
func (x *exchange) readPut(kind objectstore.BlobType) (p objectstore.Put, err error) {
	p.Type = kind
	if p.Conditions, err = x.conditions(); err != nil {
		return p, err
	}
	if p.Properties, err = x.contentHeaders(); err != nil {
		return p, err
	}
	if p.Metadata, err = x.metadata(); err != nil {
		return p, err
	}
	if p.Tags, err = x.tagsHeader(); err != nil {
		return p, err
	}
	if p.Tier, err = x.tierHeader(kind); err != nil {
		return p, err
	}
	if p.Encryption, err = x.encryption(); err != nil {
		return p, err
	}
	return p, x.refusePolicies()
}

// contentHeaders reads the x-ms-blob-* headers. Content-Type of the request counts
// for a Put Blob without x-ms-blob-content-type, as do the others of its kind.
func (x *exchange) contentHeaders() (p objectstore.Properties, err error) {
	p = objectstore.Properties{
		ContentType:        x.req.Header("X-Ms-Blob-Content-Type"),
		ContentEncoding:    x.req.Header("X-Ms-Blob-Content-Encoding"),
		ContentLanguage:    x.req.Header("X-Ms-Blob-Content-Language"),
		ContentDisposition: x.req.Header("X-Ms-Blob-Content-Disposition"),
		CacheControl:       x.req.Header("X-Ms-Blob-Cache-Control"),
	}
	if text := x.req.Header("X-Ms-Blob-Content-Md5"); text != "" {
		p.ContentMD5, err = parseMD5(text)
	}
	return p, err
}

// plainHeaders fills what is unset from the request's own content headers.
func (x *exchange) plainHeaders(p *objectstore.Properties) {
	for _, f := range [...]struct {
		to   *string
		from string
	}{
		{&p.ContentType, "Content-Type"},
		{&p.ContentEncoding, "Content-Encoding"},
		{&p.ContentLanguage, "Content-Language"},
		{&p.CacheControl, "Cache-Control"},
	} {
		if *f.to == "" {
			*f.to = x.req.Header(f.from)
		}
	}
}

func (x *exchange) tagsHeader() ([]objectstore.Pair, error) {
	tags, err := parseTagsHeader(x.req.Header("X-Ms-Tags"))
	if err != nil || len(tags) == 0 {
		return nil, err
	}
	return tags, x.mayAlso('t', mayWriteTags)
}

// The tiers of block blobs, and those of page blobs.
var (
	blockTiers = []string{"Hot", "Cool", "Cold", "Archive"}
	pageTiers  = []string{"P4", "P6", "P10", "P15", "P20", "P30", "P40", "P50", "P60", "P70", "P80"}
)

// tierHeader reads x-ms-access-tier, "" without it.
func (x *exchange) tierHeader(kind objectstore.BlobType) (string, error) {
	text := x.req.Header("X-Ms-Access-Tier")
	if text == "" {
		return "", nil
	}
	if strings.EqualFold(text, "Smart") {
		return "", storage.Unsupported("The access tier Smart", "Use Hot, Cool, Cold or Archive.")
	}
	known := blockTiers
	if kind == objectstore.PageBlob {
		known = pageTiers
	}
	i := slices.IndexFunc(known, func(t string) bool { return strings.EqualFold(t, text) })
	if i < 0 || kind == objectstore.AppendBlob {
		return "", storage.InvalidHeader("x-ms-access-tier", clip(text, 50))
	}
	return known[i], nil
}

// encryption reads the customer's key, of which only the hash is kept, or scope. The
// store encrypts nothing; it demands the same key to read.
func (x *exchange) encryption() (e objectstore.Encryption, err error) {
	return x.readEncryption("X-Ms-Encryption-Key", "X-Ms-Encryption-Key-Sha256", "X-Ms-Encryption-Algorithm", "X-Ms-Encryption-Scope")
}

func (x *exchange) readEncryption(keyName, sumName, algorithmName, scopeName string) (e objectstore.Encryption, err error) {
	key, sum := x.req.Header(keyName), x.req.Header(sumName)
	e.Scope = x.req.Header(scopeName)
	if e.Scope == "" {
		e.Scope = x.grant.EncryptionScope
	}
	if key == "" && sum == "" {
		return e, nil
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) != 32 {
		return e, storage.InvalidHeader(strings.ToLower(keyName), "")
	}
	if a := x.req.Header(algorithmName); !strings.EqualFold(a, "AES256") {
		return e, storage.InvalidHeader(strings.ToLower(algorithmName), clip(a, 50))
	}
	if want := keySum(raw); sum != want {
		return e, storage.InvalidHeader(strings.ToLower(sumName), clip(sum, 100))
	}
	if e.Scope != "" {
		return e, storage.Fail("InvalidHeaderValue").With("HeaderName", "x-ms-encryption-scope").
			With("Reason", "A key and a scope exclude each other.")
	}
	e.KeySHA256 = sum
	return e, nil
}

// refusePolicies refuses what would have the blob kept from change.
func (x *exchange) refusePolicies() error {
	switch {
	case x.req.HasHeader("X-Ms-Immutability-Policy-Until-Date"), x.req.HasHeader("X-Ms-Immutability-Policy-Mode"):
		return storage.Unsupported("An immutability policy", "Guard the blob with a lease that never ends.")
	case strings.EqualFold(x.req.Header("X-Ms-Legal-Hold"), "true"):
		return storage.Unsupported("A legal hold", "Guard the blob with a lease that never ends.")
	}
	return nil
}

// number reads a header that is a whole number from low on.
func (x *exchange) number(name string, low int64) (int64, error) {
	text := x.req.Header(name)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low {
		return 0, storage.InvalidHeader(strings.ToLower(name), clip(text, 50))
	}
	return n, nil
}

// numberOr is number, or a default without the header.
func (x *exchange) numberOr(name string, low, fallback int64) (int64, error) {
	if !x.req.HasHeader(name) {
		return fallback, nil
	}
	return x.number(name, low)
}

// demand is the refusal of a request without a header that it needs.
func (x *exchange) demand(name string) error {
	if !x.req.HasHeader(name) {
		return storage.MissingHeader(strings.ToLower(name))
	}
	return nil
}
