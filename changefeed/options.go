package changefeed

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"time"
)

// Handler is given the next changes of a range, each a JSON object. They count as
// processed when it returns nil. ctx ends when the lease is lost or the processor
// stops.
type Handler func(ctx context.Context, docs []json.RawMessage) error

// Options are the choices of a processor. The zero value is that of the .NET SDK.
type Options struct {
	// Owner is the name of this instance, which no other may have at the same
	// time. An instance that keeps it has its leases back at once after it was
	// killed. "" makes one up.
	Owner string
	// Prefix begins the ids of all lease documents: who processes the same
	// container for another purpose has another prefix.
	Prefix string

	// StartFromBeginning and StartFrom say which changes count when there are no
	// leases yet: all, or those at or after a time. By default it is those from
	// now on. Only one of them may be set.
	StartFromBeginning bool
	StartFrom          time.Time

	// MaxItems is how many documents a handler is given at most; 0 is 100.
	MaxItems int

	PollInterval    time.Duration // between two looks for changes; 0 is 5 s
	AcquireInterval time.Duration // between two looks at the leases; 0 is 13 s
	RenewInterval   time.Duration // between two signs of life; 0 is 17 s
	LeaseExpiration time.Duration // without one a lease is anybody's; 0 is 60 s

	// Log is told what happens to leases; nil: nobody.
	Log *slog.Logger
	// State is told, when it changes, how the processing of a lease goes: nil when
	// it goes on, or what holds it up until it is tried again. The lease "" is all
	// of them. It must not block. nil: nobody is told.
	State func(lease string, err error)
	// Checkpointed is told a lease's position when it is taken and each time that
	// it was saved. It must not block. nil: nobody is told.
	Checkpointed func(lease, position string)
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.PollInterval, 5 * time.Second},
		{&o.AcquireInterval, 13 * time.Second},
		{&o.RenewInterval, 17 * time.Second},
		{&o.LeaseExpiration, time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.MaxItems <= 0 {
		o.MaxItems = 100
	}
	if o.Owner == "" {
		host, _ := os.Hostname() // an empty name is as good, with what follows
		o.Owner = host + "-" + rand.Text()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.State == nil {
		o.State = func(string, error) {}
	}
	if o.Checkpointed == nil {
		o.Checkpointed = func(string, string) {}
	}
	return o
}
