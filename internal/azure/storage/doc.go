// Package storage is what the Blob, Queue and Table services share on the wire:
// the request as it came, who may do what, errors, CORS and service properties.
//
// The one idea: an Endpoint is one service of one account (NAME.blob…). It reads a
// request without losing what net/http loses, authorizes it by one row of the
// service's table of operations, and answers errors in the service's shape. What a
// service does is its own business: this package knows no engine.
//
//	Endpoint.Begin ──▶ (the service picks its Operation) ──▶ Endpoint.Authorize ──▶ (runs it) ──▶ WriteError
//	request.go                                               authorize.go                         errors.go
//	query.go names.go                                        sharedkey*.go sas*.go bearer.go      codes.go
//
// It follows Azure's documents "Authorize with Shared Key", "Create an account SAS",
// "Create a service SAS", "Create a user delegation SAS", "Common error codes" and
// "CORS support for Azure Storage", and what the official SDKs do where they differ.
package storage
