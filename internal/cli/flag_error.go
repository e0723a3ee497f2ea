package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagError is a usageError that names the flags that are spelt alike.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return &usageError{cmd, err}
	}
	// Flags are matched as cobra matches commands.
	all := &cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			all.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
		}
	})
	if near := all.SuggestionsFor(unknown.GetSpecifiedName()); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean --%s?", err, strings.Join(near, " or --"))
	}
	return &usageError{cmd, err}
}
