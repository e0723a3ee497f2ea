package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newStreamListCmd(s *session) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the stream jobs of the running project",
		Long: `List the stream jobs of the running project: state and how long it has been so
(FOR), events in and rows out since the start, events not yet read (BEHIND), how far
the watermark is behind the clock (DELAY), and events or rows that were left out
(LEFT OUT). Below a job stands what is wrong with it, and what it waits for since when.`,
		Example: `  lazuli stream list
  lazuli stream list --json`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			portal, err := s.portal()
			if err != nil {
				return err
			}
			jobs, raw, err := portal.jobs(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(s.data)
				enc.SetIndent("", "  ")
				return enc.Encode(raw)
			}
			if len(jobs) == 0 {
				fmt.Fprintln(s.err, "the project has no stream jobs; they are declared under stream.jobs in lazuli.yaml")
				return nil
			}
			return s.printJobs(jobs, time.Now())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, with the numbers of every input, partition and output")
	return cmd
}

// portal reaches the running project's portal.
func (s *session) portal() (*portalClient, error) {
	info, err := s.instance()
	if err != nil {
		return nil, err
	}
	return newPortalClient(info)
}

func (s *session) printJobs(jobs []jobState, now time.Time) error {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tSTATE\tFOR\tIN\tOUT\tBEHIND\tDELAY\tLEFT OUT")
	for i := range jobs {
		j := &jobs[i]
		delay := "-"
		if j.State == "running" || j.State == "degraded" {
			delay = (time.Duration(j.DelayMs) * time.Millisecond).Round(100 * time.Millisecond).String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%d\n", j.Name, j.State, now.Sub(time.UnixMilli(j.Since)).Round(time.Second), j.Counts["in"], j.Counts["out"], j.Backlog, delay, j.errors())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i := range jobs {
		for _, line := range jobs[i].troubles() {
			fmt.Fprintf(s.out, "%s: %s\n", jobs[i].Name, terminal.Clean(line))
		}
	}
	return nil
}

// troubles says what is wrong with the job, a line each.
func (j *jobState) troubles() []string {
	var lines []string
	if j.Failed != "" {
		lines = append(lines, "does not run since "+moment(j.Since)+": "+j.Failed)
	}
	for _, o := range j.Outputs {
		if o.Blocked != "" {
			lines = append(lines, "output "+o.Name+" takes no rows since "+moment(o.Since)+", and the job waits: "+o.Blocked)
		}
	}
	for _, w := range j.Warnings {
		lines = append(lines, w.Text)
	}
	for _, e := range j.Errors {
		of := "rows"
		if e.Input != "" {
			of = "of input " + e.Input
		}
		lines = append(lines, fmt.Sprintf("%d %s left out: %s; the last: %s", e.Events, of, e.Kind, e.Last))
	}
	if len(j.Errors) == 0 && j.errors() > 0 && j.LastError != "" {
		lines = append(lines, "the last error: "+j.LastError)
	}
	return lines
}

// moment is a time, of unix milliseconds, as a person here reads it.
func moment(ms int64) string { return time.UnixMilli(ms).Format(time.DateTime) }

func newStreamStartCmd(s *session) *cobra.Command {
	var start string
	cmd := &cobra.Command{
		Use:   "start JOB",
		Short: "Start a stream job that stands",
		Long: `Start a stream job of the running project. The query is read again, so one that
was edited while the job stood is the one that runs. --start says where:

  last   go on from the checkpoint: nothing is lost, nothing comes twice. Without
         a checkpoint, where the job was first started
  now    output from now on
  all    everything that the inputs still hold
  TIME   output from this time on (RFC 3339): the hubs are read from that
         enqueued time, and as far before it as the windows reach, so the first
         window is a whole one

now, all and a time discard the checkpoint.`,
		Example: `  lazuli stream start solar
  lazuli stream start solar --start now
  lazuli stream start solar --start 2026-01-31T00:00:00Z`,
		Args: exactArgs("JOB"),
		RunE: func(cmd *cobra.Command, args []string) error {
			portal, err := s.portal()
			if err != nil {
				return err
			}
			if _, err := portal.startJob(cmd.Context(), args[0], start); err != nil {
				return s.jobError(cmd, portal, args[0], err)
			}
			if start == "" || start == "last" {
				fmt.Fprintf(s.err, "%s runs\n", args[0])
			} else {
				fmt.Fprintf(s.err, "%s runs; it started anew (%s), and its checkpoint was discarded\n", args[0], start)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&start, "start", "last", "where the output begins: last, now, all or an RFC 3339 time")
	return cmd
}

func newStreamStopCmd(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "stop JOB",
		Short: "Stop a stream job after a last checkpoint",
		Long: `Stop a stream job of the running project. It writes its rows and saves a last
checkpoint first, and stays stopped, also when lazuli is started again, until
'lazuli stream start'.`,
		Example: `  lazuli stream stop solar`,
		Args:    exactArgs("JOB"),
		RunE: func(cmd *cobra.Command, args []string) error {
			portal, err := s.portal()
			if err != nil {
				return err
			}
			if _, err := portal.stopJob(cmd.Context(), args[0]); err != nil {
				return s.jobError(cmd, portal, args[0], err)
			}
			fmt.Fprintf(s.err, "%s is stopped\n", args[0])
			return nil
		},
	}
}

// jobError names the jobs that there are when one is not known.
func (s *session) jobError(cmd *cobra.Command, portal *portalClient, name string, err error) error {
	var answer *portalError
	if !errors.As(err, &answer) || answer.status != http.StatusNotFound {
		return err
	}
	jobs, _, listErr := portal.jobs(cmd.Context())
	if listErr != nil {
		return err
	}
	if len(jobs) == 0 {
		return fmt.Errorf("no stream job is named %q; the project has none", name)
	}
	names := make([]string, len(jobs))
	for i := range jobs {
		names[i] = jobs[i].Name
	}
	return fmt.Errorf("no stream job is named %q; there are %s", name, strings.Join(names, ", "))
}
