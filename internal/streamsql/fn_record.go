package streamsql

// recordFuncs are GetArrayElement GetArrayLength GetRecordPropertyValue GetType.
// What is not an array (record) has no elements (properties): the result is NULL.
func recordFuncs() map[string]scalarFunc {
	return map[string]scalarFunc{
		"getarrayelement": {min: 2, max: 2, f2: func(r *Row, at *site, a, b Value) Value {
			n, ok := whole(r, at, b)
			out := NullValue
			if !ok {
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
			if a.kind != Array {
				return NullValue
			}
			var n int64
			members(a.str, func(string, bool, string) bool { n++; return true })
			return BigIntValue(n)
		}},
		"getrecordpropertyvalue": {min: 2, max: 2, f2: func(r *Row, at *site, a, b Value) Value {
			name, ok := text(r, at, b)
			if !ok || a.kind != Record {
				return NullValue
			}
			return recordProperty(a.str, name, r.Scratch)
		}},
		"gettype": {min: 1, max: 1, f1: func(r *Row, at *site, a Value) Value {
			return StringValue(a.kind.String())
		}},
	}
}
