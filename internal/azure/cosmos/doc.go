// Package cosmos speaks the Azure Cosmos DB for NoSQL REST dialect over the
// document store and its SQL.
//
// The one idea: an account is a single node with one physical partition per
// container ("0", from "" to "FF") in gateway mode. Every SDK's fan-out then
// collapses to one request, the server executes whole queries, and the query
// plan endpoint answers a plan with nothing left to do.
//
// A request runs through one line, top to bottom:
//
//	ServeHTTP ── route ── authenticate ── authorize ── intercept ── operation ── reply ── event
//	             path.go  auth.go         rights.go    intercept.go op_*.go      reply.go event.go
//
// operations.go is the table of what is served, and of the right each operation
// asks for; whoever decides on access (Access) says who has it. Business rules (keys, ETags,
// unique keys, time to live, the change feed's order) live in the docstore;
// this package maps them to statuses, sub-statuses and headers (errors.go).
//
// Left out on purpose, each refused with an error that names it: direct mode
// (the rntbd protocol behind /addresses), HybridRow bodies, stored procedures,
// triggers and user defined functions, users and permissions with their
// resource tokens, client encryption keys, and the all-versions-and-deletes
// change feed.
package cosmos
