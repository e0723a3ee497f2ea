package jobs

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/trial"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// What a trial reads.
const (
	TrialEvents    = 1_000   // of all stream inputs together
	trialBytes     = 8 << 20 // of their bodies
	trialReference = 8 << 20 // of all tables
)

// Checked is what a text would be as the job's query.
type Checked struct {
	Program  *streamsql.Program
	Explain  string
	Parallel bool
	Lanes    string
	// Same says that a run of it may go on from the job's checkpoint: it is, to the
	// letter, the query that was compiled last.
	Same bool
}

// Check compiles a text as the job's query. Errors: a *streamsql.SyntaxError with
// its place; fault.Invalid when it reads or writes what the job has not.
func (j *Job) Check(text string) (Checked, error) {
	if len(text) > streamsql.MaxTextBytes {
		return Checked{}, fault.New(fault.TooLarge, "query", "%d bytes; a query has at most %d", len(text), streamsql.MaxTextBytes)
	}
	o, _, err := j.compiled(text)
	if err == nil {
		_, err = stream.New(o)
	}
	if err != nil {
		return Checked{}, err
	}
	c := Checked{Program: o.Program, Explain: stream.Explain(o.Program, j.PartitionKeys()), Same: text == j.Query().Text}
	c.Parallel, c.Lanes = stream.Parallelism(o.Program, j.PartitionKeys())
	return c, nil
}

// Tried is what a query made of the newest events.
type Tried struct {
	Inputs []trial.Input
	Result trial.Result
}

// Try runs a text as the job's query over the newest events of its inputs, under
// the job's time policy. run runs a request; it must not trust it. The job goes
// on as it is, and no output is written. Errors are those of Check and of run.
func (j *Job) Try(ctx context.Context, text string, run func(context.Context, trial.Request) (trial.Result, error)) (Tried, error) {
	if _, err := j.Check(text); err != nil {
		return Tried{}, err
	}
	o, functions, err := j.compiled(text)
	if err != nil {
		return Tried{}, err
	}
	r := trial.Request{Query: text, Functions: functions, Policy: o.Policy, PartitionKeys: o.PartitionKeys}
	for _, out := range j.spec.Outputs {
		r.Outputs = append(r.Outputs, out.Name)
	}
	if r.Inputs, err = j.recent(ctx); err != nil {
		return Tried{}, err
	}
	if r.References, err = j.tables(ctx); err != nil {
		return Tried{}, err
	}
	result, err := run(ctx, r)
	return Tried{r.Inputs, result}, err
}

// recent copies the newest events of all stream inputs, which share what is
// read.
func (j *Job) recent(ctx context.Context) ([]trial.Input, error) {
	var all []trial.Input
	for _, s := range j.sources {
		share := max(len(j.sources), 1)
		partitions, err := s.source.Recent(ctx, TrialEvents/share, trialBytes/share)
		if err != nil {
			return nil, fault.Wrap(fault.KindOf(err), "input "+s.Name, err, "its newest events cannot be read")
		}
		in := trial.Input{Name: s.Name, Blob: s.blob, Partitions: make([][]trial.Event, len(partitions))}
		for p, events := range partitions {
			for i := range events {
				e, err := trial.EventOf(&events[i])
				if err != nil {
					return nil, fmt.Errorf("input %s: %w", s.Name, err)
				}
				in.Partitions[p] = append(in.Partitions[p], e)
			}
		}
		all = append(all, in)
	}
	return all, nil
}

// tables reads the reference data.
func (j *Job) tables(ctx context.Context) ([]trial.Reference, error) {
	var all []trial.Reference
	left := trialReference
	for _, in := range j.spec.Inputs {
		if !in.Reference {
			continue
		}
		versions, err := j.options.References[in.Name].Snapshots(ctx)
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", in.Name, err)
		}
		if versions, err = lately(ctx, versions); err != nil {
			return nil, fmt.Errorf("input %s: %w", in.Name, err)
		}
		for _, v := range versions {
			for _, row := range v.Rows {
				left -= len(row)
			}
		}
		if left < 0 {
			return nil, fault.New(fault.TooLarge, "input "+in.Name, "the reference data is larger than %d MB, too much for a test here; test the query with 'lazuli stream run' and --reference", trialReference>>20)
		}
		all = append(all, trial.Reference{Name: in.Name, Snapshots: versions})
	}
	return all, nil
}

// fewVersions is how many versions that are read when they are wanted a trial has:
// those that the newest events may be of.
const fewVersions = 4

// lately are the newest of many versions, with their rows.
func lately(ctx context.Context, versions []stream.Snapshot) ([]stream.Snapshot, error) {
	now := stream.Ticks(time.Now())
	begun := sort.Search(len(versions), func(i int) bool { return versions[i].Read != nil && versions[i].ValidFrom > now })
	versions = versions[:begun]
	if begun > fewVersions && versions[0].Read != nil {
		versions = versions[begun-fewVersions:]
	}
	for i := range versions {
		if v := &versions[i]; v.Read != nil {
			var err error
			if v.Rows, err = v.Read(ctx); err != nil {
				return nil, err
			}
		}
	}
	return versions, nil
}

// SyntaxOf is the place of a mistake in a query that was checked, or nil.
func SyntaxOf(err error) *streamsql.SyntaxError {
	var syntax *streamsql.SyntaxError
	if errors.As(err, &syntax) {
		return syntax
	}
	return nil
}
