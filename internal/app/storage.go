package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// storage is what the data folder holds, open.
type storage struct {
	lock   io.Closer
	kv     *kv.DB
	broker *broker.Broker
	docs   *docstore.Store

	exists  *resource.Catalogue // accounts, and the way to make what is in them
	hubs    broker.Namespace    // of the default namespace
	hubsID  uint64              // the id of that
	account docstore.Account    // the default account
}

// openStorage locks the data folder and recovers the engines, the log and the
// key-value store side by side.
func openStorage(cfg config.Config, fs vfs.FS, log *slog.Logger, events func(broker.Event)) (*storage, error) {
	dir := cfg.DataDir()
	lock, err := lockData(dir)
	if err != nil {
		return nil, err
	}
	s := &storage{lock: lock}
	var opening errgroup.Group
	opening.Go(func() error { return s.openBroker(cfg, fs, log, events) })
	opening.Go(func() error { return s.openDocuments(cfg, fs, log) })
	err = opening.Wait()
	if err == nil {
		err = s.openAccounts()
	}
	if err != nil {
		s.close(log)
		return nil, err
	}
	return s, nil
}

// openAccounts reads which accounts there are. The project's own, those that
// localhost means, are made when they are missing.
func (s *storage) openAccounts() error {
	var err error
	if s.exists, err = resource.Open(catalogueStore{s.kv, s.kv.Space(kv.Catalogue)}); err != nil {
		return err
	}
	namespace, err := s.exists.EnsureAccount(resource.Namespaces, resource.Default)
	if err != nil {
		return err
	}
	account, err := s.exists.EnsureAccount(resource.CosmosAccounts, resource.Default)
	if err != nil {
		return err
	}
	s.hubsID = namespace.ID
	s.hubs, s.account = s.broker.Namespace(namespace.ID), s.docs.Account(account.ID)
	return nil
}

func (s *storage) openBroker(cfg config.Config, fs vfs.FS, log *slog.Logger, events func(broker.Event)) error {
	policy, err := vfs.ParseSyncPolicy(cfg.Data.Sync)
	if err != nil {
		return err
	}
	s.broker, err = broker.Open(broker.Options{
		FS:           fs,
		Dir:          filepath.Join(cfg.DataDir(), "hubs"),
		Sync:         policy,
		SyncInterval: time.Duration(cfg.Data.SyncInterval),
		TailBytes:    cfg.EventHubs.TailMiB.Bytes(),
		Log:          log.With("component", "broker"),
		Events:       events,
	})
	return err
}

func (s *storage) openDocuments(cfg config.Config, fs vfs.FS, log *slog.Logger) error {
	policy, err := vfs.ParseSyncPolicy(cfg.Data.Sync)
	if err != nil {
		return err
	}
	s.kv, err = kv.Open(kv.Options{
		FS:         fs,
		Dir:        filepath.Join(cfg.DataDir(), "kv"),
		Sync:       policy,
		SyncEvery:  time.Duration(cfg.Data.SyncInterval),
		CacheBytes: cfg.Cosmos.CacheMiB.Bytes(),
		Log:        log.With("component", "kv"),
	})
	if err != nil {
		return err
	}
	s.docs, err = docstore.Open(docstore.Options{DB: s.kv, Log: log.With("component", "docstore")})
	return err
}

// close releases what is open, newest first. Errors are logged: there is
// nobody left to handle them.
func (s *storage) close(log *slog.Logger) {
	closers := []struct {
		name  string
		open  bool
		close func() error
	}{
		{"documents", s.docs != nil, func() error { return s.docs.Close() }},
		{"broker", s.broker != nil, func() error { return s.broker.Close() }},
		{"key-value store", s.kv != nil, func() error { return s.kv.Close() }},
		{"data folder", s.lock != nil, func() error { return s.lock.Close() }},
	}
	for _, c := range closers {
		if !c.open {
			continue
		}
		if err := c.close(); err != nil {
			log.Error("closing failed", "part", c.name, "error", err)
		}
	}
}

// ensureResources makes the hubs, databases and containers that the project
// file names. What exists is brought up to date and never loses data.
func (s *storage) ensureResources(ctx context.Context, cfg config.Config) error {
	for _, name := range slices.Sorted(maps.Keys(cfg.EventHubs.Hubs)) {
		if _, err := s.hubs.EnsureHub(hubConfig(name, cfg.EventHubs.Hubs[name])); err != nil {
			return fmt.Errorf("eventHubs.hubs.%s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Cosmos.Databases)) {
		if err := s.ensureDatabase(ctx, name, cfg.Cosmos.Databases[name]); err != nil {
			return fmt.Errorf("cosmos.databases.%s: %w", name, err)
		}
	}
	return nil
}

func hubConfig(name string, h config.Hub) broker.HubConfig {
	return broker.HubConfig{
		Name:           name,
		Partitions:     int(h.Partitions),
		Retention:      time.Duration(h.Retention),
		RetentionBytes: h.RetentionMiB.Bytes(),
		ConsumerGroups: h.ConsumerGroups,
	}
}

func (s *storage) ensureDatabase(ctx context.Context, name string, want config.Database) error {
	db, err := s.account.Database(name)
	if fault.Is(err, fault.NotFound) {
		db, err = s.account.CreateDatabase(ctx, docstore.DatabaseSpec{ID: name})
	}
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(want.Containers)) {
		if err := ensureContainer(ctx, db, id, want.Containers[id]); err != nil {
			return fmt.Errorf("containers.%s: %w", id, err)
		}
	}
	return nil
}

// ensureContainer makes a container. One that exists keeps its partition key;
// a project file that names another is refused, because its documents could
// not be found any more.
func ensureContainer(ctx context.Context, db *docstore.Database, id string, want config.Container) error {
	spec, err := containerSpec(id, want)
	if err != nil {
		return err
	}
	existing, err := db.Container(id)
	if fault.Is(err, fault.NotFound) {
		_, err = db.CreateContainer(ctx, spec)
		return err
	}
	if err != nil {
		return err
	}
	if have := existing.Spec().PartitionKey.Paths; !slices.Equal(have, spec.PartitionKey.Paths) {
		return fmt.Errorf("partitionKey: the container exists with %v; a partition key cannot change (delete the container, or name it otherwise)", have)
	}
	if !sameTTL(existing.Spec().DefaultTTL, spec.DefaultTTL) || want.IndexingPolicy != nil && !slices.Equal(existing.Spec().IndexingPolicy.Raw, spec.IndexingPolicy.Raw) {
		_, err = db.ReplaceContainer(ctx, id, spec, "")
	}
	return err
}

func sameTTL(a, b *int32) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}

func containerSpec(id string, c config.Container) (docstore.ContainerSpec, error) {
	spec := docstore.ContainerSpec{
		ID:           id,
		PartitionKey: docstore.PartitionKeySpec{Paths: c.PartitionKey, Version: 2},
		UniqueKeys:   c.UniqueKeys,
	}
	if c.DefaultTTL != nil {
		ttl := int32(*c.DefaultTTL)
		spec.DefaultTTL = &ttl
	}
	if c.IndexingPolicy != nil {
		raw, err := json.Marshal(c.IndexingPolicy)
		if err != nil {
			return spec, fmt.Errorf("indexingPolicy: %w", err)
		}
		if spec.IndexingPolicy, err = docstore.ParseIndexingPolicy(raw); err != nil {
			return spec, fmt.Errorf("indexingPolicy: %w", err)
		}
	}
	return spec, nil
}
