package insights

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
)

// What live metrics send.
const (
	liveEvery    = time.Second
	liveServers  = 200 // the busiest
	liveSamples  = 50  // of a second, the newest
	liveAsk      = 64 << 10
	liveText     = 2048 // bytes of a field
	failedStream = "lazuli-failed"
	otherStream  = "lazuli-all"
)

// LiveAsk is the body of POST /api/insights/live.
type LiveAsk struct {
	Component string `json:"component"` // "": the first
	All       bool   `json:"all"`       // samples of what succeeded too
}

// LiveSecond is a line of its answer: a second of those who report.
type LiveSecond struct {
	T       int64        `json:"t"` // unix milliseconds
	Servers []LiveServer `json:"servers"`
	More    int          `json:"more"` // servers for which there is no room
	Samples []LiveSample `json:"samples"`
	Lost    int          `json:"lost"` // samples for which there was none
}

// LiveServer is an instance that reports, and what it did in this second.
type LiveServer struct {
	ID      string      `json:"id"`
	Role    string      `json:"role"`
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Values  *LiveValues `json:"values"` // null: it did not say
}

// LiveValues are rates per second, milliseconds, per cent of the machine and bytes; null
// is not known.
type LiveValues struct {
	Requests           float64  `json:"requests"`
	RequestsFailed     float64  `json:"requestsFailed"`
	RequestMs          *float64 `json:"requestMs"`
	Dependencies       float64  `json:"dependencies"`
	DependenciesFailed float64  `json:"dependenciesFailed"`
	DependencyMs       *float64 `json:"dependencyMs"`
	Exceptions         float64  `json:"exceptions"`
	CPU                *float64 `json:"cpu"`
	Memory             *float64 `json:"memory"`
}

// LiveSample is one item of telemetry.
type LiveSample struct {
	T          int64           `json:"t"`
	Server     string          `json:"server"`
	Role       string          `json:"role"`
	Kind       string          `json:"kind"` // request, dependency, exception, event or trace
	Failed     bool            `json:"failed"`
	Title      string          `json:"title"`
	Detail     string          `json:"detail"`
	Code       string          `json:"code"`
	Ms         *float64        `json:"ms"`
	Operation  string          `json:"operation"`
	Properties []LiveDimension `json:"properties"`
}

// LiveDimension is a property of a sample.
type LiveDimension struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// live serves POST /api/insights/live: a line a second, until the browser goes. While
// it is open, those who report are told to.
func (p page) live(w http.ResponseWriter, r *http.Request) error {
	var ask LiveAsk
	if err := portal.ReadJSON(w, r, liveAsk, &ask); err != nil {
		return err
	}
	of, err := p.watched(ask.Component)
	if err != nil {
		return err
	}
	watch, err := of.Watch(wantedOf(ask.All))
	if err != nil {
		return err
	}
	defer watch.Close()
	out := portal.NewAnswer(w, portal.NDJSON)
	defer out.Close()
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	for now := time.Now(); ; {
		samples, lost := watch.Take()
		_ = out.Value(secondOf(of, samples, lost, now)) // that the browser is gone, ctx tells
		_ = out.Flush()
		select {
		case <-r.Context().Done():
			return nil
		case now = <-tick.C:
		}
	}
}

func (p page) watched(name string) (*live.Component, error) {
	all, err := p.Components()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if name == "" || strings.EqualFold(c.Name, name) {
			return c.Live, nil
		}
	}
	return nil, fault.New(fault.NotFound, "component "+name, "it does not exist")
}

// wantedOf is what is collected for the page: what failed has a stream of its own, by
// which it is told.
func wantedOf(all bool) live.Config {
	failed := live.DefaultStream()
	failed.ID = failedStream
	streams := []live.DocumentStream{failed}
	if all {
		other := live.DocumentStream{ID: otherStream}
		for _, kind := range []string{"Request", "Dependency"} {
			other.Groups = append(other.Groups, live.DocumentGroup{Telemetry: kind, Filters: live.Group{Filters: []live.Filter{}}})
		}
		streams = append(streams, other)
	}
	return live.Config{Streams: streams}
}

// secondOf puts together what instances said since the last line.
func secondOf(of *live.Component, samples []live.Sample, lost int, now time.Time) LiveSecond {
	out := LiveSecond{T: now.UnixMilli(), Servers: []LiveServer{}, Samples: []LiveSample{}, Lost: lost}
	servers := map[string]*LiveServer{}
	there, _ := of.Instances(now)
	for _, i := range there {
		servers[i.Stream] = &LiveServer{ID: i.Stream, Role: i.Role, Name: i.Name, Version: i.Version}
	}
	for n := range samples {
		s := &samples[n]
		i := s.Instance
		if servers[i.Stream] == nil {
			servers[i.Stream] = &LiveServer{ID: i.Stream, Role: i.Role, Name: i.Name, Version: i.Version}
		}
		if len(s.Values) > 0 {
			servers[i.Stream].Values = valuesOf(s)
		}
		for _, d := range s.Documents {
			out.Samples = append(out.Samples, sampleOf(s, d))
		}
	}
	if extra := len(out.Samples) - liveSamples; extra > 0 {
		out.Samples = out.Samples[extra:]
		out.Lost += extra
	}
	for _, s := range servers {
		out.Servers = append(out.Servers, *s)
	}
	slices.SortFunc(out.Servers, func(a, b LiveServer) int {
		return cmp.Or(cmp.Compare(b.load(), a.load()), strings.Compare(a.Role, b.Role), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	if len(out.Servers) > liveServers {
		out.More = len(out.Servers) - liveServers
		out.Servers = out.Servers[:liveServers]
	}
	return out
}

func (s *LiveServer) load() float64 {
	if s.Values == nil {
		return -1
	}
	return s.Values.Requests + s.Values.Dependencies
}

// valuesOf are the values that are always reported. Durations of one client are seconds.
func valuesOf(s *live.Sample) *LiveValues {
	by := map[string]live.Value{}
	for _, v := range s.Values {
		by[v.Name] = v
	}
	// A client that just began divides by hardly any time, or says what is no number.
	rate := func(name string) float64 {
		v := by[name].Value
		if !(v >= 1e-6 && v < 1e9) {
			return 0
		}
		return v
	}
	known := func(names ...string) *float64 {
		for _, name := range names {
			if v, ok := by[name]; ok && v.Value >= 0 && v.Value < 1e18 {
				return &v.Value
			}
		}
		return nil
	}
	took := func(name string, rate float64) *float64 {
		ms := known(name)
		if ms == nil || rate == 0 {
			return nil
		}
		if strings.Contains(s.Instance.Version, "py") {
			*ms *= 1000
		}
		return ms
	}
	out := &LiveValues{
		Requests: rate(live.Requests), RequestsFailed: rate(live.RequestsFailed), Dependencies: rate(live.Dependencies),
		DependenciesFailed: rate(live.DependenciesFailed), Exceptions: rate(live.Exceptions),
		CPU: known(live.ProcessorTime, live.Processors), Memory: known(live.PhysicalBytes, live.CommittedBytes),
	}
	out.RequestMs, out.DependencyMs = took(live.RequestDuration, out.Requests), took(live.DependencyDuration, out.Dependencies)
	return out
}

var liveKinds = map[string]string{"Request": "request", "RemoteDependency": "dependency", "Dependency": "dependency", "Exception": "exception", "Event": "event", "Trace": "trace"}

func sampleOf(s *live.Sample, d live.Document) LiveSample {
	fields := map[string]string{}
	for _, f := range d.Fields {
		fields[f.Name] = clip(f.Value)
	}
	out := LiveSample{
		T: s.At.UnixMilli(), Server: s.Instance.Stream, Role: s.Instance.Role, Kind: liveKinds[d.Type],
		Title: fields["Name"], Code: cmp.Or(fields["ResponseCode"], fields["ResultCode"]), Operation: fields["OperationId"], Properties: []LiveDimension{},
	}
	call := out.Kind == "request" || out.Kind == "dependency"
	out.Failed = out.Kind == "exception" || call && slices.Contains(d.Streams, failedStream)
	switch out.Kind {
	case "request":
		out.Detail = fields["Url"]
	case "dependency":
		out.Detail = fields["CommandName"]
	case "exception":
		out.Title, out.Detail = fields["ExceptionType"], fields["ExceptionMessage"]
	case "trace":
		out.Title = fields["Message"]
	}
	if call {
		out.Ms = milliseconds(fields["Duration"])
	}
	properties := map[string]string{}
	for _, p := range d.Properties {
		properties[p.Name] = clip(p.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if out.Operation == "" && strings.EqualFold(name, "operation_Id") {
			out.Operation = properties[name]
		}
		out.Properties = append(out.Properties, LiveDimension{name, properties[name]})
	}
	return out
}

// milliseconds reads a duration: our own is a number; clients write ISO 8601, one of
// them with years, months and days before it that are zero.
func milliseconds(text string) *float64 {
	if ms, err := strconv.ParseFloat(text, 64); err == nil {
		return &ms
	}
	_, text, found := strings.Cut(strings.ToLower(text), "t")
	if !found {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil
	}
	ms := float64(d) / float64(time.Millisecond)
	return &ms
}

func clip(text string) string {
	if len(text) <= liveText {
		return text
	}
	return strings.ToValidUTF8(text[:liveText], "") + "…"
}
