package telemetry

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// What is remembered of all functions together is shared out evenly: each gets
// its part, within these bounds.
const (
	allRuns, leastRuns, mostRuns    = 20_000, 50, 1000
	allBytes, leastBytes, mostBytes = 32 << 20, 64 << 10, 4 << 20 // of logs, inputs and stacks
)

// What is remembered of one run.
const (
	keptLogs     = 100      // lines
	keptLogBytes = 16 << 10 // of those lines
	keptInput    = 64 << 10
	keptStack    = 16 << 10
	keptMessage  = 4 << 10
	keptRunning  = 200 // runs under way that are followed
)

// How often inputs are kept: to put one into words costs some microseconds.
const (
	inputEvery       = 200 * time.Millisecond // of runs that succeed
	failedInputEvery = 20 * time.Millisecond
)

// Function counts a function's runs, and remembers the latest of them and how
// they went over the last week.
type Function struct {
	Runs, Failures, Items, Documents, Micros atomic.Int64

	Letters atomic.Int64 // what it failed on and that was set aside, since the start
	Held    atomic.Int64 // times that this could not be done, so that it was held
	Opened  atomic.Int64 // times that its circuit breaker opened, probes that failed left aside

	shares *shares

	mu         sync.Mutex // guards the fields below
	running    map[string]*Run
	seq        uint64
	recent     ring // all that ended
	failed     ring // those that failed, for they are few and asked for
	heavy      ring // those of both that have an extra
	heavyBytes int
	inputAt    time.Time // when an input was kept last
	lastFailed bool
	lastAt     time.Time
	lastWhy    string
	series     series
	groups     groups
}

// shares is how many functions share the memory.
type shares struct{ functions atomic.Int64 }

func (s *shares) of(all, least, most int) int {
	return min(max(all/int(max(s.functions.Load(), 1)), least), most)
}

// Run is one run of a function: an invocation. Once it has ended it does not
// change, but that its Extra may be forgotten.
type Run struct {
	ID       string
	Seq      uint64 // counts the function's runs in the order of their ends; 0 while it runs
	At       time.Time
	Reason   string
	Details  string
	Trace    string // W3C trace id
	Items    int
	Sent     int // documents and events that outputs wrote
	Retry    int
	Status   int // of an HTTP answer, or 0
	Running  bool
	Duration time.Duration
	Outputs  time.Duration // the part spent writing outputs
	Failure  *Failure      // nil: it succeeded, or runs
	Extra    *Extra        // nil: there is none, or it gave way to newer ones
}

// Failure is why a run failed.
type Failure struct {
	Group   string // of failures that are the same; see Group
	Type    string // "panic", "HTTP 500", the error's type in its language, or ""
	Message string
	Frame   string // the first frame of the user's code, or ""
}

// Extra is what takes memory.
type Extra struct {
	Logs     []LogLine
	LogsLost int // lines beyond what is kept
	Input    *host.InputText
	Stack    string
	Answer   string // the beginning of an HTTP answer that tells of a failure
	bytes    int
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
	return loadOr(&c.functions, functionKey{app, name}, func() *Function {
		c.shares.functions.Add(1)
		return &Function{running: map[string]*Run{}, shares: &c.shares}
	})
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
	r := &Run{ID: e.ID, At: e.At, Reason: e.Reason, Details: e.Details, Items: e.Items, Retry: e.Retry, Running: true}
	if len(e.TraceParent) >= 35 {
		r.Trace = e.TraceParent[3:35]
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.running) < keptRunning {
		f.running[e.ID] = r
	}
}

func (f *Function) log(e host.LogWritten) {
	text := e.Message
	if e.Exception != "" {
		text += ": " + e.Exception
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.running[e.ID]
	if r == nil {
		return
	}
	if r.Extra == nil {
		r.Extra = &Extra{}
	}
	if len(r.Extra.Logs) >= keptLogs || r.Extra.bytes+len(text) > keptLogBytes {
		r.Extra.LogsLost++
		return
	}
	r.Extra.bytes += len(text)
	r.Extra.Logs = append(r.Extra.Logs, LogLine{e.At, e.Level.String(), redact(text)})
}

func (f *Function) finish(e host.InvocationFinished) {
	failure, stack := failureOf(e)
	f.Runs.Add(1)
	f.Items.Add(int64(e.Items))
	f.Documents.Add(int64(e.Documents))
	f.Micros.Add(e.Duration.Microseconds())
	if failure != nil {
		f.Failures.Add(1)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lastFailed, f.lastAt = failure != nil, e.At
	f.series.add(e.At, e.Duration, e.Items, failure != nil)
	if failure != nil {
		f.lastWhy = failure.Message
		f.groups.add(failure, e)
	}
	r := f.running[e.ID]
	if r == nil {
		return
	}
	delete(f.running, e.ID)
	f.seq++
	r.Seq, r.Running, r.Failure = f.seq, false, failure
	r.Sent, r.Duration, r.Outputs, r.Status = e.Documents+e.Events, e.Duration, e.Outputs, e.Status
	f.keepExtra(r, e, stack)
	f.keep(r)
}

// keepExtra notes what takes memory. mu is held.
func (f *Function) keepExtra(r *Run, e host.InvocationFinished, stack string) {
	every := inputEvery
	if r.Failure != nil {
		every = failedInputEvery
	}
	input := e.At.Sub(f.inputAt) >= every
	if !input && stack == "" && e.Answer == "" {
		return
	}
	if r.Extra == nil {
		r.Extra = &Extra{}
	}
	x := r.Extra
	x.Stack, x.Answer = redact(clip(stack, keptStack)), redact(e.Answer)
	if input {
		f.inputAt = e.At
		text := e.Input.Text(keptInput)
		text.Text = redact(text.Text)
		x.Input = &text
		x.bytes += len(text.Text)
	}
	x.bytes += len(x.Stack) + len(x.Answer)
}

// keep remembers a run that has ended, and forgets what there is no more room
// for. mu is held.
func (f *Function) keep(r *Run) {
	most := f.shares.of(allRuns, leastRuns, mostRuns)
	f.recent.add(r, most)
	if r.Failure != nil {
		f.failed.add(r, most)
	}
	if r.Extra == nil {
		return
	}
	f.heavyBytes += r.Extra.bytes
	if gone := f.heavy.add(r, 2*most); gone != nil {
		f.lighten(gone)
	}
	for room := f.shares.of(allBytes, leastBytes, mostBytes); f.heavyBytes > room && f.heavy.count() > 1; {
		f.lighten(f.heavy.pop())
	}
}

func (f *Function) lighten(r *Run) {
	f.heavyBytes -= r.Extra.bytes
	r.Extra = nil
}

// failureOf returns why a run failed, nil when it did not. An HTTP function that
// answers 500 and above has failed, whoever it told.
func failureOf(e host.InvocationFinished) (f *Failure, stack string) {
	switch {
	case e.Err != nil:
		f = &Failure{Message: e.Err.Error()}
		var own *host.FunctionError
		if errors.As(e.Err, &own) {
			f.Type, stack = own.Type, own.Stack
		}
	case e.Status >= http.StatusInternalServerError:
		f = &Failure{Type: "HTTP " + strconv.Itoa(e.Status), Message: firstLine(e.Answer)}
		if f.Message == "" {
			f.Message = "answered " + strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
		}
		stack = traceIn(e.Answer)
	default:
		return nil, ""
	}
	f.Message = redact(clip(f.Message, keptMessage))
	f.Frame = TopFrame(stack)
	f.Group = fingerprint(f)
	return f, stack
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return clip(strings.ToValidUTF8(line, "\uFFFD"), 500)
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
