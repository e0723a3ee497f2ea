// Package worker runs a function app's process and speaks with it.
//
// The one idea: every kind of worker is reduced to an InvocationRequest that
// goes in and an InvocationResponse that comes out. A language worker speaks
// FunctionRpc (rpc_*.go): the host is the gRPC server on 127.0.0.1 and the
// process dials in. A custom handler is an HTTP server (http_*.go) and the
// host translates. The Pool keeps as many of either alive as are wanted: it starts,
// notices death, restarts with growing pauses, and drains at the end.
//
//	starting ── ready ──▶ Ready ── process or stream ends ──▶ backing off ──▶ starting
//	    └──────────── start fails ─────────────────────────────▲
//
// The package knows no trigger and no binding type; what goes into a request
// is the host's business.
package worker
