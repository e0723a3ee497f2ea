package scale

import (
	"fmt"
	"time"
)

// Decision is how many instances an app has from now on.
type Decision struct {
	At        time.Time
	Groups    []GroupDecision // by name
	Instances int             // of all groups
	Wanted    int             // of all groups, if nothing were in the way
}

// Reason is why a group has as many instances as it has.
type Reason uint8

// The reasons.
const (
	Stays   Reason = iota
	Out            // functions ask for more, and get it
	OutStep        // and get as many as a decision adds
	Waits          // and wait, because some were added a moment ago
	AtLimit        // and the app's limit has no room
	In             // no function asks for so many
	InStep         // but so many go at a time
	InWaits        // but only since a moment ago
	Idle           // nothing waits, but only since a moment ago
	Zero           // nothing has waited for long
	ByHand         // the plan does not scale by events
)

// GroupDecision is how many instances a group has from now on.
type GroupDecision struct {
	Group     string
	Votes     []Vote // of its functions
	Was       int
	Instances int
	Wanted    int // if nothing were in the way
	Least     int // always there
	Reason    Reason
	Left      time.Duration // until what the reason waits for
	Limit     int           // with AtLimit
}

// Why says how the decision comes about.
func (d GroupDecision) Why() string {
	switch d.Reason {
	case Out:
		return fmt.Sprintf("%d more asked for", d.Wanted-d.Was)
	case OutStep:
		return fmt.Sprintf("%d more asked for, %d at a time", d.Wanted-d.Was, d.Instances-d.Was)
	case Waits:
		return fmt.Sprintf("%d more asked for; some were added a moment ago", d.Wanted-d.Was)
	case AtLimit:
		return fmt.Sprintf("%d more asked for; the app has at most %d", d.Wanted-d.Was, d.Limit)
	case In:
		return fmt.Sprintf("no function asks for more than %d", d.Instances)
	case InStep:
		return fmt.Sprintf("%d would do; %d go at a time", d.Wanted, d.Was-d.Instances)
	case InWaits:
		return fmt.Sprintf("%d would do; less in %v if that lasts", d.Wanted, d.Left.Round(time.Second))
	case Idle:
		if d.Left <= 0 {
			return "nothing waits; one stays"
		}
		return fmt.Sprintf("nothing waits; to zero in %v if that lasts", d.Left.Round(time.Second))
	case Zero:
		return "nothing has waited for long"
	case ByHand:
		return "the plan does not scale by events; people set its instances"
	}
	if d.Least > 0 && d.Instances == d.Least {
		return fmt.Sprintf("%d are always ready", d.Least)
	}
	return "as many as are asked for"
}
