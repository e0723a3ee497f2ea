package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
)

// ingestSDK sends through the official client with two producers, and shares
// the CPU between this process, which is the client, and the server: with
// batches of 100 events, and with batches filled to the client's limit, as its
// documentation shows.
func ingestSDK(ctx context.Context, l *lab) error {
	var rows [][]string
	for _, size := range []int{batchEvents, fullBatch} {
		row, err := shareCPU(ctx, l, size)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	table([]string{"official Go client, 1 KB events, 2 producers", "events/s", "client CPU", "server CPU", "server's share"}, rows)
	return nil
}

// fullBatch is more events than a batch of 1 MiB takes.
const fullBatch = 1 << 20

func shareCPU(ctx context.Context, l *lab, size int) ([]string, error) {
	s, err := l.start(ctx, false)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	serverBefore, clientBefore := s.cpu(), cpuOf(selfPID())
	begin := time.Now()
	var sent atomic.Int64
	limited, cancel := context.WithTimeout(ctx, l.seconds)
	defer cancel()
	errs := make(chan error, 2)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { errs <- sendSDK(limited, s, size, &sent) })
	}
	wg.Wait()
	took := time.Since(begin)
	close(errs)
	for err := range errs {
		if err != nil {
			return nil, err
		}
	}
	server, client := s.cpu()-serverBefore, cpuOf(selfPID())-clientBefore
	name := fmt.Sprintf("batches of %d", size)
	if size == fullBatch {
		name = "full batches (1 MiB)"
	}
	return []string{
		name, rate(sent.Load(), took), client.String(), server.String(),
		fmt.Sprintf("%.0f %%", 100*float64(server)/float64(server+client)),
	}, nil
}

// sendSDK sends batches of at most size events until ctx ends.
func sendSDK(ctx context.Context, s *server, size int, sent *atomic.Int64) error {
	always := context.WithoutCancel(ctx)
	producer, err := azeventhubs.NewProducerClientFromConnectionString(s.connection.EventHubs, "bench", nil)
	if err != nil {
		return err
	}
	defer producer.Close(always)
	body := make([]byte, eventBytes)
	for ctx.Err() == nil {
		batch, err := producer.NewEventDataBatch(always, nil)
		if err != nil {
			return err
		}
		for range size {
			err := batch.AddEventData(&azeventhubs.EventData{Body: body}, nil)
			if errors.Is(err, azeventhubs.ErrEventDataTooLarge) {
				break // full
			}
			if err != nil {
				return err
			}
		}
		if err := producer.SendEventDataBatch(always, batch, nil); err != nil {
			return err
		}
		sent.Add(int64(batch.NumEvents()))
	}
	return nil
}
