package blob

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// List Containers, with prefix, marker and includes. There are no containers of the
// system but those that somebody made.

func (x *exchange) listContainers() error {
	limit, err := x.maxResults()
	if err != nil {
		return err
	}
	q := x.req.Query
	withMetadata, deleted := false, false
	for _, name := range strings.Split(strings.ToLower(q.Get("include")), ",") {
		switch strings.TrimSpace(name) {
		case "", "system":
		case "metadata":
			withMetadata = true
		case "deleted":
			deleted = true
		default:
			return storage.InvalidQuery("include", clip(q.Get("include"), 200), "")
		}
	}
	marker, err := decodeMarker(q.Get("marker"))
	if err != nil {
		return err
	}
	page, next, err := x.svc.store.ListContainers(x.ctx(), objectstore.ContainerList{Prefix: q.Get("prefix"), Marker: marker, Max: limit, Deleted: deleted})
	if err != nil {
		return err
	}
	d := document{b: make([]byte, 0, 512+len(page)*512)}
	d.listHead(x.req.Base, "")
	for _, name := range [...]string{"prefix", "marker", "maxresults"} {
		if v := q.Get(name); v != "" {
			d.text(listNames[name], v)
		}
	}
	d.begin("Containers")
	for i := range page {
		d.container(&page[i], withMetadata)
	}
	d.end("Containers")
	d.text("NextMarker", encodeMarker(next))
	d.end("EnumerationResults")
	x.event.Items = len(page)
	return x.replyXML(http.StatusOK, d.b)
}

func (d *document) container(c *objectstore.ContainerInfo, withMetadata bool) {
	d.begin("Container")
	d.text("Name", c.Name)
	if c.Deleted {
		d.text("Deleted", "true")
		d.text("Version", c.Version)
	}
	d.begin("Properties")
	d.time("Last-Modified", c.Modified)
	d.text("Etag", quoted(c.ETag))
	d.lease(c.Lease)
	d.some("PublicAccess", accessText(c.Access))
	d.text("DefaultEncryptionScope", "$account-encryption-key")
	d.text("DenyEncryptionScopeOverride", "false")
	d.text("HasImmutabilityPolicy", "false")
	d.text("HasLegalHold", "false")
	d.text("ImmutableStorageWithVersioningEnabled", "false")
	if c.Deleted {
		d.time("DeletedTime", c.DeletedAt)
		d.number("RemainingRetentionDays", int64(c.RemainingDays))
	}
	d.end("Properties")
	if withMetadata {
		d.metadata(c.Metadata)
	}
	d.end("Container")
}

// A marker of containers is the engine's, which is no text for a URL, in base64.
func encodeMarker(next string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(next))
}

func decodeMarker(text string) (string, error) {
	next, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", storage.Fail("OutOfRangeInput").With("QueryParameterName", "marker").With("QueryParameterValue", clip(text, 200))
	}
	return string(next), nil
}
