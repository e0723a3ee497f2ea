package amqp

import "context"

// Link is one end of a link, of either role.
//
// The exported fields below the line are the answer: a ConnHandler may set
// them during Attach (or before Accept), a client before attaching; nobody
// changes them later.
type Link struct {
	// Remote is the peer's attach. Do not change it.
	Remote Attach
	// Role is ours: RoleReceiver when the peer sends to us.
	Role Role

	// ---- the answer ----

	// Local is our attach. On a server it begins as an echo of the peer's:
	// same source (with its filter), target and settle modes. Set
	// MaxMessageSize (enforced when we receive), Properties,
	// OfferedCapabilities, a dynamic address as needed.
	Local Attach

	// Credit is how many messages a receiving link lets the peer have
	// unsettled with us. The engine keeps it topped up: credit comes back as
	// deliveries are settled, in steps of half. Zero: only IssueCredit gives
	// credit.
	Credit uint32
	// OnTransfer gets each whole message of a receiving link, on the
	// connection's reader: it must not block, and settles the delivery now or
	// later from any goroutine.
	OnTransfer func(d *Delivery)
	// OnOversize gets a delivery larger than Local.MaxMessageSize, with its
	// size in bytes and no payload, so that it can be rejected. Nil: the link
	// is detached with amqp:link:message-size-exceeded.
	OnOversize func(d *Delivery, size uint64)
	// OnDetach is called once when the link has ended for whatever reason:
	// detached by either side, session ended, connection gone. err is the
	// error that travelled or nil. It runs on the connection's reader and
	// must not block.
	OnDetach func(err error)

	session *Session
}

// Name returns the link's name.
func (l *Link) Name() string { return l.Local.Name }

// Session returns the link's session.
func (l *Link) Session() *Session { return l.session }

// Conn returns the link's connection.
func (l *Link) Conn() *Conn { return l.session.conn }

// Accept answers an attach that was postponed with ErrLater.
func (l *Link) Accept() {}

// Refuse answers an attach that was postponed with ErrLater.
func (l *Link) Refuse(err *Error) {}

// Detach closes the link with the error (nil: none). It returns at once and
// may be called from any goroutine, more than once.
func (l *Link) Detach(err *Error) {}

// Done is closed when the link has ended.
func (l *Link) Done() <-chan struct{} { return nil }

// Err returns why the link ended: nil while it lives, ErrClosed after an
// orderly end, else the error.
func (l *Link) Err() error { return nil }

// Outgoing is a message for Link.Send. The payload is Prefix followed by
// Body, both encoded sections; either may be empty. Both slices are copied
// before Send returns.
type Outgoing struct {
	Prefix []byte
	Body   []byte
	Format uint32 // message format; zero is the standard one
	// Settled asks for a settled transfer. A peer that demanded
	// snd-settle-mode unsettled gets an unsettled one, whose disposition is
	// then answered and forgotten.
	Settled bool
	// OnSettled hears the outcome of an unsettled transfer, on the
	// connection's reader; it must not block. When the link ends first it is
	// not called: see Link.OnDetach.
	OnSettled func(Outcome)
}

// Send queues one message on a sending link. It waits for credit, for the
// session's window and for room in the connection's out buffer. It returns
// ctx's error, or the link's when the link has ended. The message leaves the
// process soon after; Send does not wait for that.
func (l *Link) Send(ctx context.Context, m Outgoing) error { return ErrClosed }

// SendBatch queues the messages in order, under one lock and with one
// wake-up of the writer; it waits as Send does and returns how many were
// queued, which is fewer than all only together with an error. It does not
// allocate.
func (l *Link) SendBatch(ctx context.Context, ms []Outgoing) (int, error) { return 0, ErrClosed }

// WaitCredit waits until the peer grants credit and returns how many messages
// may be sent. It returns ctx's error, or the link's when the link has ended.
func (l *Link) WaitCredit(ctx context.Context) (uint32, error) { return 0, ErrClosed }

// AvailableCredit returns the messages the peer allows now and whether it asked us to
// drain: to send what we have and give the rest of the credit back.
func (l *Link) AvailableCredit() (credit uint32, drain bool) { return 0, false }

// Drained says that there is nothing to send right now. When the peer asked
// to drain, the remaining credit is given back to it; else nothing happens.
// A pump calls it whenever it runs dry.
func (l *Link) Drained() {}

// FlowChanged has a token whenever the peer's credit or drain wish changed
// since the last receive. One receiver only.
func (l *Link) FlowChanged() <-chan struct{} { return nil }

// IssueCredit gives the peer n more messages on a receiving link with no
// automatic Credit.
func (l *Link) IssueCredit(n uint32) {}
