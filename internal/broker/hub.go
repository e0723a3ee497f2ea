package broker

import (
	"context"
	"iter"
	"time"
)

var _ = context.Background
var _ iter.Seq[int]

type Broker struct{}

// Hub is a named stream of partitions. Its methods may be called from any
// goroutine.
type Hub struct{}

// Partition is one ordered, durable sequence of records.
type Partition struct{}

// Open reads what exists below opts.Dir and recovers every partition.
func Open(opts Options) (*Broker, error) { return nil, errSkeleton }

// Close closes the files. Call it after Run has returned.
func (b *Broker) Close() error                  { return nil }
func (b *Broker) run(ctx context.Context) error { return errSkeleton }

// EnsureHub makes the hub, or adds what an existing one lacks.
func (b *Broker) EnsureHub(cfg HubConfig) (*Hub, error) { return nil, errSkeleton }

// Hub returns the hub of that name, compared case-insensitively, or fault.NotFound.
func (b *Broker) Hub(name string) (*Hub, error) { return nil, errSkeleton }

// Hubs returns all hubs by name.
func (b *Broker) Hubs() []*Hub { return nil }

// DeleteHub removes the hub and everything stored in it.
func (b *Broker) DeleteHub(name string) error { return errSkeleton }

func (h *Hub) Name() string         { return "" }
func (h *Hub) CreatedAt() time.Time { return time.Time{} }
func (h *Hub) PartitionCount() int  { return 0 }

// Partition returns a partition by number, or fault.NotFound.
func (h *Hub) Partition(id int) (*Partition, error) { return nil, errSkeleton }

// ConsumerGroups returns the groups by name; $Default is always among them.
func (h *Hub) ConsumerGroups() []string { return nil }

// HasGroup reports whether the group exists; case-insensitive.
func (h *Hub) HasGroup(name string) bool { return false }

// AddGroup adds a consumer group, durably; adding an existing one is no error.
func (h *Hub) AddGroup(name string) error { return errSkeleton }

// Route returns the partition of a key.
func (h *Hub) Route(key string) *Partition { return nil }

// RoundRobin returns the next partition in turn.
func (h *Hub) RoundRobin() *Partition { return nil }

func (p *Partition) ID() int             { return 0 }
func (p *Partition) Hub() *Hub           { return nil }
func (p *Partition) Info() PartitionInfo { return PartitionInfo{} }

// Append queues the records; see Append.
func (p *Partition) Append(a Append, done func(AppendResult)) {}

// NewReader returns a reader at the position.
func (p *Partition) NewReader(pos Position) (*Reader, error) { return nil, errSkeleton }

// Reader is a cursor; one goroutine at a time.
type Reader struct{}

func (r *Reader) Next(max, maxBytes int, dst []Record) ([]Record, error) { return dst, errSkeleton }
func (r *Reader) Wait(ctx context.Context) error                         { return errSkeleton }
func (r *Reader) Notify() <-chan struct{}                                { return nil }
func (r *Reader) Close() error                                           { return nil }
