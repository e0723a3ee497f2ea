package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/config"
)

// newFuncStartCmd is `func start` as users of Azure's tools type it: `lazuli up`
// in the folder of a function app.
func newFuncStartCmd(s *session) *cobra.Command {
	f := upFlags{functions: true, logFormat: "auto"}
	var root string
	cmd := &cobra.Command{
		Use:     "start",
		Aliases: []string{"host"},
		Short:   "Start the function app in this folder, and all that it needs",
		Long: `Start the function app in this folder, with Event Hubs, Cosmos DB and the portal
beside it: what lazuli up does, under the name that Azure's tools have for it. It
listens on Host.LocalHttpPort of local.settings.json, else 7071.`,
		Example: `  lazuli func start
  lazuli func start --port 7072
  lazuli func start --enable-auth`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "start" && cmd.CalledAs() == "host" {
				return nil // "func host start", its older spelling
			}
			return exactArgs()(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.up(cmd.Context(), cmp.Or(root, s.project, "."), f)
		},
	}
	cmd.Flags().Uint16VarP(&f.port, "port", "p", 0, "port of the app's HTTP functions (default Host.LocalHttpPort, else 7071)")
	cmd.Flags().StringVar(&root, "script-root", "", "folder of the function app (default: this one)")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log debug messages")
	cmd.Flags().BoolVar(&f.noWatch, "no-watch", false, "leave the app as it is when its code changes")
	authFlag(cmd, &f.auth)
	cmd.Flags().BoolVar(&f.anyPort, "any-port", false, "listen on free ports, shown on the screen, instead of the usual ones; a port chosen for an app stays")
	return cmd
}

// authFlag is the flag by which functions ask for keys on this machine too.
func authFlag(cmd *cobra.Command, auth *bool) {
	cmd.Flags().BoolVar(auth, "enable-auth", false, "functions and /admin ask for access keys, as on Azure (or functions.apps.NAME.enableAuth: true); lazuli func keys list shows them")
	cmd.Flags().BoolVar(auth, "enableAuth", false, "the same, as Azure's tools spell it")
	hide(cmd, "enableAuth")
}

// noFunctionApp says why there is nothing to start.
func noFunctionApp(dir string, notes []string) error {
	if len(notes) > 0 {
		return fmt.Errorf("no function app can be started: %s", strings.Join(notes, "\n"))
	}
	return fmt.Errorf("no function app is in %s: no host.json and no main package in Go; `lazuli func init` makes one", dir)
}

// takePort gives the port of --port to the project's one function app.
func (f upFlags) takePort(cfg *config.Config) error {
	if f.port == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(cfg.Functions.Apps))
	if len(names) != 1 {
		return fmt.Errorf("--port is for one function app; this project has %s: set functions.apps.NAME.port in %s", strings.Join(names, ", "), config.FileName)
	}
	spec, port := cfg.Functions.Apps[names[0]], config.Port(f.port)
	spec.Port = &port
	cfg.Functions.Apps[names[0]] = spec
	return nil
}
