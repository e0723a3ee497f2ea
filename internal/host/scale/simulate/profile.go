package simulate

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// Profile is a load over time.
type Profile struct {
	Name   string
	Length time.Duration
	Loads  []Load
}

// Load is what comes for one function.
type Load struct {
	Function string
	Kind     scale.Kind
	Steps    []Step // in the order of time; the first is at 0
}

// Step is a rate from a time on, until the next.
type Step struct {
	From time.Duration
	Rate Rate
}

// Rate is events or requests in a thousand seconds, so that slow ones are whole numbers
// too.
type Rate int64

// PerSecond is a rate of so many a second.
func PerSecond(n int64) Rate { return Rate(n * 1000) }

// at returns the rate of a moment. from is where the search begins: an index that at
// returned for an earlier moment.
func (l *Load) at(t time.Duration, from int) (Rate, int) {
	for from+1 < len(l.Steps) && l.Steps[from+1].From <= t {
		from++
	}
	return l.Steps[from].Rate, from
}

// Kinds are the kinds that a load can have, by their short names.
func Kinds() []KindName {
	return []KindName{
		{"http", scale.HTTP},
		{"eventhub", scale.EventHubs},
		{"cosmosdb", scale.CosmosDB},
		{"queue", scale.Queue},
		{"servicebus", scale.ServiceBus},
		{"kafka", scale.Kafka},
		{"blob", scale.Blob},
	}
}

// KindName is a kind by its short name.
type KindName struct {
	Name string
	Kind scale.Kind
}

// shortName is the short name of a kind.
func shortName(k scale.Kind) string {
	for _, n := range Kinds() {
		if n.Kind == k {
			return n.Name
		}
	}
	return string(k)
}
