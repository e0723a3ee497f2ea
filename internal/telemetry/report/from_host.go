package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/tracecontext"
)

// Host is what a function app reports of. Levels are those of host.json, as they are
// now.
type Host struct {
	App      string
	Instance string // of the host, made at its start
	Levels   func() hostjson.Logging
	// Put gives items to the app's component. It does not wait.
	Put func(items ...*item.Item)
}

// maxRunning bounds the invocations under way whose begin is remembered.
const maxRunning = 20_000

// The categories under which Azure's host reports.
const (
	resultsCategory = "Host.Results"
	sdkVersion      = "azurefunctions: 4.lazuli"
)

// FromHost returns a listener to the host of a function app: an invocation is a request,
// its lines are traces, what it failed with is an exception, and what its outputs wrote
// are dependencies.
func FromHost(h Host) host.Listener {
	r := &runs{Host: h, process: strconv.Itoa(os.Getpid()), machine: machine(), running: map[string]host.InvocationStarted{}}
	return func(e host.Event) {
		switch e := e.(type) {
		case host.InvocationStarted:
			r.started(e)
		case host.InvocationFinished:
			r.finished(e)
		case host.LogWritten:
			r.wrote(e)
		case host.OutputWritten:
			r.wroteOutput(e)
		}
	}
}

// runs are an app's invocations.
type runs struct {
	Host
	process, machine string

	mu      sync.Mutex                        // guards running
	running map[string]host.InvocationStarted // by id
}

func (r *runs) logs(category string, level slog.Level) bool {
	return level >= r.Levels().Level(category)
}

func (r *runs) started(e host.InvocationStarted) {
	r.mu.Lock()
	if len(r.running) < maxRunning {
		r.running[e.ID] = e
	}
	r.mu.Unlock()
	category := "Function." + e.Function
	if !r.logs(category, slog.LevelInfo) {
		return
	}
	line := r.line(e, e.ID, e.Function, category, slog.LevelInfo, "Executing 'Functions."+e.Function+"' (Reason='"+e.Reason+"', Id="+e.ID+")")
	line.Time = e.At
	line.Properties = append(line.Properties, item.Property{Name: "EventId", Value: "1"}, item.Property{Name: "EventName", Value: "FunctionStarted"},
		item.Property{Name: "prop__functionName", Value: "Functions." + e.Function}, item.Property{Name: "prop__reason", Value: e.Reason},
		item.Property{Name: "prop__invocationId", Value: e.ID}, item.Property{Name: "prop__{OriginalFormat}", Value: "Executing '{functionName}' (Reason='{reason}', Id={invocationId})"})
	if e.Details == "" {
		r.Put(line)
		return
	}
	details := r.line(e, e.ID, e.Function, category, slog.LevelInfo, "Trigger Details: "+e.Details)
	details.Time = e.At
	r.Put(line, details)
}

func (r *runs) finished(e host.InvocationFinished) {
	r.mu.Lock()
	begun, known := r.running[e.ID]
	delete(r.running, e.ID)
	r.mu.Unlock()
	if !known {
		begun = host.InvocationStarted{Function: e.Function, ID: e.ID, Items: e.Items, At: e.At.Add(-e.Duration)}
	}
	var all []*item.Item
	category := "Function." + e.Function
	outcome, level, event := "Succeeded", slog.LevelInfo, "2"
	if e.Err != nil {
		outcome, level, event = "Failed", slog.LevelError, "3"
	}
	ms := strconv.FormatInt(e.Duration.Milliseconds(), 10)
	if r.logs(category, level) {
		line := r.line(begun, e.ID, e.Function, category, level, "Executed 'Functions."+e.Function+"' ("+outcome+", Id="+e.ID+", Duration="+ms+"ms)")
		line.Time = e.At
		line.Properties = append(line.Properties, item.Property{Name: "EventId", Value: event}, item.Property{Name: "EventName", Value: "FunctionCompleted"},
			item.Property{Name: "prop__functionName", Value: "Functions." + e.Function}, item.Property{Name: "prop__status", Value: outcome},
			item.Property{Name: "prop__invocationId", Value: e.ID}, item.Property{Name: "prop__executionDuration", Value: ms},
			item.Property{Name: "prop__{OriginalFormat}", Value: "Executed '{functionName}' ({status}, Id={invocationId}, Duration={executionDuration}ms)"})
		all = append(all, line)
		if e.Err != nil {
			failed := r.line(begun, e.ID, e.Function, category, level, "")
			failed.Time, failed.Body = e.At, exception(e)
			failed.Properties = append(failed.Properties, item.Property{Name: "EventId", Value: event}, item.Property{Name: "FormattedMessage", Value: line.Body.(*item.Trace).Message})
			all = append(all, failed)
		}
	}
	if r.logs(resultsCategory, slog.LevelInfo) {
		all = append(all, r.request(begun, e))
	}
	r.Put(all...)
}

// request is the invocation itself.
func (r *runs) request(begun host.InvocationStarted, e host.InvocationFinished) *item.Item {
	level := slog.LevelInfo
	if e.Err != nil {
		level = slog.LevelError
	}
	i := r.line(begun, e.ID, e.Function, resultsCategory, level, "")
	body := &item.Request{ID: tracecontext.Span(begun.TraceParent), Name: e.Function, Success: e.Err == nil, ResultCode: "0", Duration: e.Duration}
	i.Time, i.Body, i.Operation.ParentID = begun.At, body, tracecontext.Span(begun.Caller)
	i.Properties = append(i.Properties, item.Property{Name: "FullName", Value: "Functions." + e.Function},
		item.Property{Name: "FunctionExecutionTimeMs", Value: strconv.FormatFloat(float64(e.Duration.Microseconds())/1000, 'f', -1, 64)})
	if begun.Reason != "" {
		i.Properties = append(i.Properties, item.Property{Name: "TriggerReason", Value: begun.Reason})
	}
	if begun.Source.Host != "" {
		body.Source = begun.Source.Host + "/" + begun.Source.Target
	}
	came(i, begun)
	if web, ok := e.Input.Web(); ok {
		body.URL = web.URL
		if e.Status != 0 {
			body.ResultCode = strconv.Itoa(e.Status)
			body.Success = e.Err == nil && e.Status < 500
		}
		if web.IP != "" {
			i.Client.IP = web.IP
		}
		i.Properties = append(i.Properties, item.Property{Name: "HttpMethod", Value: web.Method})
		if at, err := url.Parse(web.URL); err == nil {
			i.Properties = append(i.Properties, item.Property{Name: "HttpPath", Value: at.Path})
		}
	}
	return i
}

// wrote is a line of the function's code or of its worker.
func (r *runs) wrote(e host.LogWritten) {
	if !r.logs(e.Category, e.Level) {
		return
	}
	r.mu.Lock()
	begun := r.running[e.ID]
	r.mu.Unlock()
	line := r.line(begun, e.ID, e.Function, e.Category, e.Level, strings.TrimRight(e.Message, "\n"))
	line.Time = e.At
	line.Properties = append(line.Properties, properties(e.Properties)...)
	if e.Exception == "" {
		r.Put(line)
		return
	}
	failed := *line
	failed.Properties = append(append([]item.Property(nil), line.Properties...), item.Property{Name: "FormattedMessage", Value: line.Body.(*item.Trace).Message})
	kind, message, two := strings.Cut(e.Exception, ": ")
	if !two || strings.ContainsAny(kind, " \t\n") {
		kind, message = "Exception", e.Exception
	}
	failed.Body = &item.Exception{Chain: []item.Cause{{ID: 1, Type: kind, Message: message}}, Severity: severity(e.Level)}
	r.Put(&failed, line)
}

// maxProperties bounds how many properties of a line are kept.
const maxProperties = 100

// properties are those that the code logged with a line, as Azure calls them.
func properties(text string) (all []item.Property) {
	if text == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() && len(all) < maxProperties {
		name, err := d.Token()
		var v json.RawMessage
		if err != nil || d.Decode(&v) != nil {
			return all
		}
		var value string
		if json.Unmarshal(v, &value) != nil {
			value = string(v)
		}
		all = append(all, item.Property{Name: "prop__" + fmt.Sprint(name), Value: value})
	}
	return all
}

// base is what all of an invocation's items have in common.
func (r *runs) base(of host.InvocationStarted, function string) *item.Item {
	return &item.Item{
		Operation: item.Operation{Name: function, ID: tracecontext.Trace(of.TraceParent), ParentID: tracecontext.Span(of.TraceParent)},
		Client:    item.Client{Type: "PC", IP: "0.0.0.0"}, Role: r.App, RoleInstance: r.machine, SDKVersion: sdkVersion,
	}
}

// line is a line of an invocation.
func (r *runs) line(of host.InvocationStarted, id, function, category string, level slog.Level, message string) *item.Item {
	i := r.base(of, function)
	i.Body = &item.Trace{Message: message, Severity: severity(level)}
	i.Properties = append(make([]item.Property, 0, 12), item.Property{Name: "Category", Value: category}, item.Property{Name: "LogLevel", Value: levelName(level)},
		item.Property{Name: "ProcessId", Value: r.process}, item.Property{Name: "HostInstanceId", Value: r.Instance})
	if id != "" {
		i.Properties = append(i.Properties, item.Property{Name: "InvocationId", Value: id})
	}
	return i
}

// exception is why an invocation failed.
func exception(e host.InvocationFinished) *item.Exception {
	c := item.Cause{ID: 1, Type: "Exception", Message: e.Err.Error()}
	var own *host.FunctionError
	if errors.As(e.Err, &own) {
		c.Message, c.Stack = own.Message, own.Stack
		if own.Type != "" {
			c.Type = own.Type
		}
	}
	return &item.Exception{Chain: []item.Cause{c}, Severity: item.Error}
}

func severity(l slog.Level) item.Severity {
	switch {
	case l < slog.LevelInfo:
		return item.Verbose
	case l < slog.LevelWarn:
		return item.Information
	case l < slog.LevelError:
		return item.Warning
	case l < slog.LevelError+4:
		return item.Error
	}
	return item.Critical
}

// levelName is the level's name in Azure.
func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelDebug:
		return "Trace"
	case l < slog.LevelInfo:
		return "Debug"
	}
	return severity(l).String()
}
