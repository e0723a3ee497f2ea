// Package localrun runs Stream Analytics queries over files and stops: for a
// look at data, for tests in the vendor's testConfig.json format, and for
// scripts.
//
// Files have no arrival times, so no event is early or late, and the end of the
// files closes every window. Times come from TIMESTAMP BY; without it all events
// arrive at the start of the run. It keeps no checkpoints.
package localrun

import (
	"context"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// AnyOrder, as Config.OutOfOrder, sorts whole files by time.
const AnyOrder = 100 * 365 * 24 * time.Hour

// Config says what to run.
type Config struct {
	Query      string
	Inputs     map[string]string        // name to a file of JSON lines, a JSON array or (.csv) CSV
	References map[string]string        // the same, for reference data
	Declared   []streamsql.InputOptions // inputs without a file here
	Functions  []streamsql.Function
	// Sinks take the outputs, by name; Default those that are not there.
	Sinks   map[string]stream.Sink
	Default func(output string) stream.Sink
	// OutOfOrder is how far behind the newest event an event may be; rows wait
	// that long and are put in order. Those further behind get the time of the
	// watermark, or are dropped with Drop.
	OutOfOrder time.Duration
	Drop       bool
	Start      time.Time // arrival of the events; zero: now
}

// Run runs the query to the end of its inputs and returns the job's numbers.
func Run(ctx context.Context, c Config) (stream.Metrics, error) {
	program, err := Compile(c)
	if err != nil {
		return stream.Metrics{}, err
	}
	if c.Start.IsZero() {
		c.Start = time.Now()
	}
	opts := stream.Options{
		Name: "local run", Program: program, Start: stream.StartAll, Sinks: map[string]stream.Sink{},
		Policy:  stream.TimePolicy{Unlimited: true, OutOfOrder: c.OutOfOrder, Drop: c.Drop},
		Sources: map[string]stream.Source{}, References: map[string]stream.Reference{},
	}
	for name, path := range c.Inputs {
		opts.Sources[name] = &fileSource{path: path, arrival: stream.Ticks(c.Start)}
	}
	for name, path := range c.References {
		opts.References[name] = fileReference(path)
	}
	for name, sink := range c.Sinks {
		opts.Sinks[name] = sink
	}
	for _, o := range program.Outputs {
		if !has(opts.Sinks, o.Name) && c.Default != nil {
			opts.Sinks[o.Name] = c.Default(o.Name)
		}
	}
	job, err := stream.New(opts)
	if err != nil {
		return stream.Metrics{}, err
	}
	err = job.Run(ctx)
	return job.Metrics(), err
}

func has[T any](m map[string]T, name string) bool {
	for k := range m {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}

// Compile compiles the query of a run. When inputs are given, a name in FROM must
// be one of them, or a step of WITH; else any other name is taken for a stream.
func Compile(c Config) (*streamsql.Program, error) {
	opts := streamsql.Options{Functions: c.Functions}
	opts.Strict = len(c.Inputs)+len(c.References) > 0
	for name := range c.References {
		opts.Inputs = append(opts.Inputs, streamsql.InputOptions{Name: name, Reference: true})
	}
	for name := range c.Inputs {
		opts.Inputs = append(opts.Inputs, streamsql.InputOptions{Name: name})
	}
	for _, in := range c.Declared {
		if !has(c.Inputs, in.Name) && !has(c.References, in.Name) {
			opts.Inputs = append(opts.Inputs, in)
		}
	}
	sort.Slice(opts.Inputs, func(i, j int) bool { return opts.Inputs[i].Name < opts.Inputs[j].Name })
	return streamsql.Compile(c.Query, opts)
}

// Lines is a sink that writes one JSON object a line. With a label each line is
// {"output":label,"row":{…}}.
type Lines struct {
	W     io.Writer
	Label string
	buf   []byte
}

// Write implements stream.Sink.
func (l *Lines) Write(_ context.Context, b stream.OutputBatch) error {
	l.buf = l.buf[:0]
	for _, r := range b.Rows {
		if l.Label != "" {
			l.buf = fmt.Appendf(l.buf, `{"output":%q,"row":%s}`, l.Label, r.JSON)
		} else {
			l.buf = append(l.buf, r.JSON...)
		}
		l.buf = append(l.buf, '\n')
	}
	_, err := l.W.Write(l.buf)
	return err
}
