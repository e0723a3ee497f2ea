package expression

import (
	"context"
	"time"
	"unicode/utf8"
)

// Limits bound a run. The zero value is the default of each.
type Limits struct {
	Steps int           // default 200,000
	Time  time.Duration // default 2 s
	Bytes int           // of a string or a list that is made; default 4 MiB
}

func (l Limits) orDefault() Limits {
	if l.Steps == 0 {
		l.Steps = 200_000
	}
	if l.Time == 0 {
		l.Time = 2 * time.Second
	}
	if l.Bytes == 0 {
		l.Bytes = 4 << 20
	}
	return l
}

// Object is a value of the host. Names are those of .NET.
type Object interface {
	// TypeName is what casts and is compare: IResponse.
	TypeName() string
	// Get returns a property; false where there is none.
	Get(name string) (any, bool, error)
	// Call calls a method; false where there is none.
	Call(c *Call) (any, bool, error)
}

// Indexed is an Object with [].
type Indexed interface {
	Index(key any) (any, error)
}

// Settable is an Object whose [] takes values.
type Settable interface {
	SetIndex(key, value any) error
}

// Listed is an Object that foreach and LINQ walk through.
type Listed interface {
	Items() []any
}

// Call is a call of a method.
type Call struct {
	Name  string
	This  any
	Types []string // <T>
	Args  []any    // of an out argument its *Out

	frame *frame
	pos   Pos
	types []typeName
}

// Out is an out argument.
type Out struct{ Value any }

// run is one evaluation.
type run struct {
	ctx    context.Context
	limits Limits
	steps  int
	end    time.Time
}

// frame is where a node is evaluated.
type frame struct {
	run   *run
	scope *scope
	calls int // lambdas in each other
}

// scope is variables that are declared together.
type scope struct {
	outer *scope
	vars  []variableOf
}

type variableOf struct {
	name  string
	value any
}

func (s *scope) find(name string) *any {
	for ; s != nil; s = s.outer {
		for i := len(s.vars) - 1; i >= 0; i-- {
			if s.vars[i].name == name {
				return &s.vars[i].value
			}
		}
	}
	return nil
}

func (f *frame) declare(name string, value any) {
	f.scope.vars = append(f.scope.vars, variableOf{name, value})
}

// inner is a frame with a scope of its own.
func (f *frame) inner() *frame { return &frame{f.run, &scope{outer: f.scope}, f.calls} }

// timeEvery is after how many steps the clock is looked at.
const timeEvery = 512

// step counts one step at a place.
func (f *frame) step(at Pos) error {
	r := f.run
	r.steps++
	if r.steps > r.limits.Steps {
		return faultAt(at, "the expression takes more than %d steps", r.limits.Steps)
	}
	if r.steps%timeEvery == 0 {
		if err := r.ctx.Err(); err != nil {
			return &Error{Pos: at, Message: "the expression was ended", Err: err}
		}
		if time.Now().After(r.end) {
			return faultAt(at, "the expression takes longer than %v", r.limits.Time)
		}
	}
	return nil
}

// fits refuses what is too large.
func (f *frame) fits(at Pos, bytes int) error {
	if bytes > f.run.limits.Bytes {
		return faultAt(at, "the expression makes more than %d bytes", f.run.limits.Bytes)
	}
	f.run.steps += bytes >> 12 // copying is work
	return nil
}

// Variable is a value that the host gives by name.
type Variable struct {
	Name  string
	Value any
}

// Eval runs the program. Errors are *Error, with the place.
func (p *Program) Eval(ctx context.Context, l Limits, given ...Variable) (any, error) {
	l = l.orDefault()
	f := &frame{run: &run{ctx: ctx, limits: l, end: time.Now().Add(l.Time)}, scope: &scope{}}
	for _, v := range given {
		f.declare(v.Name, v.Value)
	}
	if p.root != nil {
		return p.root.eval(f)
	}
	how, v, err := runBlock(f, p.block)
	if err == nil && how != returned {
		return nil, faultAt(Pos{1, 1}, "the block ended without return")
	}
	return v, err
}

// sizeOf estimates what a value takes.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	case Char:
		return utf8.RuneLen(rune(v))
	}
	return 16
}
