package breaker

import (
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// ReadRule reads a circuitBreaker section:
//
//	failures      failures in a row that open it; 5, and 0 where share is given
//	share         of runs within window that fail, above 0 to 1; none
//	window        00:01:00
//	minimum       runs within window before share counts; 10
//	pause         before the first probe; 00:00:30
//	longestPause  00:05:00
//	giveUpAfter   failed probes of one batch; 0 is never
//
// attempts is how often one batch is tried by the function's retry policy, -1 for
// ever: a rule by which a single bad batch could open the breaker is refused, because
// it would stand there until somebody came.
func ReadRule(s *hostjson.Section, attempts int) (Rule, error) {
	s.Only("failures", "share", "window", "minimum", "pause", "longestPause", "giveUpAfter")
	r := Rule{
		Share:  s.Fraction("share", 0),
		Window: s.Duration("window", time.Minute), Minimum: s.Integer("minimum", 10, 1, 1<<20),
		Pause: s.Duration("pause", 30*time.Second), Longest: s.Duration("longestPause", 5*time.Minute),
		GiveUpAfter: s.Integer("giveUpAfter", 0, 0, 1<<20),
	}
	fallback := 5
	if r.Share > 0 {
		fallback = 0
	}
	r.Failures = s.Integer("failures", fallback, 0, 1<<20)
	switch {
	case r.Failures == 0 && r.Share == 0:
		s.Fail("failures", "0 failures and no share: it would never open")
	case r.Window <= 0:
		s.Fail("window", "must be positive")
	case r.Pause <= 0 || r.Longest < r.Pause:
		s.Fail("longestPause", "must be positive and not below pause")
	case attempts > 0 && r.Failures > 0 && r.Failures <= attempts:
		s.Fail("failures", "%d is not more than the %d attempts that the function's retry policy gives one batch: a single bad batch would open it", r.Failures, attempts)
	case attempts > 0 && r.Share > 0 && r.Minimum <= attempts:
		s.Fail("minimum", "%d is not more than the %d attempts that the function's retry policy gives one batch: a single bad batch would open it", r.Minimum, attempts)
	}
	return r, s.Err()
}
