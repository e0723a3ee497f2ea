package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newFuncCmd(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "func",
		Short: "Make, start, list and run functions",
		Example: `  lazuli func list
  lazuli func run http_trigger_process_event --data '{"id":"1","deviceId":"device-001"}'`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFuncInitCmd(s), newFuncNewCmd(s), newFuncStartCmd(s), newFuncListCmd(s), newFuncRunCmd(s))
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
				}
			}
			return table.Flush()
		},
	}
}

func newFuncRunCmd(s *session) *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Run a function now, whatever its trigger",
		Long: `Run a function now. The data stands in for what the trigger would have
brought: a body for HTTP, one event for Event Hubs, one document for Cosmos DB.
The function's log appears where lazuli up runs.`,
		Example: `  lazuli func run health
  lazuli func run eventhub_trigger_processor --data '{"deviceId":"device-001","data":{"temperature":41}}'
  lazuli func run eventhub_trigger_processor --data @event.json`,
		Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := s.instance()
			if err != nil {
				return err
			}
			input, err := inputData(data, s.in)
			if err != nil {
				return err
			}
			return s.runFunction(cmd, info, args[0], input)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "input: text, @FILE, or @- for standard input")
	return cmd
}

// runFunction starts the function in the app that has it.
func (s *session) runFunction(cmd *cobra.Command, info instance.Info, name, input string) error {
	var known []string
	for _, c := range adminClients(info) {
		err := c.run(cmd.Context(), name, input)
		var status *statusError
		if errors.As(err, &status) && status.status == http.StatusNotFound {
			list, err := c.functions(cmd.Context())
			if err != nil {
				return err
			}
			for _, f := range list {
				known = append(known, f.Name)
			}
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(s.err, "%s started in %s\n", name, c.app)
		return nil
	}
	if len(known) == 0 {
		return fmt.Errorf("no function app runs in %s", info.Dir)
	}
	return fmt.Errorf("no function is named %q; there are %s", name, strings.Join(known, ", "))
}

// inputData resolves --data: the text itself, a file, or standard input.
func inputData(data string, stdin io.Reader) (string, error) {
	file, isFile := strings.CutPrefix(data, "@")
	if !isFile {
		return data, nil
	}
	return readInput(file, stdin)
}
