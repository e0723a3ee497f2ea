package expression

import (
	"fmt"
	"slices"
)

// queryMethods are LINQ's, of everything that has items. They are done at once, not
// when somebody looks.
var queryMethods = map[string]method{
	"Where": func(c *Call) (any, error) {
		var out []any
		err := c.matching(func(v any) bool { out = append(out, v); return true })
		return listOf(out), err
	},
	"Select": func(c *Call) (any, error) {
		f, err := c.lambda(0)
		if err != nil {
			return nil, err
		}
		two := len(c.Args[0].(*closure).of.params) == 2 //nolint:forcetypeassert // lambda has looked
		var out []any
		err = c.each(func(i int, v any) (bool, error) {
			args := []any{v}
			if two {
				args = append(args, count(i))
			}
			x, err := f(args...)
			out = append(out, x)
			return true, err
		})
		return listOf(out), err
	},
	"SelectMany": func(c *Call) (any, error) {
		f, err := c.lambda(0)
		if err != nil {
			return nil, err
		}
		var out []any
		err = c.each(func(_ int, v any) (bool, error) {
			x, err := f(v)
			items, ok := itemsOf(x)
			if err == nil && !ok {
				err = fmt.Errorf("the lambda of SelectMany gives a %s, not a list", typeNameOf(x))
			}
			out = append(out, items...)
			if err == nil {
				err = c.frame.fits(c.pos, 16*len(out))
			}
			return true, err
		})
		return listOf(out), err
	},
	"First":           func(c *Call) (any, error) { return c.pick(true, false, false) },
	"FirstOrDefault":  func(c *Call) (any, error) { return c.pick(true, true, false) },
	"Last":            func(c *Call) (any, error) { return c.pick(false, false, false) },
	"LastOrDefault":   func(c *Call) (any, error) { return c.pick(false, true, false) },
	"Single":          func(c *Call) (any, error) { return c.pick(false, false, true) },
	"SingleOrDefault": func(c *Call) (any, error) { return c.pick(false, true, true) },
	"Any": func(c *Call) (any, error) {
		found := false
		err := c.matching(func(any) bool { found = true; return false })
		return found, err
	},
	"All": func(c *Call) (any, error) {
		n := 0
		err := c.matching(func(any) bool { n++; return true })
		items, _ := itemsOf(c.This)
		return n == len(items), err
	},
	"Count": func(c *Call) (any, error) {
		n := 0
		err := c.matching(func(any) bool { n++; return true })
		return count(n), err
	},
	"Contains": func(c *Call) (any, error) {
		if len(c.Args) == 0 {
			return nil, c.bad()
		}
		found := false
		err := c.each(func(_ int, v any) (bool, error) {
			a, b := v, c.Args[0]
			if folds(c) {
				found = foldEqual(a, b)
			} else {
				found = equal(a, b)
			}
			return !found, nil
		})
		return found, err
	},
	"ToList":       func(c *Call) (any, error) { return copied(c, false) },
	"ToArray":      func(c *Call) (any, error) { return copied(c, true) },
	"AsEnumerable": func(c *Call) (any, error) { return copied(c, false) },
	"Cast":         func(c *Call) (any, error) { return castAll(c) },
	"OfType": func(c *Call) (any, error) {
		var out []any
		err := c.each(func(_ int, v any) (bool, error) {
			if len(c.types) == 1 && isOf(c.types[0], v) {
				out = append(out, v)
			}
			return true, nil
		})
		return listOf(out), err
	},
	"ToDictionary": toDictionary,
	"Distinct": func(c *Call) (any, error) {
		items, _ := itemsOf(c.This)
		if len(items) > 2000 {
			return nil, fmt.Errorf("Distinct is for up to 2000 values; there are %d", len(items))
		}
		c.frame.run.steps += len(items) * len(items) / 16
		return listOf(distinct(items)), nil
	},
	"Reverse": func(c *Call) (any, error) {
		items, _ := itemsOf(c.This)
		out := slices.Clone(items)
		slices.Reverse(out)
		return listOf(out), nil
	},
	"Skip": func(c *Call) (any, error) {
		n, err := c.Int(0)
		items, _ := itemsOf(c.This)
		return listOf(slices.Clone(items[min(max(n, 0), len(items)):])), err
	},
	"Take": func(c *Call) (any, error) {
		n, err := c.Int(0)
		items, _ := itemsOf(c.This)
		return listOf(slices.Clone(items[:min(max(n, 0), len(items))])), err
	},
	"ElementAt": func(c *Call) (any, error) {
		n, err := c.Int(0)
		items, _ := itemsOf(c.This)
		if err == nil {
			n, err = place(count(n), len(items))
		}
		if err != nil {
			return nil, err
		}
		return items[n], nil
	},
	"Concat": func(c *Call) (any, error) { return joined(c, false) },
	"Union":  func(c *Call) (any, error) { return joined(c, true) },
	"Intersect": func(c *Call) (any, error) {
		other, ok := itemsOf(first(c.Args))
		if !ok {
			return nil, c.bad()
		}
		var out []any
		err := c.each(func(_ int, v any) (bool, error) {
			if c.frame.run.steps += len(other) / 8; slices.ContainsFunc(other, func(x any) bool { return equal(x, v) }) {
				out = append(out, v)
			}
			return true, nil
		})
		return listOf(out), err
	},
	"Except": func(c *Call) (any, error) {
		other, ok := itemsOf(first(c.Args))
		if !ok {
			return nil, c.bad()
		}
		var out []any
		err := c.each(func(_ int, v any) (bool, error) {
			if c.frame.run.steps += len(other) / 8; !slices.ContainsFunc(other, func(x any) bool { return equal(x, v) }) {
				out = append(out, v)
			}
			return true, nil
		})
		return listOf(out), err
	},
	"OrderBy":           func(c *Call) (any, error) { return ordered(c, 1) },
	"OrderByDescending": func(c *Call) (any, error) { return ordered(c, -1) },
	"GroupBy":           groupBy,
	"Sum":               func(c *Call) (any, error) { return folded(c, "+", int32(0)) },
	"Min":               func(c *Call) (any, error) { return folded(c, "<", nil) },
	"Max":               func(c *Call) (any, error) { return folded(c, ">", nil) },
	"Average": func(c *Call) (any, error) {
		sum, err := folded(c, "+", int32(0))
		items, _ := itemsOf(c.This)
		if err == nil && len(items) == 0 {
			err = fmt.Errorf("sequence contains no elements")
		}
		if err != nil {
			return nil, err
		}
		f, _ := toFloat(sum)
		return f / float64(len(items)), nil
	},
	"Aggregate": func(c *Call) (any, error) {
		f, err := c.lambda(len(c.Args) - 1)
		if err != nil {
			return nil, err
		}
		var acc any
		seeded := len(c.Args) == 2
		if seeded {
			acc = c.Args[0]
		}
		err = c.each(func(_ int, v any) (bool, error) {
			if !seeded {
				acc, seeded = v, true
				return true, nil
			}
			acc, err = f(acc, v)
			return true, err
		})
		return acc, err
	},
	"SequenceEqual": func(c *Call) (any, error) {
		a, _ := itemsOf(c.This)
		b, ok := itemsOf(first(c.Args))
		if !ok {
			return nil, c.bad()
		}
		return slices.EqualFunc(a, b, equal), nil
	},
}

func first(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

func foldEqual(a, b any) bool {
	x, ok := a.(string)
	y, ok2 := b.(string)
	return ok && ok2 && len(x) == len(y) && equalFold(x, y)
}

func (c *Call) pick(firstOne, orDefault, single bool) (any, error) {
	var got any
	n := 0
	err := c.matching(func(v any) bool { got = v; n++; return !firstOne })
	switch {
	case err != nil:
		return nil, err
	case n == 0 && !orDefault:
		return nil, fmt.Errorf("%s: sequence contains no matching element", c.Name)
	case single && n > 1:
		return nil, fmt.Errorf("%s: sequence contains more than one element", c.Name)
	case n == 0:
		if l, ok := c.This.(*List); ok {
			return zeroOf(typeName{name: l.Elem}), nil
		}
	}
	return got, nil
}

func copied(c *Call, fixed bool) (any, error) {
	items, _ := itemsOf(c.This)
	elem := "Object"
	if l, ok := c.This.(*List); ok {
		elem = l.Elem
	} else if len(items) > 0 {
		elem = typeNameOf(items[0])
	}
	if fixed && elem == "Byte" {
		out := make([]byte, len(items))
		for i, x := range items {
			out[i], _ = x.(byte)
		}
		return out, nil
	}
	return &List{Items: slices.Clone(items), Elem: elem, Fixed: fixed}, c.frame.fits(c.pos, 16*len(items))
}

func castAll(c *Call) (any, error) {
	if len(c.types) != 1 {
		return nil, c.bad()
	}
	out := &List{Elem: c.types[0].plain()}
	err := c.each(func(_ int, v any) (bool, error) {
		x, err := castTo(c.types[0], v)
		out.Items = append(out.Items, x)
		return true, err
	})
	return out, err
}

func toDictionary(c *Call) (any, error) {
	key, err := c.lambda(0)
	if err != nil {
		return nil, err
	}
	value := func(args ...any) (any, error) { return args[0], nil }
	if len(c.Args) > 1 {
		if value, err = c.lambda(1); err != nil {
			return nil, err
		}
	}
	d := NewDict()
	return d, c.each(func(_ int, v any) (bool, error) {
		k, err := key(v)
		if err != nil {
			return false, err
		}
		if k = bare(k); k == nil || !isKey(k) {
			return false, fmt.Errorf("a %s is no key", typeNameOf(k))
		}
		x, err := value(v)
		if _, twice := d.Find(k); twice && err == nil {
			err = fmt.Errorf("an item with the same key has already been added: %s", clip(textOf(k)))
		}
		d.Set(k, x)
		return true, err
	})
}

func joined(c *Call, once bool) (any, error) {
	a, _ := itemsOf(c.This)
	b, ok := itemsOf(first(c.Args))
	if !ok {
		return nil, c.bad()
	}
	out := append(slices.Clone(a), b...)
	if err := c.frame.fits(c.pos, 16*len(out)); err != nil {
		return nil, err
	}
	if once {
		if len(out) > 2000 {
			return nil, fmt.Errorf("Union is for up to 2000 values; there are %d", len(out))
		}
		out = distinct(out)
	}
	return listOf(out), nil
}

func ordered(c *Call, direction int) (any, error) {
	f, err := c.lambda(0)
	if err != nil {
		return nil, err
	}
	type keyed struct{ key, value any }
	var all []keyed
	err = c.each(func(_ int, v any) (bool, error) {
		k, err := f(v)
		all = append(all, keyed{bare(k), v})
		return true, err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		n, cerr := compare(a.key, b.key)
		if cerr != nil {
			err = cerr
		}
		return n * direction
	})
	out := make([]any, len(all))
	for i, k := range all {
		out[i] = k.value
	}
	return listOf(out), err
}

// compare orders values of one type.
func compare(a, b any) (int, error) {
	if a == nil || b == nil {
		switch {
		case a == nil && b == nil:
			return 0, nil
		case a == nil:
			return -1, nil
		}
		return 1, nil
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return compareText(x, y), nil
		}
	}
	less, err := operate("<", a, b)
	if err != nil {
		return 0, err
	}
	if less == true {
		return -1, nil
	}
	more, err := operate(">", a, b)
	if more == true {
		return 1, err
	}
	return 0, err
}

func groupBy(c *Call) (any, error) {
	f, err := c.lambda(0)
	if err != nil {
		return nil, err
	}
	var groups []any
	err = c.each(func(_ int, v any) (bool, error) {
		k, err := f(v)
		if err != nil {
			return false, err
		}
		k = bare(k)
		for _, g := range groups {
			if c.frame.run.steps++; equal(g.(*Group).Key, k) { //nolint:forcetypeassert // all are
				g.(*Group).Items = append(g.(*Group).Items, v) //nolint:forcetypeassert // all are
				return true, nil
			}
		}
		groups = append(groups, &Group{k, []any{v}})
		return true, nil
	})
	return listOf(groups), err
}

// folded is Sum, Min and Max, of the values or of what a lambda makes of them.
func folded(c *Call, op string, acc any) (any, error) {
	f := func(args ...any) (any, error) { return args[0], nil }
	if len(c.Args) > 0 {
		var err error
		if f, err = c.lambda(0); err != nil {
			return nil, err
		}
	}
	err := c.each(func(_ int, v any) (bool, error) {
		x, err := f(v)
		if err != nil {
			return false, err
		}
		x = bare(x)
		if op == "+" {
			acc, err = operate("+", acc, x)
			return true, err
		}
		if acc == nil {
			acc = x
			return true, nil
		}
		better, err := operate(op, x, acc)
		if better == true {
			acc = x
		}
		return true, err
	})
	if err == nil && acc == nil {
		err = fmt.Errorf("sequence contains no elements")
	}
	return acc, err
}
