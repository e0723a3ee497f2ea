package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// logsOptions are the flags of `lazuli logs`.
type logsOptions struct {
	component string
	timespan  string
	output    string
	follow    bool
}

// logsForms are the values of --output.
var logsForms = []string{"table", "json", "csv", "tsv"}

func newLogsCmd(s *session) *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use:   "logs KQL",
		Short: "Ask Application Insights",
		Long: `Run a query of the Kusto language on what applications and functions reported:
requests, dependencies, traces, exceptions, customEvents, customMetrics,
performanceCounters, availabilityResults, pageViews, browserTimings, and the same
under the names of workspaces (AppRequests and so on).

With --follow it goes on: each second it prints the rows that are new, until
Ctrl-C ends it.`,
		Example: `  lazuli logs 'requests | where success == false | top 10 by timestamp'
  lazuli logs 'requests | summarize count(), percentile(duration, 95) by name' --timespan PT1H
  lazuli logs 'traces | project timestamp, severityLevel, message' --follow
  lazuli logs 'exceptions | take 100' -o json | jq .outerMessage
  lazuli logs 'union requests, dependencies | where operation_Id == "0af7651916cd43dd8448eb211c80319c"'`,
		Args: exactArgs("KQL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(logsForms, o.output) {
				return &usageError{cmd, fmt.Errorf("--output %q is not one of %s", o.output, strings.Join(logsForms, ", "))}
			}
			return s.logs(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "table", "table, json (an object a line), csv or tsv")
	f.StringVar(&o.timespan, "timespan", "", "ISO 8601: PT1H (the last hour), START/END, START/PT1H; default: all, and with --follow the last minute")
	f.StringVar(&o.component, "component", instance.DefaultAccount, "name or application id of the component")
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with rows that are new")
	return cmd
}

// logsAnswer is a reply of the query API.
type logsAnswer struct {
	Tables []struct {
		Columns []struct{ Name, Type string }
		Rows    [][]json.RawMessage
	}
	Error *logsError
}

// logsError is an error of the query API, which has the reason innermost.
type logsError struct {
	Code, Message, Token string
	Line, Pos            int
	Details              []*logsError
	InnerError           *logsError
}

func (s *session) logs(ctx context.Context, query string, o logsOptions) error {
	info, err := s.instance()
	if err != nil {
		return err
	}
	address := info.Addresses[instance.Insights]
	if address == "" {
		return errors.New("this lazuli has no Application Insights; it may be of an older version")
	}
	at := "http://" + reachable(address) + "/v1/apps/" + url.PathEscape(o.component) + "/query"
	p := &logsPrinter{s: s, form: o.output}
	if o.follow {
		return s.followTelemetry(ctx, p, at, info.Tokens[instance.Insights], query, o)
	}
	began := time.Now()
	answer, err := askLogs(ctx, at, info.Tokens[instance.Insights], query, o.timespan)
	if err != nil {
		return err
	}
	n, err := p.print(answer, nil)
	if err != nil {
		return err
	}
	if answer.Error != nil {
		fmt.Fprintf(s.err, "lazuli: not all rows: %s\n", answer.Error.reason().Message)
	}
	fmt.Fprintf(s.err, "%s, %s\n", count(n, "row"), time.Since(began).Round(time.Millisecond))
	return nil
}

// maxLogsReply bounds a reply, above what the service sends at most.
const maxLogsReply = 512 << 20

// askLogs runs a query.
func askLogs(ctx context.Context, at, token, query, timespan string) (logsAnswer, error) {
	var answer logsAnswer
	body, err := json.Marshal(map[string]string{"query": query, "timespan": timespan})
	if err != nil {
		return answer, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer, cmp.Or(ctx.Err(), err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, maxLogsReply)).Decode(&answer); err != nil {
		return answer, fmt.Errorf("the service answered %s with what is no reply: %w", res.Status, err)
	}
	if res.StatusCode != http.StatusOK {
		if answer.Error == nil {
			return answer, fmt.Errorf("the service answered %s", res.Status)
		}
		return answer, answer.Error.explained(query)
	}
	return answer, nil
}

// reason is the innermost error: what outer ones say is that there is one.
func (e *logsError) reason() *logsError {
	for {
		switch {
		case e.InnerError != nil:
			e = e.InnerError
		case len(e.Details) > 0 && e.Details[0] != nil:
			e = e.Details[0]
		default:
			return e
		}
	}
}

// explained is the error with the line of the query that it is about, and a mark.
func (e *logsError) explained(query string) error {
	r := e.reason()
	lines := strings.Split(query, "\n")
	if r.Line < 1 || r.Line > len(lines) || r.Pos < 1 {
		return errors.New(r.Message)
	}
	line := strings.TrimSuffix(lines[r.Line-1], "\r")
	before := min(r.Pos-1, utf8.RuneCountInString(line))
	width := min(max(utf8.RuneCountInString(r.Token), 1), max(utf8.RuneCountInString(line)-before, 1))
	return fmt.Errorf("%s at %d:%d: %s\n\n  %s\n  %s%s", r.Code, r.Line, r.Pos, r.Message,
		strings.ReplaceAll(line, "\t", " "), strings.Repeat(" ", before), strings.Repeat("^", width))
}

// logsPrinter prints rows in a form. Headers are printed once.
type logsPrinter struct {
	s    *session
	form string
	out  rowPrinter
	list *csv.Writer
}

// print prints the rows that are new to seen, which it adds them to; nil: all are.
func (p *logsPrinter) print(answer logsAnswer, seen func(row string) bool) (int, error) {
	if len(answer.Tables) == 0 {
		return 0, nil
	}
	t := answer.Tables[0]
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	rows := t.Rows
	if seen != nil {
		rows = slices.DeleteFunc(rows, func(row []json.RawMessage) bool { return seen(string(bytes.Join(rawBytes(row), []byte{0}))) })
	}
	if p.form == "csv" || p.form == "tsv" {
		return len(rows), p.separated(names, rows)
	}
	if p.out == nil {
		p.out = &jsonRows{w: p.s.data}
		if p.form == "table" {
			p.out = &tableRows{w: p.s.out, system: true, colour: p.s.outIsTerminal(), width: p.s.outWidth()}
		}
	}
	objects := make([][]byte, len(rows))
	for n, row := range rows {
		var err error
		if objects[n], err = object(names, row, p.form == "table"); err != nil {
			return 0, err
		}
	}
	return len(rows), p.out.page(objects)
}

func rawBytes(row []json.RawMessage) [][]byte {
	all := make([][]byte, len(row))
	for n, v := range row {
		all[n] = v
	}
	return all
}

// object is a row as an object, its members in the order of the columns. In a table a
// null is empty, and texts stand on one line.
func object(names []string, row []json.RawMessage, table bool) ([]byte, error) {
	b := []byte{'{'}
	for n, v := range row {
		if n >= len(names) {
			break
		}
		if n > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(names[n])
		if err != nil {
			return nil, err
		}
		var text string
		if table && json.Unmarshal(v, &text) == nil {
			if v, err = json.Marshal(strings.Join(strings.Fields(text), " ")); err != nil {
				return nil, err
			}
		}
		b = append(append(append(b, name...), ':'), v...)
	}
	return append(b, '}'), nil
}

// separated prints rows as CSV or TSV.
func (p *logsPrinter) separated(names []string, rows [][]json.RawMessage) error {
	if p.list == nil {
		p.list = csv.NewWriter(p.s.data)
		if p.form == "tsv" {
			p.list.Comma = '\t'
		}
		if err := p.list.Write(names); err != nil {
			return err
		}
	}
	for _, row := range rows {
		cells := make([]string, len(row))
		for n, v := range row {
			if json.Unmarshal(v, &cells[n]) != nil {
				cells[n] = string(v)
			}
		}
		if err := p.list.Write(cells); err != nil {
			return err
		}
	}
	p.list.Flush()
	return p.list.Error()
}
