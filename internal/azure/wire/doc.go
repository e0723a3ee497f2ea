// Package wire is what the REST services of internal/azure have in common below
// their dialects: which failures of ours are worth a line of the log, rehearsed
// failures, bodies in pooled buffers, panics that must not end a connection, and an
// account's keys.
//
// It knows no service: no header, no status but 500's family, no error shape. Each
// service keeps its own errors.go and gives what it refuses with.
package wire
