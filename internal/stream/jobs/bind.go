package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/localrun"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// bind opens what the job names, each by the row of its kind.
func (j *Job) bind(ctx context.Context, kinds Kinds) error {
	for _, in := range j.spec.Inputs {
		if err := j.bindInput(ctx, kinds, in); err != nil {
			return fmt.Errorf("inputs.%s: %w", in.Name, err)
		}
	}
	for _, out := range j.spec.Outputs {
		row, err := kinds.sink(out.Kind)
		if err == nil {
			j.options.Sinks[out.Name], err = row.Open(ctx, out)
		}
		if err != nil {
			return fmt.Errorf("outputs.%s: %w", out.Name, err)
		}
	}
	return nil
}

func (j *Job) bindInput(ctx context.Context, kinds Kinds, in Input) error {
	o := &j.options
	if in.Reference {
		j.inputs = append(j.inputs, streamsql.InputOptions{Name: in.Name, Reference: true})
		if in.Refresh > 0 && (o.Refresh == 0 || in.Refresh < o.Refresh) {
			o.Refresh = in.Refresh
		}
		row, err := kinds.reference(in.Kind)
		if err != nil {
			return err
		}
		o.References[in.Name], err = row.Open(ctx, in)
		return err
	}
	row, err := kinds.source(in.Kind)
	if err != nil {
		return err
	}
	j.inputs = append(j.inputs, streamsql.InputOptions{Name: in.Name, EventHub: !row.Blob, Blob: row.Blob})
	s, err := row.Open(ctx, in, j.log)
	if err != nil {
		return err
	}
	j.sources = append(j.sources, boundSource{in, s, row.Blob})
	o.Sources[in.Name], o.PartitionKeys[in.Name] = s, in.PartitionKey
	return nil
}

// Behind is how many events a partition of an input, whose name is matched
// without case, holds from an offset on.
func (j *Job) Behind(input string, partition int, next int64) (n int64, known bool) {
	for _, s := range j.sources {
		if strings.EqualFold(s.Name, input) {
			return s.source.Behind(partition, next), true
		}
	}
	return 0, false
}

// compile reads the query and its functions. It is done at every start, so a
// query that was edited while the job stood is the one that runs.
func (j *Job) compile() (stream.Options, error) {
	text, err := localrun.ReadQuery(j.spec.Query)
	if err != nil {
		return j.options, fmt.Errorf("query: %w", err)
	}
	o, functions, err := j.compiled(text)
	if err != nil {
		var syntax *streamsql.SyntaxError
		if errors.As(err, &syntax) {
			return o, fmt.Errorf("%s:%d:%d: %w", j.spec.Query, syntax.Line, syntax.Col, err)
		}
		return o, fmt.Errorf("%s: %w", j.spec.Query, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.query, j.status.Functions = Query{text, o.Program}, functionNames(functions)
	return o, nil
}

// compiled compiles a text as the job's query, with its functions.
func (j *Job) compiled(text string) (stream.Options, []streamsql.Function, error) {
	o := j.options
	functions, err := jobFunctions(j.spec.Query, j.spec.Functions)
	if err != nil {
		return o, nil, fmt.Errorf("functions: %w", err)
	}
	o.Functions = functionsText(functions)
	o.Program, err = streamsql.Compile(text, streamsql.Options{Strict: true, Inputs: j.inputs, Functions: functions})
	return o, functions, err
}
