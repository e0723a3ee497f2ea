package amqp

// Delivery is one whole message that arrived.
//
// The handler owns it until it calls exactly one of Accept, Reject, Release
// or Settle, from any goroutine; later calls do nothing. That call answers
// the peer (unless it sent the message settled), gives the credit back and
// returns the payload's memory: neither Payload nor slices of it may be used
// afterwards.
type Delivery struct {
	Link    *Link
	ID      uint32
	Tag     []byte // the sender's tag, copied
	Format  uint32 // 0 standard, 0x80013700 batch
	Settled bool   // the sender wants no answer
	Payload []byte // the message's sections
}

// Accept answers Accepted.
func (d *Delivery) Accept() {}

// Reject answers Rejected with the error, which may be nil.
func (d *Delivery) Reject(err *Error) {}

// Release answers Released: not processed, may be sent elsewhere.
func (d *Delivery) Release() {}
