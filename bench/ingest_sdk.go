package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
)

// ingestSDK sends through the official client with two producers, and shares
// the CPU between this process, which is the client, and the server.
func ingestSDK(ctx context.Context, l *lab) error {
	s, err := l.start(ctx, false)
	if err != nil {
		return err
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
		wg.Go(func() { errs <- sendSDK(limited, s, &sent) })
	}
	wg.Wait()
	took := time.Since(begin)
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	server, client := s.cpu()-serverBefore, cpuOf(selfPID())-clientBefore
	table([]string{"official Go client, 1 KB events, batches of 100", "events/s", "client CPU", "server CPU", "server's share"}, [][]string{{
		"2 producers", rate(sent.Load(), took), client.String(), server.String(),
		fmt.Sprintf("%.0f %%", 100*float64(server)/float64(server+client)),
	}})
	return nil
}

func sendSDK(ctx context.Context, s *server, sent *atomic.Int64) error {
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
		for range batchEvents {
			if err := batch.AddEventData(&azeventhubs.EventData{Body: body}, nil); err != nil {
				return err
			}
		}
		if err := producer.SendEventDataBatch(always, batch, nil); err != nil {
			return err
		}
		sent.Add(batchEvents)
	}
	return nil
}
