package queue

import "time"

// RequestDone is the event of one finished request. Config.OnRequest receives it on the
// request's goroutine after the reply was written; a listener must be quick.
type RequestDone struct {
	Account       uint64        // its id
	Operation     string        // name in the table of operations, "message.put"; "" when none matched
	Queue         string        // as the path names it
	Status        int           // HTTP status
	Code          string        // x-ms-error-code, "" of what succeeded
	Messages      int           // put, got or peeked
	RequestBytes  int           // size of the body read
	ResponseBytes int           // size of the body sent
	Start         time.Time     // when the request's headers had been read
	Duration      time.Duration // until the reply was handed to the connection
	RequestID     string        // x-ms-request-id of the reply
}
