package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// tileProject has a job that hands on every event to a dashboard's dataset, and
// one that does so with windows of a second.
const tileProject = `
eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {bench: {partitions: 4}}}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
stream:
  jobs:
    events:
      query: events.asaql
      inputs: {source: {hub: bench}}
      outputs: {rows: {dataset: rows}}
    windows:
      query: windows.asaql
      inputs: {source: {hub: bench}}
      outputs: {rows: {dataset: windows}}
`

const (
	tileEvents  = `SELECT id, at INTO rows FROM source TIMESTAMP BY at`
	tileWindows = `SELECT CAST(System.Timestamp() AS nvarchar(max)) AS id, System.Timestamp() AS at, COUNT(*) AS n INTO rows FROM source TIMESTAMP BY at GROUP BY TumblingWindow(second, 1)`
	tileBoard   = `{"name":"tiles","title":"Tiles","datasets":{"rows":{"push":true,"time":"at"},"windows":{"push":true,"time":"at"}},"tiles":[
	{"type":"table","title":"Events","dataset":"rows","columns":[{"field":"id","title":"Event"},{"field":"at","title":"At"}],"limit":500},
	{"type":"table","title":"Windows","dataset":"windows","columns":[{"field":"id","title":"Window"},{"field":"at","title":"End"}],"limit":500}]}`
	tileEvery = 10 * time.Millisecond
)

// tile measures from the moment an event is sent until its row is in the
// message that a page with the dashboard gets; with windows, from the window's
// end in the clock that the events carry.
func tile(ctx context.Context, l *lab) error {
	s, err := l.startProject(ctx, tileProject, map[string]string{
		"events.asaql": tileEvents, "windows.asaql": tileWindows, "dashboards/tiles.json": tileBoard,
	})
	if err != nil {
		return err
	}
	defer s.stop()
	watching, stop := context.WithCancel(ctx)
	seen := &tileSamples{}
	done := make(chan error, 1)
	go func() { done <- watch(watching, s, "tiles", seen.take) }()
	sent, err := sendTimed(ctx, s, l.seconds)
	select { // the last ones
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
	}
	stop()
	if err := errors.Join(err, <-done); err != nil {
		return err
	}
	rows := [][]string{}
	for i, what := range []string{"event sent → row in the tile", "window's end → row in the tile"} {
		d := seen.latencies[i]
		if len(d) < 5 {
			return errShort
		}
		slices.Sort(d)
		rows = append(rows, []string{what, fmt.Sprint(len(d)), ms(percentile(d, 50)), ms(percentile(d, 99)), ms(d[len(d)-1])})
	}
	if n := len(seen.latencies[0]); n < sent {
		return fmt.Errorf("the tile showed %d of %d events", n, sent)
	}
	table([]string{"event to tile, " + fmt.Sprint(int(time.Second/tileEvery)) + " events/s", "rows", "p50", "p99", "max"}, rows)
	return nil
}

// tileSamples are the rows that a page has seen.
type tileSamples struct {
	known     [2]map[string]bool
	latencies [2][]time.Duration
}

// take reads a message of the dashboard: rows that are new have come now.
func (t *tileSamples) take(message []byte) {
	now := time.Now()
	var view struct {
		Tiles []struct {
			Rows []struct{ Cells []string }
		}
	}
	if json.Unmarshal(message, &view) != nil {
		return
	}
	for i, tile := range view.Tiles {
		if t.known[i] == nil {
			t.known[i] = map[string]bool{}
		}
		for _, r := range tile.Rows {
			at, err := time.Parse(time.RFC3339Nano, r.Cells[1])
			if err != nil || t.known[i][r.Cells[0]] {
				continue
			}
			t.known[i][r.Cells[0]] = true
			t.latencies[i] = append(t.latencies[i], now.Sub(at))
		}
	}
}

// sendTimed sends one event after the other, each with the time at which it is
// sent, round the partitions.
func sendTimed(ctx context.Context, s *server, d time.Duration) (int, error) {
	conn, err := amqp.Dial(ctx, s.info.Addresses["amqp"], amqp.DialConfig{
		Username: "RootManageSharedAccessKey", Password: "SAS_KEY_VALUE", Hostname: "localhost",
	})
	if err != nil {
		return 0, err
	}
	defer conn.Close(nil)
	session, err := conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	var links []*amqp.Link
	for i := range senders {
		link, err := session.AttachSender(ctx, fmt.Sprintf("tile-%d", i), fmt.Sprintf("bench/Partitions/%d", i), nil)
		if err != nil {
			return 0, err
		}
		links = append(links, link)
	}
	var refused error
	var mu sync.Mutex // guards refused
	tick := time.NewTicker(tileEvery)
	defer tick.Stop()
	sent := 0
	for end := time.Now().Add(d); time.Now().Before(end); sent++ {
		body := fmt.Appendf(nil, `{"id":"e%d","at":%q}`, sent, time.Now().UTC().Format("2006-01-02T15:04:05.0000000Z"))
		err := links[sent%len(links)].Send(ctx, amqp.Outgoing{Body: amqp.AppendDataSection(nil, body), OnSettled: func(o amqp.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			refused = errors.Join(refused, o.Err())
		}})
		if err != nil {
			return sent, err
		}
		<-tick.C
	}
	mu.Lock()
	defer mu.Unlock()
	return sent, refused
}
