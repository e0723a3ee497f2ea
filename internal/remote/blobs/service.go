// Package blobs is the blob containers of other processes, Azure's first of all, as
// functions reach them: package blobs of internal/end over the official client.
//
// Nobody tells here that a blob was written, as a container of this process does. A
// container is listed from time to time (scan.go), and what is new in the list are its
// changes; receipts keep what was seen twice from being run twice.
package blobs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	azcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	end "github.com/lazuli-dev/lazuli/internal/end/blobs"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Service implements Service of internal/end/blobs.
type Service struct {
	Clients *storage.Clients
	// Every is how long a container is left alone between two lists; 0 is 10 seconds,
	// as with Azure's host.
	Every time.Duration
}

// Open implements end.Service.
func (s *Service) Open(ctx context.Context, c settings.Connection, name string, _ end.Use) (end.Container, error) {
	got, err := s.container(c, name)
	if err != nil {
		return nil, err
	}
	if _, err := got.client.GetProperties(ctx, nil); err != nil {
		return nil, storage.Fault(err, got.words)
	}
	return got, nil
}

// Need implements end.Service.
func (s *Service) Need(ctx context.Context, c settings.Connection, name string, _ end.Use) (end.Container, error) {
	got, err := s.container(c, name)
	if err != nil {
		return nil, err
	}
	if _, err := got.client.Create(ctx, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return nil, storage.Fault(err, got.words)
	}
	return got, nil
}

func (s *Service) container(c settings.Connection, name string) (*container, error) {
	account, err := s.Clients.Blobs(c)
	if err != nil {
		return nil, err
	}
	every := s.Every
	if every == 0 {
		every = 10 * time.Second
	}
	return &container{
		client: account.NewContainerClient(name), account: storage.Account(c), name: name, every: every,
		words: fmt.Sprintf("container %s of setting %s", name, c.Setting), seen: map[string]sight{},
	}, nil
}

// Await asks from time to time.
func (s *Service) Await(ctx context.Context, c settings.Connection, name string) error {
	wait := run.Backoff{First: time.Second, Longest: 10 * time.Second}
	for {
		if err := wait.Wait(ctx); err != nil {
			return err
		}
		if _, err := s.Open(ctx, c, name, end.Read); !fault.Is(err, fault.NotFound) {
			return err
		}
	}
}

// container is a container of another process.
type container struct {
	client        *azcontainer.Client
	account, name string
	words         string // what it is, for messages
	every         time.Duration

	scanning
	seen map[string]sight // by name, what the last lists had that the next will have too
}

func (c *container) Account() string { return c.account }

// URL implements end.Container, without a signature.
func (c *container) URL(name string) string {
	base, _, _ := strings.Cut(c.client.URL(), "?")
	return base + "/" + end.EscapePath(name)
}

// Scans says that changes may come twice.
func (c *container) Scans() bool { return true }

func (c *container) fault(err error, name string) error {
	return storage.Fault(err, fmt.Sprintf("blob %s of %s", name, c.words))
}

// Info implements end.Container.
func (c *container) Info(ctx context.Context, name string) (objectstore.Info, error) {
	return c.info(ctx, name, nil)
}

func (c *container) info(ctx context.Context, name string, only *blob.AccessConditions) (objectstore.Info, error) {
	p, err := c.client.NewBlobClient(name).GetProperties(ctx, &blob.GetPropertiesOptions{AccessConditions: only})
	if err != nil {
		return objectstore.Info{}, c.fault(err, name)
	}
	i := objectstore.Info{
		Address: objectstore.Address{Container: c.name, Blob: name}, Type: typeOf(p.BlobType), Metadata: metadataOf(p.Metadata),
		Size: value(p.ContentLength), ETag: etagOf(p.ETag), Created: value(p.CreationTime), Modified: value(p.LastModified),
		Tier: value(p.AccessTier), TierInferred: value(p.AccessTierInferred), Sequence: value(p.BlobSequenceNumber),
		BlockCount: int(value(p.BlobCommittedBlockCount)), Sealed: value(p.IsSealed),
		Properties: objectstore.Properties{
			ContentType: value(p.ContentType), ContentEncoding: value(p.ContentEncoding), ContentLanguage: value(p.ContentLanguage),
			ContentDisposition: value(p.ContentDisposition), CacheControl: value(p.CacheControl), ContentMD5: p.ContentMD5,
		},
	}
	for n := range value(p.TagCount) { // their number is all that is asked for
		i.Tags = append(i.Tags, objectstore.Pair{Name: fmt.Sprint(n)})
	}
	return i, nil
}

func typeOf(t *blob.BlobType) objectstore.BlobType {
	switch value(t) {
	case blob.BlobTypePageBlob:
		return objectstore.PageBlob
	case blob.BlobTypeAppendBlob:
		return objectstore.AppendBlob
	}
	return objectstore.BlockBlob
}

// metadataOf is metadata with names in lower case, because the way from the service
// loses theirs.
func metadataOf(m map[string]*string) (all objectstore.Metadata) {
	for name, v := range m {
		all = append(all, objectstore.Pair{Name: strings.ToLower(name), Value: value(v)})
	}
	return all
}

func etagOf(e *azcore.ETag) string { return strings.Trim(string(value(e)), `"`) }

func value[T any](v *T) (zero T) {
	if v == nil {
		return zero
	}
	return *v
}

// onlyAt demands the state with an ETag; "" is any.
func onlyAt(etag string) *blob.AccessConditions {
	if etag == "" {
		return nil
	}
	quoted := azcore.ETag(`"` + etag + `"`)
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &quoted}}
}

// Read implements end.Container.
func (c *container) Read(ctx context.Context, name, etag string) ([]byte, objectstore.Info, error) {
	i, err := c.info(ctx, name, onlyAt(etag))
	if err != nil {
		return nil, i, err
	}
	if i.Size > end.MostHeld {
		return nil, i, end.TooLarge(c.name, name, i.Size)
	}
	got, err := c.client.NewBlobClient(name).DownloadStream(ctx, &blob.DownloadStreamOptions{AccessConditions: onlyAt(i.ETag)})
	if err != nil {
		return nil, i, c.fault(err, name)
	}
	body := got.NewRetryReader(ctx, nil)
	defer body.Close()
	var content bytes.Buffer
	content.Grow(int(i.Size) + bytes.MinRead)
	if _, err := io.Copy(&content, body); err != nil {
		return nil, i, c.fault(err, name)
	}
	return content.Bytes(), i, nil
}

// Write implements end.Container.
func (c *container) Write(ctx context.Context, name string, content []byte) error {
	contentType := "application/octet-stream"
	headers := &blob.HTTPHeaders{BlobContentType: &contentType}
	client := c.client.NewBlockBlobClient(name)
	var err error
	if len(content) <= inOnePiece {
		_, err = client.Upload(ctx, streaming.NopCloser(bytes.NewReader(content)), &blockblob.UploadOptions{HTTPHeaders: headers})
	} else {
		_, err = client.UploadBuffer(ctx, content, &blockblob.UploadBufferOptions{HTTPHeaders: headers})
	}
	return c.fault(err, name)
}

// inOnePiece is up to which size a blob is sent in one request.
const inOnePiece = 4 << 20
