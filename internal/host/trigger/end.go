package trigger

import (
	"context"
	"errors"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// ErrCancelled is the cause when a function did not run to an end because the
// host is stopping.
var ErrCancelled = fault.New(fault.Unavailable, "invocation", "cancelled because the host is stopping")

// IgnoreEnd drops an error that only says that ctx has ended.
func IgnoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, ErrCancelled)) {
		return nil
	}
	return err
}

// Unfinished reports whether an invocation must not count as processed: it
// was cancelled, or failed while the host was stopping.
func Unfinished(ctx context.Context, err error) bool {
	return errors.Is(err, ErrCancelled) || err != nil && ctx.Err() != nil
}
