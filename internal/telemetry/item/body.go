package item

import "time"

// Request is a call that the application served.
type Request struct {
	ID         string // of the span: what its children name as their parent
	Name       string
	Source     string // who called
	URL        string
	Success    bool
	ResultCode string // "0" of what is no HTTP call
	Duration   time.Duration
}

// Dependency is a call that the application made.
type Dependency struct {
	ID         string
	Name       string
	Target     string
	Kind       string // column type: HTTP, SQL, InProc, …
	Data       string // the statement or the address
	Success    bool
	ResultCode string
	Duration   time.Duration
}

// Trace is a line of a log.
type Trace struct {
	Message  string
	Severity Severity
}

// Exception is what went wrong: an exception and its causes.
type Exception struct {
	Chain     []Cause // outermost first, the root cause last
	Severity  Severity
	ProblemID string // when empty: the outermost type, " at " and its method
	HandledAt string
}

// Cause is one exception of a chain.
type Cause struct {
	ID, OuterID int64  // OuterID names the one that it caused; 0: none
	Type        string // for instance System.InvalidOperationException
	Message     string
	Stack       string  // as text, where there are no frames
	Frames      []Frame // innermost call first
}

// Frame is one call of a stack.
type Frame struct {
	Level    int64
	Method   string
	Assembly string
	File     string
	Line     int64
}

// Event is something that the application wants counted.
type Event struct {
	Name string
}

// Metric is a value, or what is left of several.
type Metric struct {
	Name   string
	Sum    float64 // the value, when Count is 1
	Count  int64   // 0 is 1
	Min    float64
	Max    float64
	StdDev float64
}

// PerformanceCounter is a measure of a process or machine, for instance
// \Process(python)\Private Bytes: category Process, counter Private Bytes,
// instance python.
type PerformanceCounter struct {
	Name, Category, Counter, Instance string
	Value                             float64
}

// Availability is the result of a test from outside.
type Availability struct {
	ID       string
	Name     string
	Location string
	Success  bool
	Message  string
	Size     float64
	Duration time.Duration
}

// PageView is a page that somebody saw.
type PageView struct {
	ID       string
	Name     string
	URL      string
	Duration time.Duration
}

// BrowserTiming is how long the parts of a page view took.
type BrowserTiming struct {
	Name, URL                                 string
	Network, Send, Receive, Processing, Total time.Duration
}

// Type returns RequestType.
func (*Request) Type() Type { return RequestType }

// Type returns DependencyType.
func (*Dependency) Type() Type { return DependencyType }

// Type returns TraceType.
func (*Trace) Type() Type { return TraceType }

// Type returns ExceptionType.
func (*Exception) Type() Type { return ExceptionType }

// Type returns EventType.
func (*Event) Type() Type { return EventType }

// Type returns MetricType.
func (*Metric) Type() Type { return MetricType }

// Type returns PerformanceCounterType.
func (*PerformanceCounter) Type() Type { return PerformanceCounterType }

// Type returns AvailabilityType.
func (*Availability) Type() Type { return AvailabilityType }

// Type returns PageViewType.
func (*PageView) Type() Type { return PageViewType }

// Type returns BrowserTimingType.
func (*BrowserTiming) Type() Type { return BrowserTimingType }

// Severity is how much a trace or an exception matters. The zero value says
// nothing, and its column is null.
type Severity uint8

// The severities, one more than the numbers that columns show.
const (
	NoSeverity  Severity = iota
	Verbose              // 0
	Information          // 1
	Warning              // 2
	Error                // 3
	Critical             // 4
)

var severityNames = [...]string{"", "Verbose", "Information", "Warning", "Error", "Critical"}

// String returns the severity's name; "" of NoSeverity.
func (s Severity) String() string { return severityNames[min(s, Critical)] }

// Level returns severityLevel, 0 to 4; ok is false of NoSeverity.
func (s Severity) Level() (level int64, ok bool) { return int64(s) - 1, s != NoSeverity }

// SeverityOf returns the severity of a severityLevel, NoSeverity of what is
// none.
func SeverityOf(level int64) Severity {
	if level < 0 || level > 4 {
		return NoSeverity
	}
	return Severity(level + 1)
}
