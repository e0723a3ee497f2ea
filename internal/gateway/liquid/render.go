package liquid

import (
	"context"
	"errors"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// Faults of a template that runs.
var (
	errTime     = errors.New("the template took longer than it may")
	errSteps    = errors.New("the template took more steps than it may")
	errBytes    = errors.New("the template writes more bytes than it may")
	errBreak    = errors.New("break outside of a loop")
	errContinue = errors.New("continue outside of a loop")
)

// render is one run of a template.
type render struct {
	ctx      context.Context //nolint:containedctx // of the one run
	given    map[string]any
	set      map[string]any // by assign, capture and loops
	counters map[string]int64
	cycles   map[string]int
	out      *strings.Builder
	steps    int
	written  int // of all captures too
	made     int // bytes of what filters made
}

// step counts work; n is how much, from 1.
func (r *render) step(n int) error {
	if r.steps -= n; r.steps < 0 {
		return errSteps
	}
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	return nil
}

func (r *render) write(s string) error {
	if r.written += len(s); r.written > MaxBytes {
		return errBytes
	}
	r.out.WriteString(s)
	return nil
}

func (r *render) all(nodes []node) error {
	for _, n := range nodes {
		if err := r.step(1); err != nil {
			return err
		}
		if err := n.render(r); err != nil {
			return err
		}
	}
	return nil
}

// lookup is a variable: what the template set, or was given; nil where there is none.
func (r *render) lookup(name string) any {
	if v, ok := r.set[name]; ok {
		return v
	}
	if v, ok := r.given[name]; ok {
		return v
	}
	if n, ok := r.counters[name]; ok {
		return n
	}
	return nil
}

type node interface{ render(r *render) error }

type textNode string

func (t textNode) render(r *render) error { return r.write(string(t)) }

type valueNode struct{ of operand }

func (n *valueNode) render(r *render) error {
	v, err := n.of.value(r)
	if err != nil {
		return err
	}
	return r.write(Text(v))
}

type assignNode struct {
	name string
	of   operand
}

func (n *assignNode) render(r *render) (err error) {
	r.set[n.name], err = n.of.value(r)
	return err
}

type captureNode struct {
	name string
	body []node
}

func (n *captureNode) render(r *render) error {
	outer := r.out
	r.out = &strings.Builder{}
	err := r.all(n.body)
	text := r.out.String()
	r.out = outer
	if err == nil {
		r.set[n.name] = text
	}
	return err
}

type leaveNode struct{ how error }

func (n leaveNode) render(*render) error { return n.how }

type countNode struct {
	name string
	down bool
}

func (n *countNode) render(r *render) error {
	at := r.counters[n.name]
	if n.down {
		at--
		r.counters[n.name] = at
	} else {
		r.counters[n.name] = at + 1
	}
	return r.write(Text(at))
}

type cycleNode struct {
	key string
	of  []operand
}

func (n *cycleNode) render(r *render) error {
	if r.cycles == nil {
		r.cycles = map[string]int{}
	}
	v, err := n.of[r.cycles[n.key]%len(n.of)].value(r)
	if err != nil {
		return err
	}
	r.cycles[n.key]++
	return r.write(Text(v))
}

// ifNode is if, unless and case: the first arm whose condition holds.
type ifNode struct{ arms []arm }

type arm struct {
	when condition // nil: always
	body []node
}

func (n *ifNode) render(r *render) error {
	for _, a := range n.arms {
		yes := a.when == nil
		if !yes {
			var err error
			if yes, err = a.when.holds(r); err != nil {
				return err
			}
		}
		if yes {
			return r.all(a.body)
		}
	}
	return nil
}

type forNode struct {
	name          string
	over          operand
	limit, offset operand
	reversed      bool
	body, none    []node
}

func (n *forNode) render(r *render) error {
	over, err := n.items(r)
	if err != nil {
		return err
	}
	if over.len == 0 {
		return r.all(n.none)
	}
	outer, hid := r.set[n.name]
	loop, nested := r.set["forloop"]
	defer func() {
		restore(r.set, n.name, outer, hid)
		restore(r.set, "forloop", loop, nested)
	}()
	for i := range over.len {
		if err := r.step(1); err != nil {
			return err
		}
		at := i
		if n.reversed {
			at = over.len - 1 - i
		}
		r.set[n.name] = over.at(at)
		r.set["forloop"] = forloop{i, over.len, loop}
		err := r.all(n.body)
		if errors.Is(err, errBreak) {
			return nil
		}
		if err != nil && !errors.Is(err, errContinue) {
			return err
		}
	}
	return nil
}

func restore(m map[string]any, name string, v any, there bool) {
	if there {
		m[name] = v
	} else {
		delete(m, name)
	}
}

// list is what a loop walks through.
type list struct {
	len int
	at  func(i int) any
}

func (n *forNode) items(r *render) (list, error) {
	v, err := n.over.value(r)
	if err != nil {
		return list{}, err
	}
	var all list
	if s, ok := v.(numbers); ok {
		all = list{s.len(), func(i int) any { return s.low + int64(i) }}
	} else {
		items := itemsOf(v)
		all = list{len(items), func(i int) any { return items[i] }}
	}
	offset, err := r.bound(n.offset, 0)
	if err != nil {
		return list{}, err
	}
	limit, err := r.bound(n.limit, all.len)
	if err != nil {
		return list{}, err
	}
	offset = min(offset, all.len)
	return list{min(limit, all.len-offset), func(i int) any { return all.at(i + offset) }}, nil
}

func (r *render) bound(o operand, fallback int) (int, error) {
	if o == nil {
		return fallback, nil
	}
	v, err := o.value(r)
	if err != nil {
		return 0, err
	}
	f, ok := expression.Number(v)
	if !ok {
		return fallback, nil
	}
	return int(min(max(f, 0), 1<<31)), nil
}

// forloop is where a loop is.
type forloop struct {
	at, len int
	outer   any
}

func (f forloop) member(name string) (any, bool) {
	switch strings.ToLower(name) {
	case "index":
		return int64(f.at + 1), true
	case "index0":
		return int64(f.at), true
	case "rindex":
		return int64(f.len - f.at), true
	case "rindex0":
		return int64(f.len - f.at - 1), true
	case "first":
		return f.at == 0, true
	case "last":
		return f.at == f.len-1, true
	case "length":
		return int64(f.len), true
	case "parentloop":
		return f.outer, true
	}
	return nil, false
}
