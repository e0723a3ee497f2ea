// Package state is what a functions host remembers between starts and shares with
// other hosts of its app: positions, who reads which partition, the status of
// timers, locks, keys.
//
// The one idea: it is blobs of the storage account that the app's
// AzureWebJobsStorage means, named and filled as Azure's host does. So Azure's
// tools see it, and an app goes on where it was when it moves. The package says
// what it needs of blobs and knows no store of them.
package state

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// The containers of a host.
const (
	Hosts       = "azure-webjobs-hosts"
	EventHubs   = "azure-webjobs-eventhub"
	HostSecrets = "azure-webjobs-secrets"
)

// Find returns the blobs of the account that an app's settings mean. It says why
// when they lead nowhere. Nothing is kept: it is asked anew at every start of
// what needs it.
type Find func(*settings.Settings) (Blobs, error)

// Blobs are an account's. A container comes to be with the first blob in it. They
// are safe for concurrent use; what is written is durable on return. What is not
// there is fault.NotFound, what another one has changed before is
// fault.PreconditionFailed.
type Blobs interface {
	Marks
	Texts
	Leases
}

// Marks are blobs without content: their metadata says it all.
type Marks interface {
	Mark(ctx context.Context, container, name string) (Mark, error)
	// Marks lists those whose names begin with prefix, in the order of names.
	Marks(ctx context.Context, container, prefix string) ([]Mark, error)
	// SetMark replaces the metadata, and makes the blob where it is missing,
	// unless etag demands another one than is there. It returns the new ETag.
	SetMark(ctx context.Context, container, name string, metadata map[string]string, etag string) (string, error)
}

// What an etag may be besides one that was given out.
const (
	Any     = ""  // whatever is there
	Missing = "*" // it must not be there
)

// Mark is one blob without content.
type Mark struct {
	Name     string
	Metadata map[string]string // names in lower case
	ETag     string
	// Age is how long ago it was written, by the store's own clock: the hosts of an
	// app need not agree on the time. It is never too long, and too short by at most
	// two seconds, because stores tell whole ones.
	Age time.Duration
}

// Texts are blobs with a little content.
type Texts interface {
	Text(ctx context.Context, container, name string) (content []byte, etag string, err error)
	// SetText replaces the content, or makes the blob, unless etag demands another
	// one than is there. It returns the new ETag.
	SetText(ctx context.Context, container, name string, content []byte, etag string) (string, error)
}

// Leases are held on blobs, which come to be with them. Ids are GUIDs. A lease that
// is another's is fault.Conflict.
type Leases interface {
	// Acquire takes a lease of 15 to 60 seconds, or begins one of the same id anew.
	Acquire(ctx context.Context, container, name, id string, period time.Duration) error
	Renew(ctx context.Context, container, name, id string) error
	Release(ctx context.Context, container, name, id string) error
}

// AgeAt is the age of what was written at one moment, as a store tells it, at
// another, both in whole seconds or better.
func AgeAt(now, written time.Time) time.Duration {
	return max(0, now.Sub(written.Truncate(time.Second).Add(time.Second)))
}
