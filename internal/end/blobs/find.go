package blobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/queues"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// finder turns what is written to a container into work of a function: a message
// each, once for each state (ETag) of a blob. What it has seen it remembers twice:
//
//	azure-webjobs-hosts/blobscaninfo/HOST/ACCOUNT/CONTAINER/FUNCTION   how far it has read the container's feed
//	azure-webjobs-hosts/blobreceipts/HOST/FUNCTION/ETAG/CONTAINER/BLOB that a state of a blob has its message
//
// The first makes a start quick, however many blobs there are; the second is
// Azure's, holds after the first was lost, and covers what happened since the
// first was written. The message comes before the receipt, so that a host which
// ends between the two makes one message too many, and never none.
type finder struct {
	c        Container
	pattern  *pattern
	work     queues.Queue
	blobs    state.Blobs
	host     string
	function string // its id
	receipts bool   // none with Event Grid, where each event is one
	fromNow  bool   // what is there at the first start is not new
	log      *slog.Logger

	at    objectstore.Position
	saved time.Time
	dirty bool
}

// Limits of a finder.
const (
	pageOfChanges = 256
	atOnce        = 16   // blobs that it looks at together
	mostWaiting   = 2000 // messages, beyond which it waits
	waitForRoom   = 100 * time.Millisecond
	savePause     = time.Second // at least, between two notes of the position
)

// run finds until ctx ends or the container cannot be read.
func (f *finder) run(ctx context.Context) (err error) {
	if err := f.load(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.save(context.WithoutCancel(ctx))) }()
	for {
		if err := f.room(ctx); err != nil {
			return err
		}
		changes, upTo, err := f.c.Changes(ctx, f.at, pageOfChanges)
		if err != nil {
			return err
		}
		if err := f.queue(ctx, changes); err != nil {
			return err
		}
		f.at, f.dirty = upTo, f.dirty || len(changes) > 0
		if f.dirty && time.Since(f.saved) >= savePause {
			if err := f.save(ctx); err != nil {
				return err
			}
		}
		if len(changes) < pageOfChanges {
			if err := f.wait(ctx); err != nil {
				return err
			}
		}
	}
}

// room waits until the function has caught up with most of what was found.
func (f *finder) room(ctx context.Context) error {
	for {
		n, err := f.work.Length(ctx)
		if err != nil || n < mostWaiting {
			return err
		}
		if err := run.Pause(ctx, waitForRoom); err != nil {
			return err
		}
	}
}

// wait waits for a change, and notes the position on the way when that is due.
func (f *finder) wait(ctx context.Context) error {
	for {
		limited, cancel := ctx, context.CancelFunc(func() {})
		if f.dirty {
			limited, cancel = context.WithTimeout(ctx, savePause)
		}
		err := f.c.WaitChange(limited, f.at)
		cancel()
		if err == nil || ctx.Err() != nil || !f.dirty || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		if err := f.save(ctx); err != nil {
			return err
		}
	}
}

// queue makes the messages of changes that are the function's.
func (f *finder) queue(ctx context.Context, changes []objectstore.Change) error {
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		failed error // the first; guarded by mu
		free   = make(chan struct{}, atOnce)
	)
	for i := range changes {
		info := &changes[i].Info
		if _, ok := f.pattern.match(info.Blob); !ok {
			continue
		}
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			if err := f.one(ctx, info); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if failed == nil {
					failed = fmt.Errorf("blob %s/%s: %w", info.Container, info.Blob, err)
				}
			}
		})
	}
	all.Wait()
	return failed
}

// one makes the message of a blob, unless it has had one. That a receipt fails for a
// reason of its own costs this blob the receipt; what fails else is the account's, and
// ends the round. A message fits its queue whatever the blob is called.
func (f *finder) one(ctx context.Context, i *objectstore.Info) error {
	r := receipt{f, i, receiptName(f.host, f.function, i)}
	if f.receipts {
		if seen, err := r.seen(ctx); seen || err != nil {
			return err
		}
	}
	if err := f.work.Put(ctx, itemOf(f.function, i).text(), -1); err != nil || !f.receipts {
		return err
	}
	return r.write(ctx)
}

// scanInfo is the position in Azure's form of such a blob, and as a number, which is
// exact.
type scanInfo struct {
	LatestScan time.Time
	Position   objectstore.Position
}

func (f *finder) scanBlob(container string) string {
	return "blobscaninfo/" + f.host + "/" + f.c.Account() + "/" + container + "/" + f.function
}

func (f *finder) load(ctx context.Context) error {
	text, _, err := f.blobs.Text(ctx, state.Hosts, f.scanBlob(f.pattern.container))
	var have scanInfo
	switch {
	case fault.Is(err, fault.NotFound):
		if f.fromNow {
			f.at, f.dirty = f.c.LastChange(), true
			return f.save(ctx) // what comes from now on is new, also after a stop
		}
		return nil
	case err != nil:
		return err
	}
	if err := json.Unmarshal(text, &have); err != nil {
		return fault.Wrap(fault.Invalid, "blob "+f.scanBlob(f.pattern.container), err, "how far the blobs were read; delete it to read all of them again")
	}
	f.at = have.Position
	return nil
}

func (f *finder) save(ctx context.Context) error {
	if !f.dirty {
		return nil
	}
	text, err := json.Marshal(scanInfo{time.Now().UTC(), f.at})
	if err == nil {
		_, err = f.blobs.SetText(ctx, state.Hosts, f.scanBlob(f.pattern.container), text, state.Any)
	}
	if err != nil {
		return fmt.Errorf("note how far the blobs were read: %w", err)
	}
	f.saved, f.dirty = time.Now(), false
	return nil
}
