package table

import "time"

// RequestDone is the event of one finished request. Config.OnRequest receives it on
// the request's goroutine after the reply was written; a listener must be quick.
type RequestDone struct {
	Account       uint64        // its id
	Operation     string        // name in the table of operations, for instance "entity.insert"; "" when none matched
	Table         string        // as the address names it
	Status        int           // HTTP status
	Code          string        // x-ms-error-code, "" when there was no error
	Items         int           // entities or tables of a list, operations of a batch
	RequestBytes  int           // size of the body received
	ResponseBytes int           // size of the body sent
	Start         time.Time     // when the request's headers had been read
	Duration      time.Duration // until the reply was handed to the connection
	RequestID     string        // x-ms-request-id of the reply
}
