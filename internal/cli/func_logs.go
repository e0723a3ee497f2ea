package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// logFlags are the flags of `lazuli func logs`.
type logFlags struct {
	app, invocation, level string
	follow, json           bool
	lines                  int
}

// logLevels are what --level may be, and what the portal's filter calls it.
var logLevels = map[string]string{
	"debug": "debug", "trace": "debug", "info": "info", "information": "info", "warn": "warn", "warning": "warn", "error": "error", "critical": "error",
}

func newFuncLogsCmd(s *session) *cobra.Command {
	var f logFlags
	cmd := &cobra.Command{
		Use:   "logs [FUNCTION]",
		Short: "Show what functions logged, and with --follow what they log from now on",
		Long: `Show the newest log lines of the running project's function apps, or of one function,
the oldest first. What a run logged is asked for by its id, which every line shows with
--json and the portal beside each run. The portal's page Logs searches in all lines.`,
		Example: `  lazuli func logs
  lazuli func logs orders --follow
  lazuli func logs --level warn --lines 500
  lazuli func logs --invocation 3f2a0c1e-7d45-4c1b-9a57-0d2f5a0f9c11`,
		Args: atMostOne("function"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.functionLogs(cmd, f, append(args, "")[0])
		},
	}
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "go on with what is logged, until Ctrl-C")
	cmd.Flags().StringVar(&f.invocation, "invocation", "", "id of one run")
	cmd.Flags().StringVar(&f.level, "level", "", "this level and those above: debug, info, warn or error")
	cmd.Flags().StringVar(&f.app, "app", "", "the function app, where several have the function")
	cmd.Flags().IntVarP(&f.lines, "lines", "n", 100, "how many lines to begin with; at most 1000")
	cmd.Flags().BoolVar(&f.json, "json", false, "as lines of JSON")
	return cmd
}

// logLine is a line as the portal tells it.
type logLine struct {
	ID     string     `json:"id"`
	At     int64      `json:"t"` // unix milliseconds
	Level  string     `json:"level"`
	Source string     `json:"source"`
	Text   string     `json:"text"`
	More   int        `json:"more,omitempty"`
	Run    string     `json:"run,omitempty"`
	Fields [][]string `json:"fields,omitempty"`
}

func (s *session) functionLogs(cmd *cobra.Command, f logFlags, function string) error {
	ctx := cmd.Context()
	if f.lines < 0 || f.lines > 1000 {
		return &usageError{cmd, fmt.Errorf("--lines %d: it is 0 to 1000", f.lines)}
	}
	info, err := s.instance()
	if err != nil {
		return err
	}
	var terms []string
	if function != "" {
		if f.app, function, err = whoHas(ctx, info, function, f.app); err != nil {
			return err
		}
		terms = append(terms, "function="+strconv.Quote(function))
	} else if f.app != "" {
		if _, err := oneApp(info, f.app); err != nil {
			return err
		}
	}
	app := "*"
	if f.app != "" {
		app = strconv.Quote(f.app)
	}
	terms = append(terms, "app:"+app)
	if f.level != "" {
		level, ok := logLevels[strings.ToLower(f.level)]
		if !ok {
			return &usageError{cmd, fmt.Errorf("--level %q is not one of debug, info, warn, error", f.level)}
		}
		terms = append(terms, "level>="+level)
	}
	portal, err := newPortalClient(info)
	if err != nil {
		return err
	}
	query := url.Values{"q": {strings.Join(terms, " ")}}
	if f.invocation != "" {
		query.Set("run", f.invocation)
	}
	newest, err := s.pastLogs(ctx, portal, query, f)
	if err != nil || !f.follow {
		return err
	}
	return s.followLogs(ctx, portal, query, newest, f)
}

// pastLogs prints the newest lines, and returns where they end.
func (s *session) pastLogs(ctx context.Context, portal *portalClient, query url.Values, f logFlags) (newest string, err error) {
	var page struct {
		Lines  []logLine
		Newest string
	}
	query.Set("limit", strconv.Itoa(max(f.lines, 1)))
	if err := portal.do(ctx, http.MethodGet, "/api/logs?"+query.Encode(), nil, &page); err != nil {
		return "", err
	}
	slices.Reverse(page.Lines)
	if f.lines == 0 {
		page.Lines = nil
	}
	if len(page.Lines) == 0 && f.lines > 0 && !f.follow {
		fmt.Fprintln(s.err, "nothing was logged that fits")
	}
	for _, l := range page.Lines {
		if err := s.printLog(l, f.json); err != nil {
			return "", err
		}
	}
	return page.Newest, nil
}

// followLogs prints what comes, until ctx ends.
func (s *session) followLogs(ctx context.Context, portal *portalClient, query url.Values, after string, f logFlags) error {
	query.Set("after", cmp.Or(after, "0"))
	portal.http.Timeout = 0
	body, err := portal.stream(ctx, "/api/logs/tail?"+query.Encode())
	if err != nil {
		return err
	}
	defer body.Close()
	in := bufio.NewReader(body)
	for {
		text, err := in.ReadBytes('\n')
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("lazuli stopped")
		}
		if err != nil {
			return fmt.Errorf("portal: %w", err)
		}
		var tail struct {
			Lines []logLine
			Left  int
		}
		if len(strings.TrimSpace(string(text))) == 0 { // it is there still
			continue
		}
		if err := json.Unmarshal(text, &tail); err != nil {
			return fmt.Errorf("portal: %w", err)
		}
		if tail.Left > 0 {
			fmt.Fprintf(s.err, "%s came too fast to be shown\n", count(tail.Left, "line"))
		}
		for _, l := range tail.Lines {
			if err := s.printLog(l, f.json); err != nil {
				return err
			}
		}
	}
}

// stream calls for an answer that goes on.
func (c *portalClient) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("portal answered %s", resp.Status)
	}
	return resp.Body, nil
}

// printLog prints a line: the time, the level, whose it is, and what it says.
func (s *session) printLog(l logLine, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(s.data).Encode(l)
	}
	text := terminal.WithFields(l.Text, l.Fields)
	if l.More > 0 {
		text += fmt.Sprintf(" … (%d bytes more; --json and the portal name the line)", l.More)
	}
	who := strings.TrimPrefix(strings.TrimPrefix(l.Source, "function/"), "app/")
	_, err := fmt.Fprintf(s.out, "%s %-5s %s  %s\n", time.UnixMilli(l.At).Format("15:04:05.000"), strings.ToUpper(l.Level), terminal.Clean(who), terminal.Lines(text))
	return err
}
