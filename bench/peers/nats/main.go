// Command nats measures durable ingest of NATS JetStream with sync always: a
// server in one process with a file store, publishers over loopback in another
// goroutine set, four streams, asynchronous publishes with many in flight. It
// prints one JSON object.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	streams  = 4
	inFlight = 1600 // messages per stream: 16 batches of 100
)

func main() {
	dir := flag.String("dir", "", "folder for the streams")
	span := flag.Duration("time", 10*time.Second, "how long")
	size := flag.Int("size", 1024, "bytes per message")
	flag.Parse()
	rate, err := run(*dir, *span, *size)
	if err != nil {
		log.Fatal(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"Version": server.VERSION, "Rate": rate})
}

func run(dir string, span time.Duration, size int) (float64, error) {
	ns, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, SyncAlways: true, NoSigs: true,
	})
	if err != nil {
		return 0, err
	}
	ns.Start()
	defer ns.Shutdown()
	if !ns.ReadyForConnections(10 * time.Second) {
		return 0, fmt.Errorf("the server is not ready")
	}
	var acked atomic.Int64
	errs := make(chan error, streams)
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range streams {
		wg.Go(func() { errs <- publish(ns.ClientURL(), fmt.Sprintf("s%d", i), begin.Add(span), size, &acked) })
	}
	wg.Wait()
	took := time.Since(begin)
	close(errs)
	for err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return float64(acked.Load()) / took.Seconds(), nil
}

// publish keeps messages in flight on one stream until the deadline.
func publish(url, stream string, deadline time.Time, size int, acked *atomic.Int64) error {
	nc, err := nats.Connect(url)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(inFlight))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline.Add(30*time.Second))
	defer cancel()
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: stream, Subjects: []string{stream}, Storage: jetstream.FileStorage}); err != nil {
		return err
	}
	body := make([]byte, size)
	futures := make([]jetstream.PubAckFuture, 0, inFlight)
	collect := func(f jetstream.PubAckFuture) error {
		select {
		case <-f.Ok():
			acked.Add(1)
			return nil
		case err := <-f.Err():
			return err
		}
	}
	for time.Now().Before(deadline) {
		if len(futures) == cap(futures) {
			for _, f := range futures[:inFlight/2] {
				if err := collect(f); err != nil {
					return err
				}
			}
			futures = append(futures[:0], futures[inFlight/2:]...)
		}
		f, err := js.PublishAsync(stream, body)
		if err != nil {
			return err
		}
		futures = append(futures, f)
	}
	for _, f := range futures {
		if err := collect(f); err != nil {
			return err
		}
	}
	return nil
}
