// Package hoststate keeps what a functions host remembers in a storage account of
// another process: the blobs of package state of the host, over the official client.
//
// It behaves as the local one does (package blobs of internal/end), which the same
// suite says: endtest.State.
package hoststate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
)

// State are the blobs of an account.
type State struct {
	account *service.Client
	setting string // that leads to it, for messages
}

// New keeps state in the account, to which a setting leads.
func New(account *service.Client, setting string) *State { return &State{account, setting} }

func (s *State) blob(container, name string) *blockblob.Client {
	return s.account.NewContainerClient(container).NewBlockBlobClient(name)
}

// fault is storage.Fault of a blob.
func (s *State) fault(err error, container, name string) error {
	return storage.Fault(err, fmt.Sprintf("blob %s/%s of setting %s", container, name, s.setting))
}

// Mark implements state.Marks.
func (s *State) Mark(ctx context.Context, container, name string) (state.Mark, error) {
	p, err := s.blob(container, name).GetProperties(ctx, nil)
	if err != nil {
		return state.Mark{}, s.fault(err, container, name)
	}
	return markOf(name, p.Metadata, p.ETag, p.LastModified, p.Date), nil
}

// markOf is a blob as it was shown. now is the store's.
func markOf(name string, metadata map[string]*string, etag *azcore.ETag, written, now *time.Time) state.Mark {
	m := state.Mark{Name: name, Metadata: make(map[string]string, len(metadata))}
	for k, v := range metadata {
		if v != nil {
			m.Metadata[strings.ToLower(k)] = *v
		} else {
			m.Metadata[strings.ToLower(k)] = ""
		}
	}
	if etag != nil {
		m.ETag = string(*etag)
	}
	if written != nil && now != nil {
		m.Age = state.AgeAt(*now, *written)
	}
	return m
}

// Marks implements state.Marks.
func (s *State) Marks(ctx context.Context, in, prefix string) (all []state.Mark, err error) {
	pages := s.account.NewContainerClient(in).NewListBlobsFlatPager(&container.ListBlobsFlatOptions{
		Prefix: &prefix, Include: container.ListBlobsInclude{Metadata: true},
	})
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if bloberror.HasCode(err, bloberror.ContainerNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, s.fault(err, in, prefix)
		}
		for _, b := range page.Segment.BlobItems {
			if b.Name == nil || b.Properties == nil {
				return nil, fault.New(fault.Unavailable, "setting "+s.setting, "the account lists a blob in %s without its name or properties", in)
			}
			all = append(all, markOf(*b.Name, b.Metadata, b.Properties.ETag, b.Properties.LastModified, page.Date))
		}
	}
	return all, nil
}

// SetMark implements state.Marks: a blob that is there gets the metadata, as the
// vendor's checkpoint stores do it, and others are made.
func (s *State) SetMark(ctx context.Context, container, name string, metadata map[string]string, etag string) (string, error) {
	given := make(map[string]*string, len(metadata))
	for k, v := range metadata {
		given[k] = &v
	}
	if etag != state.Missing {
		done, err := s.blob(container, name).SetMetadata(ctx, given, &blob.SetMetadataOptions{AccessConditions: demand(etag)})
		switch {
		case err == nil:
			return etagOf(done.ETag), nil
		case !bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound):
			return "", s.fault(err, container, name)
		case etag != state.Any:
			return "", s.changed(err, container, name)
		}
	}
	return s.put(ctx, container, name, nil, given, etag)
}

// demand is the conditions of a write that an etag means.
func demand(etag string) *blob.AccessConditions {
	tag := azcore.ETag(etag)
	switch etag {
	case state.Any:
		return nil
	case state.Missing:
		return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &tag}}
	}
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &tag}}
}

func etagOf(e *azcore.ETag) string {
	if e == nil {
		return ""
	}
	return string(*e)
}

// changed says that a blob is not what its writer believed.
func (s *State) changed(err error, container, name string) error {
	return fault.Wrap(fault.PreconditionFailed, fmt.Sprintf("blob %s/%s of setting %s", container, name, s.setting), err, "it was changed meanwhile")
}

// longestText bounds what is read into memory of a blob that anybody can write.
const longestText = 4 << 20

// Text implements state.Texts.
func (s *State) Text(ctx context.Context, container, name string) (content []byte, etag string, err error) {
	got, err := s.blob(container, name).DownloadStream(ctx, nil)
	if err != nil {
		return nil, "", s.fault(err, container, name)
	}
	body := got.NewRetryReader(ctx, nil)
	content, err = io.ReadAll(io.LimitReader(body, longestText+1))
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, "", s.fault(err, container, name)
	}
	if len(content) > longestText {
		return nil, "", fault.New(fault.TooLarge, "blob "+container+"/"+name, "what a host keeps there has at most %d bytes", longestText)
	}
	return content, etagOf(got.ETag), nil
}

// SetText implements state.Texts.
func (s *State) SetText(ctx context.Context, container, name string, content []byte, etag string) (string, error) {
	return s.put(ctx, container, name, content, nil, etag)
}

// put writes a whole blob, and its container where that is missing.
func (s *State) put(ctx context.Context, in, name string, content []byte, metadata map[string]*string, etag string) (string, error) {
	contentType := "application/octet-stream"
	for made := false; ; made = true {
		done, err := s.blob(in, name).Upload(ctx, streaming.NopCloser(bytes.NewReader(content)), &blockblob.UploadOptions{
			Metadata: metadata, AccessConditions: demand(etag), HTTPHeaders: &blob.HTTPHeaders{BlobContentType: &contentType},
		})
		switch {
		case err == nil:
			return etagOf(done.ETag), nil
		case bloberror.HasCode(err, bloberror.ContainerNotFound) && !made && (etag == state.Any || etag == state.Missing):
			_, err := s.account.NewContainerClient(in).Create(ctx, nil)
			if err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
				return "", s.fault(err, in, name)
			}
		case bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ContainerNotFound, bloberror.BlobNotFound):
			return "", s.changed(err, in, name)
		default:
			return "", s.fault(err, in, name)
		}
	}
}

// leaseOn is the lease of an id on a blob.
func (s *State) leaseOn(container, name, id string) (*lease.BlobClient, error) {
	l, err := lease.NewBlobClient(s.blob(container, name), &lease.BlobClientOptions{LeaseID: &id})
	return l, s.fault(err, container, name)
}

// Acquire implements state.Leases.
func (s *State) Acquire(ctx context.Context, container, name, id string, period time.Duration) error {
	l, err := s.leaseOn(container, name, id)
	if err != nil {
		return err
	}
	_, err = l.AcquireLease(ctx, int32(period/time.Second), nil)
	if !bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound) {
		return s.fault(err, container, name)
	}
	if _, err := s.put(ctx, container, name, nil, nil, state.Missing); err != nil && !fault.Is(err, fault.PreconditionFailed) {
		return err
	}
	_, err = l.AcquireLease(ctx, int32(period/time.Second), nil)
	return s.fault(err, container, name)
}

// Renew implements state.Leases.
func (s *State) Renew(ctx context.Context, container, name, id string) error {
	l, err := s.leaseOn(container, name, id)
	if err == nil {
		_, err = l.RenewLease(ctx, nil)
	}
	return s.fault(err, container, name)
}

// Release implements state.Leases.
func (s *State) Release(ctx context.Context, container, name, id string) error {
	l, err := s.leaseOn(container, name, id)
	if err == nil {
		_, err = l.ReleaseLease(ctx, nil)
	}
	return s.fault(err, container, name)
}
