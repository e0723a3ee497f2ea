package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// serviceState is one service as `lazuli status` found it.
type serviceState struct {
	Service   string   `json:"service"`
	Address   string   `json:"address"`
	State     string   `json:"state"`
	Errors    []string `json:"errors,omitempty"`
	Functions int      `json:"functions,omitempty"`
}

func newStatusCmd(s *session) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what runs, and whether it answers",
		Long: `Ask every service of the running lazuli whether it answers. With several running,
list them all, and ask the services of the one of this folder, or of --project.`,
		Example: `  lazuli status
  lazuli status --project examples/telemetry --json`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := instance.All()
			if err != nil {
				return err
			}
			info, err := s.instance()
			found := err == nil
			if !found && (len(all) < 2 || s.running() != "") {
				return err
			}
			report := statusReport{Instances: listed(all)}
			if found {
				report.Instance, report.Services = &listed([]instance.Info{info})[0], probe(cmd.Context(), info)
				report.Undeclared = undeclared(cmd.Context(), info)
			}
			if asJSON {
				enc := json.NewEncoder(s.data)
				enc.SetIndent("", "  ")
				if err := enc.Encode(report); err != nil {
					return err
				}
				return answering(report.Services)
			}
			if len(all) > 1 && s.running() == "" {
				if err := s.printInstances(all, found); err != nil {
					return err
				}
			}
			if !found {
				return nil
			}
			if err := s.printStatus(info, report); err != nil {
				return err
			}
			return answering(report.Services)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// noAnswer is the state of a service that does not answer.
const noAnswer = "no answer"

// answering fails when a service does not answer, so that scripts can ask.
func answering(states []serviceState) error {
	var silent []string
	for _, s := range states {
		if s.State == noAnswer {
			silent = append(silent, s.Service)
		}
	}
	if len(silent) > 0 {
		return fmt.Errorf("no answer from %s", strings.Join(silent, ", "))
	}
	return nil
}

// statusReport is what `lazuli status --json` prints.
type statusReport struct {
	Instances []instance.Info `json:"instances"`          // all that run
	Instance  *instance.Info  `json:"instance,omitempty"` // the one of this folder, or of --project
	Services  []serviceState  `json:"services,omitempty"` // of that one
	// Undeclared is what is there and not in the project file any more.
	Undeclared []storedThing `json:"undeclared,omitempty"`
}

// listed are the instances without the tokens, which open things.
func listed(all []instance.Info) []instance.Info {
	out := slices.Clone(all)
	for i := range out {
		out[i].Tokens = nil
		out[i].Accounts = slices.Clone(out[i].Accounts)
		for n := range out[i].Accounts {
			out[i].Accounts[n].Key = ""
		}
	}
	return out
}

// printInstances lists all instances. more: the services of one follow.
func (s *session) printInstances(all []instance.Info, more bool) error {
	slices.SortFunc(all, func(a, b instance.Info) int { return strings.Compare(a.Dir, b.Dir) })
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROJECT\tFOLDER\tPROCESS\tUP\tPORTAL\tSTATE")
	for _, i := range all {
		state := "starting"
		if i.Ready {
			state = "ready"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\thttp://%s\t%s\n", terminal.Clean(i.Name), terminal.Clean(i.Dir), i.PID,
			time.Since(i.StartedAt).Round(time.Second), callable(i.Addresses[instance.Portal]), state)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(s.out)
	} else {
		fmt.Fprintln(s.out, "\nThe services of one: lazuli status --project FOLDER")
	}
	return nil
}

// printAccounts lists the namespaces and accounts, where there are more than those
// that localhost means.
func (s *session) printAccounts(all []instance.Account) error {
	if !slices.ContainsFunc(all, func(a instance.Account) bool { return !a.Default() && a.Type != instance.Sites }) {
		return nil
	}
	fmt.Fprintln(s.out)
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ACCOUNT\tTYPE\tNAMES")
	for _, a := range all {
		names := a.Hosts
		if a.Default() {
			names = append([]string{"localhost"}, names...)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", a.Name, a.Type, strings.Join(names, ", "))
	}
	return table.Flush()
}

// probe asks every service of the instance whether it answers.
func probe(ctx context.Context, info instance.Info) []serviceState {
	admins := map[string]adminClient{}
	for _, c := range adminClients(info) {
		admins[instance.FunctionsPrefix+c.app] = c
	}
	var states []serviceState
	for _, service := range slices.Sorted(maps.Keys(info.Addresses)) {
		state := serviceState{Service: service, Address: info.Addresses[service]}
		if admin, ok := admins[service]; ok {
			probeApp(ctx, admin, &state)
		} else {
			state.State = dialState(ctx, state.Address)
		}
		states = append(states, state)
	}
	return states
}

func probeApp(ctx context.Context, admin adminClient, state *serviceState) {
	var err error
	if state.State, state.Errors, err = admin.hostStatus(ctx); err != nil {
		state.State = noAnswer
		state.Errors = []string{err.Error()}
		return
	}
	if list, err := admin.functions(ctx); err == nil {
		state.Functions = len(list)
		for _, f := range list {
			if trouble := f.trouble(); trouble != "" {
				state.Errors = append(state.Errors, f.Name+" "+trouble)
			}
		}
	}
}

func dialState(ctx context.Context, address string) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return noAnswer
	}
	conn.Close()
	return "Running"
}

// undeclared asks for what the project file has let go of. A portal that does not
// answer is told of as a service.
func undeclared(ctx context.Context, info instance.Info) []storedThing {
	portal, err := newPortalClient(info)
	if err != nil {
		return nil
	}
	var got struct{ Things []storedThing }
	if err := portal.do(ctx, http.MethodGet, "/api/resources/undeclared", nil, &got); err != nil {
		return nil
	}
	return got.Things
}

func (s *session) printUndeclared(all []storedThing) error {
	if len(all) == 0 {
		return nil
	}
	fmt.Fprintln(s.out)
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NOT IN LAZULI.YAML ANY MORE\tHOLDS\tTO DELETE IT")
	for _, t := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\n", t.name(), t.Holds, terminal.Clean(t.Command))
	}
	return table.Flush()
}

func (s *session) printStatus(info instance.Info, report statusReport) error {
	fmt.Fprintf(s.out, "%s  process %d, up %s, data in %s\n\n", info.Name, info.PID,
		time.Since(info.StartedAt).Round(time.Second), info.DataDir)
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SERVICE\tADDRESS\tSTATE")
	for _, st := range report.Services {
		note := st.State
		if st.Functions > 0 {
			note += ", " + count(st.Functions, "function")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", st.Service, st.Address, note)
		for _, e := range st.Errors {
			for line := range strings.Lines(e) {
				fmt.Fprintf(table, "\t\t%s\n", terminal.Clean(strings.TrimRight(line, "\r\n")))
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if vars := connect.Manage(info); vars != nil {
		fmt.Fprintf(s.out, "\nResource Manager: https://%s, subscription %s (OpenTofu, Terraform and az: lazuli exec -- tofu apply)\n",
			vars[0].Value, info.Subscription)
	}
	if info.Private != "" {
		fmt.Fprintf(s.out, "\nPrivate endpoints: %s, on the same ports (lazuli exec --private NAME leads there)\n", info.Private)
	}
	if err := s.printAccounts(info.Accounts); err != nil {
		return err
	}
	if err := s.printUndeclared(report.Undeclared); err != nil {
		return err
	}
	if token := info.Tokens[instance.Portal]; token != "" {
		fmt.Fprintf(s.out, "\nThe portal asks for a password; this one is good while the process runs: %s\n", token)
	}
	return nil
}
