package expression

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// creation is new.
type creation struct {
	pos       Pos
	typ       typeName
	args      []node
	size      node // new T[size]
	entries   []entry
	filled    bool // has { … }
	anonymous bool
}

// entry is one line of an initializer.
type entry struct {
	name    string // Name = value
	implied string // what an anonymous type calls it
	key     node   // { key, value } or [key] = value
	value   node
}

// creatable are the types that new makes.
var creatable = setOf(`Object List Dictionary HashSet JObject JArray JProperty JValue Uri StringBuilder Random Guid DateTime DateTimeOffset TimeSpan Regex String
	Exception ArgumentException InvalidOperationException FormatException HMACSHA1 HMACSHA256 HMACSHA384 HMACSHA512 HMACMD5 KeyValuePair
	SHA256Managed SHA512Managed SHA1Managed MD5CryptoServiceProvider X509Certificate2`)

func checkCreation(c *creation) error {
	if c.anonymous || c.typ.array > 0 || creatable[c.typ.plain()] {
		return nil
	}
	return faultAt(c.pos, "new %s is not served in policy expressions", c.typ)
}

func (n *creation) eval(f *frame) (any, error) {
	if err := f.step(n.pos); err != nil {
		return nil, err
	}
	var args []any
	for _, a := range n.args {
		v, err := a.eval(f)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	switch {
	case n.anonymous:
		return n.anonymousValue(f)
	case n.typ.array > 0:
		return n.array(f)
	}
	v, err := construct(n.typ, args)
	if err != nil {
		return nil, at(n.pos, err)
	}
	for _, e := range n.entries {
		if err := n.fill(f, v, e); err != nil {
			return nil, at(n.pos, err)
		}
	}
	return v, nil
}

func (n *creation) anonymousValue(f *frame) (any, error) {
	a := &Anonymous{}
	for _, e := range n.entries {
		name := e.name
		if name == "" {
			name = e.implied
		}
		if name == "" {
			return nil, faultAt(n.pos, "each value of an anonymous type has a name")
		}
		v, err := e.value.eval(f)
		if err != nil {
			return nil, err
		}
		a.Names, a.Values = append(a.Names, name), append(a.Values, v)
	}
	return a, nil
}

func (n *creation) array(f *frame) (any, error) {
	elem := n.typ
	elem.array--
	isBytes := elem.plain() == "Byte" && elem.array == 0
	if n.size != nil {
		v, err := n.size.eval(f)
		if err != nil {
			return nil, err
		}
		size, ok := toFloat(bare(v))
		if !ok || size < 0 {
			return nil, faultAt(n.pos, "an array's size is a number from 0 on")
		}
		if err := f.fits(n.pos, int(min(size, 1<<40))); err != nil {
			return nil, err
		}
		if isBytes {
			return make([]byte, int(size)), nil
		}
		if err := f.fits(n.pos, int(min(size, 1<<40))*16); err != nil {
			return nil, err
		}
		l := &List{Items: make([]any, int(size)), Elem: elem.plain(), Fixed: true}
		for i := range l.Items {
			l.Items[i] = zeroOf(elem)
		}
		return l, nil
	}
	l := &List{Elem: elem.plain(), Fixed: true}
	var raw []byte
	for _, e := range n.entries {
		v, err := e.value.eval(f)
		if err != nil {
			return nil, err
		}
		if isBytes {
			b, ok := castNumber("Byte", bare(v))
			if !ok {
				return nil, at(n.pos, badCast(v, "Byte"))
			}
			raw = append(raw, b.(byte)) //nolint:forcetypeassert // castNumber gives one
		}
		l.Items = append(l.Items, v)
	}
	if isBytes {
		return raw, nil
	}
	if len(l.Items) > 0 && l.Elem == "Object" && n.typ.name == "object" {
		l.Elem = typeNameOf(l.Items[0]) // new[] takes its type from what is in it
	}
	return l, nil
}

// fill puts one line of an initializer into a value.
func (n *creation) fill(f *frame, v any, e entry) error {
	item, err := e.value.eval(f)
	if err != nil {
		return err
	}
	if e.key != nil {
		key, err := e.key.eval(f)
		if err != nil {
			return err
		}
		return setIndex(f, n.pos, v, key, item)
	}
	if e.name != "" {
		return setMember(v, e.name, item)
	}
	_, err = callMethod(&Call{Name: "Add", This: v, Args: []any{item}, frame: f, pos: n.pos})
	return err
}

func construct(t typeName, args []any) (any, error) {
	name := t.plain()
	arg := func(i int) any {
		if i < len(args) {
			return args[i]
		}
		return nil
	}
	switch name {
	case "Object":
		return &Anonymous{}, nil
	case "List", "HashSet":
		l := &List{Elem: "Object"}
		if len(t.args) > 0 {
			l.Elem = t.args[0].plain()
		}
		if items, ok := itemsOf(arg(0)); ok {
			l.Items = append(l.Items, items...)
			if name == "HashSet" {
				l.Items = distinct(l.Items)
			}
		}
		return l, nil
	case "Dictionary":
		return newDictionary(args), nil
	case "KeyValuePair":
		return Pair{arg(0), arg(1)}, nil
	case "JObject", "JArray", "JProperty", "JValue":
		return newToken(name, args)
	case "X509Certificate2":
		return newCertificate(arg(0))
	case "StringBuilder":
		b := &Builder{}
		if s, ok := arg(0).(string); ok {
			b.text.WriteString(s)
		}
		return b, nil
	case "String":
		c, _ := arg(0).(Char)
		n, ok := arg(1).(int32)
		if !ok || n < 0 || n > 1<<20 {
			return nil, fmt.Errorf("new string takes a character and how often it stands, up to 1048576")
		}
		return strings.Repeat(string(rune(c)), int(n)), nil
	case "Random":
		return newRandom(arg(0)), nil
	case "Guid":
		if len(args) == 0 {
			return zeroOf(t), nil
		}
		if b, ok := arg(0).([]byte); ok {
			return guidOf(b)
		}
		return parseGUID(textOf(arg(0)))
	case "Uri":
		return parseURI(textOf(arg(0)), arg(1))
	case "Regex":
		return newRegex(textOf(arg(0)), arg(1))
	case "DateTime", "DateTimeOffset", "TimeSpan":
		return newTime(name, args)
	case "Exception", "ArgumentException", "InvalidOperationException", "FormatException":
		return &Exception{name, textOf(arg(0))}, nil
	}
	if h, ok := hashNamed(name); ok {
		switch key := arg(0).(type) {
		case []byte:
			h.key = key
		case nil:
			if h.keyed {
				h.key = make([]byte, 64)
				if _, err := rand.Read(h.key); err != nil {
					return nil, err
				}
			}
		default:
			return nil, badCast(key, "Byte[]")
		}
		return h, nil
	}
	return nil, fmt.Errorf("new %s is not served", t)
}

func newDictionary(args []any) *Dict {
	d := NewDict()
	for _, a := range args {
		switch a := a.(type) {
		case *Dict:
			for _, k := range a.Keys {
				d.Set(k, a.Values[k])
			}
		case Enum:
			d.Fold = strings.HasSuffix(a.Name, "IgnoreCase")
		}
	}
	return d
}

func newToken(name string, args []any) (any, error) {
	switch name {
	case "JProperty":
		if len(args) == 2 {
			if v, ok := fromValue(args[1]); ok {
				return &Property{Name: textOf(args[0]), Value: v}, nil
			}
		}
		return nil, fmt.Errorf("new JProperty takes a name and a value that JSON has")
	case "JValue":
		if len(args) == 1 {
			if v, ok := fromValue(args[0]); ok && v.Kind == Scalar {
				return v, nil
			}
		}
		return nil, fmt.Errorf("new JValue takes a value that JSON has")
	case "JObject":
		t := &Token{Kind: ObjectToken}
		for _, a := range args {
			items := []any{a}
			if list, ok := itemsOf(a); ok {
				items = list
			}
			for _, item := range items {
				p, ok := item.(*Property)
				if !ok {
					return nil, fmt.Errorf("can not add %s to JObject", typeNameOf(item))
				}
				if t.Find(p.Name) != nil {
					return nil, fmt.Errorf("can not add property %s to JObject: it exists", clip(p.Name))
				}
				t.Properties = append(t.Properties, p)
			}
		}
		return t, nil
	}
	t := &Token{Kind: ArrayToken}
	for _, a := range args {
		items := []any{a}
		if list, ok := itemsOf(a); ok && len(args) == 1 {
			if _, isText := a.(string); !isText {
				items = list
			}
		}
		for _, item := range items {
			tok, ok := fromValue(item)
			if !ok {
				return nil, badCast(item, "JToken")
			}
			tok.in = t
			t.Items = append(t.Items, tok)
		}
	}
	return t, nil
}
