package amqp

import "sync/atomic"

// Delivery is one whole message that arrived.
//
// The handler owns it until it calls exactly one of Accept, Reject or
// Release, from any goroutine; later calls do nothing. That call answers the
// peer (unless it sent the message settled), gives the credit back and
// returns the payload's memory: neither Payload nor slices of it may be used
// afterwards.
type Delivery struct {
	Link    *Link
	ID      uint32
	Tag     []byte // the sender's tag
	Format  uint32 // 0 standard, BatchFormat a batch
	Settled bool   // the sender wants no answer
	Payload []byte // the message's sections

	tag      [maxTag]byte
	buf      *buffer
	size     uint64
	oversize bool
	answered atomic.Bool
}

// Accept answers Accepted.
func (d *Delivery) Accept() { d.settle(Outcome{Kind: OutcomeAccepted}) }

// Reject answers Rejected with the error, which may be nil.
func (d *Delivery) Reject(err *Error) { d.settle(Outcome{Kind: OutcomeRejected, Error: err}) }

// Release answers Released: not processed, may be sent elsewhere.
func (d *Delivery) Release() { d.settle(Outcome{Kind: OutcomeReleased}) }

// settle answers once and gives everything back.
func (d *Delivery) settle(o Outcome) {
	if d.answered.Swap(true) {
		return
	}
	l := d.Link
	c := l.session.conn
	c.mu.Lock()
	l.unsettled--
	if d.buf != nil {
		c.held -= int64(len(d.buf.b))
		c.released.Signal()
	}
	if !l.done.is() {
		if !d.Settled {
			l.session.judge(d.ID, l.Local.RcvSettleMode == ReceiverFirst, o)
		}
		l.topUp()
	}
	c.mu.Unlock()
	d.Payload = nil
	c.pool.put(d.buf)
}

// hand gives the delivery to the service. A nil delivery is none.
func (d *Delivery) hand() {
	switch {
	case d == nil:
	case d.oversize:
		d.Link.OnOversize(d, d.size)
	case d.Link.OnTransfer == nil:
		d.Release()
	default:
		d.Link.OnTransfer(d)
	}
}
