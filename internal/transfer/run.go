package transfer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"golang.org/x/sync/errgroup"
)

// waiting is how many copies are planned ahead, so that a person sees how much there
// is to do.
const waiting = 10_000

// Run copies the sources to the target. It returns an error if it could not go on;
// what could not be copied alone is in the Result, and of a single source is the error.
func (c *Copier) Run(ctx context.Context, sources []Side, target Side) error {
	if err := c.check(sources, target); err != nil {
		return err
	}
	if c.o.Create && target.Blob {
		if _, err := target.Container.Create(ctx, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return err
		}
	}
	if out, ok := c.writer(target); ok {
		return c.writeAll(ctx, sources, out)
	}
	d, err := open(target, len(sources) > 1 || c.o.Recursive)
	if err != nil {
		return err
	}
	if d.root != nil {
		defer d.root.Close()
	}
	many := len(sources) > 1 || c.o.Recursive
	jobs := make(chan job, waiting)
	all, going := errgroup.WithContext(ctx)
	all.Go(func() error {
		defer close(jobs)
		for _, s := range sources {
			if err := c.plan(going, s, d, func(j job) error { return c.queue(going, jobs, j) }); err != nil {
				return err
			}
		}
		return nil
	})
	for range c.o.Parallel {
		all.Go(func() error { return c.work(going, jobs, many) })
	}
	return all.Wait()
}

func (c *Copier) queue(ctx context.Context, jobs chan<- job, j job) error {
	size := j.known.Size
	if j.source.Blob && j.known.etag == "" {
		size = -1
	}
	if !j.source.Blob && !j.source.Std {
		if info, err := os.Stat(j.from); err == nil {
			size = info.Size()
		}
	}
	c.o.Watch.Found(size)
	select {
	case jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work does copies until there are none. One of many that fails is noted, unless the
// others would fail alike.
func (c *Copier) work(ctx context.Context, jobs <-chan job, many bool) error {
	for j := range jobs {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		v, err := c.do(ctx, j)
		switch {
		case err == nil:
			c.count(v)
		case ctx.Err() != nil:
			return ctx.Err()
		case !many || hopeless(err):
			return err
		default:
			c.fail(j.name, err)
		}
	}
	return nil
}

func (c *Copier) do(ctx context.Context, j job) (verdict, error) {
	switch {
	case j.source.Blob && j.target.Blob:
		return c.copyBlob(ctx, j)
	case j.source.Blob:
		return c.downloadFile(ctx, j)
	case j.source.Std:
		in := content{Known: Known{Name: j.name, Size: -1, Modified: time.Now()}, from: c.o.In, headers: c.headers(j.to), metadata: pointers(c.o.Metadata)}
		return c.upload(ctx, j, in, func() error { return ctx.Err() })
	}
	return c.uploadFile(ctx, j)
}

// hopeless reports whether all copies would fail as this one.
func hopeless(err error) bool {
	var refused *azcore.ResponseError
	var network *net.OpError
	switch {
	case errors.As(err, &refused):
		return refused.StatusCode == http.StatusUnauthorized || refused.StatusCode == http.StatusForbidden ||
			bloberror.HasCode(err, bloberror.ContainerNotFound, bloberror.ContainerBeingDeleted)
	case errors.As(err, &network), errors.Is(err, syscall.ENOSPC), errors.Is(err, ErrStop):
		return true
	}
	return strings.Contains(err.Error(), "dial tcp ")
}

// check refuses what makes no sense, or would never end.
func (c *Copier) check(sources []Side, target Side) error {
	for _, s := range sources {
		switch {
		case !s.Blob && !target.Blob:
			return fmt.Errorf("neither %s nor %s is a place in a storage account; one is written %sACCOUNT/CONTAINER/PATH", s.Text, target.Text, Scheme)
		case s.Blob && s.Container == nil || target.Blob && target.Container == nil:
			return fmt.Errorf("%s and %s: a copy needs a container; write %sACCOUNT/CONTAINER/PATH", s.Text, target.Text, Scheme)
		case !s.Blob || !target.Blob || s.Realm != target.Realm || s.Account != target.Account || s.Place.Container != target.Place.Container:
		case s.Name == target.Name && !c.o.Recursive:
			return fmt.Errorf("%s would be copied onto itself", s.Text)
		case c.o.Recursive && strings.HasPrefix(target.Prefix(), s.Prefix()):
			return fmt.Errorf("%s would be copied into itself", s.Text)
		}
	}
	return nil
}
