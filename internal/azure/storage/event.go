package storage

import "time"

// RequestDone is the event of one finished request of a service. Its listener gets it
// on the request's goroutine after the reply was written; it must be quick, and must
// not keep the names, which may be parts of larger texts.
type RequestDone struct {
	Service       Service
	Account       uint64        // its id
	Remote        string        // who asks: address and port
	Operation     string        // name in the service's table of operations: "blob.put"; "" when none matched
	Container     string        // container, queue or table, as the path names it; "" for the account
	Blob          string        // "" for the container
	Status        int           // HTTP status; 0 when an interceptor dropped the connection
	Code          string        // x-ms-error-code, "" of what succeeded
	Items         int           // messages, entities, entries of a list or requests of a batch, else 0
	RequestBytes  int64         // content received
	ResponseBytes int64         // content sent
	Start         time.Time     // when the request's headers had been read
	Duration      time.Duration // until the reply was handed to the connection
	RequestID     string        // x-ms-request-id of the reply
}

// KeyRefused reports whether what the client showed opens nothing: a key, a signature
// or a token that is wrong, over, or not accepted here. A client that shows nothing
// asks how to sign in.
func (e *RequestDone) KeyRefused() bool {
	switch e.Code {
	case "AuthenticationFailed", "InvalidAuthenticationInfo", "KeyBasedAuthenticationNotPermitted":
		return true
	}
	return false
}
