package blob

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// List Blobs, flat and by a delimiter of any length, with prefix, marker, startFrom
// and all includes but deletedwithversions. Policies of immutability and legal holds do not exist, so that
// including them adds nothing. Whoever accepts Apache Arrow gets XML, as from a
// service that is older.

// maxListed is the longest page of a list.
const maxListed = 5000

// maxResults reads the parameter maxresults.
func (x *exchange) maxResults() (int, error) {
	text, given := x.req.Query.Lookup("maxresults")
	if !given || text == "" {
		return maxListed, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, storage.InvalidQuery("maxresults", clip(text, 50), "")
	}
	if n < 1 {
		return 0, storage.OutOfRange("maxresults", text, 1, maxListed)
	}
	return min(n, maxListed), nil
}

// including are the parts of a list that were asked for.
type including struct {
	snapshots, metadata, uncommitted, copies, deleted, tags, versions bool
}

func (x *exchange) readIncluding() (in including, err error) {
	for _, name := range strings.Split(strings.ToLower(x.req.Query.Get("include")), ",") {
		switch strings.TrimSpace(name) {
		case "":
		case "snapshots":
			in.snapshots = true
		case "metadata":
			in.metadata = true
		case "uncommittedblobs":
			in.uncommitted = true
		case "copy":
			in.copies = true
		case "deleted":
			in.deleted = true
		case "tags":
			in.tags = true
		case "versions":
			in.versions = true
		case "deletedwithversions":
			return in, storage.InvalidQuery("include", "deletedwithversions", "It is not supported by Lazuli. Use versions: those of deleted blobs are among them.")
		case "immutabilitypolicy", "legalhold":
		default:
			return in, storage.InvalidQuery("include", clip(x.req.Query.Get("include"), 200), "")
		}
	}
	if in.tags {
		return in, x.mayAlso('t', mayReadTags)
	}
	return in, nil
}

func (x *exchange) listBlobs() error {
	limit, err := x.maxResults()
	if err != nil {
		return err
	}
	in, err := x.readIncluding()
	if err != nil {
		return err
	}
	q := x.req.Query
	o := objectstore.ListOptions{
		Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), Marker: q.Get("marker"), StartFrom: q.Get("startfrom"),
		Max: limit, Snapshots: in.snapshots, Versions: in.versions, Deleted: in.deleted, Uncommitted: in.uncommitted,
	}
	page, next, err := x.svc.store.List(x.ctx(), x.target.Container, o)
	if err != nil {
		return err
	}
	d := document{b: make([]byte, 0, 1024+len(page)*768)}
	d.listHead(x.req.Base, x.target.Container)
	for _, name := range [...]string{"prefix", "marker", "maxresults", "delimiter"} {
		if v := q.Get(name); v != "" {
			d.text(listNames[name], v)
		}
	}
	d.begin("Blobs")
	for i := range page {
		if e := &page[i]; e.Prefix != "" {
			d.begin("BlobPrefix")
			d.name(e.Prefix)
			d.end("BlobPrefix")
		} else {
			e.Blob.Copy = x.svc.copies.now(e.Blob.Copy)
			d.blob(e.Blob, in)
		}
	}
	d.end("Blobs")
	d.text("NextMarker", next)
	d.end("EnumerationResults")
	x.event.Items = len(page)
	return x.replyXML(http.StatusOK, d.b)
}

// listNames are the elements that repeat parameters.
var listNames = map[string]string{"prefix": "Prefix", "marker": "Marker", "maxresults": "MaxResults", "delimiter": "Delimiter"}

// listHead begins a list; container is "" in lists of the account.
func (d *document) listHead(base, container string) {
	d.raw(storage.XMLHeader)
	d.raw(`<EnumerationResults ServiceEndpoint="`)
	d.b = storage.AppendXML(d.b, base+"/")
	if container != "" {
		d.raw(`" ContainerName="`)
		d.b = storage.AppendXML(d.b, container)
	}
	d.raw(`">`)
}

// blob writes a <Blob>.
func (d *document) blob(i *objectstore.Info, in including) {
	d.begin("Blob")
	d.name(i.Blob)
	if i.Deleted {
		d.text("Deleted", "true")
	}
	d.some("Snapshot", i.Snapshot)
	if i.Version != "" {
		d.text("VersionId", i.Version)
		if i.Current {
			d.text("IsCurrentVersion", "true")
		}
	}
	d.begin("Properties")
	d.blobContent(i)
	d.blobState(i, in)
	d.end("Properties")
	if in.metadata {
		d.metadata(i.Metadata)
	}
	if in.tags && len(i.Tags) > 0 {
		d.tags(i.Tags)
	}
	d.raw("<OrMetadata />")
	d.end("Blob")
}

func (d *document) blobContent(i *objectstore.Info) {
	p := &i.Properties
	kind := p.ContentType
	if kind == "" && !i.Uncommitted {
		kind = defaultContentType
	}
	d.time("Creation-Time", i.Created)
	d.time("Last-Modified", i.Modified)
	d.text("Etag", i.ETag)
	d.number("Content-Length", i.Size)
	d.text("Content-Type", kind)
	d.text("Content-Encoding", p.ContentEncoding)
	d.text("Content-Language", p.ContentLanguage)
	d.text("Content-CRC64", "")
	d.text("Content-MD5", base64.StdEncoding.EncodeToString(p.ContentMD5))
	d.text("Cache-Control", p.CacheControl)
	d.text("Content-Disposition", p.ContentDisposition)
	if i.Type == objectstore.PageBlob {
		d.number("x-ms-blob-sequence-number", i.Sequence)
	}
	d.text("BlobType", i.Type.String())
}

func (d *document) blobState(i *objectstore.Info, in including) {
	if i.Tier != "" {
		d.text("AccessTier", i.Tier)
		if i.TierInferred {
			d.text("AccessTierInferred", "true")
		}
		if !i.TierChanged.IsZero() {
			d.time("AccessTierChangeTime", i.TierChanged)
		}
	}
	if i.Snapshot == "" && (i.Version == "" || i.Current) && !i.Deleted {
		d.lease(i.Lease)
	}
	if c := i.Copy; c != nil && in.copies {
		d.text("CopyId", c.ID)
		d.text("CopyStatus", c.Status)
		d.text("CopySource", c.Source)
		d.text("CopyProgress", copyProgress(c))
		if !c.Completed.IsZero() {
			d.time("CopyCompletionTime", c.Completed)
		}
		d.some("CopyStatusDescription", c.StatusDescription)
	}
	d.text("ServerEncrypted", "true")
	d.some("CustomerProvidedKeySha256", i.Encryption.KeySHA256)
	d.some("EncryptionScope", i.Encryption.Scope)
	if n := len(i.Tags); n > 0 {
		d.number("TagCount", int64(n))
	}
	if i.Sealed {
		d.text("Sealed", "true")
	}
	if i.Deleted {
		d.time("DeletedTime", i.DeletedAt)
		d.number("RemainingRetentionDays", int64(i.RemainingDays))
	}
}

func (d *document) lease(l objectstore.LeaseView) {
	status, duration := leaseTexts(l)
	d.text("LeaseStatus", status)
	d.text("LeaseState", l.State.String())
	d.some("LeaseDuration", duration)
}

// metadata writes <Metadata>; names are identifiers, and empty values stay.
func (d *document) metadata(m objectstore.Metadata) {
	if len(m) == 0 {
		d.raw("<Metadata />")
		return
	}
	d.begin("Metadata")
	for _, p := range m {
		d.text(p.Name, p.Value)
	}
	d.end("Metadata")
}
