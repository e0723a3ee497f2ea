package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// runFlags are the flags of `lazuli func run`.
type runFlags struct {
	app, data, method, path string
	headers, query          []string
	batch                   bool
}

func newFuncRunCmd(s *session) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Run a function now, whatever its trigger, and show how it went",
		Long: `Run a function now and wait for its end. The data stands in for what the trigger
would have brought: a body for HTTP, one event for Event Hubs, one document for
Cosmos DB. The answer goes to standard output; status, log lines and a failure to
standard error. The exit status is 1 when the function failed, or answered with a
status of 400 or more.`,
		Example: `  lazuli func run health
  lazuli func run orders --method PUT --path /api/orders/7 --header 'X-Trace: 1' --query dry=1 --data @order.json
  lazuli func run eventhub_trigger_processor --data '{"deviceId":"device-001","data":{"temperature":41}}'`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := s.instance()
			if err != nil {
				return err
			}
			order, err := f.order(s)
			if err != nil {
				return &usageError{cmd, err}
			}
			return s.runFunction(cmd.Context(), info, args[0], f.app, order)
		},
	}
	cmd.Flags().StringVarP(&f.data, "data", "d", "", "input: text, @FILE, or @- for standard input")
	cmd.Flags().StringVar(&f.app, "app", "", "the function app, where several have the function")
	cmd.Flags().StringVarP(&f.method, "method", "X", "", "HTTP method (default the function's first; POST with data)")
	cmd.Flags().StringVar(&f.path, "path", "", "HTTP path, for functions whose route has parameters")
	cmd.Flags().StringArrayVarP(&f.headers, "header", "H", nil, "HTTP header, as 'Name: value'; may be repeated")
	cmd.Flags().StringArrayVar(&f.query, "query", nil, "query parameter, as name=value; may be repeated")
	cmd.Flags().BoolVar(&f.batch, "batch", false, "the data is a JSON array with an element to each event or document")
	return cmd
}

// runOrder and runOutcome are POST /api/apps/{app}/functions/{function}/run.
type runOrder struct {
	Method  string              `json:"method,omitempty"`
	Path    string              `json:"path,omitempty"`
	Query   map[string][]string `json:"query,omitempty"`
	Headers map[string][]string `json:"headers,omitempty"`
	Input   string              `json:"input"`
	Batch   bool                `json:"batch"`
}

type runOutcome struct {
	ID         string  `json:"id"`
	OK         bool    `json:"ok"`
	Status     int     `json:"status"`
	Body       string  `json:"body"`
	Base64     bool    `json:"base64"`
	Cut        bool    `json:"cut"`
	Bytes      int64   `json:"bytes"`
	DurationMs float64 `json:"durationMs"`
	Error      string  `json:"error"`
	Stack      string  `json:"stack"`
	Logs       []struct {
		Level   string `json:"level"`
		Message string `json:"message"`
	} `json:"logs"`
}

// order is the request that the flags describe.
func (f runFlags) order(s *session) (runOrder, error) {
	o := runOrder{Method: strings.ToUpper(f.method), Path: f.path, Batch: f.batch, Query: map[string][]string{}, Headers: map[string][]string{}}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return o, fmt.Errorf("--header %q: write 'Name: value'", h)
		}
		name = http.CanonicalHeaderKey(strings.TrimSpace(name))
		o.Headers[name] = append(o.Headers[name], strings.TrimSpace(value))
	}
	for _, q := range f.query {
		name, value, ok := strings.Cut(q, "=")
		if !ok || name == "" {
			return o, fmt.Errorf("--query %q: write name=value", q)
		}
		o.Query[name] = append(o.Query[name], value)
	}
	if o.Path != "" && !strings.HasPrefix(o.Path, "/") {
		return o, fmt.Errorf("--path %q: it begins with a slash, as in /api/hello", o.Path)
	}
	var err error
	o.Input, err = inputData(f.data, s.in)
	return o, err
}

// runFunction runs the function in the app that has it and shows how it went.
func (s *session) runFunction(ctx context.Context, info instance.Info, name, app string, o runOrder) error {
	app, name, err := whoHas(ctx, info, name, app)
	if err != nil {
		return err
	}
	portal, err := newPortalClient(info)
	if err != nil {
		return err
	}
	portal.http.Timeout = 0 // a function takes the time that it takes
	var out runOutcome
	path := "/api/apps/" + url.PathEscape(app) + "/functions/" + url.PathEscape(name) + "/run"
	if err := portal.do(ctx, http.MethodPost, path, o, &out); err != nil {
		return err
	}
	return s.printOutcome(app, name, out)
}

// printOutcome shows the answer, and all that is said about it.
func (s *session) printOutcome(app, name string, out runOutcome) error {
	for _, l := range out.Logs {
		fmt.Fprintf(s.err, "%-11s %s\n", terminal.Clean(l.Level), terminal.Clean(l.Message))
	}
	took := time.Duration(out.DurationMs * float64(time.Millisecond)).Round(100 * time.Microsecond)
	state := "succeeded"
	if !out.OK {
		state = "failed"
	}
	if out.Status != 0 {
		state += fmt.Sprintf(", %d %s", out.Status, http.StatusText(out.Status))
	}
	fmt.Fprintf(s.err, "%s in %s %s in %v\n", name, app, state, took)
	if err := s.printBody(out); err != nil {
		return err
	}
	switch {
	case !out.OK && out.Error != "":
		return fmt.Errorf("%s failed: %s", name, strings.TrimRight(out.Error+"\n"+out.Stack, "\n"))
	case !out.OK:
		return fmt.Errorf("%s failed", name)
	case out.Status >= http.StatusBadRequest:
		return fmt.Errorf("%s answered %d %s", name, out.Status, http.StatusText(out.Status))
	}
	return nil
}

// printBody writes an answer as it came, where that harms no terminal.
func (s *session) printBody(out runOutcome) error {
	body := []byte(out.Body)
	if out.Base64 {
		var err error
		if body, err = base64.StdEncoding.DecodeString(out.Body); err != nil {
			return err
		}
	}
	w := s.data
	if isTerminal(s.data) {
		w = s.out
	}
	if len(body) > 0 && body[len(body)-1] != '\n' && isTerminal(s.data) {
		body = append(body, '\n')
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if out.Cut {
		fmt.Fprintf(s.err, "the answer has %d bytes; its beginning is shown\n", out.Bytes)
	}
	return nil
}

// whoHas finds the app that has the function, and the function's name as it is
// written there.
func whoHas(ctx context.Context, info instance.Info, name, only string) (app, function string, err error) {
	var known, apps, owners []string
	for _, c := range adminClients(info) {
		apps = append(apps, c.app)
		if only != "" && c.app != only {
			continue
		}
		list, err := c.functions(ctx)
		if err != nil {
			return "", "", err
		}
		for _, f := range list {
			known = append(known, f.Name)
			if strings.EqualFold(f.Name, name) {
				owners, function = append(owners, c.app), f.Name
			}
		}
	}
	switch {
	case len(apps) == 0:
		return "", "", fmt.Errorf("no function app runs in %s", info.Dir)
	case only != "" && !slices.Contains(apps, only):
		return "", "", fmt.Errorf("no function app is named %q; there are %s", only, strings.Join(apps, ", "))
	case len(known) == 0:
		return "", "", errors.New("no function runs; `lazuli status` says why")
	case len(owners) == 0:
		return "", "", fmt.Errorf("no function is named %q; there are %s", name, strings.Join(known, ", "))
	case len(owners) > 1:
		return "", "", fmt.Errorf("the function apps %s have a function %s each; choose one with --app", strings.Join(owners, ", "), name)
	}
	return owners[0], function, nil
}
