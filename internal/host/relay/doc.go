// Package relay passes HTTP requests on to a program on this machine, and its
// responses back.
//
// The one idea: a request whose body is small and known, which is nearly every one,
// is written and its response read by the goroutine that has it, over a connection
// that was kept. net/http's client hands both to goroutines of the connection, and
// waking these takes longer than the request. What streams towards the program, or
// changes the protocol, does not fit (see Fits) and is left to net/http.
//
// A response passes as it comes: before waiting for more of it, what has come is
// flushed.
package relay
