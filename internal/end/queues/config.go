package queues

import (
	"runtime"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// Config is extensions.queues of host.json.
type Config struct {
	BatchSize         int           // messages received together; 16, at most 32
	NewBatchThreshold int           // how many may still run when the next are; half of a batch for each core
	VisibilityTimeout time.Duration // for how long a message whose function failed is left alone; 0
	MaxDequeueCount   int           // tries before the poison queue; 5
	Plain             bool          // messageEncoding none: the text is the message; else it is base64
	// MaxPollingInterval is how long an empty queue of another process is left alone at
	// most; a minute. Messages of this process wake their functions.
	MaxPollingInterval time.Duration
}

// The texts of messageEncoding.
const (
	encodingBase64 = "base64"
	encodingNone   = "none"
)

// ReadConfig reads the section, with the vendor's defaults and limits.
func ReadConfig(c *hostjson.Config) (Config, error) {
	s := c.Extension("queues")
	q := Config{
		BatchSize:          s.Integer("batchSize", 16, 1, 32),
		MaxDequeueCount:    s.Integer("maxDequeueCount", 5, 1, 1<<30),
		VisibilityTimeout:  s.Duration("visibilityTimeout", 0),
		MaxPollingInterval: s.Duration("maxPollingInterval", time.Minute),
		Plain:              s.Choice("messageEncoding", encodingBase64, encodingBase64, encodingNone) == encodingNone,
	}
	q.NewBatchThreshold = s.Integer("newBatchThreshold", q.BatchSize/2*runtime.NumCPU(), 0, 1<<20)
	if q.VisibilityTimeout < 0 || q.VisibilityTimeout > 7*24*time.Hour {
		s.Fail("visibilityTimeout", "must be at most 7.00:00:00")
	}
	if q.MaxPollingInterval < 100*time.Millisecond {
		s.Fail("maxPollingInterval", "must be at least 00:00:00.1")
	}
	return q, s.Err()
}
