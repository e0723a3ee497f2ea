package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/scaffold"
)

func newInitCmd(s *session) *cobra.Command {
	var name string
	var list strings.Builder
	for _, e := range scaffold.Examples {
		fmt.Fprintf(&list, "\n  %-16s %s", e.Name, e.Says)
	}
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a complete project to start from",
		Long: `Write a complete project in DIR (default: the current folder), to look at and to
change. --example chooses which:
` + list.String() + `

A function app among it builds without a network, anywhere; for an empty app see
` + "`lazuli func init`" + `. Nothing that exists is overwritten.`,
		Example: `  lazuli init demo
  lazuli up demo
  lazuli init pipeline --example telemetry`,
		Args: atMostOne("folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			example, err := scaffold.FindExample(name)
			if err != nil {
				return err
			}
			dir := append(args, cmp.Or(s.project, "."))[0]
			files, err := example.Write(dir)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "Wrote %s.\n\n", strings.Join(files, ", "))
			if example.Next == "" { // files alone: nothing is started
				fmt.Fprintf(s.out, "Run it:   lazuli stream run %s\nTest it:  lazuli stream test %[1]s\n", shellWord(dir))
				return nil
			}
			fmt.Fprintf(s.out, "Start it:                  %s\nThen, in another terminal: %s\n", inDir("up", dir), inDir(example.Next, dir))
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "example", scaffold.Examples[0].Name, "which project: "+scaffold.ExampleNames())
	return cmd
}
