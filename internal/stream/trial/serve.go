package trial

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// answer is what the child writes: a Result, or why there is none.
type answer struct {
	Result Result
	Error  string
	Kind   fault.Kind
}

// Serve is the child: it reads a Request, runs it to the end of its events and
// writes the answer. exceeded is called when the process holds too much, or has
// run for too long: it must end the process.
func Serve(ctx context.Context, in io.Reader, out io.Writer, exceeded func()) error {
	expendable()
	debug.SetMemoryLimit(MostMemory * 3 / 4)
	go guard(ctx, exceeded)
	var r Request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return err
	}
	var a answer
	var err error
	if a.Result, err = r.run(ctx); err != nil {
		a = answer{Error: err.Error(), Kind: fault.KindOf(err)}
	}
	return json.NewEncoder(out).Encode(a)
}

// expendable has a system that is short of memory end this process first.
func expendable() {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // elsewhere there is no such file
}

// guard watches what the process holds.
func guard(ctx context.Context, exceeded func()) {
	end := time.Now().Add(Longest + time.Second) // for want of a parent that ends it
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for run.Pause(ctx, 5*time.Millisecond) == nil {
		metrics.Read(held)
		if held[0].Value.Uint64()-held[1].Value.Uint64() > MostMemory || time.Now().After(end) {
			exceeded()
			return
		}
	}
}

func (r *Request) run(ctx context.Context) (Result, error) {
	opts := stream.Options{
		Name: "test", Start: stream.StartAll, Policy: r.Policy, PartitionKeys: r.PartitionKeys, Limits: limits,
		Sources: map[string]stream.Source{}, References: map[string]stream.Reference{}, Sinks: map[string]stream.Sink{},
	}
	declared := streamsql.Options{Strict: true, Functions: r.Functions}
	for _, in := range r.Inputs {
		opts.Sources[in.Name] = source(in.Partitions)
		declared.Inputs = append(declared.Inputs, streamsql.InputOptions{Name: in.Name, EventHub: !in.Blob, Blob: in.Blob})
	}
	for _, in := range r.References {
		opts.References[in.Name] = table(in.Snapshots)
		declared.Inputs = append(declared.Inputs, streamsql.InputOptions{Name: in.Name, Reference: true})
	}
	kept := &shelf{outputs: map[string]*Output{}, room: mostAnswer}
	for _, name := range r.Outputs {
		opts.Sinks[name] = kept
	}
	var err error
	if opts.Program, err = streamsql.Compile(r.Query, declared); err != nil {
		return Result{}, err
	}
	for _, out := range opts.Program.Outputs {
		kept.outputs[strings.ToLower(out.Name)] = &Output{Name: out.Name}
	}
	job, err := stream.New(opts)
	if err == nil {
		err = job.Run(ctx)
	}
	if err != nil {
		return Result{}, err
	}
	result := Result{Metrics: job.Metrics()}
	for _, out := range opts.Program.Outputs {
		result.Outputs = append(result.Outputs, kept.sorted(out.Name))
	}
	return result, nil
}

// shelf keeps the first rows of all outputs and counts the others.
type shelf struct {
	mu      sync.Mutex // guards what follows
	outputs map[string]*Output
	room    int // bytes
}

// Write implements stream.Sink.
func (s *shelf) Write(_ context.Context, b stream.OutputBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.outputs[strings.ToLower(b.Output)]
	o.All += int64(len(b.Rows))
	for _, row := range b.Rows {
		if len(o.Rows) == MostRows || len(row.JSON) > s.room {
			break
		}
		s.room -= len(row.JSON)
		o.Rows = append(o.Rows, Row{row.Time, slices.Clone(row.JSON), strings.Clone(row.Key)})
	}
	return nil
}

func (s *shelf) sorted(name string) Output {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.outputs[strings.ToLower(name)]
	slices.SortStableFunc(o.Rows, func(a, b Row) int { return cmp.Compare(a.Time, b.Time) })
	return *o
}
