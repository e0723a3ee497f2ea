package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// adminClient speaks to the /admin surface of a function app.
type adminClient struct {
	app  string
	base string // http://host:port
	key  string // the master key; "" where none is asked
	http *http.Client
}

// function is an entry of GET /admin/functions, as far as a verb shows it.
type function struct {
	Name       string `json:"name"`
	IsDisabled bool   `json:"isDisabled"`
	InvokeURL  string `json:"invoke_url_template"`
	Listener   string `json:"listener"`
	Error      string `json:"error"` // why its trigger cannot listen, or no request reaches it
	Waits      string `json:"waits"` // what its trigger waits for; "" for nothing
	Breaker    struct {
		State     string    `json:"state"`
		Until     time.Time `json:"until"`
		LastError string    `json:"lastError"`
	} `json:"circuitBreaker"`
	DeadLetters struct {
		Place string `json:"place"`
		Kept  int64  `json:"kept"`
		Error string `json:"error"`
	} `json:"deadLetters"`
	Config struct {
		Bindings []map[string]any `json:"bindings"`
	} `json:"config"`
}

// trouble says why the function's trigger does not listen; "" while it does.
func (f function) trouble() string {
	switch {
	case f.Error != "" && f.Listener == "HTTP":
		return "not served: " + f.Error
	case f.Error != "":
		return "cannot listen: " + f.Error
	case f.Waits != "":
		return "waits: " + f.Waits
	}
	return ""
}

// reliability says what its circuit breaker and dead letters are about, a line each;
// nothing where there is nothing to say.
func (f function) reliability() (lines []string) {
	switch f.Breaker.State {
	case "open":
		lines = append(lines, fmt.Sprintf("circuit breaker open, next probe at %s: %s", f.Breaker.Until.Local().Format(time.TimeOnly), f.Breaker.LastError))
	case "halfOpen":
		lines = append(lines, "circuit breaker half open: a probe runs")
	}
	switch {
	case f.DeadLetters.Error != "":
		lines = append(lines, "dead letters cannot be kept: "+f.DeadLetters.Error)
	case f.DeadLetters.Kept > 0:
		lines = append(lines, fmt.Sprintf("%d set aside into %s since the start", f.DeadLetters.Kept, f.DeadLetters.Place))
	}
	return lines
}

// trigger returns the type of the function's trigger and what it listens to.
func (f function) trigger() (kind, detail string) {
	for _, b := range f.Config.Bindings {
		kind, _ := b["type"].(string)
		if !strings.HasSuffix(strings.ToLower(kind), "trigger") {
			continue
		}
		switch strings.ToLower(kind) {
		case "httptrigger":
			return kind, f.InvokeURL
		case "eventhubtrigger":
			return kind, text(b["eventHubName"])
		case "cosmosdbtrigger":
			return kind, text(b["databaseName"]) + "/" + text(b["containerName"])
		case "timertrigger":
			return kind, text(b["schedule"])
		case "queuetrigger":
			return kind, text(b["queueName"])
		case "blobtrigger":
			return kind, text(b["path"])
		}
		return kind, ""
	}
	return "", ""
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// adminClients returns a client for each function app of the instance, in the
// order of their names.
func adminClients(info instance.Info) []adminClient {
	var clients []adminClient
	apps := info.Functions()
	for _, name := range slices.Sorted(maps.Keys(apps)) {
		clients = append(clients, adminClient{
			app:  name,
			base: "http://" + apps[name],
			key:  info.Tokens[instance.FunctionsPrefix+name],
			http: &http.Client{Timeout: 10 * time.Second},
		})
	}
	return clients
}

// functions lists the app's functions in the order of their names.
func (c adminClient) functions(ctx context.Context) ([]function, error) {
	var list []function
	if err := c.do(ctx, http.MethodGet, "/admin/functions", nil, &list); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b function) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// hostStatus returns GET /admin/host/status.
func (c adminClient) hostStatus(ctx context.Context) (state string, errs []string, err error) {
	var status struct {
		State  string   `json:"state"`
		Errors []string `json:"errors"`
	}
	err = c.do(ctx, http.MethodGet, "/admin/host/status", nil, &status)
	return status.State, status.Errors, err
}

func (c adminClient) do(ctx context.Context, method, path string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		req.Header.Set("X-Functions-Key", c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("function app %s: %w", c.app, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return fmt.Errorf("function app %s: %w", c.app, err)
	}
	if resp.StatusCode >= 300 {
		return &statusError{app: c.app, status: resp.StatusCode, body: strings.TrimSpace(string(data))}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(data, answer)
}

// statusError is an answer that is not a success.
type statusError struct {
	app    string
	status int
	body   string
}

func (e *statusError) Error() string {
	if e.status == http.StatusForbidden && strings.HasPrefix(e.body, "<!DOCTYPE html>") {
		return fmt.Sprintf("function app %s: its access restrictions keep this machine's commands out of /admin too (functions.apps.%s.access); let 127.0.0.1 in by adminRules", e.app, e.app)
	}
	s := fmt.Sprintf("function app %s answered %d %s", e.app, e.status, http.StatusText(e.status))
	if e.body != "" {
		s += ": " + e.body
	}
	return s
}
