package eventhubs

import "time"

// Event is something the service did, for metrics, logs and the portal. It is
// one of the structs of this file. Appends are reported by the broker.
//
// Listeners run on the connection's goroutines: they must be quick and must
// not call back into the service.
type Event interface{ isEvent() }

// ConnOpened reports a connection whose Open has arrived.
type ConnOpened struct {
	Namespace uint64 // the account's id
	Remote    string // address
	Container string // the client's container id
	Product   string // "product/version" of the client's Open properties, or ""
	TLS       bool
}

// ConnClosed reports the end of a connection.
type ConnClosed struct {
	Namespace uint64 // the account's id
	Remote    string
	Err       error // nil after an orderly close
	Lifetime  time.Duration
}

// LinkOpened reports a data link (not $cbs or $management).
type LinkOpened struct {
	Namespace uint64 // the account's id
	Remote    string
	Link      string // name
	Address   Address
	Epoch     *int64 // receive links that asked for one
	Next      int64  // receive links: sequence number of the first event that comes
}

// LinkClosed reports the end of a data link.
type LinkClosed struct {
	Namespace uint64 // the account's id
	Remote    string
	Link      string
	Address   Address
	Err       error  // nil after an orderly detach
	Events    uint64 // how many it carried
}

// Delivered reports events handed to one receive link in one go.
type Delivered struct {
	Namespace uint64 // the account's id
	Hub       string
	Group     string
	Partition int
	Count     int
	Bytes     int   // of the stored messages
	Last      int64 // sequence number of the newest
}

// Refused reports a message that was rejected, with its reason.
type Refused struct {
	Namespace uint64 // the account's id
	Hub       string
	Partition int // -1 when none was chosen yet
	Condition string
	Text      string
}

// AuthFailed reports a token or link that was refused. The token itself is
// never part of it.
type AuthFailed struct {
	Namespace uint64 // the account's id
	Remote    string
	Resource  string // what was asked for
	Reason    string
}

func (ConnOpened) isEvent() {}
func (ConnClosed) isEvent() {}
func (LinkOpened) isEvent() {}
func (LinkClosed) isEvent() {}
func (Delivered) isEvent()  {}
func (Refused) isEvent()    {}
func (AuthFailed) isEvent() {}
