package amqp

import "time"

// AppendValue appends any Value in its shortest encoding. It fails on Go
// types outside the table at Value, and on arrays of mixed types.
func AppendValue(dst []byte, v Value) ([]byte, error) { return dst, nil }

// AppendString appends a string.
func AppendString(dst []byte, s string) []byte { return dst }

// AppendSymbol appends a symbol.
func AppendSymbol(dst []byte, s Symbol) []byte { return dst }

// AppendBinary appends a binary.
func AppendBinary(dst []byte, b []byte) []byte { return dst }

// AppendInt appends an int (32 bits).
func AppendInt(dst []byte, n int32) []byte { return dst }

// AppendLong appends a long.
func AppendLong(dst []byte, n int64) []byte { return dst }

// AppendUint appends a uint (32 bits).
func AppendUint(dst []byte, n uint32) []byte { return dst }

// AppendUlong appends a ulong.
func AppendUlong(dst []byte, n uint64) []byte { return dst }

// AppendBool appends a boolean.
func AppendBool(dst []byte, b bool) []byte { return dst }

// AppendNull appends null.
func AppendNull(dst []byte) []byte { return dst }

// AppendTimestamp appends a timestamp, cut to milliseconds.
func AppendTimestamp(dst []byte, t time.Time) []byte { return dst }
