package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// part is one long-lived piece of the application. Run blocks until its
// context ends and its goroutines are gone; a nil run has nothing to wait for.
// Close releases what the part holds, after it and all layers above stopped.
type part struct {
	name  string
	run   func(context.Context) error
	close func() error
}

// layer is parts that stop together. Share is the part of the time to stop that
// is theirs: what one layer does not use is left to those below, and none can
// take what is reserved for them.
type layer struct {
	share time.Duration
	parts []part
}

// lastWord is what a layer has even when those above used up everything.
const lastWord = time.Second

// runParts runs the parts of all layers until ctx ends or a part returns, then
// stops one layer after the other, from the first, which depends on all others,
// to the last. A part that takes longer than its layer may is left behind and
// named; all others are closed. The error is that of the part that ended on its
// own, or of stopping.
func runParts(ctx context.Context, log *slog.Logger, layers []layer) error {
	ends := make(chan error, 1) // the first part that ended by itself
	running := make([][]*running, len(layers))
	for i, l := range layers {
		for _, p := range l.parts {
			running[i] = append(running[i], start(ctx, p, ends))
		}
	}
	var errs []error
	select {
	case <-ctx.Done():
	case err := <-ends:
		errs = append(errs, err)
	}
	until := time.Now()
	for i, l := range layers {
		until = until.Add(l.share)
		errs = append(errs, stopLayer(ctx, log, running[i], l.share, max(time.Until(until), lastWord)))
	}
	return errors.Join(errs...)
}

// running is a part that runs.
type running struct {
	part
	cancel context.CancelFunc
	done   chan struct{}
	err    error // of run; read after done
}

// start runs a part, and tells ends when it ends before it is told to.
func start(ctx context.Context, p part, ends chan<- error) *running {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{part: p, cancel: cancel, done: make(chan struct{})}
	if p.run == nil {
		close(r.done)
		return r
	}
	go func() {
		defer close(r.done)
		r.err = p.run(ctx)
		if ctx.Err() == nil {
			select {
			case ends <- endError(p.name, r.err):
				r.err = nil // it is told
			default:
			}
		}
	}()
	return r
}

func endError(name string, err error) error {
	if err == nil {
		return fmt.Errorf("%s ended by itself", name)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// stopLayer stops the parts together and returns what went wrong.
func stopLayer(ctx context.Context, log *slog.Logger, parts []*running, share, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	errs := make([]error, len(parts))
	var stopping sync.WaitGroup
	for i, p := range parts {
		stopping.Go(func() { errs[i] = p.stop(ctx, log, share) })
	}
	stopping.Wait()
	return errors.Join(errs...)
}

// stop ends the part and closes it.
func (r *running) stop(ctx context.Context, log *slog.Logger, share time.Duration) error {
	begin := time.Now()
	r.cancel()
	if !ended(ctx, r.done) {
		return fmt.Errorf("%s did not stop within its %v", r.name, share)
	}
	err := r.err
	if err != nil {
		err = endError(r.name, err)
		if errors.Is(r.err, context.Canceled) {
			err = nil
		}
	}
	if r.close != nil {
		closed := make(chan struct{})
		var cerr error
		go func() { defer close(closed); cerr = r.close() }()
		if !ended(ctx, closed) {
			return errors.Join(err, fmt.Errorf("closing %s did not end within its %v", r.name, share))
		}
		if cerr != nil {
			err = errors.Join(err, fmt.Errorf("close %s: %w", r.name, cerr))
		}
	}
	log.Debug("stopped", "part", r.name, "duration", time.Since(begin))
	return err
}

// ended waits for done, at most until ctx ends. What is done is done, also when
// both came.
func ended(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}
