package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar"
	"github.com/lazuli-dev/lazuli/functions"
)

const (
	callsAtOnce = 16
	attempts    = 3
	firstPause  = 100 * time.Millisecond // doubles
	pollTimeout = 5 * time.Second        // of one run: what is not there by then is left out
)

// poller reads all sites. It lives as long as the app: it remembers which
// sites fail.
type poller struct {
	plants   []solar.Plant
	api      weatherAPI
	breakers []breaker // of the plant with the same index
}

func newPoller(plants []solar.Plant, s settings, transport http.RoundTripper) *poller {
	return &poller{
		plants: plants, breakers: make([]breaker, len(plants)),
		api: weatherAPI{settings: s, client: &http.Client{Transport: transport}},
	}
}

// ingest is the timer function: it sends a reading of every site that answers.
// A site that does not is logged and never stops the others; the run fails
// only when no site answered.
func (p *poller) ingest(out *functions.EventHubOutput) func(context.Context, functions.TimerInfo) error {
	return func(ctx context.Context, _ functions.TimerInfo) error {
		readings, failed := p.poll(ctx)
		events := make([]any, len(readings))
		for i := range readings {
			events[i] = readings[i]
		}
		slog.DebugContext(ctx, "polled all sites", "readings", len(readings), "failed", failed)
		if len(readings) == 0 && failed > 0 {
			return errors.New("no site could be read; see the warnings before")
		}
		return out.Send(ctx, events...)
	}
}

// poll reads all sites, a few at a time, and returns the readings in the order
// of the plants and the number of sites that failed.
func (p *poller) poll(ctx context.Context) (readings []solar.Telemetry, failed int) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	var (
		slots = make(chan struct{}, callsAtOnce)
		found = make([]*solar.Telemetry, len(p.plants))
		calls sync.WaitGroup
	)
	for i := range p.plants {
		slots <- struct{}{}
		calls.Go(func() {
			defer func() { <-slots }()
			found[i] = p.site(ctx, i)
		})
	}
	calls.Wait()
	for _, t := range found {
		if t == nil {
			failed++
			continue
		}
		readings = append(readings, *t)
	}
	return readings, failed
}

// site reads one site, nil when it cannot be read now.
func (p *poller) site(ctx context.Context, i int) *solar.Telemetry {
	plant, b := p.plants[i], &p.breakers[i]
	if !b.allow(time.Now()) {
		return nil
	}
	t, err := p.try(ctx, plant)
	if opened := b.note(err == nil, time.Now()); err != nil {
		slog.WarnContext(ctx, "a site cannot be read", "plant", plant.ID, "error", err, "paused", opened)
		return nil
	}
	return &t
}

// try calls the API until it answers, the answer is final, or it has been
// tried enough.
func (p *poller) try(ctx context.Context, plant solar.Plant) (solar.Telemetry, error) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		t, err := p.api.read(ctx, plant)
		var final permanent
		if err == nil || attempt == attempts || errors.As(err, &final) {
			return t, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return t, err
		}
		pause *= 2
	}
}
