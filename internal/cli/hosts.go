package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/outside"
)

func newHostsCmd(s *session) *cobra.Command {
	var write, remove bool
	var file string
	cmd := &cobra.Command{
		Use:   "hosts",
		Short: "Print or write the lines that make Azure's names mean this machine",
		Long: `Print the lines of a hosts file that make the host names of this lazuli's
namespaces and accounts mean this machine, for every program. --write puts them
into the machine's hosts file, between two markers, and changes nothing else;
--remove takes them out again. Either needs the right to write that file.

` + "`lazuli exec` does without: there the names hold for one program alone.",
		Example: `  lazuli hosts                  print the lines
  sudo lazuli hosts --write     put them into the machine's hosts file
  sudo lazuli hosts --remove    and take them out again`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if remove {
				return s.writeHosts(file, "", "hosts --remove")
			}
			info, err := s.instance()
			if err != nil {
				return err
			}
			block := outside.Block(azureNames(info), outside.HostsAddresses(info.Addresses[instance.AMQPS])...)
			if write {
				return s.writeHosts(file, block, "hosts --write")
			}
			_, err = fmt.Fprint(s.data, block)
			return err
		},
	}
	cmd.Flags().BoolVar(&write, "write", false, "put the lines into the hosts file")
	cmd.Flags().BoolVar(&remove, "remove", false, "take the lines out of the hosts file")
	cmd.Flags().StringVar(&file, "file", outside.HostsFile(), "the hosts file")
	cmd.MarkFlagsMutuallyExclusive("write", "remove")
	return cmd
}

// writeHosts puts a block into a hosts file, or takes ours out; command is what
// somebody with the right would run.
func (s *session) writeHosts(file, block, command string) error {
	changed, err := outside.WriteHosts(file, block)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s belongs to another user, and nothing was changed; run\n  %s", file, elevated(command))
	case err != nil:
		return err
	case !changed:
		fmt.Fprintf(s.out, "%s is as it should be.\n", file)
	case block == "":
		fmt.Fprintf(s.out, "The names are gone from %s.\n", file)
	default:
		fmt.Fprintf(s.out, "%s has the names; `lazuli hosts --remove` takes them out again.\n", file)
	}
	return nil
}
