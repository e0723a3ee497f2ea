package hub

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// Where a trigger without a checkpoint begins, as host.json has it.
const (
	fromStart        = "fromStart"
	fromEnd          = "fromEnd"
	fromEnqueuedTime = "fromEnqueuedTime"
)

// Config is extensions.eventHubs of host.json.
type Config struct {
	MaxEventBatchSize        int           // events per invocation at most; 100
	MinEventBatchSize        int           // events to wait for; 1
	MaxWaitTime              time.Duration // how long to wait for them; 60 s, at most 10 min
	BatchCheckpointFrequency int           // batches per checkpoint; 1
	UnprocessedThreshold     int           // targetUnprocessedEventThreshold: events that an instance is to have; 0: a batch
	PrefetchCount            int           // events that are fetched ahead from another process; 300
	Initial                  Position      // where a trigger without a checkpoint begins

	LoadBalancingUpdateInterval          time.Duration // how often partitions are looked at, and claims renewed that are due; 3 s
	PartitionOwnershipExpirationInterval time.Duration // how long a claim lasts that is not renewed; 0: see claims
}

// How often partitions are looked at, and how long claims last, where host.json does
// not say. A remote hub's are short: what a host that was killed has read goes on
// elsewhere within 15 seconds (the claim, two for whole seconds of the store's clock,
// a look). Claims that do not say how long they last are of the vendor's processors,
// which write every 10 to 30 seconds.
const (
	lookInterval = 3 * time.Second
	localClaim   = time.Minute
	remoteClaim  = 9 * time.Second
	foreignClaim = time.Minute
)

// claims is how long claims last on a hub: this reader's, and those that do not say it.
func (h Config) claims(remote bool) (own, others time.Duration) {
	switch given := h.PartitionOwnershipExpirationInterval; {
	case given > 0:
		return given, given
	case remote && h.LoadBalancingUpdateInterval <= lookInterval:
		return remoteClaim, foreignClaim
	}
	return max(localClaim, 3*h.LoadBalancingUpdateInterval), foreignClaim
}

// ReadConfig reads the section, with the vendor's defaults and limits.
func ReadConfig(c *hostjson.Config) (Config, error) {
	s := c.Extension("eventHubs")
	old := s.Section("eventProcessorOptions") // the shape before version 5
	maxBatch := old.Integer("maxBatchSize", 100, 1, 1<<20)
	prefetch := old.Integer("prefetchCount", 300, 0, 1<<20)
	h := Config{
		MaxEventBatchSize:        s.Integer("maxEventBatchSize", maxBatch, 1, 1<<20),
		MinEventBatchSize:        s.Integer("minEventBatchSize", 1, 1, 1<<20),
		MaxWaitTime:              s.Duration("maxWaitTime", time.Minute),
		BatchCheckpointFrequency: s.Integer("batchCheckpointFrequency", 1, 1, 1<<20),
		UnprocessedThreshold:     s.Integer("targetUnprocessedEventThreshold", 0, 1, 1<<30),
		PrefetchCount:            s.Integer("prefetchCount", prefetch, 0, 1<<20),

		LoadBalancingUpdateInterval:          s.Duration("loadBalancingUpdateInterval", lookInterval),
		PartitionOwnershipExpirationInterval: s.Duration("partitionOwnershipExpirationInterval", 0),
	}
	if h.LoadBalancingUpdateInterval <= 0 {
		s.Fail("loadBalancingUpdateInterval", "must be positive")
	}
	if h.PartitionOwnershipExpirationInterval != 0 && h.PartitionOwnershipExpirationInterval <= h.LoadBalancingUpdateInterval {
		s.Fail("partitionOwnershipExpirationInterval", "must be longer than loadBalancingUpdateInterval (%v)", h.LoadBalancingUpdateInterval)
	}
	if h.MinEventBatchSize > h.MaxEventBatchSize {
		s.Fail("minEventBatchSize", "%d is more than maxEventBatchSize (%d)", h.MinEventBatchSize, h.MaxEventBatchSize)
	}
	if h.MaxWaitTime <= 0 || h.MaxWaitTime > 10*time.Minute {
		s.Fail("maxWaitTime", "must be positive and at most 00:10:00")
	}
	initial := s.Section("initialOffsetOptions")
	switch initial.Choice("type", fromStart, fromStart, fromEnd, fromEnqueuedTime) {
	case fromEnd:
		h.Initial.Kind = FromEnd
	case fromEnqueuedTime:
		h.Initial = Position{Kind: FromTime, Time: initial.Instant("enqueuedTimeUtc")}
	}
	return h, s.Err()
}

// target is how many events an instance is to have, for scaling.
func (h *Config) target() int {
	if h.UnprocessedThreshold > 0 {
		return h.UnprocessedThreshold
	}
	return h.MaxEventBatchSize
}
