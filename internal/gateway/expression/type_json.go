package expression

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var tokenProperties = map[string]property{
	"Count": func(this any) (any, error) {
		t, ok := this.(*Token)
		if !ok || t.Kind == Scalar {
			return nil, fmt.Errorf("a %s has no property Count", typeNameOf(this))
		}
		return int32(len(t.Items) + len(t.Properties)), nil //nolint:gosec // bounded when read
	},
	"Type": func(this any) (any, error) { return Enum{"JTokenType", tokenType(this), 0}, nil },
	"Value": func(this any) (any, error) {
		switch t := this.(type) {
		case *Property:
			return t.Value, nil
		case *Token:
			if t.Kind == Scalar {
				return t.Value, nil
			}
		}
		return nil, fmt.Errorf("a %s has no property Value", typeNameOf(this))
	},
	"Name": func(this any) (any, error) {
		if p, ok := this.(*Property); ok {
			return p.Name, nil
		}
		return nil, fmt.Errorf("a %s has no property Name", typeNameOf(this))
	},
	"HasValues": func(this any) (any, error) {
		t, ok := this.(*Token)
		return !ok || len(t.Items)+len(t.Properties) > 0, nil
	},
	"First": func(this any) (any, error) { return tokenEnd(this, true) },
	"Last":  func(this any) (any, error) { return tokenEnd(this, false) },
}

func tokenType(v any) string {
	t, ok := v.(*Token)
	if !ok {
		return "Property"
	}
	switch t.Kind {
	case ObjectToken:
		return "Object"
	case ArrayToken:
		return "Array"
	}
	switch t.Value.(type) {
	case nil:
		return "Null"
	case string:
		return "String"
	case bool:
		return "Boolean"
	case float64:
		return "Float"
	case Time:
		return "Date"
	}
	return "Integer"
}

func tokenEnd(this any, first bool) (any, error) {
	items, ok := itemsOf(this)
	if !ok || len(items) == 0 {
		return nil, nil //nolint:nilnil // null is a value
	}
	if first {
		return items[0], nil
	}
	return items[len(items)-1], nil
}

var tokenMethods = map[string]method{
	"ToString": func(c *Call) (any, error) {
		indented := true
		for _, a := range c.Args {
			if e, ok := a.(Enum); ok && e.Name == "None" {
				indented = false
			}
		}
		t, ok := c.This.(*Token)
		switch {
		case !ok:
			return textOf(c.This), nil
		case t.Kind != Scalar:
			return t.JSON(indented), nil
		case len(c.Args) > 0:
			if f, ok := c.Args[0].(string); ok {
				return formatted(t.Value, f)
			}
			return t.JSON(indented), nil
		}
		return t.Text(), nil
	},
	"Value": func(c *Call) (any, error) {
		this := c.This
		if len(c.Args) > 0 {
			t, ok := this.(*Token)
			if !ok {
				return nil, c.bad()
			}
			v, err := tokenIndex(t, c.Args[0])
			if err != nil {
				return nil, err
			}
			this = v
		}
		return c.fromToken(this)
	},
	"ToObject": func(c *Call) (any, error) {
		t, ok := c.This.(*Token)
		if ok && len(c.types) > 0 {
			switch c.types[0].plain() {
			case "Dictionary", "IDictionary":
				return dictOfToken(t, c.types[0])
			case "List", "Array", "IEnumerable", "IList":
				return listOfToken(t, c.types[0])
			}
		}
		return c.fromToken(c.This)
	},
	"SelectToken":  func(c *Call) (any, error) { return selectOne(c) },
	"SelectTokens": func(c *Call) (any, error) { return selectAll(c) },
	"GetValue": func(c *Call) (any, error) {
		name, err := c.Text(0)
		t, ok := c.This.(*Token)
		if err != nil || !ok || t.Kind != ObjectToken {
			return nil, c.bad()
		}
		for _, p := range t.Properties {
			if p.Name == name || folds(c) && strings.EqualFold(p.Name, name) {
				return p.Value, nil
			}
		}
		return nil, nil //nolint:nilnil // null is a value
	},
	"TryGetValue": func(c *Call) (any, error) {
		name, err := c.Text(0)
		t, ok := c.This.(*Token)
		if err != nil || !ok || t.Kind != ObjectToken {
			return nil, c.bad()
		}
		v := t.Find(name)
		if v == nil {
			return false, nil
		}
		c.Give(1, v)
		return true, nil
	},
	"ContainsKey": func(c *Call) (any, error) {
		name, err := c.Text(0)
		t, ok := c.This.(*Token)
		if err != nil || !ok || t.Kind != ObjectToken {
			return nil, c.bad()
		}
		return t.Find(name) != nil, nil
	},
	"Properties": func(c *Call) (any, error) {
		t, ok := c.This.(*Token)
		if !ok || t.Kind != ObjectToken {
			return nil, c.bad()
		}
		items, _ := itemsOf(t)
		return &List{Items: items, Elem: "JProperty"}, nil
	},
	"Property": func(c *Call) (any, error) {
		name, err := c.Text(0)
		t, ok := c.This.(*Token)
		if err != nil || !ok {
			return nil, c.bad()
		}
		for _, p := range t.Properties {
			if p.Name == name {
				return p, nil
			}
		}
		return nil, nil //nolint:nilnil // null is a value
	},
	"Children":    func(c *Call) (any, error) { return children(c) },
	"Values":      func(c *Call) (any, error) { return children(c) },
	"DeepClone":   func(c *Call) (any, error) { return cloned(c.This) },
	"Descendants": func(c *Call) (any, error) { return descendants(c) },
	"Add":         addToToken,
	"Remove":      removeFromToken,
	"Merge": func(c *Call) (any, error) {
		t, ok := c.This.(*Token)
		if !ok || t.Kind != ObjectToken || len(c.Args) == 0 {
			return nil, c.bad()
		}
		o, ok := c.Args[0].(*Token)
		if !ok || o.Kind != ObjectToken {
			return nil, c.bad()
		}
		for _, p := range o.Properties {
			t.Set(p.Name, p.Value)
		}
		return nil, nil //nolint:nilnil // void
	},
}

// fromToken is a token as <T>.
func (c *Call) fromToken(v any) (any, error) {
	if p, ok := v.(*Property); ok {
		v = p.Value
	}
	t, ok := v.(*Token)
	if !ok || len(c.types) == 0 {
		return v, nil
	}
	if t.Kind == Scalar && t.Value == nil && c.types[0].nullable {
		return nil, nil //nolint:nilnil // null is a value
	}
	return convertTo(c.types[0].plain(), t)
}

func dictOfToken(t *Token, typ typeName) (any, error) {
	if t.Kind != ObjectToken {
		return nil, badCast(t, typ.String())
	}
	d := NewDict()
	for _, p := range t.Properties {
		var v any = p.Value
		if len(typ.args) == 2 && typ.args[1].plain() != "Object" {
			var err error
			if v, err = convertTo(typ.args[1].plain(), p.Value); err != nil {
				return nil, err
			}
		} else if p.Value.Kind == Scalar {
			v = p.Value.Value
		}
		d.Set(p.Name, v)
	}
	return d, nil
}

func listOfToken(t *Token, typ typeName) (any, error) {
	if t.Kind != ArrayToken {
		return nil, badCast(t, typ.String())
	}
	elem := typeName{name: typ.name}
	if typ.array == 0 && len(typ.args) == 1 {
		elem = typ.args[0]
	}
	l := &List{Elem: elem.plain(), Fixed: typ.array > 0}
	for _, item := range t.Items {
		v, err := convertTo(elem.plain(), item)
		if err != nil {
			return nil, err
		}
		l.Items = append(l.Items, v)
	}
	return l, nil
}

func children(c *Call) (any, error) {
	var items []any
	if t, ok := c.This.(*Token); ok && t.Kind == ObjectToken && c.Name == "Values" {
		for _, p := range t.Properties {
			items = append(items, p.Value)
		}
	} else {
		items, _ = itemsOf(c.This)
	}
	l := &List{Elem: "JToken"}
	for _, item := range items {
		if c.TypeArg() == "JProperty" {
			if _, ok := item.(*Property); !ok {
				continue
			}
		} else if _, ok := item.(*Token); ok {
			v, err := c.fromToken(item)
			if err != nil {
				return nil, err
			}
			item = v
		}
		l.Items = append(l.Items, item)
	}
	return l, nil
}

func cloned(v any) (any, error) {
	t, ok := v.(*Token)
	if !ok {
		return v, nil
	}
	return ParseJSON([]byte(t.JSON(false)))
}

func descendants(c *Call) (any, error) {
	l := &List{Elem: "JToken"}
	var walk func(v any, depth int) error
	walk = func(v any, depth int) error {
		items, _ := itemsOf(v)
		if p, ok := v.(*Property); ok {
			items = []any{p.Value}
		}
		for _, item := range items {
			if err := c.frame.step(c.pos); err != nil || depth > maxJSONDepth*2 {
				return err
			}
			l.Items = append(l.Items, item)
			if err := walk(item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return l, walk(c.This, 0)
}

func addToToken(c *Call) (any, error) {
	t, ok := c.This.(*Token)
	if !ok || len(c.Args) == 0 {
		return nil, c.bad()
	}
	if t.Kind == ArrayToken && len(c.Args) == 1 {
		v, ok := fromValue(c.Args[0])
		if !ok {
			return nil, badCast(c.Args[0], "JToken")
		}
		v.in = t
		t.Items = append(t.Items, v)
		return nil, c.frame.fits(c.pos, 16*len(t.Items))
	}
	p, ok := c.Args[0].(*Property)
	if len(c.Args) == 2 {
		name, err := c.Text(0)
		v, isToken := fromValue(c.Args[1])
		if err != nil || !isToken {
			return nil, c.bad()
		}
		p, ok = &Property{Name: name, Value: v}, true
	}
	if !ok || t.Kind != ObjectToken {
		return nil, c.bad()
	}
	if t.Find(p.Name) != nil {
		return nil, fmt.Errorf("can not add property %s: it exists", clip(p.Name))
	}
	p.in = t
	t.Properties = append(t.Properties, p)
	return nil, c.frame.fits(c.pos, 64*len(t.Properties))
}

func removeFromToken(c *Call) (any, error) {
	if len(c.Args) == 0 {
		return nil, removeSelf(c.This)
	}
	t, ok := c.This.(*Token)
	if !ok {
		return nil, c.bad()
	}
	if t.Kind == ObjectToken {
		name, err := c.Text(0)
		if err != nil {
			return nil, err
		}
		return t.remove(name), nil
	}
	for i, item := range t.Items {
		if len(c.Args) == 1 && any(item) == c.Args[0] {
			t.Items = append(t.Items[:i:i], t.Items[i+1:]...)
			return true, nil
		}
	}
	return false, nil
}

// removeSelf takes a property out of its object, or an item out of its array.
func removeSelf(this any) error {
	gone := false
	switch v := this.(type) {
	case *Property:
		if t := v.in; t != nil {
			before := len(t.Properties)
			t.Properties = slices.DeleteFunc(slices.Clone(t.Properties), func(p *Property) bool { return p == v })
			v.in, gone = nil, len(t.Properties) < before
		}
	case *Token:
		if t := v.in; t != nil {
			before := len(t.Items)
			t.Items = slices.DeleteFunc(slices.Clone(t.Items), func(item *Token) bool { return item == v })
			v.in, gone = nil, len(t.Items) < before
		}
	}
	if !gone {
		return fmt.Errorf("the parent is missing: Remove() takes a property out of its object, or an item out of its array")
	}
	return nil
}

// selectOne and selectAll read a path as Newtonsoft does: a.b[0]['c'], with $ before
// it and * for all. Filters ([?…]) are refused by name.
func selectOne(c *Call) (any, error) {
	all, err := selected(c)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

func selectAll(c *Call) (any, error) {
	all, err := selected(c)
	return &List{Items: all, Elem: "JToken"}, err
}

func selected(c *Call) ([]any, error) {
	path, err := c.Text(0)
	if err != nil {
		return nil, err
	}
	t, ok := c.This.(*Token)
	if !ok {
		return nil, c.bad()
	}
	now := []*Token{t}
	for rest := strings.TrimPrefix(path, "$"); rest != ""; {
		var step string
		if step, rest, err = pathStep(rest); err != nil {
			return nil, fmt.Errorf("path %q: %w", clip(path), err)
		}
		var next []*Token
		for _, x := range now {
			next = append(next, steps(x, step)...)
		}
		if err := c.frame.fits(c.pos, 16*len(next)); err != nil {
			return nil, err
		}
		now = next
	}
	all := make([]any, len(now))
	for i, x := range now {
		all[i] = x
	}
	return all, nil
}

// pathStep is the next step of a path, and the rest. Positions begin with #.
func pathStep(s string) (step, rest string, err error) {
	if strings.HasPrefix(s, "..") {
		return "", "", fmt.Errorf("the step .. is not served")
	}
	s = strings.TrimPrefix(s, ".")
	if !strings.HasPrefix(s, "[") {
		end := strings.IndexAny(s, ".[")
		if end < 0 {
			end = len(s)
		}
		if end == 0 {
			return "", "", fmt.Errorf("a name is missing")
		}
		return s[:end], s[end:], nil
	}
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return "", "", fmt.Errorf("a ] is missing")
	}
	inside := strings.TrimSpace(s[1:end])
	if len(inside) > 1 && (inside[0] == '\'' || inside[0] == '"') && inside[len(inside)-1] == inside[0] {
		return inside[1 : len(inside)-1], s[end+1:], nil
	}
	if inside == "*" {
		return "*", s[end+1:], nil
	}
	if _, err := strconv.Atoi(inside); err != nil {
		return "", "", fmt.Errorf("the step [%s] is not served; a position, a name in quotes or * is", clip(inside))
	}
	return "#" + inside, s[end+1:], nil
}

func steps(t *Token, step string) []*Token {
	if step == "*" {
		all := append([]*Token(nil), t.Items...)
		for _, p := range t.Properties {
			all = append(all, p.Value)
		}
		return all
	}
	if number, ok := strings.CutPrefix(step, "#"); ok {
		i, _ := strconv.Atoi(number)
		if i < 0 || i >= len(t.Items) {
			return nil
		}
		return t.Items[i : i+1]
	}
	if v := t.Find(step); v != nil {
		return []*Token{v}
	}
	return nil
}
