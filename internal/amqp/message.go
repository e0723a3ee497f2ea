package amqp

import "time"

// BatchFormat is the message format of a batch: each Data section of the body
// is one complete encoded message (Service Bus and Event Hubs).
const BatchFormat uint32 = 0x80013700

// Header is the transport header section (part 3, section 3.2.1).
type Header struct {
	Durable       bool
	Priority      uint8         // 4 is normal
	TTL           time.Duration // zero: none
	FirstAcquirer bool
	DeliveryCount uint32
}

// Properties is the immutable properties section (part 3, section 3.2.4).
// Nil and zero fields are absent.
type Properties struct {
	MessageID          Value // uint64, UUID, []byte or string
	UserID             []byte
	To                 string
	Subject            string
	ReplyTo            string
	CorrelationID      Value // as MessageID
	ContentType        Symbol
	ContentEncoding    Symbol
	AbsoluteExpiryTime time.Time
	CreationTime       time.Time
	GroupID            string
	GroupSequence      *uint32
	ReplyToGroupID     string
}

// Message is a message in decoded form, for requests and replies where
// comfort matters more than speed. Exactly one body form is set: Data, or
// Sequences, or HasValue with Value; all empty is a message without body.
type Message struct {
	Header                *Header
	DeliveryAnnotations   Map
	Annotations           Map
	Properties            *Properties
	ApplicationProperties Map
	Data                  [][]byte
	Sequences             [][]any
	Value                 Value
	HasValue              bool
	Footer                Map
}

// ParseMessage decodes a message. The Data slices and binary values point
// into b.
func ParseMessage(b []byte) (*Message, error) { return nil, nil }

// Append appends the encoded message to dst.
func (m *Message) Append(dst []byte) ([]byte, error) { return dst, nil }
