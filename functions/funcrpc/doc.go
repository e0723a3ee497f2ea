// Package funcrpc is the gRPC contract between a functions host and its
// language workers, as generated Go code.
//
// The one idea: the host is the gRPC server, a worker dials in, and everything
// either side has to say travels as a StreamingMessage on one bidirectional
// stream, /AzureFunctionsRpcMessages.FunctionRpc/EventStream. Package, service
// and field names and numbers are the wire contract and must not change.
//
// The package holds messages only. The worker's side of the conversation is in
// the package functions, the host's in another module, Lazuli's, which is why
// this one is not internal: it is no programming interface for others, and
// changes as the two sides need it.
//
// Run `make proto` after editing a .proto file; it needs protoc with
// protoc-gen-go and protoc-gen-go-grpc on the PATH.
package funcrpc

//go:generate ./generate.sh
