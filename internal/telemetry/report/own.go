package report

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/concurrency"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// Own is what this process reports of itself as live metrics, as the applications'
// libraries do of theirs: each second, while somebody looks, what its engines did and
// what its processes take, by role. What a component has no room for, or sampling leaves
// out of it, counts here too.
type Own struct {
	component *live.Component
	processes func() map[string][]int
	stream    string // of this process; a role's own is this and its name
	machine   string

	mu      sync.Mutex // guards the fields below
	seconds map[string]*second
	spent   map[int]time.Duration // by process, at the last sample
	at      time.Time             // of the last sample; zero while nobody looks
}

// second is what a role did since the last sample.
type second struct {
	instance               string
	requests, dependencies tally
	exceptions             int64
	documents              []live.Document
}

// tally counts calls.
type tally struct {
	all, failed int64
	took        time.Duration
}

func (t *tally) add(n int64, success bool, took time.Duration) {
	t.all += n
	if !success {
		t.failed += n
	}
	t.took += time.Duration(n) * took
}

// Limits of what a second of a role brings.
const (
	ownDocuments = 50
	ownRoles     = 200
)

// NewOwn reports to a component. processes are those of each role, asked while somebody
// looks. Run must be called.
func NewOwn(c *live.Component, processes func() map[string][]int) *Own {
	return &Own{component: c, processes: processes, stream: uuid.New(), machine: machine(), seconds: map[string]*second{}}
}

// Saw is told of items as they are reported. It does not wait, and costs nothing while
// nobody looks.
func (o *Own) Saw(items ...*item.Item) {
	if !o.component.Looked() {
		return
	}
	wanted := o.component.Wanted()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, i := range items {
		s := o.role(i.Role)
		if s == nil {
			continue
		}
		if i.RoleInstance != "" {
			s.instance = i.RoleInstance
		}
		n := int64(max(i.Count, 1))
		switch b := i.Body.(type) {
		case *item.Request:
			s.requests.add(n, b.Success, b.Duration)
		case *item.Dependency:
			s.dependencies.add(n, b.Success, b.Duration)
		case *item.Exception:
			s.exceptions += n
		}
		if len(s.documents) < ownDocuments {
			if streams := streamsOf(wanted.Streams, i); streams != nil {
				s.documents = append(s.documents, document(i, streams))
			}
		}
	}
}

// role is a role's second; nil where there are too many roles. mu is held.
func (o *Own) role(name string) *second {
	s := o.seconds[name]
	if s == nil && len(o.seconds) < ownRoles {
		s = &second{}
		o.seconds[name] = s
	}
	return s
}

// Run reports until ctx ends.
func (o *Own) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			o.report(now)
		}
	}
}

// report hands in what was done since the last time.
func (o *Own) report(now time.Time) {
	if !o.component.Looked() {
		o.mu.Lock()
		if !o.at.IsZero() {
			o.at, o.spent = time.Time{}, nil
			clear(o.seconds)
		}
		o.mu.Unlock()
		return
	}
	processes := o.processes()
	o.mu.Lock()
	samples := o.samples(now, processes)
	o.mu.Unlock()
	o.component.Post(samples, now)
}

// samples are one for each role. mu is held.
func (o *Own) samples(now time.Time, processes map[string][]int) []live.Sample {
	first := o.at.IsZero()
	since := now.Sub(o.at).Seconds()
	o.at = now
	spent := map[int]time.Duration{}
	var all []live.Sample
	for role := range processes {
		o.role(role)
	}
	for role, s := range o.seconds {
		values := s.values(since)
		if first { // it is not known since when it counts
			values = nil
		}
		values = append(values, o.taken(processes[role], spent, since, first)...)
		all = append(all, live.Sample{
			Instance: live.Instance{Stream: o.stream + "/" + role, Name: s.name(o.machine), Role: role, Machine: o.machine, Version: "lazuli"},
			At:       now, Values: values, Documents: s.documents,
		})
		o.seconds[role] = &second{instance: s.instance}
	}
	o.spent = spent
	return all
}

func (s *second) name(machine string) string {
	if s.instance != "" {
		return s.instance
	}
	return machine
}

// values are what is always reported, in the words of the protocol.
func (s *second) values(since float64) []live.Value {
	all := append(s.requests.values("Requests", "Request Duration", since), s.dependencies.values("Dependency Calls", "Dependency Call Duration", since)...)
	return append(all, live.Value{Name: live.Exceptions, Value: float64(s.exceptions) / since, Weight: 1})
}

func (t *tally) values(name, duration string, since float64) []live.Value {
	const area = `\ApplicationInsights\`
	all := []live.Value{
		{Name: area + name + "/Sec", Value: float64(t.all) / since, Weight: 1},
		{Name: area + name + " Failed/Sec", Value: float64(t.failed) / since, Weight: 1},
		{Name: area + name + " Succeeded/Sec", Value: float64(t.all-t.failed) / since, Weight: 1},
	}
	if t.all > 0 {
		ms := float64(t.took) / float64(time.Millisecond) / float64(t.all)
		all = append(all, live.Value{Name: area + duration, Value: ms, Weight: float64(t.all)})
	}
	return all
}

// taken is what processes take of the machine. mu is held.
func (o *Own) taken(processes []int, spent map[int]time.Duration, since float64, first bool) []live.Value {
	var memory uint64
	var used time.Duration
	known := false
	for _, pid := range processes {
		if bytes, err := concurrency.ProcessMemory(pid); err == nil {
			memory += uint64(bytes)
		}
		now, err := concurrency.ProcessCPU(pid)
		if err != nil {
			continue // it may have ended, or the system does not tell
		}
		spent[pid] = now
		if before, ok := o.spent[pid]; ok {
			used, known = used+now-before, true
		}
	}
	var all []live.Value
	if memory > 0 {
		all = append(all, live.Value{Name: live.PhysicalBytes, Value: float64(memory), Weight: 1})
	}
	if known && !first {
		share := used.Seconds() / since / float64(runtime.NumCPU()) * 100
		all = append(all, live.Value{Name: live.ProcessorTime, Value: share, Weight: 1})
	}
	return all
}

// document is an item as those who look see it.
func document(i *item.Item, streams []string) live.Document {
	d := live.Document{Streams: streams}
	field := func(name, value string) {
		if value != "" {
			d.Fields = append(d.Fields, live.Field{Name: name, Value: clipped(value)})
		}
	}
	switch b := i.Body.(type) {
	case *item.Request:
		d.Type = "Request"
		field("Name", b.Name)
		field("Url", b.URL)
		field("ResponseCode", b.ResultCode)
		field("Duration", milliseconds(b.Duration))
	case *item.Dependency:
		d.Type = "RemoteDependency"
		field("Name", b.Name)
		field("CommandName", b.Data)
		field("ResultCode", b.ResultCode)
		field("Duration", milliseconds(b.Duration))
	case *item.Exception:
		d.Type = "Exception"
		if len(b.Chain) > 0 {
			field("ExceptionType", b.Chain[0].Type)
			field("ExceptionMessage", b.Chain[0].Message)
		}
	case *item.Event:
		d.Type = "Event"
		field("Name", b.Name)
	case *item.Trace:
		d.Type = "Trace"
		field("Message", b.Message)
	}
	field("OperationId", i.Operation.ID)
	for _, p := range i.Properties[:min(len(i.Properties), ownProperties)] {
		d.Properties = append(d.Properties, live.Field{Name: p.Name, Value: clipped(p.Value)})
	}
	return d
}

const (
	ownProperties = 20
	ownText       = 2048
)

func clipped(text string) string {
	if len(text) <= ownText {
		return text
	}
	return strings.ToValidUTF8(text[:ownText], "") + "…"
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64)
}
