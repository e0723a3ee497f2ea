package app

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// dataFolder is what the data folder holds, open.
type dataFolder struct {
	lock   io.Closer
	fs     vfs.FS
	sync   vfs.SyncPolicy
	kv     *kv.DB
	broker *broker.Broker
	docs   *docstore.Store

	exists *resource.Catalogue // accounts, and the way to make what is in them
	own    []resource.Account  // that the project file names, or that localhost means

	// The default accounts and what is in them, once their services have declared
	// them.
	namespace resource.Account
	documents resource.Account
	hubs      broker.Namespace
	account   docstore.Account
	blobs     resource.Account
	objects   *objectstore.Store // once blobStorage has opened it
	queues    *queue.Store       // once queueStorage has opened it
	tables    *tablestore.Store  // once tableStorage has opened it

	engines []openEngine // of services that open their own; what was opened last is closed first
}

// openEngine is an open engine of a service.
type openEngine struct {
	name  string
	close func() error
}

// opened has an engine closed with the data folder, before what it is built on.
func (s *dataFolder) opened(name string, e io.Closer) {
	s.engines = append(s.engines, openEngine{name, e.Close})
}

// openData locks the data folder and recovers the engines, the log and the
// key-value store side by side.
func openData(cfg config.Config, fs vfs.FS, log *slog.Logger, events func(broker.Event)) (*dataFolder, error) {
	dir := cfg.DataDir()
	lock, err := lockData(dir)
	if err != nil {
		return nil, err
	}
	s := &dataFolder{lock: lock, fs: fs}
	if s.sync, err = vfs.ParseSyncPolicy(cfg.Data.Sync); err != nil {
		s.close(log)
		return nil, err
	}
	if err := ignoreInGit(dir); err != nil {
		log.Warn("the data folder's .gitignore could not be written", "error", err)
	}
	var opening errgroup.Group
	opening.Go(func() error { return s.openBroker(cfg, fs, log, events) })
	opening.Go(func() error { return s.openDocuments(cfg, fs, log) })
	err = opening.Wait()
	if err == nil {
		s.exists, err = resource.Open(textStore{s.kv, s.kv.Space(kv.Catalogue), "accounts"})
	}
	if err != nil {
		s.close(log)
		return nil, err
	}
	return s, nil
}

// ignoreInGit keeps the data folder out of the project's repository: it holds
// keys and databases. A folder of another name may be one that the user has
// other things in, and is his to ignore.
func ignoreInGit(dir string) error {
	if filepath.Base(dir) != config.DataFolder {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, ".gitignore"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString("*\n")
	return errors.Join(err, f.Close())
}

func (s *dataFolder) openBroker(cfg config.Config, fs vfs.FS, log *slog.Logger, events func(broker.Event)) error {
	var err error
	s.broker, err = broker.Open(broker.Options{
		FS:           fs,
		Dir:          filepath.Join(cfg.DataDir(), "hubs"),
		Sync:         s.sync,
		SyncInterval: time.Duration(cfg.Data.SyncInterval),
		TailBytes:    cfg.EventHubs.TailMiB.Bytes(),
		Log:          log.With("component", "broker"),
		Events:       events,
	})
	return err
}

func (s *dataFolder) openDocuments(cfg config.Config, fs vfs.FS, log *slog.Logger) error {
	var err error
	s.kv, err = kv.Open(kv.Options{
		FS:         fs,
		Dir:        filepath.Join(cfg.DataDir(), "kv"),
		Sync:       s.sync,
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
func (s *dataFolder) close(log *slog.Logger) {
	for _, e := range slices.Backward(s.engines) {
		if err := e.close(); err != nil {
			log.Error("closing failed", "part", e.name, "error", err)
		}
	}
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
