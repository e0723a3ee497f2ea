package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// part is one long-lived piece of the application. Run blocks until its
// context ends and its goroutines are gone; a nil run has nothing to wait for.
// Close releases what the part holds, after it and every later part stopped.
type part struct {
	name  string
	run   func(context.Context) error
	close func() error
}

// stopLimit bounds the whole of stopping; a part that takes longer is left
// behind and named.
const stopLimit = 30 * time.Second

// runParts runs all parts until ctx ends or one of them returns, then stops
// them in reverse order: what was started last, and so depends on the others,
// goes first. The error is that of the part that ended on its own, or of
// stopping.
func runParts(ctx context.Context, log *slog.Logger, parts []part) error {
	type ended struct {
		index int
		err   error
	}
	ends := make(chan ended, len(parts))
	cancels := make([]context.CancelFunc, len(parts))
	dones := make([]chan struct{}, len(parts))
	for i, p := range parts {
		partCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancels[i], dones[i] = cancel, make(chan struct{})
		if p.run == nil {
			close(dones[i])
			continue
		}
		go func() {
			err := p.run(partCtx)
			ends <- ended{i, err}
			close(dones[i])
		}()
	}
	var errs []error
	select {
	case <-ctx.Done():
	case e := <-ends:
		errs = append(errs, endError(parts[e.index].name, e.err))
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	for i := len(parts) - 1; i >= 0; i-- {
		errs = append(errs, stopPart(deadline, log, parts[i], cancels[i], dones[i]))
	}
	for len(ends) > 0 {
		if e := <-ends; e.err != nil && !errors.Is(e.err, context.Canceled) {
			errs = append(errs, endError(parts[e.index].name, e.err))
		}
	}
	return errors.Join(errs...)
}

func endError(name string, err error) error {
	if err == nil {
		return fmt.Errorf("%s ended by itself", name)
	}
	return fmt.Errorf("%s: %w", name, err)
}

func stopPart(ctx context.Context, log *slog.Logger, p part, cancel context.CancelFunc, done <-chan struct{}) error {
	begin := time.Now()
	cancel()
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("%s did not stop within %v", p.name, stopLimit)
	}
	if p.close != nil {
		if err := p.close(); err != nil {
			return fmt.Errorf("close %s: %w", p.name, err)
		}
	}
	log.Debug("stopped", "part", p.name, "duration", time.Since(begin))
	return nil
}
