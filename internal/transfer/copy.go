package transfer

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// copyBlob makes a blob of a blob: the service itself copies where it can reach the
// source, and else the bytes pass through here.
func (c *Copier) copyBlob(ctx context.Context, j job) (verdict, error) {
	known, err := c.source(ctx, j)
	if err != nil {
		return keep, err
	}
	in := content{Known: known}
	cond, v, err := c.may(ctx, j, in, true)
	if err != nil || v != write {
		return v, err
	}
	step := c.o.Watch.Begin(j.name, known.Size)
	defer step.End()
	if url, ok := j.readable(); ok {
		err = c.copyThere(ctx, j, known, url, cond)
		if err == nil {
			c.moved(step, known.Size, false)
			return write, nil
		}
		if !unreadable(err) || ctx.Err() != nil {
			return keep, err
		}
	}
	if known.typ != blob.BlobTypeBlockBlob {
		return keep, fmt.Errorf("it is a %s, which the other account cannot read, and which cannot be copied through this machine", typeWord(known.typ))
	}
	return c.copyHere(ctx, j, in, cond, step)
}

func typeWord(t blob.BlobType) string {
	return strings.ToLower(strings.TrimSuffix(string(t), "Blob")) + " blob"
}

// readable is the URL at which the target's service can read the source, if it can.
func (j job) readable() (url string, ok bool) {
	url = j.source.Container.NewBlobClient(j.from).URL()
	switch {
	case j.source.Realm == "" || j.source.Realm != j.target.Realm:
		return "", false
	case j.source.Account == j.target.Account || strings.Contains(url, "sig="):
		return url, true
	case j.source.Readable == nil:
		return "", false
	}
	url, err := j.source.Readable(j.from)
	return url, err == nil
}

// unreadable reports whether the service could not read the source.
func unreadable(err error) bool {
	var refused *azcore.ResponseError
	return bloberror.HasCode(err, bloberror.CannotVerifyCopySource, "CopyAcrossAccountsNotSupported", bloberror.UnauthorizedBlobOverwrite) ||
		errors.As(err, &refused) && refused.StatusCode == http.StatusNotImplemented
}

// copyThere has the service copy, and waits until it has.
func (c *Copier) copyThere(ctx context.Context, j job, known Known, url string, cond *blob.AccessConditions) error {
	target := j.target.Container.NewBlobClient(j.to)
	tag := azcore.ETag(known.etag)
	res, err := target.StartCopyFromURL(ctx, url, &blob.StartCopyFromURLOptions{
		AccessConditions: cond, Metadata: pointers(c.o.Metadata),
		SourceModifiedAccessConditions: &blob.SourceModifiedAccessConditions{SourceIfMatch: &tag},
	})
	if err != nil {
		return err
	}
	status, why := value(res.CopyStatus), ""
	for wait := 100 * time.Millisecond; status == blob.CopyStatusTypePending; wait = min(2*wait, 5*time.Second) {
		select {
		case <-ctx.Done():
			_, _ = target.AbortCopyFromURL(context.WithoutCancel(ctx), value(res.CopyID), nil) // it may have ended meanwhile
			return ctx.Err()
		case <-time.After(wait):
		}
		props, err := target.GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		status, why = value(props.CopyStatus), value(props.CopyStatusDescription)
	}
	if status != blob.CopyStatusTypeSuccess {
		return fmt.Errorf("the service gave the copy up (%s): %s", status, why)
	}
	return nil
}

// copyHere reads the source and writes the target, block by block.
func (c *Copier) copyHere(ctx context.Context, j job, in content, cond *blob.AccessConditions, step Step) (verdict, error) {
	var err error
	if in.headers, in.metadata, err = describe(ctx, j); err != nil {
		return keep, err
	}
	if c.o.Metadata != nil {
		in.metadata = pointers(c.o.Metadata)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from, to := io.Pipe()
	read := make(chan struct{})
	go func() {
		defer close(read)
		_ = to.CloseWithError(c.fetch(ctx, j.source.Container.NewBlobClient(j.from), in.etag, 0, in.Size, func(data []byte) error {
			_, err := to.Write(data)
			return err
		}))
	}()
	in.from = from
	v, err := c.put(ctx, j, in, cond, func() error { return nil }, step)
	cancel()
	_ = from.CloseWithError(context.Canceled)
	<-read
	return v, err
}

// describe reads what else there is of a blob: its headers, and its metadata with the
// case of their names. Whoever may not list gets them as the client has them.
func describe(ctx context.Context, j job) (blob.HTTPHeaders, map[string]*string, error) {
	props, err := j.source.Container.NewBlobClient(j.from).GetProperties(ctx, nil)
	if err != nil {
		return blob.HTTPHeaders{}, nil, err
	}
	headers := blob.HTTPHeaders{
		BlobCacheControl: props.CacheControl, BlobContentDisposition: props.ContentDisposition, BlobContentEncoding: props.ContentEncoding,
		BlobContentLanguage: props.ContentLanguage, BlobContentType: props.ContentType,
	}
	if len(props.Metadata) == 0 {
		return headers, nil, nil
	}
	if metadata := listedMetadata(ctx, j.source.Container, j.from); len(metadata) == len(props.Metadata) {
		return headers, metadata, nil
	}
	return headers, props.Metadata, nil
}

// listedMetadata reads a blob's metadata out of a listing as the service wrote it: HTTP
// headers have no case, and the client makes the names of its listings small.
func listedMetadata(ctx context.Context, c *container.Client, name string) map[string]*string {
	one := int32(1) // the name itself is the first that begins with it
	var answer *http.Response
	_, err := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{
		Prefix: &name, MaxResults: &one, Include: container.ListBlobsInclude{Metadata: true},
	}).NextPage(policy.WithCaptureResponse(ctx, &answer))
	if err != nil || answer == nil {
		return nil
	}
	var list struct {
		Blobs []struct {
			Name     string
			Metadata struct {
				Pairs []struct {
					XMLName xml.Name
					Value   string `xml:",chardata"`
				} `xml:",any"`
			}
		} `xml:"Blobs>Blob"`
	}
	text, err := runtime.Payload(answer)
	if err != nil || xml.Unmarshal(text, &list) != nil || len(list.Blobs) != 1 || list.Blobs[0].Name != name {
		return nil
	}
	metadata := map[string]*string{}
	for _, pair := range list.Blobs[0].Metadata.Pairs {
		metadata[pair.XMLName.Local] = &pair.Value
	}
	return metadata
}
