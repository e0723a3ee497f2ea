package amqp

import "time"

// Role is the side of a link that an endpoint plays (part 2, section 2.8.1).
type Role bool

// The roles. A Link's Role is ours: RoleReceiver when the peer sends.
const (
	RoleSender   Role = false
	RoleReceiver Role = true
)

// String returns "sender" or "receiver".
func (r Role) String() string {
	if r == RoleReceiver {
		return "receiver"
	}
	return "sender"
}

// SenderSettleMode says how a sender settles (part 2, section 2.8.2).
type SenderSettleMode uint8

// The modes; Mixed is the protocol's default.
const (
	SenderUnsettled SenderSettleMode = 0
	SenderSettled   SenderSettleMode = 1
	SenderMixed     SenderSettleMode = 2
)

// ReceiverSettleMode says how a receiver settles (part 2, section 2.8.3).
type ReceiverSettleMode uint8

// The modes; First is the protocol's default.
const (
	ReceiverFirst  ReceiverSettleMode = 0
	ReceiverSecond ReceiverSettleMode = 1
)

// Open is the first performative of a connection (part 2, section 2.7.1).
type Open struct {
	ContainerID         string
	Hostname            string
	MaxFrameSize        uint32
	ChannelMax          uint16
	IdleTimeout         time.Duration // zero: none
	OutgoingLocales     []Symbol
	IncomingLocales     []Symbol
	OfferedCapabilities []Symbol
	DesiredCapabilities []Symbol
	Properties          Map
}

// begin starts a session (part 2, section 2.7.2).
type begin struct {
	RemoteChannel       uint16
	HasRemoteChannel    bool
	NextOutgoingID      uint32
	IncomingWindow      uint32
	OutgoingWindow      uint32
	HandleMax           uint32
	OfferedCapabilities []Symbol
	DesiredCapabilities []Symbol
	Properties          Map
}

// Attach names a link and its two ends (part 2, section 2.7.3).
type Attach struct {
	Name                 string
	Handle               uint32
	Role                 Role
	SndSettleMode        SenderSettleMode
	RcvSettleMode        ReceiverSettleMode
	Source               *Source // nil: refused, or about to be
	Target               *Target // nil: refused, or about to be
	Coordinator          bool    // the target was a transaction coordinator
	InitialDeliveryCount uint32
	MaxMessageSize       uint64 // bytes; zero: no limit
	OfferedCapabilities  []Symbol
	DesiredCapabilities  []Symbol
	Properties           Map
}

// Source is where a link's messages come from (part 3, section 3.5.3).
type Source struct {
	Address               string
	Durable               uint32
	ExpiryPolicy          Symbol
	Timeout               uint32 // seconds
	Dynamic               bool
	DynamicNodeProperties Map
	DistributionMode      Symbol
	Filter                Map // values usually Described, descriptor uint64 or Symbol
	DefaultOutcome        Value
	Outcomes              []Symbol
	Capabilities          []Symbol
}

// Target is where a link's messages go (part 3, section 3.5.4).
type Target struct {
	Address               string
	Durable               uint32
	ExpiryPolicy          Symbol
	Timeout               uint32 // seconds
	Dynamic               bool
	DynamicNodeProperties Map
	Capabilities          []Symbol
}

// flow updates windows and credit (part 2, section 2.7.4).
type flow struct {
	NextIncomingID    uint32
	HasNextIncomingID bool
	IncomingWindow    uint32
	NextOutgoingID    uint32
	OutgoingWindow    uint32
	Handle            uint32
	HasHandle         bool // without a handle the flow is about the session alone
	DeliveryCount     uint32
	HasDeliveryCount  bool
	LinkCredit        uint32
	HasLinkCredit     bool
	Available         uint32
	Drain             bool
	Echo              bool
	Properties        Map
}

// transfer carries (part of) a message (part 2, section 2.7.5). DeliveryTag
// points into the frame.
type transfer struct {
	Handle           uint32
	DeliveryID       uint32
	HasDeliveryID    bool
	DeliveryTag      []byte
	MessageFormat    uint32
	HasMessageFormat bool
	Settled          bool
	HasSettled       bool
	More             bool
	RcvSettleMode    ReceiverSettleMode
	HasRcvSettleMode bool
	Resume           bool
	Aborted          bool
	Batchable        bool
}

// disposition tells the state of a range of deliveries (part 2, section 2.7.6).
type disposition struct {
	Role    Role
	First   uint32
	Last    uint32
	Settled bool
	State   Outcome // Kind OutcomeNone: no state given
}

// detach, end and close stop a link, a session and the connection (part 2,
// sections 2.7.7 to 2.7.9).
type detach struct {
	Handle uint32
	Closed bool
	Error  *Error
}

type end struct{ Error *Error }

type closing struct{ Error *Error }
