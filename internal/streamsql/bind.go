package streamsql

import (
	"slices"
	"strings"
)

// binder turns a parsed script into a Program. The first error unwinds it as a
// panic of type *SyntaxError, which bind catches.
type binder struct {
	text   string
	opts   Options
	prog   *Program
	inputs map[string]*inputSource
	steps  map[string]*boundStep
	tables map[string]*tableDecl
	js     map[string]*jsScript
	// written is how many rows one event makes in all outputs: see multiplied.
	written uint64
}

// boundStep is a step with its columns.
type boundStep struct {
	step *Step
	src  rowSource
	// reference is the input of a step that reads reference data; such a step is
	// no Step of the program.
	reference *Input
	// partitions are the names by which its sources are partitioned.
	partitions []string
}

func bind(s *Script, opts Options) (prog *Program, err error) {
	b := &binder{
		text: s.text, opts: opts, prog: &Program{Text: s.text},
		inputs: map[string]*inputSource{}, steps: map[string]*boundStep{},
		tables: map[string]*tableDecl{}, js: map[string]*jsScript{},
	}
	if opts.CompatLevel != "" && opts.CompatLevel != "1.2" {
		return nil, errorAt(s.text, span{}, "compatibility level %s is not supported: 1.2 is", opts.CompatLevel)
	}
	if b.js, err = loadFunctions(opts.Functions); err != nil {
		return nil, err
	}
	defer func() {
		if failure := recover(); failure != nil {
			syntax, ok := failure.(*SyntaxError)
			if !ok {
				panic(failure)
			}
			prog, err = nil, syntax
		}
	}()
	b.script(s)
	return b.prog, nil
}

// fail ends binding.
func (b *binder) fail(at span, format string, args ...any) {
	panic(errorAt(b.text, at, format, args...))
}

func (b *binder) script(s *Script) {
	for _, t := range s.tables {
		key := strings.ToLower(t.name.text)
		if b.tables[key] != nil {
			b.fail(t.name.at, "the table '%s' is declared twice", t.name.text)
		}
		seen := map[string]bool{}
		for _, c := range t.cols {
			if k := strings.ToLower(c.name.text); seen[k] {
				b.fail(c.name.at, "the column '%s' is declared twice", c.name.text)
			} else {
				seen[k] = true
			}
		}
		b.tables[key] = t
	}
	for _, s := range s.steps {
		key := strings.ToLower(s.name.text)
		if b.steps[key] != nil {
			b.fail(s.name.at, "the step '%s' is defined twice", s.name.text)
		}
		if q := intoOf(s.query); q != nil {
			b.fail(q.output.at, "INTO is not allowed in a step of WITH; write it in the SELECT that reads the step")
		}
		if b.steps[key] = b.referenceStep(s.query); b.steps[key] == nil {
			b.steps[key] = b.step(s.name, s.query)
		}
	}
	for _, q := range s.selects {
		b.outputStep(q)
	}
	b.checkWidths()
	b.checkOver()
}

// intoOf returns the first INTO of a query.
func intoOf(q query) *intoClause {
	switch q := q.(type) {
	case *selectQuery:
		return q.into
	case *unionQuery:
		for _, branch := range q.branches {
			if into := intoOf(branch); into != nil {
				return into
			}
		}
	}
	return nil
}

// step binds a query as a step.
func (b *binder) step(name ident, q query) *boundStep {
	node, src := b.query(q)
	st := &Step{Name: name.text, Root: node}
	st.Line, st.Col = lineCol(b.text, q.where().start)
	b.addStep(st, q)
	return &boundStep{step: st, src: src, partitions: b.partitionNames(q)}
}

func (b *binder) addStep(st *Step, q query) {
	b.checkMultiplied(st, q)
	st.Index = len(b.prog.Steps)
	b.prog.Steps = append(b.prog.Steps, st)
}

// outputStep binds SELECT … INTO output.
func (b *binder) outputStep(q query) {
	if u, ok := q.(*unionQuery); ok {
		for _, branch := range u.branches[1:] {
			if into := intoOf(branch); into != nil {
				b.fail(into.output.at, "INTO belongs to the first SELECT of a UNION")
			}
		}
	}
	into := intoOf(q)
	if into == nil {
		into = &intoClause{output: ident{"output", span{q.where().start, q.where().start}}}
	}
	node, src := b.query(q)
	out := b.output(into.output)
	sink := &Sink{Input: node, Output: out}
	for _, key := range into.partitionBy {
		name, ok := key.(*nameExpr)
		if !ok || len(name.parts) != 1 {
			b.fail(key.where(), "INTO … PARTITION BY takes columns of the SELECT list")
		}
		slot, rest, ok := src.path([]string{name.parts[0].text})
		if !ok {
			b.fail(key.where(), "'%s' is no column of the SELECT list%s", name.parts[0].text, candidates(src))
		}
		sink.Partition.Keys = append(sink.Partition.Keys, pathExpr(slotExpr(slot, name.parts[0].text), rest))
	}
	st := &Step{Root: sink}
	st.Line, st.Col = lineCol(b.text, q.where().start)
	b.addStep(st, q)
	out.Steps = append(out.Steps, st)
}

// output finds or makes an output.
func (b *binder) output(name ident) *Output {
	for _, o := range b.prog.Outputs {
		if strings.EqualFold(o.Name, name.text) {
			return o
		}
	}
	o := &Output{Name: name.text}
	b.prog.Outputs = append(b.prog.Outputs, o)
	return o
}

// input finds or makes an input.
func (b *binder) input(name ident) *inputSource {
	key := strings.ToLower(name.text)
	if src := b.inputs[key]; src != nil {
		return src
	}
	src := b.newInput(name)
	b.inputs[key] = src
	b.prog.Inputs = append(b.prog.Inputs, src.in)
	return src
}

// newInput makes an input as the options and CREATE TABLE say.
func (b *binder) newInput(name ident) *inputSource {
	src := &inputSource{in: &Input{Name: name.text}, paths: map[string]int{}}
	i := slices.IndexFunc(b.opts.Inputs, func(o InputOptions) bool { return strings.EqualFold(o.Name, name.text) })
	switch {
	case i >= 0:
		src.in.Name = b.opts.Inputs[i].Name
		src.in.Reference, src.envelopes = b.opts.Inputs[i].Reference, envelopeColumns(b.opts.Inputs[i])
	case b.opts.Strict:
		b.fail(name.at, "'%s' is neither an input of the job nor a step of WITH%s", name.text, b.known())
	}
	if t := b.tables[strings.ToLower(name.text)]; t != nil {
		src.declared, src.in.Typed = t.cols, true
		for _, c := range t.cols { // each row is checked against all of them
			slot := src.field([]string{c.name.text}, c.kind)
			if name, ok := src.envelopeColumn(c.name.text); ok {
				src.in.Meta = append(src.in.Meta, MetaField{Slot: slot, Name: name, IfMissing: true})
			}
		}
	}
	return src
}

// known lists what FROM may name.
func (b *binder) known() string {
	var names []string
	for _, o := range b.opts.Inputs {
		names = append(names, o.Name)
	}
	for _, s := range b.prog.Steps {
		if s.Name != "" {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "; there is " + strings.Join(names, ", ")
}

// candidates lists the columns of a source for an error message.
func candidates(src rowSource) string {
	if src.open() {
		return ""
	}
	var names []string
	for _, c := range src.columns() {
		if c.Name != "" {
			names = append(names, c.Name)
		}
		if len(names) == 12 {
			names = append(names, "…")
			break
		}
	}
	return "; there is " + strings.Join(names, ", ")
}

// checkWidths refuses rows that are wider than MaxSlots.
func (b *binder) checkWidths() {
	for _, in := range b.prog.Inputs {
		if in.schema.Width > MaxSlots {
			b.fail(span{}, "the script reads %d columns of '%s'; at most %d are allowed", in.schema.Width, in.Name, MaxSlots)
		}
	}
	for _, st := range b.prog.Steps {
		if w := st.Root.Schema().Width; w > MaxSlots {
			b.fail(span{}, "a step has %d columns; at most %d are allowed", w, MaxSlots)
		}
	}
}
