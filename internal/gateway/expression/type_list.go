package expression

import (
	"fmt"
	"slices"
	"strings"
)

// itemsOf are the values that foreach and LINQ walk through.
func itemsOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case *List:
		return v.Items, true
	case string:
		return charsOf(v), true
	case []byte:
		all := make([]any, len(v))
		for i, b := range v {
			all[i] = b
		}
		return all, true
	case *Dict:
		all := make([]any, len(v.Keys))
		for i, k := range v.Keys {
			all[i] = Pair{k, v.Values[k]}
		}
		return all, true
	case *Group:
		return v.Items, true
	case *Token:
		switch v.Kind {
		case ArrayToken:
			all := make([]any, len(v.Items))
			for i, x := range v.Items {
				all[i] = x
			}
			return all, true
		case ObjectToken:
			all := make([]any, len(v.Properties))
			for i, p := range v.Properties {
				all[i] = p
			}
			return all, true
		}
	case *Matches:
		return v.all, true
	case Listed:
		return v.Items(), true
	}
	return nil, false
}

var listProperties = map[string]property{
	"Length": func(this any) (any, error) { return count(len(this.(*List).Items)), nil },
	"Count":  func(this any) (any, error) { return count(len(this.(*List).Items)), nil },
}

func count(n int) int32 { return int32(n) } //nolint:gosec // lists are bounded

var listMethods = map[string]method{
	"Add": func(c *Call) (any, error) {
		l, _ := c.This.(*List)
		if l.Fixed || len(c.Args) != 1 {
			return nil, c.bad()
		}
		l.Items = append(l.Items, c.Args[0])
		return nil, c.frame.fits(c.pos, 16*len(l.Items))
	},
	"AddRange": func(c *Call) (any, error) {
		l, _ := c.This.(*List)
		if l.Fixed || len(c.Args) != 1 {
			return nil, c.bad()
		}
		items, ok := itemsOf(c.Args[0])
		if !ok {
			return nil, c.bad()
		}
		l.Items = append(l.Items, items...)
		return nil, c.frame.fits(c.pos, 16*len(l.Items))
	},
	"Remove": func(c *Call) (any, error) {
		l, _ := c.This.(*List)
		if l.Fixed || len(c.Args) != 1 {
			return nil, c.bad()
		}
		for i, x := range l.Items {
			if equal(x, c.Args[0]) {
				l.Items = slices.Delete(l.Items, i, i+1)
				return true, nil
			}
		}
		return false, nil
	},
	"RemoveAt": func(c *Call) (any, error) {
		l, _ := c.This.(*List)
		i, err := c.Int(0)
		if err != nil || l.Fixed {
			return nil, c.bad()
		}
		if i, err = place(int32(i), len(l.Items)); err != nil { //nolint:gosec // it came as one
			return nil, err
		}
		l.Items = slices.Delete(l.Items, i, i+1)
		return nil, nil //nolint:nilnil // void
	},
	"Clear": func(c *Call) (any, error) {
		c.This.(*List).Items = nil
		return nil, nil //nolint:nilnil // void
	},
	"IndexOf": func(c *Call) (any, error) {
		if len(c.Args) != 1 {
			return nil, c.bad()
		}
		return count(slices.IndexFunc(c.This.(*List).Items, func(x any) bool { return equal(x, c.Args[0]) })), nil
	},
	"ForEach": func(c *Call) (any, error) {
		f, err := c.lambda(0)
		if err != nil {
			return nil, err
		}
		for _, x := range c.This.(*List).Items {
			if _, err := f(x); err != nil {
				return nil, err
			}
		}
		return nil, nil //nolint:nilnil // void
	},
}

var bytesProperties = map[string]property{
	"Length": func(this any) (any, error) { return count(len(this.([]byte))), nil },
}

var bytesMethods = map[string]method{"Encrypt": encrypt, "Decrypt": decrypt}

var pairProperties = map[string]property{
	"Key":   func(this any) (any, error) { return this.(Pair).Key, nil },
	"Value": func(this any) (any, error) { return this.(Pair).Value, nil },
}

var groupProperties = map[string]property{"Key": func(this any) (any, error) { return this.(*Group).Key, nil }}

var dictProperties = map[string]property{
	"Count": func(this any) (any, error) { return count(len(this.(*Dict).Keys)), nil },
	"Keys": func(this any) (any, error) {
		return &List{Items: slices.Clone(this.(*Dict).Keys), Elem: "String"}, nil
	},
	"Values": func(this any) (any, error) {
		d, _ := this.(*Dict)
		l := &List{Elem: "Object"}
		for _, k := range d.Keys {
			l.Items = append(l.Items, d.Values[k])
		}
		return l, nil
	},
}

var dictMethods = map[string]method{
	"ContainsKey": func(c *Call) (any, error) {
		k, err := c.Text(0)
		_, ok := c.This.(*Dict).Find(k)
		return ok, err
	},
	"TryGetValue": func(c *Call) (any, error) {
		k, err := c.Text(0)
		v, ok := c.This.(*Dict).Find(k)
		c.Give(1, v)
		return ok, err
	},
	"GetValueOrDefault": func(c *Call) (any, error) {
		k, err := c.Text(0)
		if err != nil {
			return nil, err
		}
		if v, ok := c.This.(*Dict).Find(k); ok {
			if !c.Is(v) {
				return nil, badCast(v, c.types[0].String())
			}
			return v, nil
		}
		if len(c.Args) > 1 {
			return c.Args[1], nil
		}
		if len(c.types) > 0 {
			return zeroOf(c.types[0]), nil
		}
		return nil, nil //nolint:nilnil // null is a value
	},
	"Add": func(c *Call) (any, error) {
		d, _ := c.This.(*Dict)
		if len(c.Args) != 2 || !isKey(orEmpty(c.Args[0])) {
			return nil, c.bad()
		}
		if _, twice := d.Find(c.Args[0]); twice {
			return nil, fmt.Errorf("an item with the same key has already been added: %s", clip(textOf(c.Args[0])))
		}
		d.Set(c.Args[0], c.Args[1])
		return nil, c.frame.fits(c.pos, 64*len(d.Keys))
	},
	"Remove": func(c *Call) (any, error) {
		k, err := c.Text(0)
		return c.This.(*Dict).Remove(k), err
	},
	"ToFormUrlEncodedContent": func(c *Call) (any, error) { return queryText(c.This.(*Dict)), nil },
	"ToQueryString":           func(c *Call) (any, error) { return queryText(c.This.(*Dict)), nil },
}

func queryText(d *Dict) string {
	var parts []string
	for _, k := range d.Keys {
		values := []any{d.Values[k]}
		if l, ok := d.Values[k].(*List); ok {
			values = l.Items
		}
		for _, v := range values {
			parts = append(parts, escapeData(textOf(k))+"="+escapeData(textOf(v)))
		}
	}
	return strings.Join(parts, "&")
}

// each calls f with each value that a query walks through, until it is false.
func (c *Call) each(f func(i int, v any) (bool, error)) error {
	items, _ := itemsOf(c.This)
	for i, x := range items {
		if err := c.frame.step(c.pos); err != nil {
			return err
		}
		if more, err := f(i, x); err != nil || !more {
			return err
		}
	}
	return nil
}

// matching calls f with each value that the lambda, where there is one, is true of.
func (c *Call) matching(f func(v any) bool) error {
	test := func(...any) (any, error) { return true, nil }
	if len(c.Args) > 0 {
		var err error
		if test, err = c.lambda(0); err != nil {
			return err
		}
	}
	return c.each(func(_ int, v any) (bool, error) {
		yes, err := test(v)
		if err != nil {
			return false, err
		}
		b, ok := asBool(yes)
		if !ok {
			return false, fmt.Errorf("the lambda of %s gives a %s, not a bool", c.Name, typeNameOf(yes))
		}
		return !b || f(v), nil
	})
}

func distinct(items []any) (out []any) {
	for _, x := range items {
		if !slices.ContainsFunc(out, func(y any) bool { return equal(x, y) }) {
			out = append(out, x)
		}
	}
	return out
}

func listOf(items []any) *List { return &List{Items: items, Elem: "Object"} }
