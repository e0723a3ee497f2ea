package streamsql

// Compare orders two values: negative, zero or positive. ok is false if either
// is NULL or their types have no common order. Numbers compare as numbers,
// strings by code point, a string with a datetime as datetimes.
func Compare(a, b Value) (order int, ok bool) { return 0, false }

// AppendKey appends bytes that are equal for two values exactly if the values
// are equal as group or join keys: 1 and 1.0 are, NULL equals NULL, a string
// never equals a number. No key is a prefix of another, so keys can be
// concatenated.
func (v Value) AppendKey(dst []byte) []byte { return dst }
