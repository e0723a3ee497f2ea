package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	documentCount = 100_000
	deviceCount   = 100
	pageSize      = 100
)

// workshopQueries are the four questions of the workshop.
var workshopQueries = []struct{ what, sql string }{
	{"newest ten", "SELECT TOP 10 * FROM c ORDER BY c.timestamp DESC"},
	{"one device, newest first", "SELECT * FROM c WHERE c.deviceId = 'device-001' ORDER BY c.timestamp DESC"},
	{"hotter than 40 °C, newest first", "SELECT * FROM c WHERE c.data.temperature > 40 ORDER BY c.timestamp DESC"},
	{"count by device", "SELECT c.deviceId, COUNT(1) AS count FROM c GROUP BY c.deviceId"},
}

// queries asks each question on 100,000 documents: the first time, which
// builds the index it wants; then many times, for the first page of 100 rows;
// then once to the end, page by page.
func queries(ctx context.Context, l *lab) error {
	s, err := l.start(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	c, err := newCosmosClient(s, connections)
	if err != nil {
		return err
	}
	load, err := fill(ctx, c)
	if err != nil {
		return err
	}
	fmt.Printf("%d documents of %d devices written one by one over %d connections in %v\n\n", documentCount, deviceCount, connections, load.Round(time.Millisecond))
	var rows [][]string
	for _, q := range workshopQueries {
		first, err := page(ctx, c, q.sql)
		if err != nil {
			return err
		}
		var took []time.Duration
		for range 50 {
			d, err := page(ctx, c, q.sql)
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		slices.Sort(took)
		all, count, err := drain(ctx, c, q.sql)
		if err != nil {
			return err
		}
		rows = append(rows, []string{q.what, ms(first), ms(percentile(took, 50)), ms(percentile(took, 99)), fmt.Sprintf("%d rows in %s", count, ms(all))})
	}
	table([]string{"query", "first time (builds the index)", "first page p50", "first page p99", "to the end"}, rows)
	return nil
}

// fill writes the documents, temperatures from 20 to 50 °C.
func fill(ctx context.Context, c *cosmosClient) (time.Duration, error) {
	begin := time.Now()
	var wg sync.WaitGroup
	errs := make(chan error, connections)
	for worker := range connections {
		wg.Go(func() {
			for n := worker; n < documentCount; n += connections {
				device := fmt.Sprintf("device-%03d", n*7919%deviceCount)
				if err := c.upsert(ctx, device, document(n, device, 20+float64(n*104729%3000)/100)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return time.Since(begin), <-errs
}

func page(ctx context.Context, c *cosmosClient, sql string) (time.Duration, error) {
	begin := time.Now()
	_, _, err := c.query(ctx, sql, pageSize, "")
	return time.Since(begin), err
}

// drain reads a query to its end and counts the rows.
func drain(ctx context.Context, c *cosmosClient, sql string) (time.Duration, int, error) {
	begin, rows, continuation := time.Now(), 0, ""
	for {
		body, header, err := c.query(ctx, sql, 1000, continuation)
		if err != nil {
			return 0, 0, err
		}
		rows += bytes.Count(body, []byte(`"deviceId":`))
		if continuation = header.Get("X-Ms-Continuation"); continuation == "" {
			return time.Since(begin), rows, nil
		}
	}
}
