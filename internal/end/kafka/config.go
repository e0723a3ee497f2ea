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
}

// longestFetch is how long a cluster holds a fetch for which it has nothing: as long as
// for the vendor's host. A partition that wakes waits for no more than that.
const longestFetch = 500 * time.Millisecond

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
		kgo.MetadataMaxAge(k.MetadataMaxAge), kgo.FetchMaxWait(longestFetch),
	}
}
