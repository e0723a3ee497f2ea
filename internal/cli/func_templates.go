package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/scaffold"
)

// newFuncTemplatesCmd is `func templates`, and `func templates list` as Azure's tools
// spell it.
func newFuncTemplatesCmd(s *session) *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use:     "templates",
		Short:   "List what lazuli func new can write",
		Example: "  lazuli func templates\n  lazuli func templates --language python",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "list" {
				return nil
			}
			return exactArgs()(cmd, args)
		},
		RunE: func(*cobra.Command, []string) error {
			all, err := scaffold.TemplatesOf(language)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "LANGUAGE\t--trigger\tTEMPLATE\tFLAGS")
			for _, t := range all {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", t.Language, t.Trigger, t.Title, strings.Join(t.Flags, " "))
			}
			return table.Flush()
		},
	}
	cmd.Flags().StringVarP(&language, "language", "l", "", "those of one language: "+strings.Join(scaffold.Languages(), ", "))
	return cmd
}
