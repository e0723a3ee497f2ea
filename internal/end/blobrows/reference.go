package blobrows

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/lazuli-dev/lazuli/internal/blobpath"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// maxReference bounds a table of reference data.
const maxReference = 256 << 20

// ReferenceKind is the row of blobs that are reference data.
func ReferenceKind(find Find) jobs.ReferenceKind {
	return jobs.ReferenceKind{Kind: Kind, Open: func(_ context.Context, in jobs.Input) (stream.Reference, error) {
		e, err := newEnd(find, blobpath.Reference, in.Account, in.Target, in.Format, in.Blobs)
		if err != nil {
			return nil, err
		}
		return &reference{e, in.Target}, nil
	}}
}

// reference is reference data in blobs: each whose name is of the pattern is a
// version, valid from the time in its name on; without a time there is one, valid
// always. They are told apart by their ETags, and read when they are wanted.
// https://learn.microsoft.com/azure/stream-analytics/stream-analytics-use-reference-data
type reference struct {
	end
	target string
}

// Snapshots implements stream.Reference.
func (r *reference) Snapshots(ctx context.Context) (all []stream.Snapshot, err error) {
	blobs, err := r.blobs()
	if err != nil {
		return nil, err
	}
	for marker := ""; ; {
		page, next, err := blobs.List(ctx, r.pattern.Container, objectstore.ListOptions{Prefix: r.pattern.Prefix(), Marker: marker})
		if err != nil {
			return nil, fault.Wrap(fault.KindOf(err), r.resource(), err, "the job waits for it")
		}
		for i := range page {
			info := page[i].Blob
			if m, ok := r.pattern.Match(info.Blob); ok {
				all = append(all, r.version(blobs, m, info))
			}
		}
		if marker = next; marker == "" {
			break
		}
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, r.resource(), "no blob is named like %s; the job waits for one", r.target)
	}
	slices.SortFunc(all, func(a, b stream.Snapshot) int { return cmp.Compare(a.ValidFrom, b.ValidFrom) })
	return all, nil
}

func (r *reference) version(blobs objectstore.Account, m blobpath.Match, info *objectstore.Info) stream.Snapshot {
	s := stream.Snapshot{ValidFrom: stream.StartOfInput, ETag: info.ETag}
	if r.pattern.Timed() {
		s.ValidFrom = stream.Ticks(m.At)
	}
	at := objectstore.Address{Container: r.pattern.Container, Blob: info.Blob}
	s.Read = func(ctx context.Context) ([][]byte, error) { return r.read(ctx, blobs, at) }
	return s
}

// read reads a version as the blob is now: one that was overwritten since it was
// listed has another ETag at the next look.
func (r *reference) read(ctx context.Context, blobs objectstore.Account, at objectstore.Address) ([][]byte, error) {
	name := at.Container + "/" + at.Blob
	c, err := blobs.Open(ctx, at, objectstore.Conditions{})
	if isCode(err, objectstore.BlobArchived) {
		return nil, fault.New(fault.Invalid, name, "it is in the archive tier, where nothing can be read")
	}
	if isCode(err, objectstore.BlobUsesCustomerSpecifiedEncryption) {
		return nil, fault.New(fault.Invalid, name, "it "+locked)
	}
	if err != nil {
		return nil, err
	}
	defer c.Close()
	size := c.Info().Size
	if size > maxReference {
		return nil, fault.New(fault.TooLarge, name, "%d bytes of reference data; at most %d", size, maxReference)
	}
	text := bytes.NewBuffer(make([]byte, 0, size))
	if err := c.WriteRange(text, 0, size); err != nil {
		return nil, err
	}
	return r.form.Table(text.Bytes(), name)
}
