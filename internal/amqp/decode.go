package amqp

// DecodeValue decodes the first value of b and returns what follows it. Binary
// values point into b. Errors are *Error with condition amqp:decode-error.
func DecodeValue(b []byte) (v Value, rest []byte, err error) { return nil, b, nil }

// SkipValue returns b without its first value, which is checked for sizes and
// nesting but not built.
func SkipValue(b []byte) (rest []byte, err error) { return b, nil }
