// Package portaltest serves pages over a real socket for tests.
package portaltest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// Lab is a portal that runs until the test ends.
type Lab struct {
	t   *testing.T
	URL string
}

// Serve runs a portal with pages and, unless it is nil, dashboards.
func Serve(t *testing.T, boards *dashboard.Set, pages ...portal.Page) *Lab {
	t.Helper()
	if boards == nil {
		boards = dashboard.New(dashboard.Options{})
	}
	return ServeConfig(t, portal.Config{Pages: pages, Boards: boards})
}

// ServeConfig runs a portal with what is given; name, version, start and log
// are a test's.
func ServeConfig(t *testing.T, cfg portal.Config) *Lab {
	t.Helper()
	cfg.Name, cfg.Version, cfg.Started, cfg.Log = "lab", "test", time.Now(), testkit.Discard()
	p, err := portal.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	srv := httptest.NewUnstartedServer(p)
	srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.Start()
	end := make(chan error, 1)
	go func() { end <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		srv.Close()
		if err := <-end; err != nil {
			t.Error(err)
		}
	})
	return &Lab{t, srv.URL}
}

// Do sends a request and decodes the reply. One that is no object comes under
// the name "".
func (l *Lab) Do(method, path, body string) (int, map[string]any) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.URL+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	var v any
	if len(text) > 0 && json.Unmarshal(text, &v) != nil {
		v = string(text)
	}
	if m, ok := v.(map[string]any); ok {
		return res.StatusCode, m
	}
	return res.StatusCode, map[string]any{"": v}
}

// Stream is an open stream of events.
type Stream struct {
	t     *testing.T
	ID    string
	lines *bufio.Reader
	lists map[string]map[string]map[string]any
	Close context.CancelFunc
}

// Listen opens a stream of topics.
func (l *Lab) Listen(topics ...string) *Stream {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	l.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL+"/api/stream?"+url.Values{"topic": topics}.Encode(), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		l.t.Fatalf("stream: %s", res.Status)
	}
	s := &Stream{t: l.t, lines: bufio.NewReader(res.Body), lists: map[string]map[string]map[string]any{}, Close: cancel}
	s.ID, _ = s.Next("opened").(map[string]any)["id"].(string)
	return s
}

// Next returns the next message of a topic.
func (s *Stream) Next(topic string) any {
	s.t.Helper()
	for {
		name, v, err := s.Event()
		if err != nil {
			s.t.Fatalf("stream ended: %v", err)
		}
		if name == topic {
			return v
		}
	}
}

// Event returns the next event, of any topic.
func (s *Stream) Event() (topic string, v any, err error) {
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return "", nil, err
		}
		topic, ok := strings.CutPrefix(strings.TrimSpace(line), "event: ")
		if !ok {
			continue
		}
		data, err := s.lines.ReadBytes('\n')
		if err != nil {
			return "", nil, err
		}
		err = json.Unmarshal(bytes.TrimPrefix(data, []byte("data: ")), &v)
		return topic, v, err
	}
}

// Rows waits for a change of a list and returns the list as it is then, by the
// ids of its rows.
func (s *Stream) Rows(kind string) map[string]map[string]any {
	s.t.Helper()
	m := s.Next(kind).(map[string]any)
	rows := s.lists[kind]
	if rows == nil || m["all"] == true {
		rows = map[string]map[string]any{}
		s.lists[kind] = rows
	}
	for _, row := range m["set"].([]any) {
		row := row.(map[string]any)
		rows[row["id"].(string)] = row
	}
	for _, id := range m["del"].([]any) {
		delete(rows, id.(string))
	}
	return rows
}
