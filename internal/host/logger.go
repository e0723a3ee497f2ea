package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// logger writes events to the log, filtered by the levels of host.json. The
// "Executing" and "Executed" lines have exactly the shape that people search
// for in Azure.
type logger struct {
	app    string
	log    *slog.Logger
	levels func() hostjson.Logging // as they are now
}

func (l *logger) handle(e Event) {
	switch e := e.(type) {
	case InvocationStarted:
		l.started(e)
	case InvocationFinished:
		l.finished(e)
	case LogWritten:
		l.user(e)
	case WorkerOutput:
		l.write("Host.Function.Console", slog.LevelInfo, Origin{App: l.app, Worker: true}, e.Line, slog.String("stream", e.Stream))
	case WorkerChanged:
		l.worker(e.Status)
	case ListenerChanged:
		l.listener(e)
	case SetAside:
		l.aside(e)
	case BreakerChanged:
		l.breaker(e)
	}
}

func (l *logger) started(e InvocationStarted) {
	category := "Function." + e.Function
	if !l.enabled(category, slog.LevelInfo) {
		return
	}
	from := Origin{App: l.app, Function: e.Function, Invocation: e.ID}
	l.writeAt(e.At, category, slog.LevelInfo, from, "Executing 'Functions."+e.Function+"' (Reason='"+e.Reason+"', Id="+e.ID+")")
	if e.Details != "" {
		l.writeAt(e.At, category, slog.LevelInfo, from, "Trigger Details: "+e.Details)
	}
}

func (l *logger) finished(e InvocationFinished) {
	category := "Function." + e.Function
	outcome, level := "Succeeded", slog.LevelInfo
	var attrs []slog.Attr
	if e.Err != nil {
		outcome, level = "Failed", slog.LevelError
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	}
	if !l.enabled(category, level) {
		return
	}
	from := Origin{App: l.app, Function: e.Function, Invocation: e.ID}
	l.writeAt(e.At, category, level, from, fmt.Sprintf("Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)",
		e.Function, outcome, e.ID, e.Duration.Milliseconds()), attrs...)
	var failure *FunctionError
	if errors.As(e.Err, &failure) && failure.Stack != "" {
		l.writeAt(e.At, category, level, from, fmt.Sprintf("Stack of 'Functions.%s' (Id=%s)\n%s", e.Function, e.ID, userFrames(failure.Stack)))
	}
}

// maxStackBytes bounds what of a stack is logged.
const maxStackBytes = 4 << 10

// userFrames is the part of a stack that its author asks for: a Go stack begins
// where it panicked, not with the machinery that caught it.
func userFrames(stack string) string {
	if at := strings.LastIndex(stack, "\npanic("); at >= 0 {
		if _, below, ok := strings.Cut(stack[at+1:], "\n\t"); ok {
			if _, frames, ok := strings.Cut(below, "\n"); ok {
				stack = frames
			}
		}
	}
	if len(stack) > maxStackBytes {
		stack = strings.ToValidUTF8(stack[:maxStackBytes], "") + "\n..."
	}
	return strings.TrimSpace(stack)
}

func (l *logger) user(e LogWritten) {
	if !l.enabled(e.Category, e.Level) {
		return
	}
	var attrs []slog.Attr
	if e.Function != "" {
		attrs = append(attrs, slog.String("function", e.Function), slog.String("invocation_id", e.ID))
	}
	if e.Exception != "" {
		attrs = append(attrs, slog.String("error", e.Exception))
	}
	if e.Properties != "" && !told(e.Message, e.Properties) {
		attrs = append(attrs, slog.String("properties", e.Properties))
	}
	from := Origin{App: l.app, Function: e.Function, Invocation: e.ID, Worker: e.Function != ""}
	l.writeAt(e.At, e.Category, e.Level, from, strings.TrimRight(e.Message, "\n"), attrs...)
}

// told reports whether a message names each of its properties already, as those
// of our own Go workers do: then the line need not repeat them.
func told(message, properties string) bool {
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(properties), &all) != nil {
		return false
	}
	for name := range all {
		if !strings.Contains(message, name+"=") && !strings.Contains(message, name+".") && !strings.Contains(message, quote(name)+"=") {
			return false
		}
	}
	return true
}

// worker tells of the worker's state. One that does not start, as code that does
// not load, says its reason once.
func (l *logger) worker(s worker.Status) {
	switch s.State {
	case worker.Waiting, worker.Failing:
		if s.Again {
			return
		}
		if s.Unstarted {
			l.write("Host.Worker", slog.LevelError, Origin{App: l.app}, "the worker does not start; it is tried again, less and less often", slog.String("error", s.LastError))
			return
		}
	}
	switch s.State {
	case worker.Running:
		l.write("Host.Worker", slog.LevelInfo, Origin{App: l.app}, "worker is ready", slog.Int("worker", s.Number), slog.Int("pid", s.Info.PID), slog.Int("functions", len(s.Info.IDs)))
		for name, err := range s.Info.LoadErrors {
			l.write("Host.Worker", slog.LevelError, Origin{App: l.app}, "worker cannot load function", slog.String("function", name), slog.String("error", err.Error()))
		}
	case worker.Waiting:
		l.write("Host.Worker", slog.LevelWarn, Origin{App: l.app}, "worker ended and will be restarted", slog.Int("failures", s.Failures), slog.String("error", s.LastError))
	case worker.Failing:
		l.write("Host.Worker", slog.LevelError, Origin{App: l.app}, "worker keeps failing; it is tried again at long intervals", slog.Int("failures", s.Failures), slog.String("error", s.LastError))
	}
}

func (l *logger) listener(e ListenerChanged) {
	from := Origin{App: l.app, Function: e.Function}
	if e.State == ListenerFailed {
		l.write("Host.Triggers", slog.LevelError, from, "trigger cannot listen", slog.String("function", e.Function), slog.String("error", e.Err.Error()))
		return
	}
	if e.State == ListenerRunning && e.Before == ListenerFailed {
		l.write("Host.Triggers", slog.LevelInfo, from, "trigger listens again", slog.String("function", e.Function))
		return
	}
	l.write("Host.Triggers", slog.LevelDebug, from, "trigger changed", slog.String("function", e.Function), slog.String("state", string(e.State)))
}

func (l *logger) aside(e SetAside) {
	from := Origin{App: l.app, Function: e.Function}
	attrs := []slog.Attr{slog.String("function", e.Function), slog.String("place", e.Place.String()), slog.Int("letters", e.Letters), slog.String("cause", e.Cause.Error())}
	if e.Err != nil {
		l.write("Host.DeadLetters", slog.LevelError, from, "dead letters cannot be kept; what they hold is held back until they can", append(attrs, slog.String("error", e.Err.Error()))...)
		return
	}
	l.write("Host.DeadLetters", slog.LevelWarn, from, "what the function failed on was set aside", attrs...)
}

func (l *logger) breaker(e BreakerChanged) {
	from := Origin{App: l.app, Function: e.Function}
	switch e.State {
	case breaker.Open:
		attrs := []slog.Attr{slog.String("function", e.Function), slog.Int("failures", e.Failures), slog.Int("probes", e.Probes), slog.Time("until", e.Until)}
		if e.Err != nil {
			attrs = append(attrs, slog.String("error", e.Err.Error()))
		}
		l.write("Host.CircuitBreaker", slog.LevelWarn, from, "the circuit breaker is open: nothing is taken until a probe succeeds", attrs...)
	case breaker.HalfOpen:
		l.write("Host.CircuitBreaker", slog.LevelInfo, from, "the circuit breaker lets one run through, to see how it goes", slog.String("function", e.Function))
	case breaker.Closed:
		l.write("Host.CircuitBreaker", slog.LevelInfo, from, "the circuit breaker is closed: the probe succeeded", slog.String("function", e.Function))
	}
}

func (l *logger) enabled(category string, level slog.Level) bool {
	return level >= l.levels().Level(category) && l.log.Enabled(context.Background(), level)
}

// write logs what happened now.
func (l *logger) write(category string, level slog.Level, from Origin, msg string, attrs ...slog.Attr) {
	l.writeAt(time.Now(), category, level, from, msg, attrs...)
}

// writeAt logs what happened at a time: lines are written a little after it.
func (l *logger) writeAt(at time.Time, category string, level slog.Level, from Origin, msg string, attrs ...slog.Attr) {
	if !l.enabled(category, level) {
		return
	}
	r := slog.NewRecord(at, level, msg, 0)
	r.AddAttrs(attrs...)
	_ = l.log.Handler().Handle(context.WithValue(context.Background(), originKey{}, from), r) // as slog.Logger has it
}
