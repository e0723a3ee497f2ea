package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/scaffold"
)

func newFuncInitCmd(s *session) *cobra.Command {
	var module, runtime, language string
	var python, node, typed bool
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a new function app in Go, Python, JavaScript or TypeScript",
		Long: `Write a new function app in DIR (default: the current folder), with one HTTP
function. In Go it builds without a network, anywhere: it carries the functions
package of this lazuli and what that needs, in third_party and vendor. In Python
lazuli installs its requirements.txt at the first start, in JavaScript and TypeScript
the packages of package.json, with npm; after that no network is needed.`,
		Example: `  lazuli func init plant
  lazuli func init plant --worker-runtime python
  lazuli func init plant --node
  lazuli func init plant --typescript
  lazuli up plant`,
		Args: atMostOne("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := append(args, cmp.Or(s.project, "."))[0]
			if python || strings.EqualFold(runtime, "python") {
				return s.initPython(dir)
			}
			switch strings.ToLower(language) {
			case "", "javascript", "js":
			case "typescript", "ts":
				typed = true
			default:
				return fmt.Errorf("--language %s: apps of Node are in javascript or typescript", language)
			}
			if typed || node || language != "" || strings.EqualFold(runtime, "node") {
				return s.initNode(dir, typed)
			}
			if err := onlyGo(runtime); err != nil {
				return err
			}
			files, err := scaffold.Init(scaffold.App{Dir: dir, Module: module})
			if err != nil {
				return err
			}
			fmt.Fprintf(s.out, "Wrote %s, and the functions package with what it needs in third_party and vendor.\n", strings.Join(files, ", "))
			if err := s.addFunction(scaffold.Function{Dir: dir, Name: "hello", Trigger: "http"}); err != nil {
				return err
			}
			fmt.Fprintf(s.out, "\nStart it:             %s\nAnother function:     %s\n",
				inDir("up", dir), inDir("func new --name NAME --trigger "+strings.Join(scaffold.Triggers, "|"), dir))
			return nil
		},
	}
	cmd.Flags().StringVar(&module, "module", "", "path of the app's Go module (default example.org/ and the folder's name)")
	cmd.Flags().StringVar(&runtime, "worker-runtime", "go", "language of the app: go, python or node")
	cmd.Flags().BoolVar(&python, "python", false, "the same as --worker-runtime python")
	cmd.Flags().BoolVar(&node, "node", false, "the same as --worker-runtime node")
	cmd.Flags().StringVarP(&language, "language", "l", "", "of an app for Node: javascript or typescript")
	cmd.Flags().BoolVar(&typed, "typescript", false, "the same as --worker-runtime node --language typescript")
	cmd.MarkFlagsMutuallyExclusive("python", "node")
	cmd.MarkFlagsMutuallyExclusive("python", "typescript")
	cmd.MarkFlagsMutuallyExclusive("python", "language")
	return cmd
}

// onlyGo refuses languages that have no templates.
func onlyGo(runtime string) error {
	switch strings.ToLower(runtime) {
	case "go", "golang", "native", "custom":
		return nil
	}
	return fmt.Errorf("--worker-runtime %s: only apps in Go, Python and JavaScript (node) can be written", runtime)
}

// initPython writes a new app in Python.
func (s *session) initPython(dir string) error {
	files, err := scaffold.InitPython(dir)
	return s.initInterpreted(dir, files, err, scaffold.PythonTriggers)
}

// initNode writes a new app in JavaScript or TypeScript.
func (s *session) initNode(dir string, typed bool) error {
	files, err := scaffold.InitNode(dir, typed)
	return s.initInterpreted(dir, files, err, scaffold.NodeTriggers)
}

// initInterpreted tells of the files of a new app and adds a function to them.
func (s *session) initInterpreted(dir string, files []string, err error, triggers []string) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Wrote %s.\n", strings.Join(files, ", "))
	if err := s.addFunction(scaffold.Function{Dir: dir, Name: "hello", Trigger: "http"}); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\nStart it:             %s\nAnother function:     %s\n",
		inDir("up", dir), inDir("func new --name NAME --trigger "+strings.Join(triggers, "|"), dir))
	return nil
}

// inDir is a command on the project in dir.
func inDir(command, dir string) string {
	if dir == "." {
		return "lazuli " + command
	}
	if command == "up" {
		return "lazuli up " + shellWord(dir)
	}
	return "lazuli " + command + " --project " + shellWord(dir)
}

func newFuncNewCmd(s *session) *cobra.Command {
	var f scaffold.Function
	cmd := &cobra.Command{
		Use: "new", Aliases: []string{"create"},
		Short: "Add a function to the app in this folder",
		Long: `Add a function to the app in this folder, or in that of --project: in Go a file of
its own, and its registration in main; in Python at the end of function_app.py; in
JavaScript and TypeScript a file in src/functions. On a terminal, what is not given by a flag
is asked for.`,
		Example: `  lazuli func new --name store --trigger eventhub --hub readings
  lazuli func new --name alarm --trigger cosmosdb --database plant --container readings
  lazuli func new --name resize --trigger blob --path 'uploads/{name}'
  lazuli func new --name orders --trigger kafka --topic orders
  lazuli func new --name tick --trigger timer --schedule '*/30 * * * * *'`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := appFolder(cmp.Or(s.project, "."))
			if err != nil {
				return err
			}
			f.Dir = dir
			if err := s.askFunction(cmd, &f); err != nil {
				return err
			}
			return s.addFunction(f)
		},
	}
	cmd.Flags().StringVarP(&f.Name, "name", "n", "", "the function's name")
	cmd.Flags().StringVar(&f.Trigger, "trigger", "", strings.Join(scaffold.AllTriggers, ", "))
	cmd.Flags().StringVarP(&f.Trigger, "template", "t", "", "the same, as Azure's tools call it: \"HTTP trigger\"")
	cmd.Flags().StringVar(&f.Hub, "hub", "events", "event hub that an eventhub function reads")
	cmd.Flags().StringVar(&f.Database, "database", "app", "database that a cosmosdb function watches")
	cmd.Flags().StringVar(&f.Container, "container", "items", "container that a cosmosdb function watches")
	cmd.Flags().StringVar(&f.Schedule, "schedule", "0 * * * * *", "when a timer function runs: second minute hour day month weekday")
	cmd.Flags().StringVar(&f.Queue, "queue", "work", "queue that a queue function reads, or, of Service Bus, a servicebus function")
	cmd.Flags().StringVar(&f.Path, "path", "uploads/{name}", "container and names of the blobs that start a blob function")
	cmd.Flags().StringVar(&f.Topic, "topic", "events", "topic that a kafka or servicebustopic function reads")
	cmd.Flags().StringVar(&f.Subscription, "subscription", "all", "subscription through which a servicebustopic function reads its topic")
	cmd.MarkFlagsMutuallyExclusive("trigger", "template")
	return cmd
}

// appFolder is the folder of the app to which a function is added: dir, or where
// a project file in dir names one app elsewhere, that app's.
func appFolder(dir string) (string, error) {
	if scaffold.IsPython(dir) || scaffold.IsNode(dir) {
		return dir, nil
	}
	if goFiles, _ := filepath.Glob(filepath.Join(dir, "*.go")); len(goFiles) > 0 {
		return dir, nil
	}
	if _, err := os.Stat(filepath.Join(dir, config.FileName)); err != nil {
		return dir, nil //nolint:nilerr // what adds the function says that no app is there
	}
	cfg, err := config.Load(dir)
	if err != nil {
		return "", err
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(cfg.Functions.Apps)) {
		at := cfg.Functions.Apps[name].Path
		if !filepath.IsAbs(at) {
			at = filepath.Join(dir, at)
		}
		all = append(all, at)
	}
	switch len(all) {
	case 0:
		return dir, nil
	case 1:
		return all[0], nil
	}
	return "", fmt.Errorf("%s names several function apps; say which with --project, one of %s", filepath.Join(dir, config.FileName), strings.Join(all, ", "))
}

// askFunction asks a person for what is missing.
func (s *session) askFunction(cmd *cobra.Command, f *scaffold.Function) error {
	in, isFile := s.in.(*os.File)
	person := isFile && isatty.IsTerminal(in.Fd())
	lines := bufio.NewScanner(s.in)
	triggers := strings.Join(scaffold.TriggersOf(f.Dir), ", ")
	for _, q := range []struct {
		text, missing string
		value         *string
	}{
		{"Trigger (" + triggers + "): ", "--trigger is missing; there are " + triggers, &f.Trigger},
		{"Name: ", "--name is missing", &f.Name},
	} {
		if *q.value != "" {
			continue
		}
		if !person {
			return &usageError{cmd, errors.New(q.missing)}
		}
		fmt.Fprint(s.err, q.text)
		if !lines.Scan() {
			return &usageError{cmd, errors.New(q.missing)}
		}
		*q.value = strings.TrimSpace(lines.Text())
	}
	return nil
}

func (s *session) addFunction(f scaffold.Function) error {
	if scaffold.IsPython(f.Dir) {
		if err := scaffold.AddPython(f); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Added the function %s to %s.\n", f.Name, filepath.Join(f.Dir, "function_app.py"))
		s.tellSetting(f)
		return nil
	}
	if scaffold.IsNode(f.Dir) {
		name, err := scaffold.AddNode(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Wrote %s, which registers the function %s.\n", filepath.Join(f.Dir, name), f.Name)
		s.tellSetting(f)
		return nil
	}
	name, byHand, err := scaffold.Add(f)
	if err != nil {
		return err
	}
	path := filepath.Join(f.Dir, name)
	if byHand != "" {
		fmt.Fprintf(s.out, "Wrote %s. Write %s where the program makes its app: no app.Main() was found in its main function.\n", path, byHand)
		return nil
	}
	fmt.Fprintf(s.out, "Wrote %s and registered the function %s.\n", path, f.Name)
	return nil
}

// tellSetting says which setting a new function needs that the app has not: one that
// only the user knows.
func (s *session) tellSetting(f scaffold.Function) {
	name, example := scaffold.Setting(f)
	if name == "" {
		return
	}
	if text, err := os.ReadFile(filepath.Join(f.Dir, "local.settings.json")); err == nil && strings.Contains(string(text), `"`+name+`"`) {
		return
	}
	fmt.Fprintf(s.out, "It reads the setting %s, which is not there yet: %s\n", name, inDir("func settings add "+name+" "+shellWord(example), f.Dir))
}
