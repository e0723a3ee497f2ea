package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newFuncScaleCmd(s *session) *cobra.Command {
	var asJSON bool
	var watch time.Duration
	cmd := &cobra.Command{
		Use:   "scale",
		Short: "Show what waits for each function, how many workers there are, and how many instances Azure would have",
		Long: `Show, for each function of the running project, what waits for it (its backlog), how much of
that one instance is to have (Azure's target executions per instance), and how many
instances it asks for, and why; then how many worker processes the app has, and how many
instances it would have on Azure, by the plan that host.json names (lazuli.scale.plan;
flex unless it says otherwise); last, the worker processes one by one. The numbers are
looked at when you ask. Where host.json names flex each group of functions has worker
processes of its own, as there.

Worker processes come and go with what waits when host.json says between which numbers:
"lazuli": {"scale": {"workers": {"min": 1, "max": 4}}}. See docs/scaling.md, and
lazuli func simulate for a load that is not there yet.`,
		Example: `  lazuli func scale
  lazuli func scale --watch 2s
  lazuli func scale --json`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for {
				if err := s.showScale(cmd.Context(), asJSON); err != nil || watch <= 0 {
					return err
				}
				select {
				case <-time.After(watch):
				case <-cmd.Context().Done():
					return nil
				}
			}
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, a line for each app")
	cmd.Flags().DurationVar(&watch, "watch", 0, "look again each time that this has passed, until interrupted")
	return cmd
}

// scaleReport is GET /admin/host/scale.
type scaleReport struct {
	Workers struct {
		Wanted, Ready, Min, Max int
		Why                     string
		Groups                  []scaleWorkers
		Processes               []scaleProcess
	}
	Plan, Size       string
	Limit, Instances int
	Groups           []struct {
		Group     string
		Instances int
		Why       string
	}
	Functions []struct {
		Function, Trigger, Group string
		Backlog                  *int64
		Target                   int
		Instances, Concurrency   int
		Why                      string
	}
	DynamicConcurrency bool
	Throttles          []string
}

// scaleWorkers is the worker processes of functions that have theirs apart.
type scaleWorkers struct {
	Group                   string
	Functions               []string
	Wanted, Ready, Min, Max int
	Why                     string
}

// scaleProcess is a worker process.
type scaleProcess struct {
	Number          int
	Group           string
	Language, State string
	Since           int64 // unix milliseconds
	PID             int
	Invocations     int
	Memory          int64
	Starts          int
	Trouble         string
}

func (s *session) showScale(ctx context.Context, asJSON bool) error {
	info, err := s.instance()
	if err != nil {
		return err
	}
	for _, c := range adminClients(info) {
		var raw json.RawMessage
		if err := c.do(ctx, http.MethodGet, "/admin/host/scale", nil, &raw); err != nil {
			return err
		}
		if asJSON {
			if _, err := fmt.Fprintf(s.data, "{\"app\":%q,\"scale\":%s}\n", c.app, strings.TrimSpace(string(raw))); err != nil {
				return err
			}
			continue
		}
		var r scaleReport
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("function app %s: %w", c.app, err)
		}
		if err := r.print(s.out, c.app); err != nil {
			return err
		}
	}
	return nil
}

func (r *scaleReport) print(w io.Writer, app string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "APP\tFUNCTION\tTRIGGER\tBACKLOG\tTARGET\tASKS FOR\tWHY")
	for _, f := range r.Functions {
		backlog, target := "unknown", fmt.Sprint(f.Target)
		if f.Backlog != nil {
			backlog = fmt.Sprint(*f.Backlog)
		}
		if f.Concurrency > 0 {
			target += " (found out)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", app, terminal.Clean(f.Function), f.Trigger, backlog, target, f.Instances, terminal.Clean(f.Why))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	r.printApp(w, app)
	return r.printProcesses(w, app)
}

// printProcesses lists the app's worker processes.
func (r *scaleReport) printProcesses(w io.Writer, app string) error {
	if len(r.Workers.Processes) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "APP\tPROCESS\tGROUP\tPID\tLANGUAGE\tSTATE\tRUNS\tMEMORY\tSTARTS\tSINCE")
	for _, p := range r.Workers.Processes {
		pid, memory, group := "-", "-", cmp.Or(p.Group, "app")
		if p.PID != 0 {
			pid = fmt.Sprint(p.PID)
		}
		if p.Memory != 0 {
			memory = fmt.Sprintf("%.1f MiB", float64(p.Memory)/(1<<20))
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%d\t%s\t%d\t%s\n", app, p.Number, terminal.Clean(group), pid, terminal.Clean(p.Language), terminal.Clean(p.State),
			p.Invocations, memory, p.Starts, time.UnixMilli(p.Since).Format(time.DateTime))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, p := range r.Workers.Processes {
		if p.Trouble != "" {
			fmt.Fprintf(w, "%s: process %d: %s\n", app, p.Number, terminal.Clean(p.Trouble))
		}
	}
	return nil
}

// printApp says how many worker processes and instances the app has.
func (r *scaleReport) printApp(w io.Writer, app string) {
	all := fmt.Sprintf("%s: %d of %d worker processes run", app, r.Workers.Ready, r.Workers.Wanted)
	if len(r.Workers.Groups) > 0 {
		fmt.Fprintln(w, all+", each group's apart:")
		for _, g := range r.Workers.Groups {
			fmt.Fprintf(w, "  %s (%s): %d of %d (%s)\n", terminal.Clean(g.Group), terminal.Clean(strings.Join(g.Functions, ", ")), g.Ready, g.Wanted, howMany(g.Min, g.Max, g.Why))
		}
	} else {
		fmt.Fprintf(w, "%s (%s)\n", all, howMany(r.Workers.Min, r.Workers.Max, r.Workers.Why))
	}
	fmt.Fprintf(w, "%s: on Azure's plan %s it would have %d of at most %d instances\n", app, r.Plan, r.Instances, r.Limit)
	for _, g := range r.Groups {
		fmt.Fprintf(w, "  %s: %d, %s\n", terminal.Clean(g.Group), g.Instances, g.Why)
	}
	if len(r.Throttles) > 0 {
		fmt.Fprintf(w, "%s: functions with dynamic concurrency begin nothing new, because the machine is busy (%s)\n", app, strings.Join(r.Throttles, ", "))
	}
}

// howMany says how the number of worker processes comes about.
func howMany(least, most int, why string) string {
	if least == most {
		return "their number does not change by itself"
	}
	return fmt.Sprintf("%d to %d: %s", least, most, terminal.Clean(why))
}
