package servicebus

import (
	"runtime"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// Config is extensions.serviceBus of host.json.
type Config struct {
	AutoComplete bool          // autoCompleteMessages: a message is completed when its function succeeded; true
	Calls        int           // maxConcurrentCalls: invocations at once, of single messages; 16 to a processor
	Sessions     int           // maxConcurrentSessions; 8
	MaxBatch     int           // maxMessageBatchSize; 1000
	MinBatch     int           // minMessageBatchSize; 1
	MaxBatchWait time.Duration // for that many; 30 s
	SessionIdle  time.Duration // sessionIdleTimeout: a session without a message is given up; 60 s
	MaxRenewal   time.Duration // maxAutoLockRenewalDuration; 5 min
}

// ReadConfig reads the section, with the vendor's defaults; that of version 4 of the
// extension too.
func ReadConfig(c *hostjson.Config) (Config, error) {
	s := c.Extension("serviceBus")
	old, oldSessions := s.Section("messageHandlerOptions"), s.Section("sessionHandlerOptions")
	k := Config{
		AutoComplete: s.Boolean("autoCompleteMessages", old.Boolean("autoComplete", true)),
		Calls:        s.Integer("maxConcurrentCalls", old.Integer("maxConcurrentCalls", 16*runtime.GOMAXPROCS(0), 1, 1<<16), 1, 1<<16),
		Sessions:     s.Integer("maxConcurrentSessions", oldSessions.Integer("maxConcurrentSessions", 8, 1, 1<<16), 1, 1<<16),
		MaxBatch:     s.Integer("maxMessageBatchSize", 1000, 1, 1<<16),
		MinBatch:     s.Integer("minMessageBatchSize", 1, 1, 1<<16),
		MaxBatchWait: s.Duration("maxBatchWaitTime", 30*time.Second),
		SessionIdle:  s.Duration("sessionIdleTimeout", oldSessions.Duration("messageWaitTimeout", time.Minute)),
		MaxRenewal:   s.Duration("maxAutoLockRenewalDuration", old.Duration("maxAutoRenewDuration", 5*time.Minute)),
	}
	if k.MinBatch > k.MaxBatch {
		s.Fail("minMessageBatchSize", "%d is more than maxMessageBatchSize (%d)", k.MinBatch, k.MaxBatch)
	}
	return k, s.Err()
}
