package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

const (
	eventBytes  = 1024
	batchEvents = 100
	inFlight    = 16 // batches per sender
	senders     = 4  // one per partition
)

// ingest sends batches with our raw client, then lets NATS JetStream, syncing
// always, do the same work on the same disk.
func ingest(ctx context.Context, l *lab) error {
	s, err := l.start(ctx, false)
	if err != nil {
		return err
	}
	events, took, err := ingestRaw(ctx, s, l.seconds)
	if err != nil {
		s.stop()
		return err
	}
	cpu := s.cpu()
	_, peak := s.memory()
	s.stop()
	rows := [][]string{{
		"Lazuli", rate(events, took), fmt.Sprintf("%.0f", float64(events)*eventBytes/took.Seconds()/1e6),
		fmt.Sprintf("%.1f µs", float64(cpu.Microseconds())/float64(events)), fmt.Sprintf("%.0f MiB", peak), "1.0",
	}}
	peer, err := natsPeer(ctx, l)
	if err != nil {
		return fmt.Errorf("NATS: %w", err)
	}
	rows = append(rows, []string{
		"NATS JetStream " + peer.Version + ", sync always", fmt.Sprintf("%.0f", peer.Rate),
		fmt.Sprintf("%.0f", peer.Rate*eventBytes/1e6), "", "", fmt.Sprintf("%.1f", float64(events)/took.Seconds()/peer.Rate),
	})
	table([]string{"durable ingest, 1 KB events", "events/s", "MB/s", "server CPU/event", "peak memory", "Lazuli is faster by"}, rows)
	return nil
}

// ingestRaw keeps 16 batches in flight on each of four senders and counts
// acknowledged events.
func ingestRaw(ctx context.Context, s *server, d time.Duration) (int64, time.Duration, error) {
	body := make([]byte, eventBytes)
	for i := range body {
		body[i] = byte('a' + i%26)
	}
	event := amqp.AppendDataSection(nil, body)
	var batch []byte
	for range batchEvents {
		batch = amqp.AppendDataSection(batch, event)
	}
	var acked atomic.Int64
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	errs := make(chan error, senders)
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range senders {
		wg.Go(func() { errs <- sendRaw(ctx, s, fmt.Sprintf("bench/Partitions/%d", i), batch, &acked) })
	}
	wg.Wait()
	took := time.Since(begin)
	close(errs)
	for err := range errs {
		if err != nil {
			return 0, 0, err
		}
	}
	return acked.Load(), took, nil
}

// sendRaw sends the batch over and over until ctx ends, then waits for what is
// in flight.
func sendRaw(ctx context.Context, s *server, target string, batch []byte, acked *atomic.Int64) error {
	always := context.WithoutCancel(ctx)
	conn, err := amqp.Dial(always, s.info.Addresses["amqp"], amqp.DialConfig{
		Username: "RootManageSharedAccessKey", Password: "SAS_KEY_VALUE", Hostname: "localhost",
	})
	if err != nil {
		return err
	}
	defer conn.Close(nil)
	session, err := conn.Begin(always)
	if err != nil {
		return err
	}
	link, err := session.AttachSender(always, "bench-"+target, target, nil)
	if err != nil {
		return err
	}
	slots := make(chan struct{}, inFlight)
	var refused atomic.Pointer[error]
	onSettled := func(o amqp.Outcome) {
		if err := o.Err(); err != nil {
			refused.Store(&err)
		} else {
			acked.Add(batchEvents)
		}
		<-slots
	}
	for ctx.Err() == nil && refused.Load() == nil {
		slots <- struct{}{}
		if err := link.Send(always, amqp.Outgoing{Body: batch, Format: amqp.BatchFormat, OnSettled: onSettled}); err != nil {
			return err
		}
	}
	for range inFlight { // full: all are settled
		slots <- struct{}{}
	}
	if err := refused.Load(); err != nil {
		return *err
	}
	return nil
}

// natsResult is what bench/peers/nats prints.
type natsResult struct {
	Version string
	Rate    float64 // acknowledged messages per second
}

// natsPeer runs the peer, which has a module of its own so that the product's
// has no NATS in it.
func natsPeer(ctx context.Context, l *lab) (natsResult, error) {
	bin := filepath.Join(l.dir, "nats-peer")
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, ".")
	build.Dir = filepath.Join("bench", "peers", "nats")
	if text, err := build.CombinedOutput(); err != nil {
		return natsResult{}, fmt.Errorf("build: %w\n%s", err, text)
	}
	cmd := exec.CommandContext(ctx, bin, "-dir", filepath.Join(l.dir, "nats"), "-time", l.seconds.String(), "-size", fmt.Sprint(eventBytes))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return natsResult{}, err
	}
	var r natsResult
	return r, json.Unmarshal(out, &r)
}
