package blob

import "time"

// RequestDone is the event of one finished request. Config.OnRequest receives it on
// the request's goroutine after the reply was written; a listener must be quick.
type RequestDone struct {
	Account       uint64 // its id
	Operation     string // name in the operation table, for instance "blob.put"; "" when none matched
	Container     string // "" for the account
	Blob          string // "" for the container
	Status        int    // HTTP status; 0 when an interceptor dropped the connection
	Code          string // the error's code, else ""
	RequestBytes  int64  // content received
	ResponseBytes int64  // of the body sent
	Items         int    // entries in a list, requests in a batch, else 0
	Start         time.Time
	Duration      time.Duration // until the reply was handed to the connection
	RequestID     string        // x-ms-request-id of the reply
}
