package stream

import (
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// builder makes the operators of one lane from the logical plan, from the
// outputs back to the sources.
type builder struct {
	env     *env
	refs    map[*streamsql.Input]*refData
	readers map[*streamsql.Step]*fanOut
	sources map[*streamsql.Source]*fanOut
	order   []*streamsql.Source
	indexes map[*streamsql.RefJoin]*refIndexes // shared by the builders of a lane
	ops     []stateful                         // in plan order
}

// build connects all steps. Operators are recorded in plan order, which is the
// order of the snapshot.
func (b *builder) build(p *streamsql.Program, outputs map[string]*output) error {
	b.readers = map[*streamsql.Step]*fanOut{}
	b.sources = map[*streamsql.Source]*fanOut{}
	for i := len(p.Steps) - 1; i >= 0; i-- {
		step := p.Steps[i]
		if err := b.step(step, outputs); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) step(step *streamsql.Step, outputs map[string]*output) error {
	if sink, ok := step.Root.(*streamsql.Sink); ok {
		out := outputs[strings.ToLower(sink.Output.Name)]
		return b.node(sink.Input, &sinkOp{env: b.env, out: out, encoder: streamsql.NewEncoder(sink.Schema(), false), keys: sink.Partition.Keys}, step)
	}
	f := b.readers[step]
	if f == nil {
		return nil // nobody reads it
	}
	var next port = f
	if len(f.to) == 1 {
		next = f.to[0]
	}
	return b.node(step.Root, next, step)
}

// node builds an operator that sends to next, and what it reads.
func (b *builder) node(n streamsql.Node, next port, step *streamsql.Step) error {
	name := stepName(step)
	switch n := n.(type) {
	case *streamsql.Source:
		f := b.sources[n]
		if f == nil {
			f = &fanOut{}
			b.sources[n] = f
			b.order = append(b.order, n)
		}
		f.to = append(f.to, next)
		return nil
	case *streamsql.StepRef:
		f := b.readers[n.Step]
		if f == nil {
			f = &fanOut{}
			b.readers[n.Step] = f
		}
		f.to = append(f.to, next)
		return nil
	case *streamsql.Filter:
		return b.node(n.Input, &filter{env: b.env, cond: n.Cond, next: next}, step)
	case *streamsql.Project:
		return b.node(n.Input, &project{exprs: n.Exprs, out: newEmitter(b.env, next, n.Schema().Width)}, step)
	case *streamsql.Apply:
		return b.node(n.Input, &apply{node: n, out: newEmitter(b.env, next, n.Schema().Width)}, step)
	case *streamsql.Analytic:
		op, err := newAnalytic(b.env, n, next, "functions with OVER in "+name)
		if err != nil {
			return err
		}
		b.ops = append(b.ops, op)
		return b.node(n.Input, op, step)
	case *streamsql.Aggregate:
		op := newGroup(b.env, n, next, "GROUP BY in "+name)
		b.ops = append(b.ops, op)
		return b.node(n.Input, op, step)
	case *streamsql.MatchRecognize:
		op := newMatch(b.env, n, next, "MATCH_RECOGNIZE in "+name)
		b.ops = append(b.ops, op)
		return b.node(n.Input, op, step)
	case *streamsql.Join:
		op := newJoin(b.env, n, next, "JOIN in "+name)
		b.ops = append(b.ops, op)
		if err := b.node(n.Left, op.sides[0], step); err != nil {
			return err
		}
		return b.node(n.Right, op.sides[1], step)
	case *streamsql.RefJoin:
		return b.node(n.Left, newRefJoin(b.env, n, b.refs[n.Input], b.index(n), next), step)
	case *streamsql.Union:
		op := newUnion(b.env, n, next, "UNION in "+name)
		b.ops = append(b.ops, op)
		for i, branch := range n.Branches {
			if err := b.node(branch, op.sides[i], step); err != nil {
				return err
			}
		}
		return nil
	}
	return fault.New(fault.Invalid, "query", "%s: an operator of type %T cannot run", name, n)
}

func stepName(s *streamsql.Step) string {
	if s.Name != "" {
		return "step " + s.Name
	}
	return fmt.Sprintf("the query at line %d, column %d", s.Line, s.Col)
}

// index is that of a join with reference data.
func (b *builder) index(n *streamsql.RefJoin) *refIndexes {
	if b.indexes[n] == nil {
		b.indexes[n] = &refIndexes{of: map[*refVersion]*refIndex{}}
	}
	return b.indexes[n]
}

// port is the way into a source's operators.
func (f *fanOut) port() port {
	if len(f.to) == 1 {
		return f.to[0]
	}
	return f
}
