package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/outside"
)

func newTrustCmd(s *session) *cobra.Command {
	var install, remove bool
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Say how this machine comes to trust the local certificate authority, or do it",
		Long: `Say which commands put the local certificate authority into this machine's own
store, so that every program trusts this lazuli. --install runs them, --remove runs
those that take it out again; both show each command before it runs.

Few programs need it: ` + "`lazuli exec`" + ` makes one program trust the authority, and
` + "`lazuli env --shell`" + ` those of one shell. The authority's key lies in the project's
.lazuli folder: whoever reads it can play any site to programs that trust it.`,
		Example: `  lazuli trust                   say what to do
  sudo lazuli trust --install    do it
  sudo lazuli trust --remove     undo it`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, err := s.instance()
			if err != nil {
				return err
			}
			store, err := outside.SystemStore(info.CAFile)
			if err != nil {
				return err
			}
			switch {
			case install:
				return s.changeStore(store.Install, "trust --install")
			case remove:
				return s.changeStore(store.Remove, "trust --remove")
			}
			fmt.Fprintf(s.out, "The authority is %s\n\nThese commands make this machine trust it (`lazuli trust --install` runs them):\n%s\nThese undo it (`lazuli trust --remove`):\n%s",
				info.CAFile, commandLines(store.Install), commandLines(store.Remove))
			return nil
		},
	}
	cmd.Flags().BoolVar(&install, "install", false, "run the commands that trust it")
	cmd.Flags().BoolVar(&remove, "remove", false, "run the commands that forget it")
	cmd.MarkFlagsMutuallyExclusive("install", "remove")
	return cmd
}

func commandLines(commands [][]string) string {
	var b strings.Builder
	for _, c := range commands {
		b.WriteString("  " + commandLine(c) + "\n")
	}
	return b.String()
}

func commandLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = shellWord(w)
	}
	return strings.Join(quoted, " ")
}

// changeStore runs commands, each shown before; verb is what somebody with the
// right would run.
func (s *session) changeStore(commands [][]string, verb string) error {
	if !outside.MayChangeStore() {
		return fmt.Errorf("the machine's store belongs to its administrator, and nothing was changed; run\n  %s", elevated(verb))
	}
	for _, c := range commands {
		fmt.Fprintf(s.out, "+ %s\n", commandLine(c))
		if err := outside.RunCommand(c, s.out, s.err); err != nil {
			return fmt.Errorf("%s: %w", commandLine(c), err)
		}
	}
	return nil
}
