package scale

import "math"

// Kind is what starts a function, by the type of its trigger binding.
type Kind string

// The kinds that have a formula.
const (
	EventHubs  Kind = "eventHubTrigger"
	CosmosDB   Kind = "cosmosDBTrigger"
	Queue      Kind = "queueTrigger"
	ServiceBus Kind = "serviceBusTrigger"
	Kafka      Kind = "kafkaTrigger"
	Blob       Kind = "blobTrigger"
	HTTP       Kind = "httpTrigger"
)

// Backlog is how much waits for a function, and how much of it one instance is to
// have: the two sides of Azure's formula.
type Backlog struct {
	Kind Kind
	// Length is how many events, changes or messages are not processed, those under way
	// included; of HTTP, how many requests run or wait.
	Length int64
	// Target is Azure's "target executions per instance". At least 1.
	Target int
	// Partitions is how many instances can be of use at most: partitions of a hub or
	// topic, leases of a change feed. 0: there is no such limit.
	Partitions int
}

// Sample is what is known of a function at one moment.
type Sample struct {
	Function string
	Backlog
	// Unknown says why the length cannot be told. Then the function votes for what it
	// has.
	Unknown string
}

// Rule is which rule of a formula had the last word.
type Rule uint8

// The rules.
const (
	Nothing Rule = iota // nothing waits
	Divided             // the length divided by the target
	Spread              // rounded up, so that partitions spread evenly
	Capped              // as many as there are partitions
)

// Need is how many instances the backlog needs, and by which rule.
//
// Sources: Azure's "Target-based scaling"; the target scalers of the vendor's
// extensions. For queues the article's batchSize is the target, not batchSize +
// newBatchThreshold, which a later version of the extension divides by.
func (b Backlog) Need() (int, Rule) {
	if b.Length <= 0 {
		return 0, Nothing
	}
	n := ceil(b.Length, int64(max(b.Target, 1)))
	if b.Partitions <= 0 {
		return n, Divided
	}
	if n >= b.Partitions {
		if n > b.Partitions {
			return b.Partitions, Capped
		}
		return n, Divided
	}
	if b.Kind == EventHubs {
		if even := evenSpread(n, b.Partitions); even != n {
			return even, Spread
		}
	}
	return n, Divided
}

// ceil divides, rounds up, and stays within int32, as the vendor's counts do.
func ceil(length, target int64) int {
	n := length / target
	if length%target != 0 {
		n++
	}
	return int(min(n, math.MaxInt32))
}

// evenSpread is the least count from n up that is partitions/c, rounded up, for some
// whole c: with it no instance has more than c partitions, and with one less one would.
// n is between 1 and partitions.
func evenSpread(n, partitions int) int {
	if n <= 1 {
		return n
	}
	c := ceil(int64(partitions), int64(n-1)) - 1 // the greatest c that needs n instances or more
	return ceil(int64(partitions), int64(c))
}
