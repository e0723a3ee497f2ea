// Package function is an HTTP function that takes a stream job's rows.
package function

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// Kind is the name of the kind in tables. Targets are APP/ROUTE.
const Kind = "function"

// Azure's defaults for the function output: what one request carries at most.
const (
	mostRows  = 100
	mostBytes = 256 << 10
)

// timeout bounds one request; the job tries again.
const timeout = 30 * time.Second

// App is where an app's HTTP functions answer.
type App struct {
	URL string        // with the prefix of their routes
	Key func() string // opens functions of level "function"; nil where none asks
}

// SinkKind is the row of functions; find finds an app.
func SinkKind(find func(app string) (App, error)) jobs.SinkKind {
	return jobs.SinkKind{Kind: Kind, Open: func(_ context.Context, out jobs.Output) (stream.Sink, error) {
		name, route, _ := strings.Cut(out.Target, "/")
		app, err := find(name)
		if err != nil {
			return nil, err
		}
		return &sink{url: app.URL + "/" + route, key: app.Key, client: &http.Client{}}, nil
	}}
}

// sink posts rows to an HTTP function, as a JSON array. 413 halves the array,
// down to one row; every other refusal is tried again.
type sink struct {
	url    string
	key    func() string // may be nil
	client *http.Client
}

// Close implements io.Closer.
func (s *sink) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Write implements stream.Sink.
func (s *sink) Write(ctx context.Context, b stream.OutputBatch) error {
	for rows := b.Rows; len(rows) > 0; {
		n, size := 0, 2
		for n < len(rows) && n < mostRows && (n == 0 || size+len(rows[n].JSON) < mostBytes) {
			size += len(rows[n].JSON) + 1
			n++
		}
		if err := s.post(ctx, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (s *sink) post(ctx context.Context, rows []stream.OutputRow) error {
	body := []byte{'['}
	for i, r := range rows {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, r.JSON...)
	}
	body = append(body, ']')
	code, err := s.send(ctx, body)
	switch {
	case err != nil:
		return fault.Wrap(fault.Unavailable, s.url, err, "post %d rows", len(rows))
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusRequestEntityTooLarge && len(rows) > 1:
		half := len(rows) / 2
		if err := s.post(ctx, rows[:half]); err != nil {
			return err
		}
		return s.post(ctx, rows[half:])
	case code == http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, s.url, "the function takes no row of %d bytes", len(body))
	}
	return fault.New(fault.Unavailable, s.url, "the function answered %d to %d rows", code, len(rows))
}

func (s *sink) send(ctx context.Context, body []byte) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if s.key != nil {
		req.Header.Set("X-Functions-Key", s.key())
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection is used again
	return resp.StatusCode, nil
}
