package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// portalClient speaks to the JSON interface of the running instance's portal.
type portalClient struct {
	base  string // http://host:port
	token string // "" where none is asked
	http  *http.Client
}

// portalTimeout bounds a call; a job that stops writes its last rows first.
const portalTimeout = time.Minute

func newPortalClient(info instance.Info) (*portalClient, error) {
	addr := info.Addresses[instance.Portal]
	if addr == "" {
		return nil, errors.New("the running lazuli has no portal; start it again with this version")
	}
	return &portalClient{"http://" + addr, info.Tokens[instance.Portal], &http.Client{Timeout: portalTimeout}}, nil
}

// jobState is a stream job of GET /api/jobs, as far as a verb shows it.
type jobState struct {
	Name      string           `json:"name"`
	State     string           `json:"state"`
	Since     int64            `json:"since"` // unix milliseconds, when it entered the state
	Start     string           `json:"start"`
	DelayMs   float64          `json:"delayMs"`
	Backlog   int64            `json:"backlog"`
	Counts    map[string]int64 `json:"counts"`
	Failed    string           `json:"failed"`
	LastError string           `json:"lastError"`
	Outputs   []struct {
		Name    string `json:"name"`
		Blocked string `json:"blocked"`
		Since   int64  `json:"since"` // unix milliseconds
	} `json:"outputs"`
	Errors []struct {
		Kind   string `json:"kind"`
		Input  string `json:"input"`
		Events int64  `json:"events"`
		Last   string `json:"last"`
	} `json:"dataErrors"`
	Warnings []struct {
		Text string `json:"text"`
	} `json:"warnings"`
}

// errors is how many events and rows did not go their way.
func (j *jobState) errors() int64 {
	return j.Counts["early"] + j.Counts["dropped"] + j.Counts["malformed"] + j.Counts["conversion"] + j.Counts["runtime"]
}

func (c *portalClient) jobs(ctx context.Context) (states []jobState, raw json.RawMessage, err error) {
	if err := c.do(ctx, http.MethodGet, "/api/jobs", nil, &raw); err != nil {
		return nil, nil, err
	}
	return states, raw, json.Unmarshal(raw, &states)
}

func (c *portalClient) startJob(ctx context.Context, name, start string) (s jobState, err error) {
	return s, c.do(ctx, http.MethodPost, "/api/jobs/"+url.PathEscape(name)+"/start", map[string]string{"start": start}, &s)
}

func (c *portalClient) stopJob(ctx context.Context, name string) (s jobState, err error) {
	return s, c.do(ctx, http.MethodPost, "/api/jobs/"+url.PathEscape(name)+"/stop", struct{}{}, &s)
}

func (c *portalClient) do(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("portal: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return json.Unmarshal(data, answer)
	}
	var problem struct{ Error, Kind string }
	if json.Unmarshal(data, &problem) != nil || problem.Error == "" {
		return fmt.Errorf("portal answered %s", resp.Status)
	}
	return &portalError{resp.StatusCode, problem.Error}
}

// portalError is an answer of the portal that is not a success.
type portalError struct {
	status int
	text   string
}

func (e *portalError) Error() string { return e.text }
