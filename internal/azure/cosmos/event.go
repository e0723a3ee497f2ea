package cosmos

import "time"

// RequestDone is the event of one finished request. Config.OnRequest receives
// it on the request's goroutine after the reply was written; a listener must
// be quick and must not keep the strings of a body.
type RequestDone struct {
	Account       uint64        // its id
	Remote        string        // who asks: address and port
	Operation     string        // name in the operation table, for instance "item.upsert"; "" when none matched
	Database      string        // as the path names it: a name or a _rid
	Container     string        // likewise
	Status        int           // HTTP status; 0 when an interceptor dropped the connection
	SubStatus     int           // x-ms-substatus
	Charge        float64       // request units
	Items         int           // items in a feed or batch, else 0
	RequestBytes  int           // size of the body received
	ResponseBytes int           // size of the body sent
	Start         time.Time     // when the request's headers had been read
	Duration      time.Duration // until the reply was handed to the connection
	ActivityID    string        // x-ms-activity-id of the reply
}
