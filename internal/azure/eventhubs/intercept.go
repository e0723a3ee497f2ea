package eventhubs

import (
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
)

// Transfer describes a message that just arrived, before anything is done
// with it.
type Transfer struct {
	N       uint64 // counts the transfers of the service, from 1
	Address Address
	Link    string
	Format  uint32
	Bytes   int
}

// Verdict is what an interceptor wants done with a transfer.
type Verdict struct {
	Do     Action
	Delay  time.Duration // Delay only
	Reason *amqp.Error   // Refuse only
}

// Action is the kind of a Verdict.
type Action uint8

// The actions. Pass is the zero value.
const (
	Pass    Action = iota
	Lose           // neither stored nor answered, as if the network had eaten it
	LoseAck        // stored, but the answer is lost: the client will send it again
	Delay          // handled after Verdict.Delay; later transfers of the link may overtake it
	Refuse         // rejected with Verdict.Reason
)

// Intercept rehearses failure: it sees every transfer and decides its fate.
// It is called on connection goroutines and must be safe for concurrent use.
type Intercept func(Transfer) Verdict

// Nth returns an interceptor that applies v to the nth transfer (from 1) and
// passes all others.
func Nth(n uint64, v Verdict) Intercept {
	var seen atomic.Uint64
	return func(Transfer) Verdict {
		if seen.Add(1) == n {
			return v
		}
		return Verdict{}
	}
}
