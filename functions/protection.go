package functions

import (
	"encoding/json"
	"fmt"
	"time"
)

// Protection is what a Lazuli host does for a function beyond Azure's: see [App.Protect].
type Protection struct {
	DeadLetter     *DeadLetter
	CircuitBreaker *CircuitBreaker
}

// DeadLetter is the place for what a function failed on after all tries: give one of
// Queue, Hub and Container. `lazuli func redrive` sends it again.
type DeadLetter struct {
	Queue, Hub, Container string

	// Connection names the app setting that leads to the account:
	// "AzureWebJobsStorage" when empty, which is none for a hub.
	Connection string
}

// CircuitBreaker pauses a function's trigger while what the function needs is down; what
// has not been processed stays where it is. A field that is 0 has the host's default.
type CircuitBreaker struct {
	Failures int           // in a row that open it: 5, or none where Share is given
	Share    float64       // of the runs in Window that opens it, once there were Minimum
	Window   time.Duration // 1 minute
	Minimum  int           // 10
	// Pause is how long it stays open before a single run tries whether all is well
	// again: 30 seconds. It doubles after each that fails, up to LongestPause: 5 minutes.
	Pause, LongestPause time.Duration
	// GiveUpAfter is after how many such runs in vain a batch is given up: never.
	GiveUpAfter int
}

// Protect asks the host for a place for dead letters and a circuit breaker for a function
// that is registered. What host.json says under lazuli.functions goes first. Azure's host
// knows neither and ignores them.
func (a *App) Protect(function string, p Protection) {
	f := a.function(function)
	if f == nil {
		a.problems = append(a.problems, &RegistrationError{Function: function, Problem: "Protect: there is no such function yet"})
		return
	}
	for key, v := range map[string]any{"lazuli.deadLetter": p.DeadLetter.json(), "lazuli.circuitBreaker": p.CircuitBreaker.json()} {
		if v == nil {
			continue
		}
		text, err := json.Marshal(v)
		if err != nil {
			a.problem(f, "Protect: "+err.Error())
			continue
		}
		if f.properties == nil {
			f.properties = map[string]string{}
		}
		f.properties[key] = string(text)
	}
	if d := p.DeadLetter; d != nil && len(d.places()) != 1 {
		a.problem(f, fmt.Sprintf("DeadLetter has %d places: give one of Queue, Hub and Container", len(d.places())))
	}
}

func (d *DeadLetter) places() map[string]string {
	all := map[string]string{}
	for kind, name := range map[string]string{"queue": d.Queue, "hub": d.Hub, "container": d.Container} {
		if name != "" {
			all[kind] = name
		}
	}
	return all
}

// json is nil for none.
func (d *DeadLetter) json() any {
	if d == nil {
		return nil
	}
	all := d.places()
	if d.Connection != "" {
		all["connection"] = d.Connection
	}
	return all
}

// json is nil for none.
func (b *CircuitBreaker) json() any {
	if b == nil {
		return nil
	}
	all := map[string]any{}
	for key, n := range map[string]int{"failures": b.Failures, "minimum": b.Minimum, "giveUpAfter": b.GiveUpAfter} {
		if n != 0 {
			all[key] = n
		}
	}
	for key, d := range map[string]time.Duration{"window": b.Window, "pause": b.Pause, "longestPause": b.LongestPause} {
		if d != 0 {
			all[key] = timeSpan(d)
		}
	}
	if b.Share != 0 {
		all["share"] = b.Share
	}
	return all
}
