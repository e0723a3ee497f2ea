package transfer

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"golang.org/x/sync/errgroup"
)

// Removal says what to delete.
type Removal struct {
	Recursive bool // all blobs of a folder or a container
	Snapshots bool // those that have snapshots too, with them
	Parallel  int  // requests at a time
}

// Remove deletes blobs, and counts those that are gone; progress is told of each. A
// blob that somebody else deleted meanwhile is gone too. Some that cannot be deleted
// keep none of the others.
func Remove(ctx context.Context, s Side, r Removal, gone func(n int64)) (Result, error) {
	c := New(Options{Parallel: r.Parallel})
	if !r.Recursive {
		err := r.remove(ctx, s, s.Name)
		if err == nil {
			c.copied.Add(1)
		}
		return c.Result(), err
	}
	all, going := errgroup.WithContext(ctx)
	all.SetLimit(c.o.Parallel + 1)
	all.Go(func() error {
		return EachBlob(going, s.Container, s.Prefix(), func(item *container.BlobItem) error {
			name := value(item.Name)
			all.Go(func() error {
				err := r.remove(going, s, name)
				switch {
				case err == nil, bloberror.HasCode(err, bloberror.BlobNotFound):
					gone(c.copied.Add(1))
				case going.Err() != nil:
					return going.Err()
				case hopeless(err):
					return err
				default:
					c.fail(s.At(name), err)
				}
				return nil
			})
			return nil
		})
	})
	err := all.Wait()
	return c.Result(), err
}

func (r Removal) remove(ctx context.Context, s Side, name string) error {
	var o blob.DeleteOptions
	if r.Snapshots {
		include := blob.DeleteSnapshotsOptionTypeInclude
		o.DeleteSnapshots = &include
	}
	_, err := s.Container.NewBlobClient(name).Delete(ctx, &o)
	return err
}

// Tally is what blobs hold together.
type Tally struct{ Blobs, Bytes int64 }

// Count counts the blobs of a folder or a container.
func Count(ctx context.Context, s Side) (t Tally, err error) {
	err = EachBlob(ctx, s.Container, s.Prefix(), func(item *container.BlobItem) error {
		t.Blobs++
		t.Bytes += value(item.Properties.ContentLength)
		return nil
	})
	return t, err
}
