package blobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// receipt says that a state of a blob has its message.
type receipt struct {
	f    *finder
	blob *objectstore.Info
	name string
}

// receiptName is where Azure's host has the receipt. Before the name of a long blob
// that leaves no room; there, where Azure's host fails, stands a hash of the blob's
// name, behind a container that has no lawful name, so that it is no other blob's.
func receiptName(host, function string, i *objectstore.Info) string {
	before := "blobreceipts/" + host + "/" + function + "/" + i.ETag + "/"
	if name := before + i.Container + "/" + i.Blob; utf8.RuneCountInString(name) <= objectstore.MaxName {
		return name
	}
	sum := sha256.Sum256([]byte(i.Blob))
	return before + i.Container + ".sha256/" + hex.EncodeToString(sum[:])
}

// How often a receipt is tried that fails for a reason of its own.
const (
	receiptTries = 3
	receiptPause = 100 * time.Millisecond
)

// seen reports whether the blob's state has had its message.
func (r receipt) seen(ctx context.Context) (seen bool, err error) {
	err = r.try(ctx, "read", func() error {
		have, err := r.f.blobs.Mark(ctx, state.Hosts, r.name)
		_, incomplete := have.Metadata["incomplete"]
		seen = err == nil && !incomplete
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return seen, err
}

func (r receipt) write(ctx context.Context) error {
	return r.try(ctx, "written", func() error {
		_, err := r.f.blobs.SetMark(ctx, state.Hosts, r.name, nil, state.Any)
		return err
	})
}

// try does something with the receipt. What fails for a reason of the receipt, such as
// a lease that somebody has on it, is tried a few times and then done without, because
// the blobs behind this one must not wait for it.
func (r receipt) try(ctx context.Context, what string, do func() error) error {
	for n := 1; ; n++ {
		err := do()
		if err == nil || !ofReceipt(err) {
			return err
		}
		if n == receiptTries {
			r.f.log.Warn("the receipt of a blob could not be kept; should it be forgotten how far the blobs were read, the function runs for this one again",
				"step", what, "blob", r.blob.Container+"/"+r.blob.Blob, "receipt", state.Hosts+"/"+r.name, "error", err)
			return nil
		}
		if err := run.Pause(ctx, receiptPause); err != nil {
			return err
		}
	}
}

// ofReceipt reports whether an error belongs to one receipt, and not to the account.
func ofReceipt(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooLarge, fault.Conflict, fault.PreconditionFailed:
		return true
	}
	return false
}
