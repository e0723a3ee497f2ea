package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newFuncSettingsCmd(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "settings",
		Short: "List, add and delete the settings in local.settings.json",
		Long: `List and change the settings that a function app has on this machine, in the
local.settings.json of the app in this folder or in that of --project. Comments and
the order of the file stay. An app that runs takes changes over by itself.

What wins over what, the last first: an environment variable of lazuli's own process,
functions.apps.NAME.settings in lazuli.yaml, local.settings.json.`,
		Example: `  lazuli func settings add THRESHOLD 40
  lazuli func settings add Orders 'AccountEndpoint=https://…' --connection-string
  lazuli func settings list --show-values
  lazuli func settings delete THRESHOLD`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSettingsListCmd(s), newSettingsAddCmd(s), newSettingsDeleteCmd(s), newSettingsEncryptCmd(s), newSettingsDecryptCmd(s))
	return cmd
}

// settingsFolder is the folder of the app whose settings are meant.
func (s *session) settingsFolder() (string, error) {
	dir, err := appFolder(cmp.Or(s.project, "."))
	if err != nil {
		return "", err
	}
	for _, name := range []string{"host.json", settings.LocalFile, "main.go", "go.mod"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return dir, err
		}
	}
	return "", fmt.Errorf("no function app is in %s: neither host.json nor %s is there; go to the app's folder, or name it with --project", dir, settings.LocalFile)
}

func newSettingsListCmd(s *session) *cobra.Command {
	var show bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the names of the settings, and with --show-values their values",
		Example: "  lazuli func settings list\n  lazuli func settings list --show-values",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			f, err := s.openSettings()
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			for _, section := range []settings.Section{settings.Values, settings.ConnectionStrings} {
				all, err := f.List(section)
				if err != nil {
					return err
				}
				for _, v := range all {
					if !show {
						v.Value = "*****"
					}
					name := v.Name
					if section == settings.ConnectionStrings {
						name = "ConnectionStrings:" + name
					}
					fmt.Fprintf(table, "%s\t%s\n", terminal.Clean(name), terminal.Clean(v.Value))
				}
			}
			return table.Flush()
		},
	}
	cmd.Flags().BoolVarP(&show, "show-values", "a", false, "show the values too: they may be secrets")
	cmd.Flags().BoolVar(&show, "showValue", false, "the same, as Azure's tools spell it")
	hide(cmd, "showValue")
	return cmd
}

// openSettings opens the local.settings.json that a command is about.
func (s *session) openSettings() (*settings.File, error) {
	dir, err := s.settingsFolder()
	if err != nil {
		return nil, err
	}
	return settings.OpenFile(dir)
}

// hide keeps a flag that is there for those who know it from elsewhere out of the help.
func hide(cmd *cobra.Command, flag string) {
	if f := cmd.Flags().Lookup(flag); f != nil {
		f.Hidden = true
	}
}

// section is a flag that chooses between the file's two parts.
func sectionFlag(cmd *cobra.Command) func() settings.Section {
	var connection bool
	cmd.Flags().BoolVarP(&connection, "connection-string", "c", false, "in ConnectionStrings instead of Values")
	cmd.Flags().BoolVar(&connection, "connectionString", false, "the same, as Azure's tools spell it")
	hide(cmd, "connectionString")
	return func() settings.Section {
		if connection {
			return settings.ConnectionStrings
		}
		return settings.Values
	}
}

func newSettingsAddCmd(s *session) *cobra.Command {
	var section func() settings.Section
	cmd := &cobra.Command{
		Use:     "add NAME VALUE",
		Short:   "Give a setting a value, whether it is there or not",
		Example: "  lazuli func settings add AzureWebJobsStorage UseDevelopmentStorage=true",
		Args:    exactArgs("NAME", "VALUE"),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := s.openSettings()
			if err != nil {
				return err
			}
			added, err := f.Set(section(), args[0], args[1])
			if err == nil {
				err = f.Save()
			}
			if err != nil {
				return err
			}
			did := "Changed"
			if added {
				did = "Added"
			}
			fmt.Fprintf(s.out, "%s %s in %s.\n", did, terminal.Clean(args[0]), f.Path())
			s.tellVault(args[0], args[1])
			if _, set := os.LookupEnv(args[0]); set {
				fmt.Fprintf(s.err, "An environment variable %s is set in this shell; a lazuli that is started here takes that instead.\n", terminal.Clean(args[0]))
			}
			return nil
		},
	}
	section = sectionFlag(cmd)
	return cmd
}

// tellVault says that a value will not do what it does on Azure.
func (s *session) tellVault(name, value string) {
	if err := settings.VaultReference(name, value); err != nil {
		fmt.Fprintln(s.err, err)
	}
}

func newSettingsDeleteCmd(s *session) *cobra.Command {
	var section func() settings.Section
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"remove"},
		Short:   "Take a setting out",
		Example: "  lazuli func settings delete THRESHOLD",
		Args:    exactArgs("NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := s.openSettings()
			if err != nil {
				return err
			}
			found, err := f.Delete(section(), args[0])
			switch {
			case err != nil:
				return err
			case !found:
				return fmt.Errorf("%s has no setting %s in %s; `lazuli func settings list` lists what it has", f.Path(), args[0], section())
			}
			if err := f.Save(); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "Deleted %s from %s.\n", terminal.Clean(args[0]), f.Path())
			return nil
		},
	}
	section = sectionFlag(cmd)
	return cmd
}

func newSettingsEncryptCmd(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "encrypt",
		Short: "Say why settings are not encrypted here, and what guards them",
		Long: `Azure's tools encrypt local.settings.json with a key of one user on one machine. lazuli
does not: nothing else could read the file. This says what guards the values instead,
changes nothing, and ends with status 1.`,
		Example: "  lazuli func settings encrypt",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			dir, err := s.settingsFolder()
			if err != nil {
				return err
			}
			return settings.Encrypt(dir)
		},
	}
}

func newSettingsDecryptCmd(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "decrypt",
		Short: "Make local.settings.json say that it is not encrypted, where that is true",
		Long: `Set IsEncrypted to false in a file whose values are plain: one without IsEncrypted
counts as encrypted. Values that Azure's tools have encrypted can only be read by them,
on the machine and by the user that wrote them: they are named, and nothing is changed.`,
		Example: "  lazuli func settings decrypt",
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			dir, err := s.settingsFolder()
			if err != nil {
				return err
			}
			path, changed, err := settings.Decrypt(dir)
			switch {
			case err != nil:
				return err
			case changed:
				fmt.Fprintf(s.out, "%s says now that it is not encrypted, which it is not.\n", path)
			default:
				fmt.Fprintf(s.out, "%s is not encrypted.\n", path)
			}
			return nil
		},
	}
}
