package jobs

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// Start begins the job where the text says: last, now, all or an RFC 3339 time;
// "" is last. It returns when the job runs, or why it does not.
func (j *Job) Start(ctx context.Context, text string) error {
	b, err := parseBeginning(text)
	if err != nil {
		return err
	}
	return j.command(ctx, &b)
}

// Stop ends the job after its last checkpoint. A job that stands is left so.
func (j *Job) Stop(ctx context.Context) error { return j.command(ctx, nil) }

func (j *Job) command(ctx context.Context, start *beginning) error {
	c := command{start, make(chan error, 1)}
	select {
	case j.commands <- c:
	case <-j.gone:
		return fault.New(fault.Unavailable, j.String(), "lazuli is stopping")
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-c.reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Settled waits until the job runs or will not; false when ctx ended first.
func (j *Job) Settled(ctx context.Context) bool {
	select {
	case <-j.booted:
		return true
	case <-ctx.Done():
		return false
	}
}
