package expression

import (
	"fmt"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

type member struct {
	pos  Pos
	of   node
	name string
	null bool // ?.
}

// errNull is C#'s words for a member of null.
const errNull = "object reference not set to an instance of an object"

func (n *member) eval(f *frame) (any, error) {
	if err := f.step(n.pos); err != nil {
		return nil, err
	}
	if t, ok := n.of.(*typeRef); ok {
		v, err := staticMember(t.typ, n.name)
		return v, at(n.pos, err)
	}
	this, err := n.of.eval(f)
	if err != nil {
		return nil, err
	}
	if this == nil {
		if n.null || endsNull(n.of) {
			return nil, nil //nolint:nilnil // null is a value
		}
		return nil, faultAt(n.pos, "%s: .%s of null", errNull, n.name)
	}
	v, err := getMember(this, n.name)
	return v, at(n.pos, err)
}

// endsNull reports whether a chain before has a ?. or ?[ that ended it: the rest of the
// chain is not looked at.
func endsNull(n node) bool {
	switch n := n.(type) {
	case *member:
		return n.null || endsNull(n.of)
	case *call:
		return n.null || endsNull(n.of)
	case *index:
		return n.null || endsNull(n.of)
	}
	return false
}

type index struct {
	pos  Pos
	of   node
	key  node
	null bool
}

func (n *index) eval(f *frame) (any, error) {
	if err := f.step(n.pos); err != nil {
		return nil, err
	}
	this, err := n.of.eval(f)
	if err != nil {
		return nil, err
	}
	if this == nil {
		if n.null || endsNull(n.of) {
			return nil, nil //nolint:nilnil // null is a value
		}
		return nil, faultAt(n.pos, "%s: [] of null", errNull)
	}
	key, err := n.key.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := getIndex(this, key)
	return v, at(n.pos, err)
}

type call struct {
	pos   Pos
	of    node
	name  string
	types []typeName
	args  []node
	null  bool
}

func (n *call) eval(f *frame) (any, error) {
	if err := f.step(n.pos); err != nil {
		return nil, err
	}
	c := &Call{Name: n.name, frame: f, pos: n.pos, types: n.types}
	for _, t := range n.types {
		c.Types = append(c.Types, t.String())
	}
	ref, static := n.of.(*typeRef)
	if !static {
		var err error
		if c.This, err = n.of.eval(f); err != nil {
			return nil, err
		}
		if c.This == nil && (n.null || endsNull(n.of)) {
			return nil, nil //nolint:nilnil // null is a value
		}
	}
	for _, a := range n.args {
		v, err := a.eval(f)
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, v)
	}
	var v any
	var err error
	if static {
		v, err = staticCall(ref.typ, c)
	} else {
		v, err = callMethod(c)
	}
	if err != nil {
		return nil, at(n.pos, err)
	}
	for i, a := range n.args {
		if o, ok := a.(*out); ok {
			if o.declared {
				f.declare(o.name, nil)
			}
			*f.scope.find(o.name) = c.Args[i].(*Out).Value
		}
	}
	return v, f.fits(n.pos, sizeOf(v))
}

// invoke is a call of a value: only lambdas are such.
type invoke struct {
	pos  Pos
	of   node
	args []node
}

func (n *invoke) eval(f *frame) (any, error) {
	v, err := n.of.eval(f)
	if err != nil {
		return nil, err
	}
	c, ok := v.(*closure)
	if !ok {
		return nil, faultAt(n.pos, "a %s is not called", typeNameOf(v))
	}
	var args []any
	for _, a := range n.args {
		v, err := a.eval(f)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	return c.call(f, args...)
}

type assign struct {
	pos Pos
	to  node
	op  string // "": =
	of  node
}

func (n *assign) eval(f *frame) (any, error) {
	if err := f.step(n.pos); err != nil {
		return nil, err
	}
	if n.op == "??" {
		old, err := n.to.eval(f)
		if err != nil || old != nil {
			return old, err
		}
	}
	v, err := n.of.eval(f)
	if err != nil {
		return nil, err
	}
	if n.op != "" && n.op != "??" {
		old, err := n.to.eval(f)
		if err != nil {
			return nil, err
		}
		if v, err = operate(n.op, old, v); err != nil {
			return nil, at(n.pos, err)
		}
		if err := f.fits(n.pos, sizeOf(v)); err != nil {
			return nil, err
		}
	}
	return v, at(n.pos, n.store(f, v))
}

func (n *assign) store(f *frame, v any) error {
	switch to := n.to.(type) {
	case *variable:
		p := f.scope.find(to.name)
		if p == nil {
			return faultAt(to.pos, "there is no variable %s", to.name)
		}
		*p = v
		return nil
	case *index:
		this, err := to.of.eval(f)
		if err != nil {
			return err
		}
		key, err := to.key.eval(f)
		if err != nil {
			return err
		}
		return setIndex(f, n.pos, this, key, v)
	case *member:
		this, err := to.of.eval(f)
		if err != nil {
			return err
		}
		return setMember(this, to.name, v)
	}
	return fmt.Errorf("this cannot be assigned to")
}

type increment struct {
	pos Pos
	of  node
	op  string
}

func (n *increment) eval(f *frame) (any, error) {
	old, err := n.of.eval(f)
	if err != nil {
		return nil, err
	}
	_, err = (&assign{n.pos, n.of, n.op, &literal{n.pos, int32(1)}}).eval(f)
	return old, err
}

func setIndex(f *frame, p Pos, this, key, v any) error {
	switch t := this.(type) {
	case *List:
		i, err := place(key, len(t.Items))
		if err == nil {
			t.Items[i] = v
		}
		return err
	case []byte:
		i, err := place(key, len(t))
		if err != nil {
			return err
		}
		b, ok := castNumber("Byte", bare(v))
		if !ok {
			return badCast(v, "Byte")
		}
		t[i], _ = b.(byte)
		return nil
	case *Dict:
		if !isKey(orEmpty(key)) {
			return fmt.Errorf("a %s is no key", typeNameOf(key))
		}
		t.Set(key, v)
		return f.fits(p, 64*len(t.Keys))
	case *Token:
		tok, ok := fromValue(v)
		if !ok {
			return badCast(v, "JToken")
		}
		if t.Kind == ArrayToken {
			i, err := place(key, len(t.Items))
			if err == nil {
				t.Items[i] = tok
			}
			return err
		}
		name, ok := key.(string)
		if t.Kind != ObjectToken || !ok {
			return fmt.Errorf("a %s has no values by %s", t.typeName(), typeNameOf(key))
		}
		t.Set(name, tok)
		return f.fits(p, 64*len(t.Properties))
	case Settable:
		return t.SetIndex(key, v)
	case nil:
		return fmt.Errorf("%s", errNull)
	}
	return fmt.Errorf("values of a %s cannot be set by []", typeNameOf(this))
}

func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

// place is a position in a list of n.
func place(key any, n int) (int, error) {
	i, ok := toFloat(bare(key))
	if !ok {
		return 0, badCast(key, "Int32")
	}
	if i < 0 || int(i) >= n {
		return 0, fmt.Errorf("index %d was out of range: there are %d", int(i), n)
	}
	return int(i), nil
}

func getIndex(this, key any) (any, error) {
	switch t := this.(type) {
	case string:
		u := utf16Of(t)
		i, err := place(key, len(u))
		if err != nil {
			return nil, err
		}
		return Char(u[i]), nil
	case []byte:
		i, err := place(key, len(t))
		if err != nil {
			return nil, err
		}
		return t[i], nil
	case *List:
		i, err := place(key, len(t.Items))
		if err != nil {
			return nil, err
		}
		return t.Items[i], nil
	case *Dict:
		if !isKey(orEmpty(key)) {
			return nil, badCast(key, "String")
		}
		if v, ok := t.Find(key); ok {
			return v, nil
		}
		return nil, fmt.Errorf("the given key %q was not present in the dictionary", clip(textOf(key)))
	case *Token:
		return tokenIndex(t, key)
	case Indexed:
		return t.Index(key)
	}
	return nil, fmt.Errorf("a %s has no []", typeNameOf(this))
}

func tokenIndex(t *Token, key any) (any, error) {
	if name, ok := key.(string); ok {
		switch t.Kind {
		case ObjectToken:
			if v := t.Find(name); v != nil {
				return v, nil
			}
			return nil, nil //nolint:nilnil // null is a value
		case ArrayToken:
			return nil, fmt.Errorf("accessed JArray values with invalid key value: %q; an index is expected", clip(name))
		}
		return nil, fmt.Errorf("cannot access child value on JValue")
	}
	if t.Kind != ArrayToken {
		return nil, fmt.Errorf("accessed %s values with an index", t.typeName())
	}
	i, err := place(key, len(t.Items))
	if err != nil {
		return nil, err
	}
	return t.Items[i], nil
}

// checkMember refuses a name that no value here has.
func checkMember(p Pos, of node, name string) error {
	if t, ok := of.(*typeRef); ok {
		return checkStatic(p, t.typ, name)
	}
	known := knownMembers()
	if known[name] {
		return nil
	}
	names := make([]string, 0, len(known))
	for n := range known {
		names = append(names, n)
	}
	hint := ""
	if best := nearest.Name(name, names); best != "" {
		hint = "; did you mean " + best + "?"
	}
	return faultAt(p, "the member %s is not known in policy expressions%s", name, hint)
}
