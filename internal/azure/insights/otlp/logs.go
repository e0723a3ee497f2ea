package otlp

import (
	"strings"
	"time"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// Logs reads lines of logs: an item each.
func Logs(all []*logs.ResourceLogs, take func(*item.Item)) {
	for _, r := range all {
		for _, scope := range r.GetScopeLogs() {
			s := sourceOf(r.GetResource(), scope.GetScope())
			for _, line := range scope.GetLogRecords() {
				take(s.line(line))
			}
		}
	}
}

func (s *source) line(l *logs.LogRecord) *item.Item {
	a := attributes(l.GetAttributes())
	i := s.item
	i.Time = moment(l.GetTimeUnixNano())
	if l.GetTimeUnixNano() == 0 {
		i.Time = moment(l.GetObservedTimeUnixNano())
	}
	i.Count = sampled(a)
	people(&i, a)
	i.Operation.ID, i.Operation.ParentID = id(l.GetTraceId(), 16), id(l.GetSpanId(), 8)
	i.Operation.Name = cut(a.get("microsoft.operation_name"), mediumText)
	i.Properties = put(s.properties, a, ours)
	severity := severityOf(int(l.GetSeverityNumber()))
	message := text(l.GetBody())
	switch {
	case a.get("exception.type", "exception.message") != "":
		i.Body = exceptionOf(a, max(severity, item.Verbose))
	case a.get("microsoft.custom_event.name") != "":
		i.Body = &item.Event{Name: cut(a.get("microsoft.custom_event.name"), shortText)}
	case a.get("microsoft.availability.name") != "":
		i.Body = availabilityOf(a)
	default:
		if message == "" {
			message = l.GetEventName()
		}
		i.Body = &item.Trace{Message: cut(message, lineText), Severity: severity}
		return &i
	}
	if message != "" {
		i.Properties = append(i.Properties, item.Property{Name: "message", Value: cut(message, valueText)})
	}
	return &i
}

// ours are attributes that say what a line is, and are columns then.
func ours(name string) bool {
	return name == "microsoft.custom_event.name" || name == "microsoft.sample_rate" || strings.HasPrefix(name, "microsoft.availability.")
}

// severityOf is the severity of a number of OpenTelemetry, whose levels have four each.
func severityOf(n int) item.Severity {
	switch {
	case n <= 0:
		return item.NoSeverity
	case n < 9:
		return item.Verbose
	case n < 13:
		return item.Information
	case n < 17:
		return item.Warning
	case n < 21:
		return item.Error
	}
	return item.Critical
}

// availabilityOf is the result of a test from outside.
func availabilityOf(a attributes) *item.Availability {
	const at = "microsoft.availability."
	b := &item.Availability{
		ID: cut(a.get(at+"id"), shortText), Name: cut(a.get(at+"name"), mediumText), Location: cut(a.get(at+"runLocation"), mediumText),
		Message: cut(a.get(at+"message"), dataText), Success: strings.EqualFold(a.get(at+"success"), "true"),
	}
	if d, err := time.ParseDuration(a.get(at + "duration")); err == nil {
		b.Duration = min(max(d, 0), maxDuration)
	} else if ms, ok := a.number(at + "duration"); ok {
		b.Duration = time.Duration(min(max(ms, 0), float64(maxDuration.Milliseconds())) * float64(time.Millisecond))
	}
	return b
}
