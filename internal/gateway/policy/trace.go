package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// Trace is what happened in an exchange, section by section. A nil trace takes
// nothing.
type Trace struct {
	mu      sync.Mutex // guards Entries: wait runs its children side by side
	Entries map[string][]TraceEntry
}

// TraceEntry is one line of a trace.
type TraceEntry struct {
	Source    string         `json:"source"`
	Timestamp time.Time      `json:"timestamp"`
	Elapsed   string         `json:"elapsed"`
	Data      map[string]any `json:"data,omitempty"`
}

// NewTrace is an empty trace.
func NewTrace() *Trace { return &Trace{Entries: map[string][]TraceEntry{}} }

// Add adds a line to a section.
func (t *Trace) Add(x *Exchange, section, source string, data map[string]any) {
	if t == nil {
		return
	}
	if x.World != nil && x.World.Hide != nil {
		data = hidden(data, x.World.Hide)
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Entries[section] = append(t.Entries[section], TraceEntry{source, now.UTC(), expression.Text(expression.Span(now.Sub(x.Began))), data})
}

// hidden is data whose texts have no secrets.
func hidden(data map[string]any, hide func(string) string) map[string]any {
	text, err := json.Marshal(data)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	var out map[string]any
	if json.Unmarshal([]byte(hide(string(text))), &out) != nil {
		return map[string]any{"message": "what is to be shown holds a secret"}
	}
	return out
}

func (t *Trace) failed(x *Exchange, f *Failure) {
	t.Add(x, OnError.String(), f.Source, map[string]any{
		"reason": f.Reason, "message": f.Message, "section": f.Section, "path": f.Path, "scope": f.Scope, "status": f.Status,
	})
}

// state is what a policy can change, for the difference that is shown.
type state struct {
	method, url, body string
	status            int
	headers           http.Header
	reply             http.Header
	variables         map[string]string
}

func (x *Exchange) state() state {
	s := state{method: x.Request.Method, url: x.Request.url(), headers: x.Request.Header.Clone(), variables: map[string]string{}}
	if x.Response != nil {
		s.status, s.reply = x.Response.Status, x.Response.Header.Clone()
		if b := x.Response.Body; b != nil && b.Buffered() {
			s.body = clip(string(b.data))
		}
	}
	for _, k := range x.Variables.Keys {
		s.variables[fmt.Sprint(k)] = clip(expression.Text(x.Variables.Values[k]))
	}
	return s
}

// traced runs a step and writes down what it changed.
func (x *Exchange) traced(s *step) error {
	section := x.section
	d := x.document()
	before := x.state()
	err := s.do.run(x)
	if s.name == "base" {
		return err
	}
	data := map[string]any{}
	if d != nil {
		data["scope"] = d.Level.String()
	}
	data["line"] = s.pos.Line
	differences(data, before, x.state())
	if err != nil && !errors.Is(err, errEnded) && !errors.Is(err, errFound) {
		err = failureOf(x, s, err)
		if f, ok := err.(*Failure); ok { //nolint:errorlint // failureOf gives one
			data["error"] = f.Message
		}
	}
	x.Trace.Add(x, section.String(), s.name, data)
	return err
}

func differences(data map[string]any, a, b state) {
	if a.method != b.method {
		data["method"] = b.method
	}
	if a.url != b.url {
		data["url"] = b.url
	}
	if a.status != b.status {
		data["status"] = b.status
	}
	if a.body != b.body {
		data["body"] = b.body
	}
	headerDifferences(data, "request header ", a.headers, b.headers)
	headerDifferences(data, "response header ", a.reply, b.reply)
	for name, v := range b.variables {
		if old, ok := a.variables[name]; !ok || old != v {
			data["variable "+name] = v
		}
	}
}

func headerDifferences(data map[string]any, label string, a, b http.Header) {
	for name, v := range b {
		if fmt.Sprint(a[name]) != fmt.Sprint(v) {
			data[label+name] = shownHeader(name, v)
		}
	}
	for name := range a {
		if _, ok := b[name]; !ok {
			data[label+name] = "(removed)"
		}
	}
}

// shownHeader is a header without what opens things.
func shownHeader(name string, values []string) string {
	switch name {
	case "Authorization", "Ocp-Apim-Subscription-Key", "X-Functions-Key", "Cookie", "Set-Cookie", "Proxy-Authorization":
		return "***"
	}
	return clip(fmt.Sprint(values))
}
