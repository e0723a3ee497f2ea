package blobs

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Pair is a name and its value: of metadata, or a tag.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Headers are what a blob is served with.
type Headers struct {
	ContentType        string `json:"contentType"`
	ContentEncoding    string `json:"contentEncoding"`
	ContentLanguage    string `json:"contentLanguage"`
	ContentDisposition string `json:"contentDisposition"`
	CacheControl       string `json:"cacheControl"`
}

// Blob is a blob, snapshot or version and everything known of it. Times are unix
// milliseconds, 0 for none.
type Blob struct {
	Name     string `json:"name"`
	Snapshot string `json:"snapshot,omitempty"`
	Version  string `json:"version,omitempty"`
	URL      string `json:"url"`
	Type     string `json:"type"` // BlockBlob, AppendBlob, PageBlob
	Size     int64  `json:"size"`
	ETag     string `json:"etag"`
	Created  int64  `json:"created"`
	Modified int64  `json:"modified"`

	Headers  Headers `json:"headers"`
	MD5      string  `json:"md5"` // base64
	Metadata []Pair  `json:"metadata"`
	Tags     []Pair  `json:"tags"`

	Tier         string `json:"tier"`
	TierInferred bool   `json:"tierInferred"` // it is the account's
	Lease        string `json:"lease"`        // available, leased, breaking, broken, expired
	LeaseForever bool   `json:"leaseForever"`
	Copy         *Copy  `json:"copy,omitempty"` // the copy that made it
	Sequence     int64  `json:"sequence"`       // of a page blob
	Blocks       int    `json:"blocks"`         // of an append blob
	Sealed       bool   `json:"sealed"`
	Locked       bool   `json:"locked"` // only who has the customer's key may read it

	Deleted       bool `json:"deleted"`
	RemainingDays int  `json:"remainingDays"` // until a deleted one is gone

	States []BlobState `json:"states"` // snapshots and versions, newest first
	More   bool        `json:"more"`   // there are more of them
}

// Copy is the copy operation that made a blob.
type Copy struct {
	ID        string `json:"id"`
	Source    string `json:"source"`
	Status    string `json:"status"` // success, pending, aborted, failed
	Detail    string `json:"detail"`
	Copied    int64  `json:"copied"`
	Total     int64  `json:"total"`
	Completed int64  `json:"completed"`
}

// BlobState is a snapshot or a version of a blob.
type BlobState struct {
	Snapshot string `json:"snapshot,omitempty"`
	Version  string `json:"version,omitempty"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"`
	Current  bool   `json:"current"`
	Deleted  bool   `json:"deleted"`
}

// getBlob serves GET …/blob?name=…: what is known of it.
func (p *page) getBlob(w http.ResponseWriter, r *http.Request) error {
	t, err := p.blob(r)
	if err != nil {
		return err
	}
	b, err := t.detail(r.Context())
	return told(w, http.StatusOK, b, err)
}

func (t target) detail(ctx context.Context) (Blob, error) {
	states, deleted, more, err := t.states(ctx)
	if err != nil {
		return Blob{}, err
	}
	info, err := t.Stored.Properties(ctx, t.Address, objectstore.Conditions{})
	if err != nil && deleted != nil {
		info, err = *deleted, nil
	}
	if err != nil {
		return Blob{}, err
	}
	b := t.known(&info)
	b.States, b.More = states, more
	return b, nil
}

func (t target) known(i *objectstore.Info) Blob {
	h := i.Properties
	b := Blob{
		Name: i.Blob, Snapshot: i.Snapshot, Version: i.Version, URL: t.url(), Type: i.Type.String(), Size: i.Size, ETag: i.ETag,
		Created: millis(i.Created), Modified: millis(i.Modified),
		Headers: Headers{h.ContentType, h.ContentEncoding, h.ContentLanguage, h.ContentDisposition, h.CacheControl},
		MD5:     base64.StdEncoding.EncodeToString(h.ContentMD5), Metadata: pairsOf(i.Metadata), Tags: pairsOf(i.Tags),
		Tier: i.Tier, TierInferred: i.TierInferred, Lease: i.Lease.State.String(), LeaseForever: i.Lease.Infinite,
		Sequence: i.Sequence, Blocks: i.BlockCount, Sealed: i.Sealed, Locked: i.Encryption.KeySHA256 != "",
		Deleted: i.Deleted, RemainingDays: i.RemainingDays,
	}
	if c := i.Copy; c != nil {
		b.Copy = &Copy{c.ID, c.Source, c.Status, c.StatusDescription, c.Copied, c.Total, millis(c.Completed)}
	}
	return b
}

// maxStates is how many snapshots and versions of a blob are listed.
const maxStates = 1000

// states lists the snapshots and versions of the blob, newest first, and the blob
// itself where it is deleted and can be brought back.
func (t target) states(ctx context.Context) (all []BlobState, deleted *objectstore.Info, more bool, err error) {
	entries, next, err := t.Stored.List(ctx, t.Container, objectstore.ListOptions{
		Prefix: t.Blob, Max: maxStates, Snapshots: true, Versions: true, Deleted: true,
	})
	all, more = []BlobState{}, next != ""
	for i := range entries {
		b := entries[i].Blob
		switch {
		case b.Blob != t.Blob:
			more = false
		case b.Snapshot == "" && b.Version == "":
			if b.Deleted {
				deleted = b
			}
		default:
			s := BlobState{b.Snapshot, b.Version, b.Size, b.Modified.UnixMilli(), b.Current, b.Deleted}
			all = append([]BlobState{s}, all...)
		}
	}
	return all, deleted, more, err
}

// url is the address of a blob, or of a container, for clients on this machine.
func (t target) url() string {
	if t.Blob == "" {
		return t.URL + "/" + url.PathEscape(t.Container)
	}
	steps := strings.Split(t.Blob, "/")
	for i, s := range steps {
		steps[i] = url.PathEscape(s)
	}
	return t.URL + "/" + url.PathEscape(t.Container) + "/" + strings.Join(steps, "/")
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func pairsOf(all []objectstore.Pair) []Pair {
	out := make([]Pair, len(all))
	for i, p := range all {
		out[i] = Pair{p.Name, p.Value}
	}
	return out
}
