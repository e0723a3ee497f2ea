package expression

import (
	"context"
	"errors"
)

// end says how a statement ended.
type end uint8

const (
	fell end = iota
	returned
	broke
	continued
)

// statement is a step of a block.
type statement interface {
	run(f *frame) (end, any, error)
}

// runBlock runs statements in a scope of their own.
func runBlock(f *frame, all []statement) (end, any, error) {
	f = f.inner()
	for _, s := range all {
		if how, v, err := s.run(f); how != fell || err != nil {
			return how, v, err
		}
	}
	return fell, nil, nil
}

type evaluate struct{ of node }

func (s *evaluate) run(f *frame) (end, any, error) {
	_, err := s.of.eval(f)
	return fell, nil, err
}

type block struct{ body []statement }

func (s *block) run(f *frame) (end, any, error) { return runBlock(f, s.body) }

type declare struct {
	pos    Pos
	typ    typeName
	typed  bool
	names  []string
	values []node
}

func (s *declare) run(f *frame) (end, any, error) {
	for i, name := range s.names {
		var v any
		if s.values[i] != nil {
			var err error
			if v, err = s.values[i].eval(f); err != nil {
				return fell, nil, err
			}
			if s.typed {
				if v, err = assignTo(s.typ, v); err != nil {
					return fell, nil, at(s.pos, err)
				}
			}
		} else if s.typed {
			v = zeroOf(s.typ)
		}
		f.declare(name, v)
	}
	return fell, nil, f.step(s.pos)
}

type give struct {
	pos Pos
	of  node
}

func (s *give) run(f *frame) (end, any, error) {
	v, err := s.of.eval(f)
	return returned, v, err
}

type choose struct {
	pos     Pos
	cond    node
	yes, no []statement
}

func (s *choose) run(f *frame) (end, any, error) {
	b, err := condition(f, s.pos, s.cond)
	if err != nil {
		return fell, nil, err
	}
	if b {
		return runBlock(f, s.yes)
	}
	return runBlock(f, s.no)
}

type foreach struct {
	pos  Pos
	name string
	in   node
	body []statement
}

func (s *foreach) run(f *frame) (end, any, error) {
	v, err := s.in.eval(f)
	if err != nil {
		return fell, nil, err
	}
	items, ok := itemsOf(v)
	if !ok {
		return fell, nil, faultAt(s.pos, "foreach walks through a list; this is a %s", typeNameOf(v))
	}
	for _, item := range items {
		if err := f.step(s.pos); err != nil {
			return fell, nil, err
		}
		g := f.inner()
		g.declare(s.name, item)
		how, v, err := runBlock(g, s.body)
		switch {
		case err != nil || how == returned:
			return how, v, err
		case how == broke:
			return fell, nil, nil
		}
	}
	return fell, nil, nil
}

type while struct {
	pos   Pos
	first statement
	cond  node
	each  node
	body  []statement
}

func (s *while) run(f *frame) (end, any, error) {
	f = f.inner()
	if s.first != nil {
		if _, _, err := s.first.run(f); err != nil {
			return fell, nil, err
		}
	}
	for {
		if err := f.step(s.pos); err != nil {
			return fell, nil, err
		}
		if s.cond != nil {
			if b, err := condition(f, s.pos, s.cond); err != nil || !b {
				return fell, nil, err
			}
		}
		how, v, err := runBlock(f, s.body)
		switch {
		case err != nil || how == returned:
			return how, v, err
		case how == broke:
			return fell, nil, nil
		}
		if s.each != nil {
			if _, err := s.each.eval(f); err != nil {
				return fell, nil, err
			}
		}
	}
}

type leave struct {
	pos Pos
	out bool
}

func (s *leave) run(*frame) (end, any, error) {
	if s.out {
		return broke, nil, nil
	}
	return continued, nil, nil
}

type try struct {
	pos           Pos
	body, handler []statement
	caught        bool
	name          string
	finally       []statement
}

func (s *try) run(f *frame) (end, any, error) {
	how, v, err := runBlock(f, s.body)
	if err != nil && s.caught && f.mayGoOn(err) {
		g := f.inner()
		if s.name != "" {
			g.declare(s.name, exceptionOf(err))
		}
		how, v, err = runBlock(g, s.handler)
	}
	if s.finally != nil {
		if fhow, fv, ferr := runBlock(f, s.finally); ferr != nil || fhow != fell {
			return fhow, fv, ferr
		}
	}
	return how, v, err
}

// mayGoOn reports whether an error may be caught: limits may not.
func (f *frame) mayGoOn(err error) bool {
	return f.run.steps <= f.run.limits.Steps && f.run.ctx.Err() == nil && !errors.Is(err, context.Canceled) && f.step(Pos{}) == nil
}

// thrown is an exception on its way.
type thrown struct{ *Exception }

func (t thrown) Error() string { return t.Message }

func exceptionOf(err error) *Exception {
	var t thrown
	if errors.As(err, &t) {
		return t.Exception
	}
	var e *Error
	if errors.As(err, &e) {
		return &Exception{"Exception", e.Message}
	}
	return &Exception{"Exception", err.Error()}
}

type throw struct {
	pos Pos
	of  node
}

func (s *throw) run(f *frame) (end, any, error) {
	if s.of == nil {
		return fell, nil, faultAt(s.pos, "an error was thrown again")
	}
	v, err := s.of.eval(f)
	if err != nil {
		return fell, nil, err
	}
	e, ok := v.(*Exception)
	if !ok {
		return fell, nil, faultAt(s.pos, "only exceptions are thrown; this is a %s", typeNameOf(v))
	}
	return fell, nil, &Error{Pos: s.pos, Message: e.Message, Err: thrown{e}}
}
