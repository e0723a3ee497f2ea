// Package table is Azure's Table service on the wire, over internal/tablestore: the
// REST dialect of OData that the official clients speak, as JSON.
//
// The one idea: a request is an address and a row of the table of operations; a
// part of a batch is a request too. Entities go from the body to the engine and
// back without reflection.
//
//	ServeHTTP ──▶ address.go ──▶ operations.go ──▶ storage.Endpoint.Authorize ──▶ op_*.go ──▶ reply
//	                 keys                                                         │
//	                                                       entity_read.go ── tablestore ── entity_write.go
//
// It follows "Table service REST API" and what the official SDKs send; Atom is
// refused, as the service does since 2019. Each op_*.go says what it supports.
package table
