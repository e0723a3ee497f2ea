package simulate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// Work is how a function is invoked and what an invocation takes.
type Work struct {
	Batch       int           // items of an invocation, at most
	Concurrency int           // invocations of an instance at a time; 0: one to a partition
	Partitions  int           // 0: the source has none
	Target      int           // items that an instance is to have, for the formula
	Duration    time.Duration // of an invocation
	PerItem     time.Duration // and more for each item
	CPU         int           // percent of that time for which it needs a core; the rest it waits
}

// defaultWork is what Azure's defaults and a modest function make of a kind.
func defaultWork(k scale.Kind, size scale.Size) Work {
	w := Work{Batch: 1, Duration: 100 * time.Millisecond, CPU: 20}
	switch k {
	case scale.HTTP:
		w.Concurrency = size.Concurrency.Value
		w.Target = w.Concurrency
	case scale.EventHubs: // maxEventBatchSize
		w.Batch, w.Target, w.Partitions, w.PerItem = 100, 100, 32, time.Millisecond
	case scale.CosmosDB: // maxItemsPerInvocation; the partitions are physical
		w.Batch, w.Target, w.Partitions, w.PerItem = 100, 100, 4, time.Millisecond
	case scale.Kafka: // maxBatchSize, lagThreshold
		w.Batch, w.Target, w.Partitions, w.PerItem = 64, 1000, 32, time.Millisecond
	case scale.Queue: // batchSize 16 and newBatchThreshold 8 on one core
		w.Concurrency, w.Target = 24, 16
	case scale.ServiceBus: // maxConcurrentCalls
		w.Concurrency, w.Target = 16, 16
	case scale.Blob: // maxDegreeOfParallelism
		w.Concurrency, w.Target = 8, 8
	}
	return w
}

// workKeys are the names by which people set parts of Work.
var workKeys = []string{"batch", "concurrency", "partitions", "target", "duration", "per-event", "cpu"}

// Set changes one part, by its name.
func (w *Work) Set(key, value string) error {
	durations := map[string]*time.Duration{"duration": &w.Duration, "per-event": &w.PerItem}
	if d, ok := durations[key]; ok {
		v, err := time.ParseDuration(value)
		if err != nil || v < 0 || v > 24*time.Hour || v%time.Millisecond != 0 {
			return fmt.Errorf("%s: %q is no time in whole milliseconds, such as 80ms or 2s", key, value)
		}
		*d = v
		return nil
	}
	numbers := map[string]struct {
		to        *int
		low, high int
	}{
		"batch": {&w.Batch, 1, 10_000}, "concurrency": {&w.Concurrency, 1, 10_000}, "partitions": {&w.Partitions, 1, 10_000},
		"target": {&w.Target, 1, 1_000_000}, "cpu": {&w.CPU, 0, 100},
	}
	n, ok := numbers[key]
	if !ok {
		return fmt.Errorf("there is no %q to set; there are %s", key, strings.Join(workKeys, ", "))
	}
	v, err := strconv.Atoi(value)
	if err != nil || v < n.low || v > n.high {
		return fmt.Errorf("%s: %q is no whole number from %d to %d", key, value, n.low, n.high)
	}
	*n.to = v
	return nil
}

// millis is how long an invocation of some items runs, at least a millisecond.
func (w *Work) millis(items int64) int64 {
	return max(1, int64(w.Duration/time.Millisecond)+items*int64(w.PerItem/time.Microsecond)/1000)
}

// slots is how many invocations run at a time on some instances.
func (w *Work) slots(instances int) int64 {
	switch {
	case instances == 0:
		return 0
	case w.Partitions > 0:
		return int64(w.Partitions)
	}
	return int64(instances) * int64(max(w.Concurrency, 1))
}
