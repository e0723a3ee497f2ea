// Package blobs is where functions meet the blobs of this process: here a host
// keeps its state in them, as package state of the host wants it, straight in the
// store and as durable as it.
package blobs

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// State are an account's blobs as a host keeps its state in them. All fields are
// required.
type State struct {
	Account objectstore.Account
	// Container makes a container that is missing.
	Container func(ctx context.Context, name string) error
}

// Mark implements state.Marks.
func (s *State) Mark(ctx context.Context, container, name string) (state.Mark, error) {
	info, err := s.Account.Properties(ctx, objectstore.Address{Container: container, Blob: name}, objectstore.Conditions{})
	if err != nil {
		return state.Mark{}, err
	}
	return markOf(&info), nil
}

func markOf(i *objectstore.Info) state.Mark {
	m := state.Mark{Name: i.Blob, ETag: i.ETag, Age: state.AgeAt(time.Now(), i.Modified), Metadata: make(map[string]string, len(i.Metadata))}
	for _, p := range i.Metadata {
		m.Metadata[strings.ToLower(p.Name)] = p.Value
	}
	return m
}

// Marks implements state.Marks.
func (s *State) Marks(ctx context.Context, container, prefix string) (all []state.Mark, err error) {
	for marker := ""; ; {
		page, next, err := s.Account.List(ctx, container, objectstore.ListOptions{Prefix: prefix, Marker: marker})
		if fault.CodeOf(err) == objectstore.ContainerNotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range page {
			all = append(all, markOf(page[i].Blob))
		}
		if marker = next; marker == "" {
			return all, nil
		}
	}
}

// SetMark implements state.Marks: a blob that is there gets the metadata, as the
// vendor's checkpoint stores do it, and others are made.
func (s *State) SetMark(ctx context.Context, container, name string, metadata map[string]string, etag string) (string, error) {
	at, pairs := objectstore.Address{Container: container, Blob: name}, pairsOf(metadata)
	if etag != state.Missing {
		info, err := s.Account.SetMetadata(ctx, at, pairs, demand(etag))
		if err == nil || !fault.Is(err, fault.NotFound) {
			return info.ETag, err
		}
		if etag != state.Any {
			return "", changed(err)
		}
	}
	return s.put(ctx, at, nil, pairs, etag)
}

// pairsOf orders the names, so that what is stored does not depend on chance.
func pairsOf(metadata map[string]string) objectstore.Metadata {
	pairs := make(objectstore.Metadata, 0, len(metadata))
	for name, value := range metadata {
		pairs = append(pairs, objectstore.Pair{Name: name, Value: value})
		for i := len(pairs) - 1; i > 0 && pairs[i].Name < pairs[i-1].Name; i-- {
			pairs[i], pairs[i-1] = pairs[i-1], pairs[i]
		}
	}
	return pairs
}

// demand is the conditions of a write that an etag means.
func demand(etag string) (c objectstore.Conditions) {
	switch etag {
	case state.Any:
	case state.Missing:
		c.IfNoneMatch = []string{"*"}
	default:
		c.IfMatch = []string{etag}
	}
	return c
}

// Text implements state.Texts.
func (s *State) Text(ctx context.Context, container, name string) (content []byte, etag string, err error) {
	c, err := s.Account.Open(ctx, objectstore.Address{Container: container, Blob: name}, objectstore.Conditions{})
	if err != nil {
		return nil, "", err
	}
	defer c.Close()
	info := c.Info()
	if info.Size > longestText {
		return nil, "", fault.New(fault.TooLarge, "blob "+container+"/"+name, "it has %d bytes; what a host keeps there has at most %d", info.Size, longestText)
	}
	var text bytes.Buffer
	if err := c.WriteRange(&text, 0, info.Size); err != nil {
		return nil, "", err
	}
	return text.Bytes(), info.ETag, nil
}

// longestText bounds what is read into memory of a blob that anybody can write.
const longestText = 4 << 20

// SetText implements state.Texts.
func (s *State) SetText(ctx context.Context, container, name string, content []byte, etag string) (string, error) {
	return s.put(ctx, objectstore.Address{Container: container, Blob: name}, content, nil, etag)
}

// put writes a whole blob, and its container where that is missing.
func (s *State) put(ctx context.Context, at objectstore.Address, content []byte, metadata objectstore.Metadata, etag string) (string, error) {
	made := false
	for {
		info, err := s.upload(ctx, at, content, metadata, etag)
		switch {
		case fault.CodeOf(err) == objectstore.ContainerNotFound && !made && (etag == state.Any || etag == state.Missing):
			if err := s.Container(ctx, at.Container); err != nil {
				return "", err
			}
			made = true
		case fault.CodeOf(err) == objectstore.BlobAlreadyExists, err != nil && fault.Is(err, fault.NotFound) && etag != state.Any:
			return "", changed(err)
		default:
			return info.ETag, err
		}
	}
}

func (s *State) upload(ctx context.Context, at objectstore.Address, content []byte, metadata objectstore.Metadata, etag string) (objectstore.Info, error) {
	u, err := s.Account.NewUpload(ctx, int64(len(content)))
	if err != nil {
		return objectstore.Info{}, err
	}
	defer u.Discard()
	if _, err := u.Write(content); err != nil {
		return objectstore.Info{}, err
	}
	return s.Account.PutBlob(ctx, at, u, objectstore.Put{
		Type: objectstore.BlockBlob, Metadata: metadata, Conditions: demand(etag),
		Properties: objectstore.Properties{ContentType: "application/octet-stream"},
	})
}

// changed says that a blob is not what its writer believed.
func changed(err error) error {
	return fault.Wrap(fault.PreconditionFailed, "", err, "it was changed meanwhile")
}

// Acquire implements state.Leases.
func (s *State) Acquire(ctx context.Context, container, name, id string, period time.Duration) error {
	at := objectstore.Address{Container: container, Blob: name}
	q := objectstore.LeaseRequest{Action: objectstore.AcquireLease, Proposed: id, Duration: int(period / time.Second)}
	_, err := s.Account.Lease(ctx, at, q)
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	if _, err := s.put(ctx, at, nil, nil, state.Missing); err != nil && !fault.Is(err, fault.PreconditionFailed) {
		return err
	}
	_, err = s.Account.Lease(ctx, at, q)
	return err
}

// Renew implements state.Leases.
func (s *State) Renew(ctx context.Context, container, name, id string) error {
	return s.lease(ctx, container, name, id, objectstore.RenewLease)
}

// Release implements state.Leases.
func (s *State) Release(ctx context.Context, container, name, id string) error {
	return s.lease(ctx, container, name, id, objectstore.ReleaseLease)
}

func (s *State) lease(ctx context.Context, container, name, id string, action objectstore.LeaseAction) error {
	_, err := s.Account.Lease(ctx, objectstore.Address{Container: container, Blob: name}, objectstore.LeaseRequest{Action: action, ID: id})
	return err
}
