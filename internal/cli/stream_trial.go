package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/stream/trial"
)

// newStreamTrialCmd is what the portal runs a query in that is being written.
func newStreamTrialCmd(s *session) *cobra.Command {
	return &cobra.Command{
		Use: "trial", Hidden: true, Args: exactArgs(),
		Short: "Run a request of the portal that comes over standard input",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return trial.Serve(cmd.Context(), s.in, s.data, func() { os.Exit(trial.Exceeded) })
		},
	}
}

// trialCommand is this program as newStreamTrialCmd; nil where it does not know
// where it lies.
func trialCommand() []string {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{self, "stream", "trial"}
}
