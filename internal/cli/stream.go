package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/localrun"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
	"github.com/lazuli-dev/lazuli/internal/terminal"
)

func newStreamCmd(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stream",
		Short: "Run and test Stream Analytics queries; list, start and stop jobs",
		Long: `Stream Analytics queries over files: run them, run their test cases, or print
their plan. Jobs over live hubs are declared in lazuli.yaml and run by
'lazuli up'; list, start and stop speak to those of the running project.`,
		Example: `  lazuli stream run query.asaql --input in=events.json
  lazuli stream list
  lazuli stream stop solar`,
		Args: knownVerb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newStreamRunCmd(s), newStreamTestCmd(s), newStreamExplainCmd(s),
		newStreamListCmd(s), newStreamStartCmd(s), newStreamStopCmd(s), newStreamTrialCmd(s),
	)
	return cmd
}

// streamOptions are the flags of `lazuli stream run` and `explain`.
type streamOptions struct {
	inputs, references, outputs []string
	functions, level            string
	outOfOrder                  tolerance
	drop                        bool
}

// tolerance is the value of --out-of-order: a duration, or any.
type tolerance time.Duration

// String implements pflag.Value.
func (t *tolerance) String() string {
	if time.Duration(*t) == localrun.AnyOrder {
		return "any"
	}
	return time.Duration(*t).String()
}

// Set implements pflag.Value.
func (t *tolerance) Set(text string) error {
	switch text {
	case "any", "-1":
		*t = tolerance(localrun.AnyOrder)
		return nil
	case "0":
		*t = 0
		return nil
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("write a duration such as 5s, 0, or any (also -1), which sorts whole files")
	case d < 0:
		d = localrun.AnyOrder
	}
	*t = tolerance(d)
	return nil
}

// Type implements pflag.Value.
func (t *tolerance) Type() string { return "duration" }

func (o *streamOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.inputs, "input", nil, "stream input, name=file: JSON lines, a JSON array, or .csv")
	f.StringArrayVar(&o.references, "reference", nil, "reference data, name=file")
	f.StringVar(&o.level, "level", "", "1.2 takes a project's query as of this compatibility level, whatever JobConfig.json says")
	f.StringVar(&o.functions, "functions", "", "folder of JavaScript functions (Functions beside the query)")
}

func newStreamRunCmd(s *session) *cobra.Command {
	o := streamOptions{outOfOrder: tolerance(localrun.AnyOrder)}
	cmd := &cobra.Command{
		Use:   "run QUERY|DIR",
		Short: "Run a query over files and stop",
		Long: `Run a query over files until their end, which closes every window. Rows are
printed as JSON, one a line; numbers about the run go to standard error.

A folder with asaproj.json brings its query and local inputs; flags replace
them by name.

Files have no arrival times, so no event is late, and their events are put in
order of time, as 'lazuli stream test' and the vendor's local run have them. With
--out-of-order rows come while a file is read, as in a job: events that are out
of order by more get the time of the newest one before them.`,
		Example: `  lazuli stream run query.asaql --input in=events.json --output -
  lazuli stream run query.asaql --input in=events.json --reference plants=plants.csv --output alerts=alerts.json
  lazuli stream run query.asaql --input in=huge.json --out-of-order 10s
  lazuli stream run my-asa-project`,
		Args: exactArgs("QUERY|DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.streamRun(cmd.Context(), args[0], o)
		},
	}
	o.flags(cmd)
	cmd.Flags().StringArrayVar(&o.outputs, "output", nil, "where rows go, name=file or name=-; without a name for all outputs (default -)")
	cmd.Flags().Var(&o.outOfOrder, "out-of-order", "how far events may be out of order; any (or -1) sorts whole files")
	cmd.Flags().BoolVar(&o.drop, "drop", false, "drop events that are further out of order")
	return cmd
}

func newStreamExplainCmd(s *session) *cobra.Command {
	var o streamOptions
	var partitionKeys []string
	cmd := &cobra.Command{
		Use:   "explain QUERY|DIR",
		Short: "Print the plan of a query",
		Long: `Print the plan of a query: the columns that are decoded, the steps with their
windows and keys, the state that they keep, how far back a start reads, and
whether the partitions of the input run apart, or why not.`,
		Example: `  lazuli stream explain query.asaql
  lazuli stream explain query.asaql --partition-key readings=deviceId`,
		Args: exactArgs("QUERY|DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			file, config, err := o.config(args[0])
			if err != nil {
				return err
			}
			program, err := localrun.Compile(config)
			if err != nil {
				return queryFault(file, config.Query, err)
			}
			keys, err := pairs("--partition-key", partitionKeys)
			if err != nil {
				return err
			}
			_, err = io.WriteString(s.out, stream.Explain(program, keys)+assumed(config, program))
			return err
		},
	}
	o.flags(cmd)
	cmd.Flags().StringArrayVar(&partitionKeys, "partition-key", nil, "property by which an input's senders partition, name=property")
	return cmd
}

// assumed names the inputs that the query reads and nobody has declared: one of
// them could be a misspelt step.
func assumed(c localrun.Config, p *streamsql.Program) string {
	if len(c.Inputs)+len(c.References)+len(c.Declared) > 0 {
		return ""
	}
	var names []string
	for _, in := range p.Inputs {
		names = append(names, in.Name)
	}
	return fmt.Sprintf("assumed\n  streams: %s; no step of WITH has such a name. --input and --reference NAME=FILE say what there is\n", strings.Join(names, ", "))
}

// config reads the query, or the project of a folder, and returns the query's
// file with what the flags say of it.
func (o *streamOptions) config(path string) (file string, c localrun.Config, err error) {
	project := &localrun.Project{Query: path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if project, err = localrun.OpenProject(path, o.level); err != nil {
			return "", c, err
		}
	}
	file = project.Query
	text, err := localrun.ReadQuery(file)
	if err != nil {
		return file, c, err
	}
	c = localrun.Config{Query: text, OutOfOrder: time.Duration(o.outOfOrder), Drop: o.drop, Declared: project.Live}
	if o.level != "" && o.level != localrun.Level12 {
		return file, c, fmt.Errorf("--level %s: only %s is here", o.level, localrun.Level12)
	}
	if c.Inputs, err = pairs("--input", o.inputs); err != nil {
		return file, c, err
	}
	if c.References, err = pairs("--reference", o.references); err != nil {
		return file, c, err
	}
	addMissing(c.Inputs, project.Inputs)
	addMissing(c.References, project.References)
	dir := o.functions
	if dir == "" {
		dir = filepath.Join(filepath.Dir(file), "Functions")
	}
	c.Functions, err = localrun.Functions(dir)
	return file, c, err
}

// allGiven says which input of the query has no file.
func allGiven(c localrun.Config, p *streamsql.Program) error {
	for _, in := range p.Inputs {
		kind, files := "input", c.Inputs
		if in.Reference {
			kind, files = "reference", c.References
		}
		given := false
		for name := range files {
			given = given || strings.EqualFold(name, in.Name)
		}
		if !given {
			return fmt.Errorf("the query reads input %s, which is not given; write --%s %[1]s=FILE", in.Name, kind)
		}
	}
	return nil
}

// addMissing adds the files of names that are not there, in any case.
func addMissing(files, more map[string]string) {
	given := make(map[string]bool, len(files))
	for name := range files {
		given[strings.ToLower(name)] = true
	}
	for name, file := range more {
		if !given[strings.ToLower(name)] {
			files[name] = file
		}
	}
}

// pairs reads name=value flags.
func pairs(flag string, list []string) (map[string]string, error) {
	out := make(map[string]string, len(list))
	for _, p := range list {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("%s %q: write name=file", flag, p)
		}
		out[name] = value
	}
	return out, nil
}

func (s *session) streamRun(ctx context.Context, path string, o streamOptions) error {
	file, config, err := o.config(path)
	if err != nil {
		return err
	}
	program, err := localrun.Compile(config)
	if err != nil {
		return queryFault(file, config.Query, err)
	}
	if err := allGiven(config, program); err != nil {
		return err
	}
	sinks, closers, err := s.streamSinks(o.outputs, len(program.Outputs))
	if err != nil {
		return err
	}
	config.Default = sinks
	start := time.Now()
	m, err := localrun.Run(ctx, config)
	for _, c := range *closers {
		err = errors.Join(err, c.Close())
	}
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	fmt.Fprintf(s.err, "%s in, %s out, %.0f events/s\n", count(int(m.InputEvents), "event"), count(int(m.OutputEvents), "row"), float64(m.InputEvents)/seconds)
	for _, e := range m.DataErrors {
		fmt.Fprintf(s.err, "%d left out: %s; the last: %s\n", e.Events, e.Kind, terminal.Clean(e.Last))
	}
	if m.OutOfOrderEvents > 0 {
		fmt.Fprintf(s.err, "%s out of order: their times were changed or they were dropped; see --out-of-order\n", count(int(m.OutOfOrderEvents), "event"))
	}
	return nil
}

// streamSinks returns what makes the sink of an output. Several outputs that
// share standard output are told apart by a label.
func (s *session) streamSinks(flags []string, outputs int) (func(string) stream.Sink, *[]io.Closer, error) {
	files, fallback := map[string]string{}, "-"
	for _, f := range flags {
		if name, path, ok := strings.Cut(f, "="); ok {
			files[strings.ToLower(name)] = path
		} else {
			fallback = f
		}
	}
	closers := &[]io.Closer{}
	shared := &lockedWriter{w: s.data}
	return func(output string) stream.Sink {
		path, ok := files[strings.ToLower(output)]
		if !ok {
			path = fallback
		}
		if path == "-" {
			sink := &localrun.Lines{W: shared}
			if outputs > 1 {
				sink.Label = output
			}
			return sink
		}
		f := &lateFile{path: path}
		*closers = append(*closers, f)
		return &localrun.Lines{W: f}
	}, closers, nil
}

// queryFault shows the line of the query that an error is about.
func queryFault(file, query string, err error) error {
	var syntax *streamsql.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	lines := strings.Split(query, "\n")
	if syntax.Line < 1 || syntax.Line > len(lines) {
		return fmt.Errorf("%s: %w", file, err)
	}
	return fmt.Errorf("%s:%d:%d: %s\n  %s\n  %s^", file, syntax.Line, syntax.Col, syntax.Msg,
		strings.ReplaceAll(lines[syntax.Line-1], "\t", " "), strings.Repeat(" ", max(syntax.Col-1, 0)))
}
