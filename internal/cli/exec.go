package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/outside"
)

func newExecCmd(s *session) *cobra.Command {
	var network string
	var printEnv, verbose bool
	var choice connect.Choice
	var private []string
	cmd := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARGUMENT ...]",
		Short: "Run a program for which Azure is this machine",
		Long: `Run any program so that Azure is this machine. It asks for
NAME.servicebus.windows.net or https://NAME.documents.azure.com:443/ as it would
in Azure, and reaches this lazuli: the names, the ports 443 and 5671, trust in the
local certificate authority and, where the project has it, a managed identity are
there. Nothing of the program changes, and nothing of the machine. A lazuli in the
program talks to the same project, whose folder LAZULI_PROJECT names.

On Linux this needs no root where the machine allows user namespaces. Where it
does not, and on macOS and Windows, the program gets the variables, and lazuli
says what remains to be done.`,
		Example: `  lazuli exec -- python producer.py
  lazuli exec -- npm test
  lazuli exec -- bash                a shell in which Azure is this machine
  lazuli exec --private contoso-evhns -- python producer.py
  lazuli exec --env                  only print the variables`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case printEnv && len(args) > 0:
				return &usageError{cmd, errors.New("--env runs nothing; leave the command away, or the flag")}
			case printEnv:
				return s.printExecEnv(choice)
			case len(args) == 0:
				return &usageError{cmd, errors.New("COMMAND is missing")}
			}
			switch n := outside.Network(network); n {
			case outside.Auto, outside.Host, outside.Private:
				return s.exec(choice, private, n, args, verbose)
			}
			return &usageError{cmd, fmt.Errorf("--network %q is not one of auto, host, private", network)}
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows the command is the command's
	cmd.Flags().StringVar(&network, "network", string(outside.Auto), "host: the machine's; private: one with nothing but this lazuli; auto: the machine's where it can be")
	cmd.Flags().BoolVar(&printEnv, "env", false, "print the variables that a program would get, and run nothing")
	cmd.Flags().StringVar(&choice.Namespace, "namespace", "", "whose connection strings the variables have; default: of the namespace that localhost means")
	cmd.Flags().StringVar(&choice.Account, "account", "", "as --namespace, for Cosmos DB")
	cmd.Flags().StringVar(&choice.Storage, "storage", "", "as --namespace, for Storage")
	cmd.Flags().StringSliceVar(&private, "private", nil, "namespaces and accounts whose names lead to their private endpoint (privateListen in lazuli.yaml)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "say how the program was put in its place, and what it was given")
	return cmd
}

// exec runs a program and ends as it did.
func (s *session) exec(choice connect.Choice, private []string, network outside.Network, args []string, verbose bool) error {
	path, missing := outside.Find(args[0])
	if missing != nil && args[0] != azName {
		return missing
	}
	world, err := s.world(choice, private)
	if err != nil {
		return err
	}
	room, err := outside.Open(s.bare(), world, network, os.Environ())
	if err != nil {
		return err
	}
	defer room.Close()
	if missing != nil {
		if path = room.StandIn(args[0]); path == "" {
			return missing
		}
	}
	s.describe(room, verbose)
	ended, err := room.Run(outside.Program{Path: path, Args: args})
	if err != nil || ended == (outside.Ended{}) {
		return err
	}
	return &endedError{ended}
}

// endedError is a program that did not end well; lazuli ends in the same way
// and says nothing.
type endedError struct{ outside.Ended }

func (e *endedError) Error() string { return fmt.Sprintf("the program ended with status %d", e.Code) }

// describe says what a program in the room will not find; with verbose, all
// that was done for it.
func (s *session) describe(room *outside.Room, verbose bool) {
	if remains := whatRemains(room); remains != "" {
		fmt.Fprintf(s.err, "lazuli: %s\n", remains)
	}
	for _, line := range room.Passed() {
		fmt.Fprintf(s.err, "lazuli: %s\n", line)
	}
	if room.Network == outside.Private && (verbose || firstTime("private-network")) {
		fmt.Fprintln(s.err, "lazuli: the program has a network of its own, with this lazuli and no way to anything else (`lazuli exec --help`: --network)")
	}
	if !verbose {
		return
	}
	fmt.Fprintf(s.err, "lazuli: %v\n", room)
	for _, v := range room.Set() {
		fmt.Fprintf(s.err, "lazuli: %s is set (%s)\n", v.Name, v.Note)
	}
	for _, name := range room.Unset() {
		fmt.Fprintf(s.err, "lazuli: %s is taken away: it would lead past this lazuli\n", name)
	}
}

// whatRemains is one paragraph on what a program will not find and how to mend
// it, or "".
func whatRemains(room *outside.Room) string {
	if len(room.Names)+len(room.Ports) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("this system does not let a program have names and files of its own, so it gets variables and trust, and not all of Azure (`lazuli exec -v` says why).")
	if len(room.Names) > 0 {
		fmt.Fprintf(&b, " The names of this lazuli (%s) are not known here: `%s` makes them known to every program.", strings.Join(room.Names, ", "), elevated("hosts --write"))
	}
	if len(room.Ports) > 0 {
		fmt.Fprintf(&b, " %s not lead to it: clients must name lazuli's own ports, which `lazuli status` lists.", portsDo(room.Ports))
	}
	return b.String() + " Programs that read the machine's own store of authorities need `lazuli trust`."
}

func portsDo(ports []uint16) string {
	if len(ports) == 1 {
		return fmt.Sprintf("Port %d does", ports[0])
	}
	return "The ports " + strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ", "), "[]") + " do"
}

// firstTime reports whether this user has not been told something yet.
func firstTime(what string) bool {
	cache, err := os.UserCacheDir()
	if err != nil {
		return true
	}
	told := filepath.Join(cache, "lazuli", "told-"+what)
	if os.MkdirAll(filepath.Dir(told), 0o700) != nil {
		return true
	}
	f, err := os.OpenFile(told, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return !errors.Is(err, os.ErrExist)
	}
	f.Close()
	return true
}

// printExecEnv prints the variables of exec. Those that name files which are made
// for each program, and go with it, are told as comments.
func (s *session) printExecEnv(choice connect.Choice) error {
	world, err := s.world(choice, nil)
	if err != nil {
		return err
	}
	room, err := outside.Variables(world, os.Environ())
	if err != nil {
		return err
	}
	defer room.Close()
	for _, v := range room.Set() {
		if room.Holds(v.Value) {
			fmt.Fprintf(s.data, "# %s: files made for each program (%s)\n", v.Name, v.Note)
			continue
		}
		fmt.Fprintf(s.data, "# %s\n%s=%s\n", v.Note, v.Name, shellQuote(v.Value))
	}
	for _, name := range room.Unset() {
		fmt.Fprintf(s.data, "# it would lead past this lazuli\nunset %s\n", name)
	}
	return nil
}
