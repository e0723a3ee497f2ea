package scale

import (
	"fmt"
	"time"
)

// Vote is how many instances a function asks for, and what of.
type Vote struct {
	Function string
	Backlog
	Unknown string
	Need    int           // by the formula alone
	Rule    Rule          // of the formula
	Wants   int           // what it votes for
	Held    time.Duration // with Wants above Need: for how much longer it votes for no less
}

// How long after a function asked for more it may not ask for less, by the target
// scalers of the vendor's extensions.
var scaleInHold = map[Kind]time.Duration{
	EventHubs: 180 * time.Second,
	Kafka:     time.Minute,
}

// past is what a function voted for so far.
type past struct {
	wants int
	outAt time.Time // when it asked for more, last; zero: never
}

// vote is the function's vote now. has is how many instances it has.
func (p *past) vote(now time.Time, s Sample, has int) Vote {
	v := Vote{Function: s.Function, Backlog: s.Backlog, Unknown: s.Unknown}
	if s.Unknown != "" {
		v.Need, v.Wants = has, has
		return v
	}
	v.Need, v.Rule = s.Need()
	v.Wants = v.Need
	hold, held := scaleInHold[s.Kind]
	if left := hold - now.Sub(p.outAt); held && v.Need < p.wants && !p.outAt.IsZero() && left > 0 {
		v.Wants, v.Held = p.wants, left
	}
	if v.Wants > p.wants {
		p.outAt = now
	}
	p.wants = v.Wants
	return v
}

// Why says how the vote comes about.
func (v Vote) Why() string {
	if v.Unknown != "" {
		return "its backlog is unknown, so it asks for no change: " + v.Unknown
	}
	why := v.formula()
	if v.Held > 0 {
		why += fmt.Sprintf("; asks for %d for %v longer, because it asked for more a moment ago", v.Wants, v.Held.Round(time.Second))
	}
	return why
}

func (v Vote) formula() string {
	divided := fmt.Sprintf("%d %s, %d for an instance", v.Length, v.things(), v.Target)
	switch v.Rule {
	case Nothing:
		return "nothing waits"
	case Spread:
		return fmt.Sprintf("%s: %d, and %d spread %d partitions evenly", divided, ceil(v.Length, int64(max(v.Target, 1))), v.Need, v.Partitions)
	case Capped:
		return fmt.Sprintf("%s: %d, but no more than %d %s", divided, ceil(v.Length, int64(max(v.Target, 1))), v.Partitions, v.parts())
	}
	return divided
}

// things is what waits, for people.
func (v Vote) things() string {
	switch v.Kind {
	case EventHubs, Kafka:
		return "events"
	case CosmosDB:
		return "changes"
	case HTTP:
		return "requests"
	case Blob:
		return "blobs"
	}
	return "messages"
}

func (v Vote) parts() string {
	if v.Kind == CosmosDB {
		return "leases"
	}
	return "partitions"
}
