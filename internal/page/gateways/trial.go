package gateways

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

const (
	maxRequest = 4 << 20   // of JSON, with the body of the call
	maxReply   = 256 << 10 // bytes of a body that are shown
	maxTrace   = 8 << 20
	testLimit  = 2 * time.Minute
)

// Call is the body of POST /api/gateways/{gateway}/test.
type Call struct {
	Method       string `json:"method"`
	Path         string `json:"path"` // below the gateway, with its query
	Headers      []Pair `json:"headers"`
	Body         string `json:"body"`
	Subscription string `json:"subscription"` // whose primary key the call has; "": none
}

// Pair is a header, or something that a policy changed.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Outcome is what came of a call.
type Outcome struct {
	Status  int     `json:"status"`
	Ms      float64 `json:"ms"`
	Headers []Pair  `json:"headers"`
	Body    string  `json:"body"`
	Base64  bool    `json:"base64"` // the body is no text
	Bytes   int64   `json:"bytes"`
	Cut     bool    `json:"cut"` // there is more of the body
	Steps   []Step  `json:"steps"`
}

// Step is what a policy did.
type Step struct {
	Section string  `json:"section"`
	Source  string  `json:"source"` // the policy
	Scope   string  `json:"scope"`  // where its document stands
	Line    int     `json:"line"`   // in it
	At      float64 `json:"at"`     // milliseconds since the first
	Changes []Pair  `json:"changes"`
}

// test serves POST /api/gateways/{gateway}/test: a real call, through the port, with
// what each policy did. That it is refused is an answer, no error.
func (p page) test(w http.ResponseWriter, r *http.Request) error {
	g, err := p.gateway(r.PathValue("gateway"))
	var c Call
	if err == nil {
		err = portal.ReadJSON(w, r, maxRequest, &c)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), testLimit)
	defer cancel()
	out, err := p.call(ctx, g, c)
	if err == nil {
		portal.WriteJSON(w, http.StatusOK, out)
	}
	return err
}

const traceHeader = "Lazuli-Trace"

func (p page) request(ctx context.Context, g Gateway, c Call) (*http.Request, error) {
	at := p.Address()
	if at == "" {
		return nil, fault.New(fault.Unavailable, "gateway "+g.Name, "nothing answers for gateways yet")
	}
	r, err := http.NewRequestWithContext(ctx, strings.ToUpper(c.Method), "http://"+at+"/"+strings.TrimPrefix(c.Path, "/"), strings.NewReader(c.Body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "call", "%v", err)
	}
	for _, h := range c.Headers {
		r.Header.Add(h.Name, h.Value)
	}
	if c.Subscription != "" {
		s, err := g.Subscriptions().Get(c.Subscription)
		if err != nil {
			return nil, err
		}
		r.Header.Set(p.keyHeader(g, c.Path), s.PrimaryKey)
	}
	r.Header.Set(traceHeader, p.TraceToken)
	if len(g.Hosts) > 0 {
		r.Host = g.Hosts[0]
	}
	return r, nil
}

// keyHeader is where the API of a path wants its key.
func (p page) keyHeader(g Gateway, path string) string {
	name, longest := "Ocp-Apim-Subscription-Key", -1
	for _, a := range g.APIs().List() {
		if len(a.Value.Path) > longest && strings.HasPrefix(strings.Trim(path, "/")+"/", strings.TrimPrefix(a.Value.Path+"/", "/")) && a.Value.KeyHeader != "" {
			name, longest = a.Value.KeyHeader, len(a.Value.Path)
		}
	}
	return name
}

func (p page) call(ctx context.Context, g Gateway, c Call) (Outcome, error) {
	r, err := p.request(ctx, g, c)
	if err != nil {
		return Outcome{}, err
	}
	began := time.Now()
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return Outcome{}, fault.New(fault.Unavailable, "call", "%v", err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxReply+1))
	if err != nil {
		return Outcome{}, fault.New(fault.Unavailable, "call", "the answer broke off: %v", err)
	}
	out := Outcome{Status: reply.StatusCode, Ms: float64(time.Since(began).Microseconds()) / 1000, Headers: []Pair{}, Bytes: max(reply.ContentLength, int64(len(body))), Steps: []Step{}}
	if len(body) > maxReply {
		body, out.Cut = body[:maxReply], true
	}
	if out.Body = string(body); !utf8.Valid(body) && !out.Cut {
		out.Body, out.Base64 = base64.StdEncoding.EncodeToString(body), true
	}
	where := reply.Header.Get(traceHeader)
	reply.Header.Del(traceHeader)
	for _, name := range slices.Sorted(maps.Keys(reply.Header)) {
		for _, v := range reply.Header[name] {
			out.Headers = append(out.Headers, Pair{name, v})
		}
	}
	if where != "" {
		out.Steps, err = p.steps(ctx, r.Host, where)
	}
	return out, err
}

// steps reads the trace of a call.
func (p page) steps(ctx context.Context, host, where string) ([]Step, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Address()+where, nil)
	if err != nil {
		return nil, err
	}
	r.Host = host // traces are the gateway's own
	reply, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "trace", "%v", err)
	}
	defer reply.Body.Close()
	var trace struct {
		Entries map[string][]struct {
			Source    string         `json:"source"`
			Timestamp time.Time      `json:"timestamp"`
			Data      map[string]any `json:"data"`
		} `json:"traceEntries"`
	}
	if err := json.NewDecoder(io.LimitReader(reply.Body, maxTrace)).Decode(&trace); err != nil {
		return nil, fault.New(fault.Unavailable, "trace", "the gateway answers %s: %v", reply.Status, err)
	}
	all, first := []Step{}, time.Time{}
	for _, section := range []string{"inbound", "backend", "outbound", "on-error"} {
		for _, e := range trace.Entries[section] {
			if first.IsZero() {
				first = e.Timestamp
			}
			all = append(all, step(section, e.Source, float64(e.Timestamp.Sub(first).Microseconds())/1000, e.Data))
		}
	}
	return all, nil
}

func step(section, source string, at float64, data map[string]any) Step {
	s := Step{Section: section, Source: source, At: at, Changes: []Pair{}}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		switch v := data[name].(type) {
		case string:
			if name == "scope" {
				s.Scope = v
			} else {
				s.Changes = append(s.Changes, Pair{name, v})
			}
		case float64:
			if name == "line" {
				s.Line = int(v)
			} else {
				s.Changes = append(s.Changes, Pair{name, fmt.Sprint(v)})
			}
		case nil:
		default:
			s.Changes = append(s.Changes, Pair{name, fmt.Sprint(v)})
		}
	}
	return s
}
