package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/terminal"
)

// storedThing is an account, or something in one, as the running instance tells it.
type storedThing struct {
	Scope    string `json:"scope"`
	Word     string `json:"word"`
	Holds    string `json:"holds"`
	Command  string `json:"command"`
	Declared bool   `json:"declared"`
}

func newDeleteCmd(s *session) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "delete SCOPE",
		Short: "Delete a hub, a database, a container, or a whole namespace or account",
		Long: `Delete something of the running project with all that is in it, and free its disk.
Roles that are held there go with it, and whoever reads it is told. SCOPE is
  eventHubs/NAMESPACE[/HUB[/GROUP]]     default is the namespace of localhost
  cosmos/ACCOUNT[/DATABASE[/CONTAINER]]
  storage/ACCOUNT[/blob/CONTAINER]      likewise /queue/QUEUE and /table/TABLE
as roles write it. lazuli status lists what is not in lazuli.yaml any more: taking
something out of the file deletes nothing.`,
		Example: `  lazuli delete eventHubs/default/telemetry_old
  lazuli delete cosmos/default/serverless_db/events --yes
  lazuli delete eventHubs/contoso-evhns`,
		Args: exactArgs("SCOPE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			portal, err := s.portal()
			if err != nil {
				return err
			}
			order := map[string]string{"scope": args[0]}
			var t storedThing
			if err := portal.do(cmd.Context(), http.MethodPost, "/api/resources:find", order, &t); err != nil {
				return err
			}
			if !yes {
				if err := s.confirm(fmt.Sprintf("Delete the %s with %s? That cannot be undone. [y/N] ", t.name(), t.holds())); err != nil {
					return err
				}
			}
			if err := portal.do(cmd.Context(), http.MethodPost, "/api/resources:delete", order, &t); err != nil {
				return err
			}
			fmt.Fprintf(s.err, "deleted the %s, with %s\n", t.name(), t.holds())
			if t.Declared {
				fmt.Fprintln(s.err, "lazuli.yaml declares it: it comes back, empty, at the next start")
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (t storedThing) name() string { return terminal.Clean(t.Word + " " + t.Scope) }

// holds is what goes with it, where that is known.
func (t storedThing) holds() string { return cmp.Or(terminal.Clean(t.Holds), "all that is in it") }

// confirm asks whoever sits at the terminal; anything but yes is an error.
func (s *session) confirm(question string) error {
	in, file := s.in.(*os.File)
	if !file || !isatty.IsTerminal(in.Fd()) {
		return errors.New("nobody is there to be asked; --yes deletes without asking")
	}
	fmt.Fprint(s.err, question)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		return errors.New("not deleted")
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return errors.New("not deleted")
}
