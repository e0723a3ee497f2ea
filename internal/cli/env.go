package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/connect"
)

func newEnvCmd(s *session) *cobra.Command {
	var shell, dotenv, asJSON bool
	var choice connect.Choice
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print connection strings and trust settings for other programs",
		Long: `Print what other programs need to reach this lazuli: connection strings, and
the settings that make each language's SDK trust the local certificate
authority. The names are those that the workshop's and Azure's samples read.`,
		Example: `  eval "$(lazuli env --shell)"      set them in this shell
  lazuli env --dotenv > .env        write a file for dotenv loaders
  lazuli env --namespace contoso-evhns --account contoso-cosmos`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			vars, err := s.variables(choice)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				enc := json.NewEncoder(s.data)
				enc.SetIndent("", "  ")
				return enc.Encode(vars)
			case shell:
				return printVars(s.out, vars, "export ", shellQuote)
			case dotenv:
				return printVars(s.out, vars, "", dotenvQuote)
			}
			return printTable(s.out, vars)
		},
	}
	cmd.Flags().BoolVar(&shell, "shell", false, "as export commands for a POSIX shell")
	cmd.Flags().BoolVar(&dotenv, "dotenv", false, "as lines of a .env file")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().StringVar(&choice.Namespace, "namespace", "", "Event Hubs namespace; default: the one that localhost means")
	cmd.Flags().StringVar(&choice.Account, "account", "", "Cosmos DB account; default: the one that localhost means")
	cmd.Flags().StringVar(&choice.Storage, "storage", "", "Storage account; default: devstoreaccount1")
	cmd.MarkFlagsMutuallyExclusive("shell", "dotenv", "json")
	return cmd
}

// variables finds the running instance and names what its clients need.
func (s *session) variables(choice connect.Choice) ([]connect.Variable, error) {
	f, err := s.connections(choice)
	if err != nil {
		return nil, err
	}
	return append(f.Variables(), f.Manage...), nil
}

func printVars(w io.Writer, vars []connect.Variable, prefix string, quote func(string) string) error {
	for _, v := range vars {
		if _, err := fmt.Fprintf(w, "# %s\n%s%s=%s\n", v.Note, prefix, v.Name, quote(v.Value)); err != nil {
			return err
		}
	}
	return nil
}

func printTable(w io.Writer, vars []connect.Variable) error {
	width := 0
	for _, v := range vars {
		width = max(width, len(v.Name))
	}
	for _, v := range vars {
		if _, err := fmt.Fprintf(w, "%-*s %s\n%-*s %s\n", width, v.Name, v.Value, width, "", "("+v.Note+")"); err != nil {
			return err
		}
	}
	return nil
}

func shellQuote(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }

func dotenvQuote(v string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "\n", `\n`).Replace(v) + `"`
}
