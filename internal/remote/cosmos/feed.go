package cosmos

import (
	"context"
	"encoding/json"

	"github.com/lazuli-dev/lazuli/changefeed"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/remote/storage"
)

// source is a change feed whose errors are told in a line, with their kind.
type source struct {
	feed  *changefeed.Container
	words string
}

func (s *source) Identity(ctx context.Context) (changefeed.Identity, error) {
	id, err := s.feed.Identity(ctx)
	return id, storage.Fault(err, s.words)
}

func (s *source) Ranges(ctx context.Context) ([]changefeed.Range, error) {
	all, err := s.feed.Ranges(ctx)
	return all, storage.Fault(err, s.words)
}

func (s *source) Now(ctx context.Context, r changefeed.Range) (string, error) {
	position, err := s.feed.Now(ctx, r)
	return position, storage.Fault(err, s.words)
}

func (s *source) Read(ctx context.Context, q changefeed.Query) (changefeed.Page, error) {
	page, err := s.feed.Read(ctx, q)
	return page, storage.Fault(err, s.words)
}

// Leases implements end.Service.
func (s *Service) Leases(ctx context.Context, c settings.Connection, database, container string, createFirst bool) (changefeed.LeaseStore, error) {
	key := ""
	if createFirst {
		key = "/id"
	}
	client, err := s.container(ctx, c, database, container, key)
	if err != nil {
		return nil, err
	}
	return &leases{changefeed.Leases(client), "lease " + words(c, database, container)}, nil
}

// leases are lease documents whose errors are told as those of a source.
type leases struct {
	store changefeed.LeaseStore
	words string
}

func (l *leases) List(ctx context.Context, prefix string) ([]json.RawMessage, error) {
	all, err := l.store.List(ctx, prefix)
	return all, storage.Fault(err, l.words)
}

func (l *leases) Read(ctx context.Context, id string) (json.RawMessage, error) {
	doc, err := l.store.Read(ctx, id)
	return doc, l.fault(err)
}

func (l *leases) Create(ctx context.Context, doc json.RawMessage) (string, error) {
	etag, err := l.store.Create(ctx, doc)
	return etag, l.fault(err)
}

func (l *leases) Replace(ctx context.Context, doc json.RawMessage, etag string) (string, error) {
	etag, err := l.store.Replace(ctx, doc, etag)
	return etag, l.fault(err)
}

func (l *leases) Delete(ctx context.Context, doc json.RawMessage, etag string) error {
	return l.fault(l.store.Delete(ctx, doc, etag))
}

func (l *leases) fault(err error) error {
	if err == changefeed.ErrMissing { //nolint:errorlint // this one says no more than that
		return err
	}
	return storage.Fault(err, l.words)
}
