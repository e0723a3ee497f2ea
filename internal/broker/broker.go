// Package broker keeps event hubs: named, partitioned, durable streams that
// any number of readers follow at their own pace.
//
// The one idea: a partition is a seglog.Log and nothing else. An append is one
// group of the log, so it is atomic and acknowledged only when it is on disk; a
// reader is a cursor over the log; retention drops the log's oldest segments.
// The broker adds names, consumer groups, routing by key, offsets and a
// durable list of what exists.
//
// It does not know AMQP or Kafka: a record's body is opaque. It does not store
// consumer positions either, because consumers keep their own checkpoints, and
// it does not arbitrate between readers of one group: the wire contract does.
//
// On disk, below Options.Dir:
//
//	hubs.json             what exists: hubs, partitions, consumer groups
//	hub-00000001/0000/    the log of partition 0 of the hub with id 1
package broker

import (
	"context"
	"log/slog"
	"time"

	"github.com/lazuli-dev/lazuli/internal/seglog"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Options configure a Broker. FS and Dir are required; every other field has a
// default.
type Options struct {
	FS  vfs.FS // where everything is written
	Dir string // the broker's own folder; made when missing

	Sync         seglog.SyncPolicy // when an append counts as stored; default seglog.SyncAlways
	SyncInterval time.Duration     // for seglog.SyncInterval; default 100 ms

	SegmentBytes int64 // size at which a log begins a new file; default 64 MiB
	TailBytes    int64 // memory for the newest records of all partitions together; default 32 MiB
	QueueBytes   int64 // bytes waiting per partition before Append blocks; default 8 MiB
	AppendBytes  int   // largest single append; default 4 MiB

	RetentionEvery time.Duration    // how often retention looks; default 1 min
	Now            func() time.Time // default time.Now
	Log            *slog.Logger     // default: nothing is logged
	Events         func(Event)      // called from writers: must not block or call back; default nil
}

// HubConfig describes a hub that EnsureHub makes or brings up to date.
type HubConfig struct {
	Name           string        // 1-256 of letters, digits, '.', '-', '_'; compared case-insensitively
	Partitions     int           // 1-1024; may grow later, never shrink
	Retention      time.Duration // events older than this may go; 0 keeps them until RetentionBytes
	RetentionBytes int64         // per partition: the oldest go beyond this size; 0 is no limit
	ConsumerGroups []string      // beside $Default, which always exists
}

// Run makes the partitions write until ctx ends, then stores what is queued
// and returns when every goroutine is gone. Appends made before Run wait in
// their queues.
func (b *Broker) Run(ctx context.Context) error { return b.run(ctx) }
