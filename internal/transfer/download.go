package transfer

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"golang.org/x/sync/errgroup"
)

// errDamaged is what arrived with another checksum than it left with.
var errDamaged = errors.New("its bytes do not have the checksum that the service keeps of them")

// fetch reads a blob's bytes from from up to to in order, some pieces at once, while
// the blob has the ETag.
func (c *Copier) fetch(ctx context.Context, b *blob.Client, tag string, from, to int64, take func([]byte) error) error {
	if to-from <= pieceSize {
		return c.fetchOne(ctx, b, tag, from, to, take)
	}
	type piece struct {
		buf  []byte
		done chan struct{} // closed when buf is full
	}
	reads, reading := errgroup.WithContext(ctx)
	queue := make(chan piece, c.o.Parallel)
	reads.Go(func() error {
		defer close(queue)
		for at := from; at < to; at += pieceSize {
			buf, err := c.reading.get(reading, int(min(pieceSize, to-at)))
			if err != nil {
				return err
			}
			p := piece{buf, make(chan struct{})}
			reads.Go(func() error {
				defer close(p.done)
				return c.read(reading, b, tag, at, p.buf)
			})
			queue <- p
		}
		return nil
	})
	var taken error
	for p := range queue {
		<-p.done
		if reading.Err() == nil && taken == nil {
			if taken = take(p.buf); taken != nil {
				reads.Go(func() error { return taken }) // ends the others
			}
		}
		c.reading.put(p.buf)
	}
	return reads.Wait()
}

func (c *Copier) fetchOne(ctx context.Context, b *blob.Client, tag string, from, to int64, take func([]byte) error) error {
	if from == to {
		return nil // an empty range is an error to ask for
	}
	buf, err := c.reading.get(ctx, int(to-from))
	if err != nil {
		return err
	}
	defer c.reading.put(buf)
	if err := c.read(ctx, b, tag, from, buf); err != nil {
		return err
	}
	return take(buf)
}

// read fills buf with a range of the blob, and checks its MD5 on the way.
func (c *Copier) read(ctx context.Context, b *blob.Client, tag string, at int64, buf []byte) error {
	if err := c.pace(ctx, len(buf)); err != nil {
		return err
	}
	yes, etag := true, azcore.ETag(tag)
	res, err := b.DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range: blob.HTTPRange{Offset: at, Count: int64(len(buf))}, RangeGetContentMD5: &yes, AccessConditions: unchanged(&etag),
	})
	if err != nil {
		return err
	}
	body := res.NewRetryReader(ctx, &blob.RetryReaderOptions{MaxRetries: 5})
	defer body.Close()
	if _, err := io.ReadFull(body, buf); err != nil {
		return fmt.Errorf("bytes %d to %d: %w", at, at+int64(len(buf))-1, err)
	}
	if sum := md5.Sum(buf); len(res.ContentMD5) == md5.Size && !bytes.Equal(sum[:], res.ContentMD5) {
		return fmt.Errorf("bytes %d to %d: %w", at, at+int64(len(buf))-1, errDamaged)
	}
	return nil
}

// source asks what a blob is, where a listing has not told it.
func (c *Copier) source(ctx context.Context, j job) (Known, error) {
	if j.known.etag != "" {
		return j.known, nil
	}
	props, err := j.source.Container.NewBlobClient(j.from).GetProperties(ctx, nil)
	if err != nil {
		return Known{}, err
	}
	return Known{
		Name: j.name, Size: value(props.ContentLength), Modified: value(props.LastModified), MD5: props.ContentMD5,
		etag: string(value(props.ETag)), typ: value(props.BlobType),
	}, nil
}

// writeOut copies a blob to a writer.
func (c *Copier) writeOut(ctx context.Context, j job, to io.Writer) (verdict, error) {
	known, err := c.source(ctx, j)
	if err != nil {
		return keep, err
	}
	return write, c.stream(ctx, j, known, 0, known.Size, to)
}

func (c *Copier) stream(ctx context.Context, j job, known Known, from, end int64, to io.Writer) error {
	step := c.o.Watch.Begin(j.name, end-from)
	defer step.End()
	return c.fetch(ctx, j.source.Container.NewBlobClient(j.from), known.etag, from, end, func(data []byte) error {
		n, err := to.Write(data)
		c.moved(step, int64(n), false)
		return err
	})
}

// downloadFile makes a file of a blob, below the target's folder.
func (c *Copier) downloadFile(ctx context.Context, j job) (verdict, error) {
	name, err := localName(j.to, windows)
	if err != nil {
		return keep, err
	}
	known, err := c.source(ctx, j)
	if err != nil {
		return keep, err
	}
	if v, err := c.mayFile(ctx, j.root, name, known); err != nil || v != write {
		return v, err
	}
	if dir := path.Dir(name); dir != "." {
		if err := j.root.MkdirAll(dir, 0o777); err != nil {
			return keep, plainPath(err)
		}
	}
	p, err := openPart(j.root, name, j.source.At(j.from), known)
	if err != nil {
		return keep, plainPath(err)
	}
	if err := c.fill(ctx, j, p, known); err != nil {
		p.close(errors.Is(err, errDamaged))
		return keep, plainPath(err)
	}
	return write, plainPath(p.finish(known.Modified))
}

// mayFile says whether the file may be written.
func (c *Copier) mayFile(ctx context.Context, root *os.Root, name string, source Known) (verdict, error) {
	info, err := root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return write, nil
	case err != nil:
		return keep, plainPath(err)
	case info.IsDir():
		return keep, fmt.Errorf("%s: a folder of that name is there", name)
	}
	target := Known{Name: name, Size: info.Size(), Modified: info.ModTime()}
	if source.Size == target.Size && source.MD5 != nil && c.o.Overwrite != Always {
		f, err := root.Open(name)
		if err != nil {
			return keep, plainPath(err)
		}
		defer f.Close()
		if target.MD5, err = fileSum(ctx, f, target.Size); err != nil {
			return keep, err
		}
	}
	return c.decide(source, target, func() ([]byte, error) { return source.MD5, nil })
}

// fill writes what the partial file lacks, and checks the whole.
func (c *Copier) fill(ctx context.Context, j job, p *part, known Known) error {
	step := c.o.Watch.Begin(j.name, known.Size)
	defer step.End()
	var whole hash.Hash
	if len(known.MD5) == md5.Size {
		whole = md5.New()
		if _, err := io.Copy(whole, io.NewSectionReader(p.file, 0, p.at)); err != nil {
			return err
		}
	}
	c.moved(step, p.at, true)
	err := c.fetch(ctx, j.source.Container.NewBlobClient(j.from), known.etag, p.at, known.Size, func(data []byte) error {
		if whole != nil {
			whole.Write(data)
		}
		if err := p.write(data); err != nil {
			return err
		}
		c.moved(step, int64(len(data)), false)
		return nil
	})
	if err == nil && whole != nil && !bytes.Equal(whole.Sum(nil), known.MD5) {
		return errDamaged
	}
	return err
}

// plainPath leaves the name of os.Root's calls out of an error.
func plainPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}
