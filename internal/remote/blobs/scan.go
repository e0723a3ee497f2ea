package blobs

import (
	"context"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	azcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// A position is the moment at which the last list began, by the service's clock, in
// nanoseconds: what was written later may not have been in it. Times of blobs are whole
// seconds of clocks that need not agree, so a list looks back a little further, and what
// the last one had already is left out.
const lookBack = time.Minute

func positionOf(t time.Time) objectstore.Position { return objectstore.Position(t.UnixNano()) }

// sight is a state of a blob that was seen.
type sight struct {
	etag     string
	modified int64 // in seconds since 1970
}

// scanning is a list that is being read, page by page, however long it is.
type scanning struct {
	mu    sync.Mutex // guards the rest, and the container's seen
	pages *runtime.Pager[azcontainer.ListBlobsFlatResponse]
	begun time.Time // by the service's clock, once a page is there
	since time.Time // what was written before was in an earlier list
	found []objectstore.Change
}

// Changes implements end.Container: the next of a list that is being read, or of a new
// one. The position moves when the list has been read to its end.
func (c *container) Changes(ctx context.Context, after objectstore.Position, most int) ([]objectstore.Change, objectstore.Position, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil {
		c.pages, c.begun, c.since = c.client.NewListBlobsFlatPager(nil), time.Time{}, time.Time{}
		if after != 0 {
			c.since = time.Unix(0, int64(after)).Add(-lookBack)
		}
	}
	for len(c.found) < most && c.pages.More() {
		page, err := c.pages.NextPage(ctx)
		if err != nil {
			c.pages, c.found = nil, nil // it begins anew
			return nil, after, storage.Fault(err, c.words)
		}
		if c.begun.IsZero() {
			c.begun = value(page.Date)
		}
		for _, b := range page.Segment.BlobItems {
			if b.Name != nil && b.Properties != nil {
				c.see(*b.Name, b.Properties)
			}
		}
	}
	n := min(most, len(c.found))
	changes := c.found[:n:n]
	c.found = c.found[n:]
	if len(c.found) == 0 && !c.pages.More() {
		after = max(after, positionOf(c.begun))
		c.pages = nil
		c.forget(c.begun.Add(-lookBack))
	}
	return changes, after, nil
}

// see adds a blob of a list to what was found, unless an earlier list had it.
func (c *container) see(name string, p *azcontainer.BlobProperties) {
	modified := value(p.LastModified)
	s := sight{etagOf(p.ETag), modified.Unix()}
	if modified.Before(c.since) || c.seen[name] == s {
		return
	}
	if !modified.Before(c.begun.Add(-lookBack)) {
		c.seen[name] = s // the next list has it again
	}
	c.found = append(c.found, objectstore.Change{
		Position: positionOf(modified), Made: positionOf(value(p.CreationTime)),
		Info: objectstore.Info{
			Address: objectstore.Address{Container: c.name, Blob: name}, Type: typeOf(p.BlobType), ETag: s.etag,
			Created: value(p.CreationTime), Modified: modified, Size: value(p.ContentLength),
		},
	})
}

// forget drops what no list will show again.
func (c *container) forget(before time.Time) {
	for name, s := range c.seen {
		if s.modified < before.Unix() {
			delete(c.seen, name)
		}
	}
}

// WaitChange waits until the next list is due.
func (c *container) WaitChange(ctx context.Context, _ objectstore.Position) error {
	c.mu.Lock()
	reading := c.pages != nil
	c.mu.Unlock()
	if reading {
		return nil
	}
	return run.Pause(ctx, c.every)
}

// LastChange implements end.Container.
func (c *container) LastChange() objectstore.Position { return positionOf(time.Now()) }
