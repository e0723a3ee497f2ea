package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// Azure's defaults for the function output: what one request carries at most.
const (
	functionRows  = 100
	functionBytes = 256 << 10
)

// functionSink posts rows to an HTTP function, as a JSON array. 413 halves the
// array, down to one row; every other refusal is tried again.
type functionSink struct {
	url    string
	client *http.Client
}

func (s *functionSink) Write(ctx context.Context, b stream.OutputBatch) error {
	for rows := b.Rows; len(rows) > 0; {
		n, size := 0, 2
		for n < len(rows) && n < functionRows && (n == 0 || size+len(rows[n].JSON) < functionBytes) {
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

func (s *functionSink) post(ctx context.Context, rows []stream.OutputRow) error {
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

func (s *functionSink) send(ctx context.Context, body []byte) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, sinkTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection is used again
	return resp.StatusCode, nil
}
