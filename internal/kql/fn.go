package kql

import (
	"strings"
)

// fn is a function of the language. The groups of them are in fn_GROUP.go.
type fn struct {
	name string
	// args has a letter for each argument: s text, n number, l long, r real,
	// t datetime, p timespan, d dynamic, b bool, * any. Those behind ? may be
	// left out; + repeats the last.
	args string
	out  Kind
	// row computes a row. Unless nulls is set, it is null where an argument is.
	row   rowFunc
	nulls bool
	// bind, if set, makes the node itself; args are bound and converted.
	bind func(b *binder, c *call, args []*node) *node
	// named says that an unnamed column takes the first argument's name.
	named bool
}

// functionGroups are all tables of functions.
func functionGroups() [][]fn {
	return [][]fn{conversionFunctions, textFunctions, mathFunctions, timeFunctions, dynamicFunctions, hashFunctions, networkFunctions, seriesFunctions, choiceFunctions}
}

// refusedFunctions the language has and this package has not.
var refusedFunctions = []string{
	"series_decompose", "series_decompose_anomalies", "series_decompose_forecast", "series_fit_line", "series_fit_2lines", "series_fit_poly",
	"series_outliers", "series_periods_detect", "series_periods_validate", "series_seasonal", "series_fir", "series_iir", "series_fft", "series_ifft",
	"geo_distance_2points", "geo_point_to_geohash", "geo_point_to_s2cell", "geo_point_in_polygon", "geo_info_from_ip_address",
	"parse_user_agent", "parse_xml", "cursor_after", "cursor_current", "ingestion_time", "current_principal", "current_database", "extent_id",
	"tdigest_merge", "percentile_tdigest", "estimate_data_size", "row_window_session", "cosine_similarity",
	"series_pearson_correlation", "series_dot_product", "bag_zip", "has_any_ipv4", "zlib_compress_to_base64_string", "gzip_compress_to_base64_string",
	"format_ipv6", "parse_ipv6", "ipv6_compare", "ipv6_is_match", "rank_tdigest", "welch_test", "datetime_list_timezones", "punycode_from_string",
}

// callNode is f(x, …): a function of the language, of let, or an aggregate.
func (b *binder) callNode(c *call, s *scope) *node {
	if v := b.env.find(c.name); v != nil && v.function != nil {
		return b.userCall(c, v, s)
	}
	if special, ok := b.specials()[c.name]; ok {
		return special(c, s)
	}
	if b.isAggregate(c.name) {
		if s.aggs == nil {
			b.fail(c.at, "SEM0015", "the aggregate '%s' has no meaning here: it belongs to summarize, make-series and their like", c.name)
		}
		return b.aggregateNode(c, s)
	}
	f, ok := b.q.function(c.name)
	if !ok {
		b.unknownFunction(c)
	}
	args := b.arguments(f, c, s)
	var out *node
	if f.bind != nil {
		out = f.bind(b, c, args)
	} else {
		row := f.row
		if !f.nulls {
			row = func(a []Value) Value {
				for _, v := range a {
					if !v.full {
						return Null(f.out)
					}
				}
				return f.row(a)
			}
		}
		out = lift(f.out, args, row)
	}
	if f.named && len(args) > 0 {
		named := *out
		named.name = args[0].name
		return &named
	}
	return out
}

func (b *binder) unknownFunction(c *call) {
	for _, r := range refusedFunctions {
		if r == c.name {
			b.refuse(c.at, "the function '"+c.name+"'")
		}
	}
	var names []string
	for _, group := range functionGroups() {
		for _, f := range group {
			names = append(names, f.name)
		}
	}
	names = append(names, aggregateNames()...)
	hint := ""
	if n := nearestName(c.name, names); n != "" {
		hint = ". Did you mean '" + n + "'?"
	}
	b.fail(c.at, "SEM0260", "Unknown function: '%s'%s", c.name, hint)
}

// function finds a function of the language.
func (q *query) function(name string) (*fn, bool) {
	if q.functions == nil {
		q.functions = map[string]*fn{}
		for _, group := range functionGroups() {
			for i := range group {
				for _, n := range strings.Split(group[i].name, "|") {
					q.functions[n] = &group[i]
				}
			}
		}
	}
	f, ok := q.functions[name]
	return f, ok
}

// arguments binds and converts the arguments of a call.
func (b *binder) arguments(f *fn, c *call, s *scope) []*node {
	letters, rest, more := f.args, "", false
	least := len(letters)
	if i := strings.IndexByte(letters, '?'); i >= 0 {
		least = i
		letters, rest = letters[:i], letters[i+1:]
	}
	letters += rest
	if strings.HasSuffix(letters, "+") {
		letters, more = letters[:len(letters)-1], true
		if least > len(letters) {
			least = len(letters)
		}
	}
	if len(c.args) < least || len(c.args) > len(letters) && !more {
		switch {
		case more:
			b.fail(c.span, "SEM0219", "%s(): function expects at least %d argument(s)", c.name, least)
		case least == len(letters):
			b.fail(c.span, "SEM0219", "%s(): function expects %d argument(s)", c.name, least)
		}
		b.fail(c.span, "SEM0219", "%s(): function expects %d to %d argument(s)", c.name, least, len(letters))
	}
	if len(c.args) > 2000 {
		b.fail(c.span, "SEM0219", "%s(): there are more than 2000 arguments", c.name)
	}
	args := make([]*node, len(c.args))
	for i, a := range c.args {
		letter := letters[min(i, len(letters)-1)]
		args[i] = b.argument(c, i, letter, b.scalar(a, s))
	}
	return args
}

// argument converts one argument to what its letter says, or fails.
func (b *binder) argument(c *call, i int, letter byte, n *node) *node {
	k := n.kind
	want := ""
	switch letter {
	case '*':
		return n
	case 's':
		if k == String || k == Dynamic || k == GUID {
			return n.to(String)
		}
		want = "a string"
	case 'n':
		if isNumber(k) {
			return n
		}
		if k == Dynamic {
			return n.to(Real)
		}
		want = "a number"
	case 'l':
		if isWhole(k) || k == Dynamic || k == Bool {
			return n.to(Long)
		}
		if k == Real {
			return n.to(Long)
		}
		want = "an integer"
	case 'r':
		if isNumber(k) || k == Dynamic {
			return n.to(Real)
		}
		want = "a number"
	case 't':
		if k == Datetime || k == Dynamic {
			return n.to(Datetime)
		}
		want = "a datetime"
	case 'p':
		if k == Timespan || k == Dynamic {
			return n.to(Timespan)
		}
		want = "a timespan"
	case 'd':
		if k == Dynamic {
			return n
		}
		want = "a dynamic"
	case 'b':
		if k == Bool || k == Dynamic {
			return n.to(Bool)
		}
		want = "a bool"
	}
	b.fail(c.args[i].where(), "SEM0218", "%s(): argument #%d expected to be %s expression, not %s", c.name, i+1, want, k)
	return nil
}

// userCall is a call of a function that let made and that gives a scalar.
func (b *binder) userCall(c *call, v *binding, s *scope) (out *node) {
	if b.functionIsTable(v) {
		b.fail(c.at, "SEM0005", "the function '%s' gives a table: a scalar expression is expected", c.name)
	}
	env := b.callEnvironment(c, v, s)
	b.in(env, func() {
		b.lets(v.function.lets)
		out = b.scalar(v.function.body, &scope{})
	})
	copied := *out
	copied.name = ""
	return &copied
}

// callEnvironment binds the arguments of a call to a function's parameters.
func (b *binder) callEnvironment(c *call, v *binding, s *scope) *environment {
	defer b.step(c.span)()
	f := v.function
	env := v.env.inner()
	given := map[string]expr{}
	for i, a := range c.args {
		n, ok := a.(*named)
		switch {
		case ok && len(n.names) == 1:
			known := false
			for _, p := range f.parameters {
				known = known || p.name == n.names[0]
			}
			if !known {
				b.fail(n.span, "SEM0219", "%s(): there is no parameter '%s'", c.name, n.names[0])
			}
			given[n.names[0]] = n.x
		case i >= len(f.parameters):
			b.fail(c.span, "SEM0219", "%s(): function expects %d argument(s)", c.name, len(f.parameters))
		default:
			given[f.parameters[i].name] = a
		}
	}
	for _, p := range f.parameters {
		a, ok := given[p.name]
		switch {
		case !ok && p.fallback == nil:
			b.fail(c.span, "SEM0219", "%s(): function expects the argument '%s'", c.name, p.name)
		case p.table:
			env.names[p.name] = &binding{table: b.tableArgument(c, &p, a)}
		case !ok:
			var n *node
			b.in(v.env, func() { n = b.scalar(p.fallback, &scope{}) })
			env.names[p.name] = &binding{node: b.parameterNode(c, &p, n, c.span)}
		default:
			env.names[p.name] = &binding{node: b.parameterNode(c, &p, b.scalar(a, s), a.where())}
		}
	}
	return env
}

func (b *binder) parameterNode(c *call, p *parameter, n *node, at span) *node {
	switch {
	case n.kind == p.kind:
		return n
	case isNumber(n.kind) && isNumber(p.kind), n.kind == Dynamic, p.kind == Dynamic, n.kind == None:
		return n.to(p.kind)
	}
	b.fail(at, "SEM0218", "%s(): the argument '%s' is expected to be a %s, not a %s", c.name, p.name, p.kind, n.kind)
	return nil
}

// tableArgument binds a table once for each use in the function's body.
func (b *binder) tableArgument(c *call, p *parameter, a expr) func() *relation {
	env := b.env
	return func() (r *relation) {
		b.in(env, func() { r = b.table(a) })
		for _, want := range p.columns {
			_, col := r.find(want.Name)
			if col == nil || col.kind != want.Kind {
				b.fail(a.where(), "SEM0220", "%s(): the table '%s' is expected to have a column '%s' of type %s", c.name, p.name, want.Name, want.Kind)
			}
		}
		if !p.open && len(p.columns) > 0 {
			r = b.keep(r, p.columns)
		}
		return r
	}
}

// keep narrows a relation to columns that it has.
func (b *binder) keep(r *relation, columns []Column) *relation {
	indexes := make([]int, len(columns))
	cols := make([]*column, len(columns))
	for i, c := range columns {
		var col *column
		indexes[i], col = r.find(c.Name)
		cols[i] = col.pass(c.Name)
	}
	return r.columnsAt(indexes, cols)
}
