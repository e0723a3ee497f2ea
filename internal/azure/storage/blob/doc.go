// Package blob speaks the Blob service's REST dialect over the store of blobs.
//
// The one idea: content goes between socket and store as a stream. A request's body
// becomes an upload that nobody sees, sums are made as it passes, and one call of the
// engine then makes it a blob, a block or pages; a blob is written to the socket out of
// the store's own pieces. Nothing holds a blob in memory.
//
// A request runs through one line, top to bottom:
//
//	ServeHTTP ── begin ── route ── authorize ── intercept ── operation ── reply ── event
//	             azure/storage  operations.go  azure/storage  intercept.go  op_*.go   exchange.go
//
// operations.go is the table of what is served, and of what each operation asks of who
// calls it. Rules of blobs (conditions, leases, types, blocks, versions) live in
// objectstore; this package maps its codes to the service's (errors.go).
//
// Left out on purpose, each refused by name: immutability policies and legal holds,
// Query Blob Contents, Set Blob Expiry and the hierarchical namespace, incremental
// copies, the tier Smart, renaming containers. Customers' keys are demanded again for
// reading, and encrypt nothing.
package blob
