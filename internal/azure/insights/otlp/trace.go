package otlp

import (
	"encoding/hex"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// Trace reads spans. of is how many spans stand behind each item: 1 for the item of a
// span, 0 for those of its events.
func Trace(all []*trace.ResourceSpans, take func(i *item.Item, of int)) {
	for _, r := range all {
		for _, scope := range r.GetScopeSpans() {
			s := sourceOf(r.GetResource(), scope.GetScope())
			for _, span := range scope.GetSpans() {
				s.span(span, take)
			}
		}
	}
}

// id is an identifier in hexadecimal digits; "" for none, and for zeros.
func id(b []byte, length int) string {
	if len(b) != length {
		return ""
	}
	for _, c := range b {
		if c != 0 {
			return hex.EncodeToString(b)
		}
	}
	return ""
}

// moment is a time of the wire.
func moment(nanoseconds uint64) time.Time {
	return time.Unix(0, int64(min(nanoseconds, math.MaxInt64))).UTC() //nolint:gosec // bounded
}

// maxDuration is the longest that a column of a duration holds.
const maxDuration = 1000*24*time.Hour - 1

func (s *source) span(span *trace.Span, take func(*item.Item, int)) {
	a := attributes(span.GetAttributes())
	i := s.item
	i.Time = moment(span.GetStartTimeUnixNano())
	i.Operation = item.Operation{ID: id(span.GetTraceId(), 16), ParentID: id(span.GetParentSpanId(), 8)}
	i.Count = sampled(a)
	people(&i, a)
	i.Properties = put(s.properties, a, func(name string) bool { return name == "_MS.sampleRate" || name == "microsoft.sample_rate" })
	took := min(max(moment(span.GetEndTimeUnixNano()).Sub(i.Time), 0), maxDuration)
	if links := linksOf(span.GetLinks()); links != "" {
		i.Properties = append(i.Properties, item.Property{Name: "_MS.links", Value: links})
	}
	failed := span.GetStatus().GetCode() == trace.Status_STATUS_CODE_ERROR
	if why := span.GetStatus().GetMessage(); why != "" {
		i.Properties = append(i.Properties, item.Property{Name: "otel.status_description", Value: cut(why, valueText)})
	}
	switch span.GetKind() {
	case trace.Span_SPAN_KIND_SERVER, trace.Span_SPAN_KIND_CONSUMER:
		b := requestOf(span, a, failed)
		b.Duration = took
		i.Body, i.Operation.Name = b, b.Name
		if ms, ok := enqueued(span); ok {
			i.Measurements = append(i.Measurements, item.Measurement{Name: "timeSinceEnqueued", Value: ms})
		}
	default:
		b := dependencyOf(span, a, failed)
		b.Duration = took
		i.Body = b
	}
	take(&i, 1)
	for _, e := range span.GetEvents() {
		s.event(span, e, i.Operation, take)
	}
}

// people are who used the application, and from where.
func people(i *item.Item, a attributes) {
	i.User = item.User{ID: cut(a.get("enduser.pseudo.id", "user.id"), 128), AuthenticatedID: cut(a.get("enduser.id"), mediumText)}
	i.Session = cut(a.get("session.id"), 64)
	i.Operation.SyntheticSource = cut(a.get("microsoft.synthetic_source", "user_agent.synthetic.type"), mediumText)
	if ip := a.get("client.address", "http.client_ip"); ip != "" {
		i.Client.IP = cut(ip, 46)
	}
	i.Client.Browser = cut(a.get("user_agent.original", "http.user_agent"), longText)
}

// requestOf is what was served.
func requestOf(span *trace.Span, a attributes, failed bool) *item.Request {
	b := &item.Request{ID: id(span.GetSpanId(), 8), Name: cut(span.GetName(), mediumText), ResultCode: "0", Success: !failed}
	if method := a.get("http.request.method", "http.method"); method != "" {
		b.URL = cut(urlOf(a), longText)
		where := a.get("http.route")
		if where == "" {
			where = pathOf(a)
		}
		if where != "" {
			b.Name = cut(method+" "+where, mediumText)
		}
	}
	b.ResultCode, b.Success = result(a, b.Success)
	if span.GetKind() == trace.Span_SPAN_KIND_CONSUMER {
		b.Source = cut(place(a), mediumText)
	}
	return b
}

// result is a resultCode, and whether it is a success.
func result(a attributes, success bool) (string, bool) {
	if code := a.get("http.response.status_code", "http.status_code"); code != "" {
		n, err := strconv.Atoi(code)
		return cut(code, mediumText), success && (err != nil || n < 400)
	}
	if code := a.get("rpc.grpc.status_code"); code != "" {
		return cut(code, mediumText), success
	}
	return "0", success
}

// urlOf is the address of a request.
func urlOf(a attributes) string {
	if u := a.get("url.full", "http.url"); u != "" {
		return u
	}
	host := a.get("server.address", "net.host.name", "http.host")
	if host == "" {
		return pathOf(a)
	}
	scheme := a.get("url.scheme", "http.scheme")
	if scheme == "" {
		scheme = "http"
	}
	u := scheme + "://" + withPort(host, a.get("server.port", "net.host.port"), scheme) + pathOf(a)
	if q := a.get("url.query"); q != "" && a.get("url.path") != "" {
		u += "?" + q
	}
	return u
}

func pathOf(a attributes) string {
	if p := a.get("url.path"); p != "" {
		return p
	}
	if target := a.get("http.target"); target != "" {
		path, _, _ := strings.Cut(target, "?")
		return path
	}
	if _, rest, ok := strings.Cut(a.get("url.full", "http.url"), "://"); ok {
		if n := strings.IndexByte(rest, '/'); n >= 0 {
			path, _, _ := strings.Cut(rest[n:], "?")
			return path
		}
		return "/"
	}
	return ""
}

// withPort is a host with its port, unless that is its scheme's.
func withPort(host, port, scheme string) string {
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" || strings.HasSuffix(host, ":"+port) {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// place is where messages went to or came from.
func place(a attributes) string {
	host, name := a.get("server.address", "net.peer.name", "peer.address"), a.get("messaging.destination.name", "messaging.destination", "message_bus.destination")
	if host == "" || name == "" {
		return host + name
	}
	return host + "/" + name
}

// sampled is how many spans one stands for.
func sampled(a attributes) int {
	rate, ok := a.number("microsoft.sample_rate", "_MS.sampleRate")
	if !ok || rate <= 0 || rate >= 100 {
		return 1
	}
	return int(min(math.Round(100/rate), math.MaxInt32))
}

// linksOf are the links of a span as Application Insights has them; "" for none.
func linksOf(all []*trace.Span_Link) string {
	var b []byte
	for _, l := range all {
		operation, span := id(l.GetTraceId(), 16), id(l.GetSpanId(), 8)
		if operation == "" || span == "" {
			continue
		}
		entry := `{"operation_Id":"` + operation + `","id":"` + span + `"}`
		if len(b)+len(entry)+2 > valueText { // whole, or not at all
			break
		}
		b = append(append(b, ','), entry...)
	}
	if b == nil {
		return ""
	}
	b[0] = '['
	return string(append(b, ']'))
}

// enqueued is how many milliseconds messages waited, in the mean, where all links say
// when they were enqueued.
func enqueued(span *trace.Span) (float64, bool) {
	sum, begun := 0.0, float64(span.GetStartTimeUnixNano())/1e6
	for _, l := range span.GetLinks() {
		at, ok := attributes(l.GetAttributes()).number("enqueuedTime")
		if !ok {
			return 0, false
		}
		sum += max(begun-at, 0)
	}
	n := len(span.GetLinks())
	return math.Round(sum / float64(max(n, 1))), n > 0
}

// event is what happened within a span.
func (s *source) event(span *trace.Span, e *trace.Span_Event, operation item.Operation, take func(*item.Item, int)) {
	a := attributes(e.GetAttributes())
	i := s.item
	i.Time, i.Operation = moment(e.GetTimeUnixNano()), operation
	i.Operation.ParentID = id(span.GetSpanId(), 8)
	i.Properties = put(s.properties, a, nil)
	if e.GetName() == "exception" {
		i.Body = exceptionOf(a, item.Error)
	} else {
		i.Body = &item.Trace{Message: cut(e.GetName(), lineText)}
	}
	take(&i, 0)
}

// exceptionOf is an exception by the attributes that all languages give.
func exceptionOf(a attributes, severity item.Severity) *item.Exception {
	kind := a.get("exception.type")
	if kind == "" {
		kind = "Exception"
	}
	return &item.Exception{Severity: severity, Chain: []item.Cause{{
		ID: 1, Type: cut(kind, mediumText), Message: cut(a.get("exception.message"), lineText), Stack: cut(a.get("exception.stacktrace"), lineText),
	}}}
}
