package cli

import (
	"cmp"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/deploy"
)

func newFuncPackCmd(s *session) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "pack",
		Short: "Make the zip of the function app that Azure takes",
		Long: `Make the zip of the app in this folder, or in that of --project, that Azure takes: the
same bytes from the same files. What .funcignore names stays out, and local.settings.json
in any case.

An app in Go is compiled for linux/amd64 and goes as a custom handler, with the files
that its host needs. An app in Python goes with .python_packages where that is there;
without it Azure installs requirements.txt. An app in JavaScript needs its node_modules,
a custom handler its program for linux/amd64.`,
		Example: `  lazuli func pack
  lazuli func pack --project app -o shop.zip
  az functionapp deployment source config-zip --resource-group rg --name shop --src shop.zip`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := appFolder(cmp.Or(s.project, "."))
			if err != nil {
				return err
			}
			if out == "" {
				abs, err := filepath.Abs(dir)
				if err != nil {
					return err
				}
				out = filepath.Base(abs) + ".zip"
			}
			packed, err := deploy.Pack(cmd.Context(), dir, out)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "Wrote %s: %d files, %s; local.settings.json is not among them, its values become app settings.\n", out, packed.Files, bytesText(packed.Bytes))
			for _, note := range packed.Notes {
				fmt.Fprintf(s.out, "Note: %s.\n", note)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write (default: the folder's name and .zip, here)")
	return cmd
}
