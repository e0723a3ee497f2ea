package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// letterFlags say which dead letters are meant.
type letterFlags struct {
	app, from, onlyError string
	limit                int
}

func (f *letterFlags) add(cmd *cobra.Command, limit int, what string) {
	cmd.Flags().StringVar(&f.app, "app", "", "the function app, where several have the function")
	cmd.Flags().StringVar(&f.from, "from", "", "queue:NAME, hub:NAME or container:NAME (default: the function's own place, or its poison queue)")
	cmd.Flags().StringVar(&f.onlyError, "only-error", "", "only those whose error's message or type has this text")
	cmd.Flags().IntVar(&f.limit, "limit", limit, what)
}

// deadLetter is one of GET /admin/functions/{name}/deadletters.
type deadLetter struct {
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	Attempts  int       `json:"attempts"`
	Redrives  int       `json:"redrives"`
	Error     string    `json:"error"`
	Partition string    `json:"partition"`
	Offset    string    `json:"offset"`
	MessageID string    `json:"messageId"`
	Bytes     int       `json:"bytes"`
	Body      string    `json:"body"`
	Base64    bool      `json:"base64"`
}

// where is what the letter's item was called in its source.
func (l deadLetter) where() string {
	if l.Partition != "" {
		return l.Partition + "/" + l.Offset
	}
	return l.MessageID
}

func newFuncDeadLettersCmd(s *session) *cobra.Command {
	var f letterFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "deadletters NAME",
		Short: "List what a function failed on and set aside",
		Long: `List the dead letters of a function: the events, documents and messages that it
failed on after all tries, where host.json gives it a place for them
(lazuli.functions.NAME.deadLetter), and of a queue function without such a place
the messages in its poison queue.`,
		Example: `  lazuli func deadletters store
  lazuli func deadletters store --only-error 'connection refused' --limit 10`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, name, err := s.appOf(cmd.Context(), args[0], f.app)
			if err != nil {
				return err
			}
			q := url.Values{"from": {f.from}, "onlyError": {f.onlyError}, "limit": {strconv.Itoa(f.limit)}}
			var raw json.RawMessage
			if err := c.do(cmd.Context(), http.MethodGet, "/admin/functions/"+url.PathEscape(name)+"/deadletters?"+q.Encode(), nil, &raw); err != nil {
				return err
			}
			if asJSON {
				_, err := fmt.Fprintf(s.data, "%s\n", bytes.TrimSpace(raw))
				return err
			}
			return s.printLetters(name, raw)
		},
	}
	f.add(cmd, 50, "how many at most; 0: all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, bodies included")
	return cmd
}

func (s *session) printLetters(name string, raw []byte) error {
	var list struct {
		Place   string       `json:"place"`
		Letters []deadLetter `json:"letters"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	if len(list.Letters) == 0 {
		fmt.Fprintf(s.err, "No dead letters of %s are in %s.\n", terminal.Clean(name), terminal.Clean(list.Place))
		return nil
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tFROM\tTRIES\tREDRIVEN\tBYTES\tERROR")
	for _, l := range list.Letters {
		at := "-"
		if !l.Time.IsZero() {
			at = l.Time.Local().Format("2006-01-02 15:04:05")
		}
		line, _, _ := strings.Cut(l.Error, "\n")
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\n", at, terminal.Clean(l.where()), l.Attempts, l.Redrives, l.Bytes, terminal.Clean(line))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d in %s. Send them again: lazuli func redrive %s\n", len(list.Letters), terminal.Clean(list.Place), terminal.Clean(name))
	return nil
}

func newFuncRedriveCmd(s *session) *cobra.Command {
	var f letterFlags
	var dry bool
	cmd := &cobra.Command{
		Use:   "redrive NAME",
		Short: "Send what a function failed on through it again",
		Long: `Send the dead letters of a function through it again, one after the other and each
by itself. One that succeeds is removed; one that fails is put back, with its
count of redrives. Ctrl-C lets the run that goes on end, and what is left stays.

Delivery is at least once: a letter whose run ended just before this machine
failed may run again.`,
		Example: `  lazuli func redrive store --dry-run
  lazuli func redrive store --only-error 'connection refused'
  lazuli func redrive orders --from queue:orders-poison --limit 10`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, name, err := s.appOf(cmd.Context(), args[0], f.app)
			if err != nil {
				return err
			}
			if dry {
				return s.tellRedrive(cmd.Context(), c, name, f)
			}
			return s.redrive(cmd.Context(), c, name, f)
		},
	}
	f.add(cmd, 0, "how many at most (default all)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say how many would be sent, and send none")
	return cmd
}

// appOf is the app that has the function, and the function's name as it is written there.
func (s *session) appOf(ctx context.Context, name, app string) (adminClient, string, error) {
	info, err := s.instance()
	if err != nil {
		return adminClient{}, "", err
	}
	app, name, err = whoHas(ctx, info, name, app)
	if err != nil {
		return adminClient{}, "", err
	}
	for _, c := range adminClients(info) {
		if c.app == app {
			c.http.Timeout = 0 // it takes the time that it takes
			return c, name, nil
		}
	}
	return adminClient{}, "", fmt.Errorf("the function app %s has ended", app)
}

// tellRedrive says what a redrive would send.
func (s *session) tellRedrive(ctx context.Context, c adminClient, name string, f letterFlags) error {
	q := url.Values{"from": {f.from}, "onlyError": {f.onlyError}, "limit": {strconv.Itoa(f.limit)}}
	var list struct {
		Place   string            `json:"place"`
		Letters []json.RawMessage `json:"letters"`
	}
	if err := c.do(ctx, http.MethodGet, "/admin/functions/"+url.PathEscape(name)+"/deadletters?"+q.Encode(), nil, &list); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s of %s in %s would be sent.\n", count(len(list.Letters), "dead letter"), terminal.Clean(name), terminal.Clean(list.Place))
	return nil
}

// redriveLine is a line of the answer to POST …/redrive.
type redriveLine struct {
	Total   *int        `json:"total"`
	Letter  *deadLetter `json:"letter"`
	Failed  string      `json:"failed"`
	Done    bool        `json:"done"`
	Problem string      `json:"problem"`
}

// redriven counts a redrive.
type redriven struct{ total, sent, failed int }

// redrive sends the letters and shows how far it is.
func (s *session) redrive(ctx context.Context, c adminClient, name string, f letterFlags) error {
	body, err := json.Marshal(map[string]any{"from": f.from, "onlyError": f.onlyError, "limit": f.limit})
	if err != nil {
		return err
	}
	resp, err := c.post(ctx, "/admin/functions/"+url.PathEscape(name)+"/redrive", body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var n redriven
	var bar *progress
	defer func() {
		if bar != nil {
			bar.close()
		}
	}()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	ended, problem := false, ""
	for lines.Scan() {
		var l redriveLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("function app %s: %w", c.app, err)
		}
		switch {
		case l.Total != nil:
			n.total = *l.Total
			bar = s.newProgress(n.total)
		case l.Letter != nil:
			n.sent++
			bar.add(1)
			if l.Failed != "" {
				n.failed++
				fmt.Fprintf(s.err, "failed again: %s: %s\n", terminal.Clean(l.Letter.where()), terminal.Clean(l.Failed))
			}
		default:
			ended, problem = l.Done, l.Problem
		}
	}
	if bar != nil {
		bar.close()
		bar = nil
	}
	fmt.Fprintf(s.out, "%d of %s of %s sent: %d succeeded and gone, %d failed and back.\n", n.sent, count(n.total, "dead letter"), terminal.Clean(name), n.sent-n.failed, n.failed)
	switch {
	case problem != "":
		return fmt.Errorf("the redrive ended early: %s", problem)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !ended:
		return fmt.Errorf("the redrive ended early: the connection to function app %s broke off; the rest stays", c.app)
	case n.failed > 0:
		return fmt.Errorf("%d of %s failed again", n.failed, count(n.sent, "dead letter"))
	}
	return nil
}

// post sends an order whose answer comes in pieces.
func (c adminClient) post(ctx context.Context, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		req.Header.Set("X-Functions-Key", c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("function app %s: %w", c.app, err)
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		return resp, nil
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(http.MaxBytesReader(nil, resp.Body, 1<<20)); err != nil {
		return nil, fmt.Errorf("function app %s: %w", c.app, err)
	}
	return nil, &statusError{app: c.app, status: resp.StatusCode, body: strings.TrimSpace(text.String())}
}
