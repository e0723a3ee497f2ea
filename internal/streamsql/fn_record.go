package streamsql

// recordFuncs are GetArrayElement GetArrayLength GetRecordPropertyValue GetType
// JSON_PARSE. What is not an array (record) where one is wanted is a data error;
// NULL gives NULL.
func recordFuncs() map[string]scalarFunc {
	return map[string]scalarFunc{
		"getarrayelement": {min: 2, max: 2, f2: func(r *Row, at *site, a, b Value) Value {
			n, ok := whole(r, at, b)
			out := NullValue
			if !ok || !isA(Array, r, at, a) {
				return out
			}
			EachElement(a, r.Scratch, func(i int, e Value) bool {
				if int64(i) == n {
					out = e
				}
				return int64(i) < n
			})
			return out
		}},
		"getarraylength": {min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value {
			if !isA(Array, r, at, a) {
				return NullValue
			}
			var n int64
			members(a.str, func(string, bool, string) bool { n++; return true })
			return BigIntValue(n)
		}},
		"getrecordpropertyvalue": {min: 2, max: 2, f2: func(r *Row, at *site, a, b Value) Value {
			name, ok := text(r, at, b)
			if !ok || !isA(Record, r, at, a) {
				return NullValue
			}
			return recordProperty(a.str, name, r.Scratch)
		}},
		"gettype": {min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value {
			return StringValue(a.kind.String())
		}},
		// A string that is no JSON object gives NULL, as does any other value.
		"json_parse": {min: 1, max: 1, f1: func(_ *Row, _ *site, a Value) Value {
			if a.kind != String {
				return NullValue
			}
			if v, ok := toStructure(a.str, Record); ok {
				return v
			}
			return NullValue
		}},
	}
}

// isA checks the type of an array or record argument.
func isA(kind Kind, r *Row, at *site, v Value) bool {
	if v.kind != kind {
		at.fail(r, "%s takes %s, not %s; TRY_CAST(x AS %s) gives NULL instead", at.name, kind.article(), describe(v), kind)
	}
	return v.kind == kind
}

// wanted refuses a value of another type, other than NULL, for APPLY.
func wanted(kind Kind, e *Expr, at *site) *Expr {
	return newExpr(e.text, e.at, func(r *Row) Value {
		v := e.Eval(r)
		if v.kind != Null && !isA(kind, r, at, v) {
			return NullValue
		}
		return v
	})
}
