package blobs

import (
	"context"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// maxRows is how many rows a page of a listing has at most, as the service's own.
const maxRows = 5000

// BlobPage is a page of a listing: folders and blobs in the order of their names'
// bytes.
type BlobPage struct {
	Rows []BlobRow `json:"rows"`
	Next string    `json:"next"` // the after of the next page, or ""
}

// BlobRow is a blob in a listing, or a folder: the beginning, up to a slash, that
// names of blobs have in common.
type BlobRow struct {
	Name     string `json:"name"` // whole; of a folder up to its slash
	Folder   bool   `json:"folder,omitempty"`
	Size     int64  `json:"size,omitempty"`
	Modified int64  `json:"modified,omitempty"` // unix milliseconds
	Type     string `json:"type,omitempty"`     // BlockBlob, AppendBlob, PageBlob
	Content  string `json:"content,omitempty"`  // its Content-Type
	Tier     string `json:"tier,omitempty"`
	Lease    string `json:"lease,omitempty"`   // leased, breaking, broken or expired
	Deleted  bool   `json:"deleted,omitempty"` // it can be brought back
	Version  string `json:"version,omitempty"` // of a deleted blob: its newest version, if that is how it is kept
}

// listBlobs serves GET …/blobs?prefix=…&flat=1&deleted=1&after=…&max=…: the folders
// and blobs below a prefix; flat, all blobs without folders.
func (p *page) listBlobs(w http.ResponseWriter, r *http.Request) error {
	t, err := p.container(r)
	if err != nil {
		return err
	}
	limit, err := portal.Number(r, "max", maxRows)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	o := objectstore.ListOptions{Prefix: q.Get("prefix"), Delimiter: "/", Marker: q.Get("after"), Max: int(min(max(limit, 1), maxRows))}
	if q.Get("flat") != "" {
		o.Delimiter = ""
	}
	if q.Get("deleted") != "" {
		o.Deleted, o.Versions = true, t.Stored.Retention().Versions
	}
	l := lister{t: t, o: o, out: BlobPage{Rows: []BlobRow{}}}
	return told(w, http.StatusOK, &l.out, l.run(r.Context()))
}

// lister makes rows of a listing. Versions of a blob come before it, and only those
// of blobs that are not there any more make a row: the newest.
type lister struct {
	t    target
	o    objectstore.ListOptions
	out  BlobPage
	gone *BlobRow // of versions; the blob itself may still come
}

// run reads at least one page, and further ones until the last blob is whole.
func (l *lister) run(ctx context.Context) error {
	for {
		entries, next, err := l.t.Stored.List(ctx, l.t.Container, l.o)
		if fault.Is(err, fault.Invalid) {
			return fault.New(fault.Invalid, "after", "it is no place in this listing")
		}
		if err != nil {
			return err
		}
		for i := range entries {
			l.add(&entries[i])
		}
		if next == "" {
			l.flush()
		}
		l.out.Next, l.o.Marker = next, next
		if next == "" || l.gone == nil && len(l.out.Rows) > 0 {
			return nil
		}
		if l.gone != nil {
			l.o.Max = 1 // what comes next says whether the blob is there
		}
	}
}

func (l *lister) add(e *objectstore.Entry) {
	b := e.Blob
	switch {
	case b == nil:
		l.flush()
		l.out.Rows = append(l.out.Rows, BlobRow{Name: e.Prefix, Folder: true})
	case b.Version != "" && !b.Current || b.Snapshot != "":
		if l.gone == nil || l.gone.Name != b.Blob {
			l.flush()
		}
		if b.Version != "" {
			row := rowOf(b)
			row.Deleted, row.Version = true, b.Version
			l.gone = &row
		}
	default:
		if l.gone != nil && l.gone.Name != b.Blob {
			l.flush()
		}
		l.gone = nil
		l.out.Rows = append(l.out.Rows, rowOf(b))
	}
}

func (l *lister) flush() {
	if l.gone != nil {
		l.out.Rows = append(l.out.Rows, *l.gone)
		l.gone = nil
	}
}

func rowOf(b *objectstore.Info) BlobRow {
	row := BlobRow{
		Name: b.Blob, Size: b.Size, Modified: b.Modified.UnixMilli(), Type: b.Type.String(), Content: b.Properties.ContentType,
		Tier: b.Tier, Deleted: b.Deleted,
	}
	if b.Lease.State != objectstore.Available {
		row.Lease = b.Lease.State.String()
	}
	return row
}

// maxCounted is how many blobs are counted at most before something is deleted.
const maxCounted = 200_000

// Counted is what is below a prefix.
type Counted struct {
	Blobs int64 `json:"blobs"`
	Bytes int64 `json:"bytes"`
	More  bool  `json:"more"` // there are more than were counted
}

// countBlobs serves GET …/count?prefix=….
func (p *page) countBlobs(w http.ResponseWriter, r *http.Request) error {
	t, err := p.container(r)
	if err != nil {
		return err
	}
	var out Counted
	err = t.each(r.Context(), r.URL.Query().Get("prefix"), func(b *objectstore.Info) bool {
		if out.More = out.Blobs == maxCounted; !out.More {
			out.Blobs, out.Bytes = out.Blobs+1, out.Bytes+b.Size
		}
		return !out.More
	})
	return told(w, http.StatusOK, out, err)
}

// each calls use with every blob below a prefix until it has enough.
func (t target) each(ctx context.Context, prefix string, use func(*objectstore.Info) bool) error {
	o := objectstore.ListOptions{Prefix: prefix}
	for {
		entries, next, err := t.Stored.List(ctx, t.Container, o)
		if err != nil {
			return err
		}
		for i := range entries {
			if !use(entries[i].Blob) {
				return nil
			}
		}
		if o.Marker = next; next == "" {
			return nil
		}
	}
}

// Asked are names of blobs.
type Asked struct {
	Names []string `json:"names"`
}

// Existing are those of them that there are.
type Existing struct {
	Names []string `json:"names"`
}

// existingBlobs serves POST …/existing with Asked: which of them an upload would
// overwrite.
func (p *page) existingBlobs(w http.ResponseWriter, r *http.Request) error {
	t, asked, err := ordered[Asked](w, r, p.container)
	if err != nil {
		return err
	}
	out := Existing{Names: []string{}}
	for _, name := range asked.Names {
		if err := checkName(name); err != nil {
			return err
		}
		addr := objectstore.Address{Container: t.Container, Blob: name}
		_, err := t.Stored.Properties(r.Context(), addr, objectstore.Conditions{})
		switch {
		case err == nil:
			out.Names = append(out.Names, name)
		case !fault.Is(err, fault.NotFound):
			return err
		}
	}
	return told(w, http.StatusOK, out, nil)
}

// below reports whether a prefix is a folder's.
func below(prefix string) bool { return strings.HasSuffix(prefix, "/") }
