package host

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// What functions may ask for beyond Azure, in host.json under lazuli.functions.NAME, or
// in code as properties of their declaration; host.json goes first.
const (
	deadLetterKey     = "deadLetter"
	circuitBreakerKey = "circuitBreaker"
	// propertyPrefix begins the names of such properties, whose values are JSON.
	propertyPrefix = "lazuli."
)

// asked returns what a function asks for under a key; nil: nothing.
func (h *Host) asked(f *function, key string) (*hostjson.Section, error) {
	own := h.setup().config.Function(f.decl.Name)
	if own.Has(key) || own.Err() != nil {
		return own.Section(key), own.Err()
	}
	text := f.decl.Metadata.GetProperties()[propertyPrefix+key]
	if text == "" {
		return nil, nil
	}
	return hostjson.ParseSection("function "+f.decl.Name, key, []byte(text))
}

// addReliability reads what the function asks for.
func (h *Host) addReliability(f *function) error {
	s, err := h.asked(f, circuitBreakerKey)
	if err != nil {
		return err
	}
	if s != nil {
		attempts := 1
		if retry := f.decl.Retry; retry != nil {
			attempts = retry.Max + 1 // 0: for ever
		}
		rule, err := breaker.ReadRule(s, attempts)
		if err != nil {
			return err
		}
		f.breaker = breaker.New(rule, func(s breaker.Status) { h.emit(BreakerChanged{f.decl.Name, s}) })
	}
	if s, err = h.asked(f, deadLetterKey); err != nil || s == nil {
		return err
	}
	if !f.kind.Letters {
		return fault.New(fault.Invalid, "function "+f.decl.Name, "%s is not for a %s: %s",
			deadLetterKey, f.kind.Type, cmp.Or(f.kind.NoLetters, "what it brings cannot be kept"))
	}
	f.dead, err = h.openDeadLetters(f, s)
	return err
}

// gateOf is the function's breaker as its trigger asks it.
func gateOf(f *function) trigger.Gate {
	if f.breaker == nil {
		return nil
	}
	return f.breaker
}

// enter waits until the function may run.
func (f *function) enter(ctx context.Context) (breaker.Pass, error) {
	if f.breaker == nil {
		return breaker.Pass{}, ctx.Err()
	}
	return f.breaker.Enter(ctx)
}

// holds reports whether a batch that failed is held all the same, because the breaker is
// open. probes is how often it was the probe.
func (f *function) holds(probes int) bool {
	return f.breaker != nil && f.breaker.Open() && !f.breaker.GivesUp(probes)
}

// guard lets a request in, or answers 503 while the breaker is open. done tells the
// breaker how it was answered: 500 and above is a failure.
func (f *function) guard(w http.ResponseWriter) (_ http.ResponseWriter, done func(), ok bool) {
	if f.breaker == nil {
		return w, func() {}, true
	}
	pass, again, ok := f.breaker.TryEnter()
	if !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int((again+time.Second-1)/time.Second)))
		http.Error(w, "the circuit breaker of function "+f.decl.Name+" is open", http.StatusServiceUnavailable)
		return nil, nil, false
	}
	seen := &statusSeen{ResponseWriter: w}
	return seen, func() {
		if seen.status >= http.StatusInternalServerError {
			pass.Done(fault.New(fault.Unavailable, "function "+f.decl.Name, "it answered %d %s", seen.status, http.StatusText(seen.status)))
			return
		}
		pass.Done(nil)
	}, true
}

// statusSeen is a response whose status is overheard.
type statusSeen struct {
	http.ResponseWriter
	status int
}

// Unwrap lets http.ResponseController reach what is below.
func (s *statusSeen) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// WriteHeader notes the final status.
func (s *statusSeen) WriteHeader(status int) {
	if status >= http.StatusOK {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

// tellUnknown warns of functions that host.json has something for and the app has not.
func (h *Host) tellUnknown(declared []*binding.Function) {
	for _, name := range h.setup().config.FunctionNames() {
		if !slices.ContainsFunc(declared, func(f *binding.Function) bool { return strings.EqualFold(f.Name, name) }) {
			h.log.Warn("host.json has something for a function that is not there", "key", "lazuli.functions."+name)
		}
	}
}
