package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newFuncCmd(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "func",
		Aliases: []string{"function"},
		Short:   "Make, start, list and run functions; their settings, keys and logs",
		Example: `  lazuli func list
  lazuli func run http_trigger_process_event --data '{"id":"1","deviceId":"device-001"}'`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFuncInitCmd(s), newFuncNewCmd(s), newFuncStartCmd(s), newFuncListCmd(s), newFuncRunCmd(s), newFuncDeadLettersCmd(s), newFuncRedriveCmd(s), newFuncSettingsCmd(s),
		newFuncKeysCmd(s), newFuncLogsCmd(s), newFuncTemplatesCmd(s))
	cmd.AddCommand(newFuncPackCmd(s))
	cmd.AddCommand(newFuncSimulateCmd(s), newFuncScaleCmd(s))
	return cmd
}

func newFuncListCmd(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the functions of the running project and their triggers",
		Example: `  lazuli func list
  lazuli func list --project examples/telemetry`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, err := s.instance()
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "APP\tFUNCTION\tTRIGGER\tON")
			for _, c := range adminClients(info) {
				list, err := c.functions(cmd.Context())
				if err != nil {
					return err
				}
				for _, f := range list {
					kind, on := f.trigger()
					if f.IsDisabled {
						on += " (disabled)"
					}
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", c.app, terminal.Clean(f.Name), kind, terminal.Clean(on))
					if trouble := f.trouble(); trouble != "" {
						fmt.Fprintf(table, "\t\t\t%s\n", terminal.Clean(trouble))
					}
					for _, line := range f.reliability() {
						fmt.Fprintf(table, "\t\t\t%s\n", terminal.Clean(line))
					}
				}
				tellTrouble(cmd.Context(), table, c, list)
			}
			return table.Flush()
		},
	}
}

// tellTrouble says what is wrong with an app, as that it does not build or which of its
// functions cannot run, beyond what is said with the functions that are listed.
func tellTrouble(ctx context.Context, w io.Writer, c adminClient, listed []function) {
	_, errs, err := c.hostStatus(ctx)
	if err != nil {
		errs = []string{err.Error()}
	}
	name := c.app
	for _, e := range errs {
		if slices.ContainsFunc(listed, func(f function) bool { return strings.HasPrefix(e, f.Name+": ") }) {
			continue
		}
		for line := range strings.Lines(e) {
			fmt.Fprintf(w, "%s\t\t\t%s\n", name, terminal.Clean(strings.TrimRight(line, "\r\n")))
			name = ""
		}
	}
}

// inputData resolves --data: the text itself, a file, or standard input.
func inputData(data string, stdin io.Reader) (string, error) {
	file, isFile := strings.CutPrefix(data, "@")
	if !isFile {
		return data, nil
	}
	return readInput(file, stdin)
}
