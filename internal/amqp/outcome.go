package amqp

import "fmt"

// OutcomeKind is the fate of a delivery (part 3, section 3.4).
type OutcomeKind uint8

// The outcomes. None: settled without any state. Received is not terminal.
const (
	OutcomeNone OutcomeKind = iota
	OutcomeReceived
	OutcomeAccepted
	OutcomeRejected
	OutcomeReleased
	OutcomeModified
)

var outcomeNames = [...]string{"none", "received", "accepted", "rejected", "released", "modified"}

// String returns the outcome's name in the protocol's words.
func (k OutcomeKind) String() string {
	if int(k) < len(outcomeNames) {
		return outcomeNames[k]
	}
	return fmt.Sprintf("outcome %d", k)
}

// Outcome is a delivery state.
type Outcome struct {
	Kind              OutcomeKind
	Error             *Error // Rejected only; may be nil
	DeliveryFailed    bool   // Modified only
	UndeliverableHere bool   // Modified only
	Annotations       Map    // Modified only
}

// Err returns nil for Accepted, the peer's error for Rejected, and an error
// naming the outcome otherwise.
func (o Outcome) Err() error {
	switch {
	case o.Kind == OutcomeAccepted:
		return nil
	case o.Error != nil:
		return o.Error
	}
	return fmt.Errorf("amqp: delivery was not accepted: %s", o.Kind)
}
