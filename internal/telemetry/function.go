package telemetry

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// What is remembered of each function.
const (
	keptInvocations = 50
	keptLogs        = 100      // lines per invocation
	keptLogBytes    = 16 << 10 // per invocation
	keptRunning     = 200      // invocations under way that are followed
)

// Function counts a function's runs and keep the latest of them.
type Function struct {
	Runs, Failures, Items, Documents, Micros atomic.Int64

	mu      sync.Mutex // guards the fields below
	running map[string]*Invocation
	recent  []*Invocation // finished, oldest first; a ring once it is full
	oldest  int
}

// Invocation is one run of a function, as the Functions page shows it.
type Invocation struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Reason     string    `json:"reason"`
	Details    string    `json:"details,omitempty"`
	Items      int       `json:"items"`
	Documents  int       `json:"documents"`
	DurationMs float64   `json:"durationMs"` // 0 while it runs
	Running    bool      `json:"running"`
	Error      string    `json:"error,omitempty"`
	Logs       []LogLine `json:"logs"`
	LogsLost   int       `json:"logsLost"` // lines beyond what is kept

	logBytes int
}

// LogLine is one line that the user's code wrote.
type LogLine struct {
	At      time.Time `json:"at"`
	Level   string    `json:"level"` // DEBUG, INFO, WARN or ERROR
	Message string    `json:"message"`
}

// functionKey names a function of an app.
type functionKey struct{ app, function string }

// Function returns the counters of a function.
func (c *Counts) Function(app, name string) *Function {
	return loadOr(&c.functions, functionKey{app, name}, func() *Function { return &Function{running: map[string]*Invocation{}} })
}

// Functions calls f with every function that has run.
func (c *Counts) Functions(f func(app, name string, n *Function)) {
	c.functions.Range(func(k, v any) bool {
		key := k.(functionKey)
		f(key.app, key.function, v.(*Function))
		return true
	})
}

func (f *Function) begin(e host.InvocationStarted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.running) >= keptRunning {
		return
	}
	f.running[e.ID] = &Invocation{
		ID: e.ID, At: e.At, Reason: e.Reason, Details: e.Details, Items: e.Items, Running: true, Logs: []LogLine{},
	}
}

func (f *Function) log(e host.LogWritten) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[e.ID]
	if i == nil {
		return
	}
	text := e.Message
	if e.Exception != "" {
		text += ": " + e.Exception
	}
	if len(i.Logs) >= keptLogs || i.logBytes+len(text) > keptLogBytes {
		i.LogsLost++
		return
	}
	i.logBytes += len(text)
	i.Logs = append(i.Logs, LogLine{e.At, e.Level.String(), text})
}

func (f *Function) finish(e host.InvocationFinished) {
	f.Runs.Add(1)
	f.Items.Add(int64(e.Items))
	f.Documents.Add(int64(e.Documents))
	f.Micros.Add(e.Duration.Microseconds())
	if e.Err != nil {
		f.Failures.Add(1)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.running[e.ID]
	if i == nil {
		return
	}
	delete(f.running, e.ID)
	i.Running, i.Documents, i.DurationMs = false, e.Documents, float64(e.Duration.Microseconds())/1000
	if e.Err != nil {
		i.Error = e.Err.Error()
	}
	if len(f.recent) < keptInvocations {
		f.recent = append(f.recent, i)
		return
	}
	f.recent[f.oldest] = i
	f.oldest = (f.oldest + 1) % keptInvocations
}

// Invocations returns copies of what is known, newest first, those under way
// before the others.
func (f *Function) Invocations() []Invocation {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]Invocation, 0, len(f.running)+len(f.recent))
	for _, i := range f.running {
		c := *i
		c.Logs = append([]LogLine{}, i.Logs...)
		all = append(all, c)
	}
	for n := len(f.recent) - 1; n >= 0; n-- {
		all = append(all, *f.recent[(f.oldest+n)%len(f.recent)])
	}
	return all
}
