package kql

import "fmt"

// conversionFunctions turn values into other kinds.
var conversionFunctions = []fn{
	{name: "tostring", args: "*", bind: converter(String), named: true},
	{name: "tolong|toint64", args: "*", bind: converter(Long), named: true},
	{name: "toint", args: "*", bind: converter(Int), named: true},
	{name: "todouble|toreal", args: "*", bind: converter(Real), named: true},
	{name: "tobool|toboolean", args: "*", bind: converter(Bool), named: true},
	{name: "todatetime", args: "*", bind: converter(Datetime), named: true},
	{name: "totimespan", args: "*", bind: converter(Timespan), named: true},
	{name: "toguid", args: "*", bind: converter(GUID), named: true},
	{name: "todecimal", args: "*", bind: converter(Decimal), named: true},
	{name: "todynamic|parse_json|parsejson|toobject", args: "*", bind: parseJSONNode, named: true},
	{name: "gettype", args: "*", bind: getType},
	{name: "tohex", args: "l?l", out: String, row: func(a []Value) Value {
		s := fmt.Sprintf("%x", uint64(a[0].Int()))
		if len(a) > 1 {
			for len(s) < int(min(a[1].Int(), 1000)) {
				s = "0" + s
			}
		}
		return TextValue(String, s)
	}},
}

func converter(k Kind) func(*binder, *call, []*node) *node {
	return func(b *binder, c *call, args []*node) *node {
		n := args[0]
		if k == Datetime && n.kind == Bool || k == GUID && isNumber(n.kind) {
			b.fail(c.args[0].where(), "SEM0218", "%s(): argument #1 is a %s, which is no %s", c.name, n.kind, k)
		}
		out := *n.to(k)
		out.column, out.facts = nil, nil
		return &out
	}
}

// parseJSONNode reads JSON text; a dynamic stays what it is, unless it is a text.
func parseJSONNode(_ *binder, _ *call, args []*node) *node {
	n := args[0]
	if n.kind != String && n.kind != Dynamic {
		return n.to(Dynamic)
	}
	return lift(Dynamic, []*node{n}, func(a []Value) Value {
		text := a[0].text
		if a[0].kind == Dynamic {
			s, ok := a[0].dyn.(string)
			if !ok {
				return a[0]
			}
			text = s
		}
		return DynamicValue(parseDynamic(text))
	})
}

func getType(_ *binder, _ *call, args []*node) *node {
	if args[0].kind != Dynamic {
		return constantNode(TextValue(String, args[0].kind.String()))
	}
	return lift(String, args, func(a []Value) Value {
		switch d := a[0].dyn.(type) {
		case nil:
			return TextValue(String, "null")
		case []any:
			return TextValue(String, "array")
		case *Bag:
			return TextValue(String, "dictionary")
		default:
			return TextValue(String, fromDynamic(d).kind.String())
		}
	})
}
