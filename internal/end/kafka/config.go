package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// Config is extensions.kafka of host.json.
type Config struct {
	MaxBatchSize   int  // events per invocation at most; 64
	CommitFailed   bool // commitOnFailure: a failed invocation moves the position too; true
	FromEnd        bool // autoOffsetReset latest: where a group without a position begins; earliest
	Session        time.Duration
	MaxPoll        time.Duration // how long a rebalance waits for an invocation
	PartitionMax   int           // bytes of a fetch, of one partition
	FetchMax       int           // bytes of a fetch
	MetadataMaxAge time.Duration

	ignored []ignored
}

// ignored is a key of host.json that has no effect, and why.
type ignored struct{ key, why string }

// idleKeys are what the vendor's consumer, another library, has and this one has not.
var idleKeys = []ignored{
	{"subscriberIntervalInSeconds", "events are handed over when they come"},
	{"executorChannelCapacity", "a partition has one invocation at a time"},
	{"channelFullRetryIntervalInMs", "a partition that is behind is not read meanwhile"},
	{"autoCommitIntervalMs", "the position is committed after each invocation"},
	{"reconnectBackoffMs", "a broker that cannot be reached is tried again after a while that doubles"},
	{"reconnectBackoffMaxMs", "a broker that cannot be reached is tried again after a while that doubles"},
	{"statisticsIntervalMs", "there are no statistics of librdkafka"},
	{"queuedMinMessages", "what is read ahead is bounded by bytes"},
	{"queuedMaxMessagesKbytes", "what is read ahead is bounded by fetchMaxBytes"},
	{"libkafkaDebug", "there is no librdkafka"},
	{"socketKeepaliveEnable", "connections are kept alive"},
	{"maxRetries", "a function's retry policy says how often it is tried"},
}

// ReadConfig reads the section, with the vendor's defaults.
func ReadConfig(c *hostjson.Config) (Config, error) {
	s := c.Extension("kafka")
	ms := func(key string, fallback, low int) time.Duration {
		return time.Duration(s.Integer(key, fallback, low, 1<<31-1)) * time.Millisecond
	}
	k := Config{
		MaxBatchSize:   s.Integer("maxBatchSize", 64, 1, 1<<20),
		CommitFailed:   s.Boolean("commitOnFailure", true),
		FromEnd:        s.Choice("autoOffsetReset", "earliest", "earliest", "latest") == "latest",
		Session:        ms("sessionTimeoutMs", 45_000, 1),
		MaxPoll:        ms("maxPollIntervalMs", 300_000, 1),
		PartitionMax:   s.Integer("maxPartitionFetchBytes", 1<<20, 1, 1<<31-1),
		FetchMax:       s.Integer("fetchMaxBytes", 50<<20, 1, 1<<31-1),
		MetadataMaxAge: ms("metadataMaxAgeMs", 180_000, 1000),
	}
	for _, key := range idleKeys {
		if s.Has(key.key) {
			k.ignored = append(k.ignored, key)
		}
	}
	return k, s.Err()
}

// options are what the section says to a consumer.
func (k Config) options() []kgo.Opt {
	start := kgo.NewOffset().AtStart()
	if k.FromEnd {
		start = kgo.NewOffset().AtEnd()
	}
	return []kgo.Opt{
		kgo.ConsumeStartOffset(start), kgo.ConsumeResetOffset(start),
		kgo.SessionTimeout(k.Session), kgo.RebalanceTimeout(k.MaxPoll), kgo.HeartbeatInterval(max(k.Session/10, time.Millisecond)),
		kgo.FetchMaxBytes(int32(max(k.FetchMax, k.PartitionMax))), kgo.FetchMaxPartitionBytes(int32(k.PartitionMax)),
		kgo.MetadataMaxAge(k.MetadataMaxAge),
	}
}
