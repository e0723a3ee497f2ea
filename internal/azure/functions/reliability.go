package functions

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
)

// breakerInfo is a circuit breaker as the admin API describes it.
type breakerInfo struct {
	State     breaker.State `json:"state"` // closed, open or halfOpen
	Since     time.Time     `json:"since"`
	Until     time.Time     `json:"until,omitzero"` // of an open one: when the next probe may run
	Failures  int           `json:"failures"`       // in a row
	Probes    int           `json:"failedProbes"`   // since it opened
	LastError string        `json:"lastError,omitempty"`
}

func breakerOf(s *breaker.Status) *breakerInfo {
	if s == nil {
		return nil
	}
	b := &breakerInfo{State: s.State, Since: s.Since, Until: s.Until, Failures: s.Failures, Probes: s.Probes}
	if s.Err != nil {
		b.LastError = s.Err.Error()
	}
	return b
}

// deadLetterInfo is the place for what a function failed on.
type deadLetterInfo struct {
	Place string `json:"place"`           // kind:name
	Kept  int64  `json:"kept"`            // since the app started
	Error string `json:"error,omitempty"` // why the last could not be kept
}

func deadLettersOf(d *host.DeadLetterInfo) *deadLetterInfo {
	if d == nil {
		return nil
	}
	out := &deadLetterInfo{Place: d.Place.String(), Kept: d.Kept}
	if d.Err != nil {
		out.Error = d.Err.Error()
	}
	return out
}
