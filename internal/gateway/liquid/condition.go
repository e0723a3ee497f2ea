package liquid

import (
	"cmp"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// condition is what if asks.
type condition interface {
	holds(r *render) (bool, error)
}

// truth holds where the value is neither false nor nil.
type truth struct{ of operand }

func (t truth) holds(r *render) (bool, error) {
	v, err := t.of.value(r)
	return v != nil && v != false, err
}

type notOf struct{ of condition }

func (n notOf) holds(r *render) (bool, error) {
	yes, err := n.of.holds(r)
	return !yes, err
}

type both struct {
	left, right condition
	and         bool
}

func (b *both) holds(r *render) (bool, error) {
	yes, err := b.left.holds(r)
	if err != nil || yes != b.and {
		return yes, err
	}
	return b.right.holds(r)
}

// oneOf is when: the value is one of several.
type oneOf struct {
	of  operand
	any []operand
}

func (o oneOf) holds(r *render) (bool, error) {
	v, err := o.of.value(r)
	if err != nil {
		return false, err
	}
	for _, x := range o.any {
		if err := r.step(1); err != nil {
			return false, err
		}
		w, err := x.value(r)
		if err != nil {
			return false, err
		}
		if equal(v, w) {
			return true, nil
		}
	}
	return false, nil
}

type comparison struct {
	left, right operand
	how         string
}

func (c *comparison) holds(r *render) (bool, error) {
	a, err := c.left.value(r)
	if err != nil {
		return false, err
	}
	b, err := c.right.value(r)
	if err != nil {
		return false, err
	}
	switch c.how {
	case "==":
		return equal(a, b), nil
	case "!=", "<>":
		return !equal(a, b), nil
	case "contains":
		return contains(a, b), nil
	}
	n, ok := compare(a, b)
	if !ok {
		return false, nil
	}
	switch c.how {
	case "<":
		return n < 0, nil
	case ">":
		return n > 0, nil
	case "<=":
		return n <= 0, nil
	}
	return n >= 0, nil
}

func equal(a, b any) bool {
	if _, is := a.(nothing); is {
		a, b = b, a
	}
	if _, is := b.(nothing); is {
		items, isList := listOf(a)
		t, isToken := a.(*expression.Token)
		return a == nil || a == "" || isList && len(items) == 0 || isToken && t.Kind == expression.ObjectToken && len(t.Properties) == 0
	}
	if a == nil || b == nil {
		return a == b
	}
	if x, is := a.(bool); is {
		y, also := b.(bool)
		return also && x == y
	}
	if _, is := b.(bool); is {
		return false
	}
	n, ok := compare(a, b)
	return ok && n == 0
}

// compare orders numbers as numbers, all else as texts.
func compare(a, b any) (int, bool) {
	if a == nil || b == nil {
		return 0, false
	}
	_, textA := a.(string)
	_, textB := b.(string)
	if !textA || !textB {
		x, isX := number(a)
		y, isY := number(b)
		if isX && isY {
			return cmp.Compare(x, y), true
		}
	}
	return strings.Compare(Text(a), Text(b)), true
}

func contains(in, x any) bool {
	if all, ok := listOf(in); ok {
		return slices.ContainsFunc(all, func(y any) bool { return equal(y, x) })
	}
	if t, ok := in.(*expression.Token); ok {
		return property(t, Text(x)) != nil
	}
	return in != nil && x != nil && strings.Contains(Text(in), Text(x))
}
