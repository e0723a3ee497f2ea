package transfer

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"golang.org/x/sync/errgroup"
)

// content is what becomes a blob.
type content struct {
	Known
	from     io.Reader
	sum      func() ([]byte, error) // MD5 of all of it, without moving from; nil when there is no way
	headers  blob.HTTPHeaders
	metadata map[string]*string
}

// uploadFile makes a blob of a file.
func (c *Copier) uploadFile(ctx context.Context, j job) (verdict, error) {
	f, err := os.Open(j.from)
	if err != nil {
		return keep, err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return keep, err
	}
	in := content{
		Known: Known{Name: j.name, Size: before.Size(), Modified: before.ModTime()}, from: f,
		headers: c.headers(j.to), metadata: pointers(c.o.Metadata),
		sum: func() ([]byte, error) { return fileSum(ctx, f, before.Size()) },
	}
	check := func() error {
		after, err := f.Stat()
		if err == nil && (after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())) {
			err = errors.New("the file changed while it was read; nothing of it was stored")
		}
		return err
	}
	return c.upload(ctx, j, in, check)
}

func (c *Copier) headers(name string) blob.HTTPHeaders {
	typ := c.o.ContentType
	if typ == "" {
		typ = contentType(name)
	}
	return blob.HTTPHeaders{BlobContentType: &typ}
}

// fileSum is the MD5 of a file, which stays where it is.
func fileSum(ctx context.Context, f io.ReaderAt, size int64) ([]byte, error) {
	h := md5.New()
	for at := int64(0); at < size; at += pieceSize {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := io.Copy(h, io.NewSectionReader(f, at, min(pieceSize, size-at))); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

// upload makes a blob of what can be read, if it may.
func (c *Copier) upload(ctx context.Context, j job, in content, complete func() error) (verdict, error) {
	small := in.Size >= 0 && in.Size < pieceSize
	cond, v, err := c.may(ctx, j, in, !small)
	if err != nil || v != write {
		return v, err
	}
	step := c.o.Watch.Begin(j.name, in.Size)
	defer step.End()
	return c.put(ctx, j, in, cond, complete, step)
}

// put stores a blob. What fits into one piece is one request; the rest goes as blocks.
// complete is asked before the blob becomes visible.
func (c *Copier) put(ctx context.Context, j job, in content, cond *blob.AccessConditions, complete func() error, step Step) (verdict, error) {
	first, err := c.sending.get(ctx, blockSize(in.Size))
	if err != nil {
		return keep, err
	}
	n, err := io.ReadFull(in.from, first)
	if err == nil {
		return write, c.uploadBlocks(ctx, j.target.Container.NewBlockBlobClient(j.to), first, in, cond, complete, step)
	}
	defer c.sending.put(first)
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return keep, err
	}
	if err := complete(); err != nil {
		return keep, err
	}
	return c.uploadOne(ctx, j, first[:n], in, cond, step)
}

// may says whether the blob may be written, and under which condition. Without look,
// the service is left to say that it is there.
func (c *Copier) may(ctx context.Context, j job, in content, look bool) (*blob.AccessConditions, verdict, error) {
	if c.o.Overwrite == Always {
		return nil, write, nil
	}
	if !look {
		return absent(), write, nil
	}
	there, err := j.target.Container.NewBlobClient(j.to).GetProperties(ctx, nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound) {
		return absent(), write, nil
	}
	if err != nil {
		return nil, keep, err
	}
	known := Known{Size: value(there.ContentLength), Modified: value(there.LastModified), MD5: there.ContentMD5, Name: j.target.At(j.to)}
	v, err := c.decide(in.Known, known, in.md5)
	return unchanged(there.ETag), v, err
}

func (in content) md5() ([]byte, error) {
	if in.sum == nil {
		return in.MD5, nil
	}
	return in.sum()
}

func absent() *blob.AccessConditions {
	anything := azcore.ETagAny
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &anything}}
}

func unchanged(tag *azcore.ETag) *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: tag}}
}

// uploadOne stores a blob in one request.
func (c *Copier) uploadOne(ctx context.Context, j job, data []byte, in content, cond *blob.AccessConditions, step Step) (verdict, error) {
	sum := md5.Sum(data)
	in.headers.BlobContentMD5 = sum[:]
	in.sum = func() ([]byte, error) { return sum[:], nil }
	in.Size = int64(len(data))
	if err := c.pace(ctx, len(data)); err != nil {
		return keep, err
	}
	put := func(cond *blob.AccessConditions) error {
		_, err := j.target.Container.NewBlockBlobClient(j.to).Upload(ctx, streaming.NopCloser(bytes.NewReader(data)), &blockblob.UploadOptions{
			HTTPHeaders: &in.headers, Metadata: in.metadata, AccessConditions: cond,
			TransactionalValidation: blob.TransferValidationTypeMD5(sum[:]),
		})
		return err
	}
	err := put(cond)
	if cond != nil && bloberror.HasCode(err, bloberror.BlobAlreadyExists) {
		var v verdict
		if cond, v, err = c.may(ctx, j, in, true); err != nil || v != write {
			return v, err
		}
		err = put(cond)
	}
	if err != nil {
		return keep, err
	}
	c.moved(step, int64(len(data)), false)
	return write, nil
}

// uploadBlocks stores a blob block by block, without those that are there. first is
// the first block's buffer, full.
func (c *Copier) uploadBlocks(ctx context.Context, target *blockblob.Client, first []byte, in content, cond *blob.AccessConditions, complete func() error, step Step) error {
	size := len(first)
	there, err := target.GetBlockList(ctx, blockblob.BlockListTypeAll, nil)
	if err != nil && !bloberror.HasCode(err, bloberror.BlobNotFound) {
		c.sending.put(first)
		return err
	}
	up := &blockUpload{c: c, target: target, there: presentBlocks(there), step: step}
	whole := md5.New()
	sends, sending := errgroup.WithContext(ctx)
	err = func() error {
		for buf, n := first, size; ; {
			whole.Write(buf[:n])
			if err := up.send(sending, sends, buf, n); err != nil {
				return err
			}
			if n < size {
				return nil
			}
			var err error
			if buf, err = c.sending.get(sending, size); err != nil {
				return err
			}
			n, err = io.ReadFull(in.from, buf)
			if n == 0 || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				c.sending.put(buf)
				if errors.Is(err, io.EOF) {
					err = nil
				}
				return err
			}
		}
	}()
	if sent := sends.Wait(); sent != nil {
		err = sent
	}
	if err == nil {
		err = complete()
	}
	if err != nil {
		return err
	}
	return up.commit(ctx, in, cond, whole.Sum(nil))
}

// blockUpload is a blob that is made of blocks.
type blockUpload struct {
	c      *Copier
	target *blockblob.Client
	there  present
	ids    []*string // in order; each is set when its block is stored
	step   Step
}

// send stores a block, beside others, and gives its buffer back.
func (u *blockUpload) send(ctx context.Context, sends *errgroup.Group, buf []byte, n int) error {
	number := len(u.ids)
	if number >= mostBlocks {
		u.c.sending.put(buf)
		return fmt.Errorf("it is longer than a blob of %d blocks of %d MiB can be", mostBlocks, len(buf)>>20)
	}
	id := new(string)
	u.ids = append(u.ids, id)
	sends.Go(func() error {
		defer u.c.sending.put(buf)
		sum := md5.Sum(buf[:n])
		*id = blockID(number, sum, u.there.length)
		if u.there.has(*id, n) {
			u.c.moved(u.step, int64(n), true)
			return nil
		}
		if err := u.c.pace(ctx, n); err != nil {
			return err
		}
		_, err := u.target.StageBlock(ctx, *id, streaming.NopCloser(bytes.NewReader(buf[:n])), &blockblob.StageBlockOptions{
			TransactionalValidation: blob.TransferValidationTypeMD5(sum[:]),
		})
		if err == nil {
			u.c.moved(u.step, int64(n), false)
		}
		return err
	})
	return nil
}

// commit makes the blob visible.
func (u *blockUpload) commit(ctx context.Context, in content, cond *blob.AccessConditions, sum []byte) error {
	ids := make([]string, len(u.ids))
	for i, id := range u.ids {
		ids[i] = *id
	}
	in.headers.BlobContentMD5 = sum
	_, err := u.target.CommitBlockList(ctx, ids, &blockblob.CommitBlockListOptions{
		HTTPHeaders: &in.headers, Metadata: in.metadata, AccessConditions: cond,
	})
	return err
}
