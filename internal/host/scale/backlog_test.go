package scale

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestNeed walks the formula of each kind.
func TestNeed(t *testing.T) {
	for _, c := range []struct {
		name string
		b    Backlog
		n    int
		rule Rule
	}{
		{"an empty queue", Backlog{Queue, 0, 16, 0}, 0, Nothing},
		{"one message", Backlog{Queue, 1, 16, 0}, 1, Divided},
		{"a batch", Backlog{Queue, 16, 16, 0}, 1, Divided},
		{"a batch and one", Backlog{Queue, 17, 16, 0}, 2, Divided},
		{"service bus", Backlog{ServiceBus, 160, 16, 0}, 10, Divided},
		{"more than counts hold", Backlog{Queue, math.MaxInt64, 1, 0}, math.MaxInt32, Divided},
		{"a target of nothing is one", Backlog{Queue, 3, 0, 0}, 3, Divided},
		{"a hub's events", Backlog{EventHubs, 100, 100, 32}, 1, Divided},
		{"6 of 10 partitions leave 2 to some, as 5 do", Backlog{EventHubs, 600, 100, 10}, 10, Spread},
		{"5 of 10", Backlog{EventHubs, 500, 100, 10}, 5, Divided},
		{"9 of 32", Backlog{EventHubs, 900, 100, 32}, 11, Spread},
		{"beyond the partitions", Backlog{EventHubs, 100_000, 100, 32}, 32, Capped},
		{"changes", Backlog{CosmosDB, 250, 100, 10}, 3, Divided},
		{"changes are not spread", Backlog{CosmosDB, 600, 100, 10}, 6, Divided},
		{"beyond the leases", Backlog{CosmosDB, 2000, 100, 10}, 10, Capped},
		{"kafka", Backlog{Kafka, 5001, 1000, 8}, 6, Divided},
		{"beyond a topic's partitions", Backlog{Kafka, 50_000, 1000, 8}, 8, Capped},
		{"requests", Backlog{HTTP, 33, 16, 0}, 3, Divided},
	} {
		if n, rule := c.b.Need(); n != c.n || rule != c.rule {
			t.Errorf("%s: %d by rule %d, want %d by rule %d", c.name, n, rule, c.n, c.rule)
		}
	}
}

// evenCounts are the counts that spread partitions evenly, from their definition.
func evenCounts(partitions int) []int {
	var all []int
	for c := 1; c <= partitions; c++ {
		all = append(all, (partitions+c-1)/c)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestEvenSpread: the counts of the vendor's own examples, and of every hub.
func TestEvenSpread(t *testing.T) {
	if got, want := evenCounts(20), []int{1, 2, 3, 4, 5, 7, 10, 20}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		partitions := rapid.IntRange(1, 2000).Draw(t, "partitions")
		n := rapid.IntRange(1, partitions).Draw(t, "n")
		even := evenCounts(partitions)
		at, _ := slices.BinarySearch(even, n)
		if got := evenSpread(n, partitions); got != even[at] {
			t.Fatalf("%d of %d: %d, want %d", n, partitions, got, even[at])
		}
	})
}
