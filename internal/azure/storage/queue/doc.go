// Package queue speaks the REST dialect of Azure Queue Storage over the engine of
// queues.
//
// A request runs through one line:
//
//	ServeHTTP ── storage.Endpoint.Begin ── find (operations.go) ── Authorize ── op_*.go ── reply ── event
//
// operations.go is the table of what is served and of what each operation asks of who
// calls it. The rules of messages (receipts, visibility, expiry) are the engine's;
// this package maps them to XML, headers and codes.
package queue
