package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
)

// watchers is how many dashboards are open at a time.
const watchers = 50

// wall is a dashboard with every kind of tile over rows that are pushed.
const wall = `{"name":"wall","title":"Wall","datasets":{"rows":{"push":true,"time":"at"}},"tiles":[
	{"type":"map","title":"Sites","dataset":"rows","key":"id","lat":"lat","lon":"lon","value":"v"},
	{"type":"number","title":"Sum","dataset":"rows","value":"v","aggregate":"sum","latest":"id"},
	{"type":"gauge","title":"Mean","dataset":"rows","value":"v","aggregate":"avg"},
	{"type":"line","title":"By group","dataset":"rows","value":"v","aggregate":"avg","by":"group","every":"10s"},
	{"type":"bar","title":"By group","dataset":"rows","value":"v","by":"group","latest":"id"},
	{"type":"table","title":"Newest","dataset":"rows","columns":[{"field":"id","title":"Site"},{"field":"v","title":"Value"}]},
	{"type":"alarms","title":"Alarms","dataset":"rows","key":"id","message":"group","where":{"alarm":true}}]}`

// dashboards measures durable ingest while nobody and while fifty pages look at
// a dashboard whose rows keep coming, in turns, on one process.
func dashboards(ctx context.Context, l *lab) error {
	s, err := l.startProject(ctx, projectFile, map[string]string{"dashboards/wall.json": wall})
	if err != nil {
		return err
	}
	defer s.stop()
	pushing, stop := context.WithCancel(ctx)
	pushed := make(chan error, 1)
	go func() { pushed <- pushRows(pushing, s) }()
	defer func() { stop(); <-pushed }()

	const rounds = 3
	each := max(l.seconds/rounds, time.Second)
	var events [2]int64
	var took, cpu [2]time.Duration
	var messages int64
	for range rounds {
		for i, open := range []int{0, watchers} {
			n, d, used, got, err := ingestWatched(ctx, s, each, open)
			if err != nil {
				return err
			}
			events[i], took[i], cpu[i] = events[i]+n, took[i]+d, cpu[i]+used
			messages += got
		}
	}
	alone := float64(events[0]) / took[0].Seconds()
	row := func(i, open int, received string) []string {
		speed := float64(events[i]) / took[i].Seconds()
		return []string{
			fmt.Sprint(open), rate(events[i], took[i]), fmt.Sprintf("%.1f µs", float64(cpu[i].Microseconds())/float64(events[i])),
			received, fmt.Sprintf("%.2f", speed/alone),
		}
	}
	table([]string{"open dashboards", "durable ingest, events/s", "server CPU/event", "messages a page gets per second", "ratio"}, [][]string{
		row(0, 0, ""), row(1, watchers, fmt.Sprintf("%.2f", float64(messages)/watchers/took[1].Seconds())),
	})
	return nil
}

// ingestWatched ingests while so many pages are open, and counts the dashboard
// messages that they get.
func ingestWatched(ctx context.Context, s *server, d time.Duration, open int) (events int64, took, cpu time.Duration, messages int64, err error) {
	watching, stop := context.WithCancel(ctx)
	var pages sync.WaitGroup
	var got atomic.Int64
	failed := make(chan error, open)
	for range open {
		pages.Go(func() {
			failed <- watch(watching, s, "wall", func([]byte) { got.Add(1) })
		})
	}
	before := s.cpu()
	events, took, err = ingestRaw(ctx, s, d)
	cpu, messages = s.cpu()-before, got.Load()
	stop()
	pages.Wait()
	for range open {
		if e := <-failed; e != nil && err == nil {
			err = fmt.Errorf("an open dashboard: %w", e)
		}
	}
	return events, took, cpu, messages, err
}

// watch opens the stream of a dashboard, as a page does, and calls use with
// each of its messages until ctx ends.
func watch(ctx context.Context, s *server, board string, use func(message []byte)) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, portal(s)+"/api/stream?topic=summary&topic=dashboard:"+board, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream answered %s", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 64<<10), 16<<20)
	event := ""
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			event = name
		} else if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok && event == "dashboard:"+board {
			use(data)
		}
	}
	if ctx.Err() != nil {
		return nil // closed by us
	}
	return fmt.Errorf("the stream ended: %w", lines.Err())
}

// pushRows pushes 100 rows ten times a second until ctx ends.
func pushRows(ctx context.Context, s *server) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		var rows []map[string]any
		for i := range 100 {
			rows = append(rows, map[string]any{
				"at": time.Now().UTC().Format(time.RFC3339Nano), "id": fmt.Sprintf("site-%d", i), "group": fmt.Sprintf("group-%d", i%10),
				"lat": 33.5 + float64(i%10)/2, "lon": 126 + float64(i/10)/4, "v": (n + i) % 100, "alarm": (n+i)%1000 == 0,
			})
		}
		body, err := json.Marshal(map[string]any{"rows": rows})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, portal(s)+"/v1.0/myorg/datasets/rows/tables/rows/rows", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func portal(s *server) string { return "http://" + s.info.Addresses["portal"] }

// startProject starts lazuli on a project of its own.
func (l *lab) startProject(ctx context.Context, project string, files map[string]string) (*server, error) {
	dir, err := os.MkdirTemp(l.dir, "project-")
	if err != nil {
		return nil, err
	}
	all := map[string]string{config.FileName: project}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return l.startIn(ctx, dir)
}
