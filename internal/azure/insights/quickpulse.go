package insights

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
)

// The headers of live metrics.
const (
	qpsSubscribed = "x-ms-qps-subscribed"
	qpsEtag       = "x-ms-qps-configuration-etag"
	qpsInterval   = "x-ms-qps-service-polling-interval-hint"
)

// pingEvery is how often instances ask whether anybody looks, in milliseconds.
const pingEvery = 5000

// maxPost bounds the body of live metrics: an instance's second.
const maxPost = 4 << 20

// qpsInstance is who reports, in the body; headers have it too, with some clients.
type qpsInstance struct {
	Version, Instance, RoleName, MachineName, StreamID string
}

// ping answers whether anybody looks. What to collect is told by the first post alone:
// one client stores the tag that comes with a ping and does not read its body, and would
// then never be told. So the tag of a ping is never that of a configuration.
func (s *Service) ping(w http.ResponseWriter, r *http.Request) {
	c, ok := s.looked(w, r)
	if !ok {
		return
	}
	var body qpsInstance
	text, err := s.readPost(w, r)
	if err != nil {
		s.refuseLive(w, err)
		return
	}
	if len(text) > 0 && json.Unmarshal(text, &body) != nil {
		s.refuseLive(w, fault.New(fault.Invalid, "body", "it is no JSON of an instance"))
		return
	}
	subscribed := c.Live.Ping(s.instance(r, body), time.Now())
	h := w.Header()
	h.Set(qpsSubscribed, strconv.FormatBool(subscribed))
	if subscribed {
		h.Set(qpsEtag, "ping")
	} else {
		h.Set(qpsInterval, strconv.Itoa(pingEvery))
	}
	w.WriteHeader(http.StatusOK)
}

// qpsPoint is a second of an instance, as clients send it.
type qpsPoint struct {
	qpsInstance
	Timestamp string
	Metrics   []struct {
		Name   string
		Value  float64
		Weight float64
	}
	Documents       []qpsDocument
	TopCPUProcesses []struct {
		ProcessName   string
		CPUPercentage float64 `json:"CpuPercentage"`
	} `json:"TopCpuProcesses"`
	Errors []struct {
		Type    string `json:"CollectionConfigurationErrorType"`
		Message string
	} `json:"CollectionConfigurationErrors"`
}

type qpsDocument struct {
	Type                                                       string   `json:"DocumentType"`
	Streams                                                    []string `json:"DocumentStreamIds"`
	Properties                                                 []struct{ Key, Value string }
	Name, URL, ResponseCode, ResultCode, Duration, CommandName string
	ExceptionType, ExceptionMessage, Message                   string
	OperationID                                                string `json:"OperationId"`
}

// post takes what an instance reports, and says whether to go on, and with what.
func (s *Service) post(w http.ResponseWriter, r *http.Request) {
	c, ok := s.looked(w, r)
	if !ok {
		return
	}
	text, err := s.readPost(w, r)
	if err != nil {
		s.refuseLive(w, err)
		return
	}
	var points []qpsPoint
	if err := json.Unmarshal(text, &points); err != nil {
		s.refuseLive(w, fault.New(fault.Invalid, "body", "it is no JSON array of data points: %v", err))
		return
	}
	now := time.Now()
	samples := make([]live.Sample, len(points))
	for n := range points {
		samples[n] = s.sample(r, &points[n], now)
	}
	subscribed, config := c.Live.Post(samples, now)
	h := w.Header()
	h.Set(qpsSubscribed, strconv.FormatBool(subscribed))
	if !subscribed {
		h.Set(qpsInterval, strconv.Itoa(pingEvery))
		w.WriteHeader(http.StatusOK)
		return
	}
	h.Set(qpsEtag, config.ETag)
	if r.Header.Get(qpsEtag) == config.ETag {
		w.WriteHeader(http.StatusOK)
		return
	}
	body, err := json.Marshal(config)
	if err != nil {
		s.refuseLive(w, err)
		return
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // the client may be gone
}

// looked finds the component that live metrics are of, or refuses.
func (s *Service) looked(w http.ResponseWriter, r *http.Request) (*Component, bool) {
	q := r.URL.Query()
	key := q.Get("ikey")
	if key == "" { // as the oldest clients say it
		key = q.Get("instrumentationkey")
	}
	c, known := s.Components.ByKey(normalKey(key))
	if !known {
		s.refuseLive(w, fault.New(fault.NotFound, "instrumentation key", "there is no component with it"))
		return nil, false
	}
	if f := s.denied(c, bearer(r)); f != nil {
		kind := fault.Unauthorized
		if f.status == http.StatusForbidden {
			kind = fault.Forbidden
		}
		s.refuseLive(w, fault.New(kind, "", "%s", f.message))
		return nil, false
	}
	return c, true
}

func (s *Service) readPost(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxPost)
	buffer, give, err := s.hold(r)
	if err != nil {
		return nil, err
	}
	defer give()
	return append([]byte(nil), trimmed(buffer.B)...), nil
}

// instance is who reports: by the body, else by the headers.
func (s *Service) instance(r *http.Request, b qpsInstance) live.Instance {
	first := func(text, header string) string {
		if text == "" {
			text = r.Header.Get("x-ms-qps-" + header)
		}
		return strings.Clone(cut(valid(text), mediumText))
	}
	i := live.Instance{
		Stream: first(b.StreamID, "stream-id"), Name: first(b.Instance, "instance-name"), Role: first(b.RoleName, "role-name"),
		Machine: first(b.MachineName, "machine-name"), Version: first(b.Version, "version"),
	}
	if i.Stream == "" {
		i.Stream = i.Role + "/" + i.Name
	}
	return i
}

// Limits of what one second of an instance brings.
const (
	maxValues    = 200
	maxDocuments = 200
	maxFields    = 50
)

func (s *Service) sample(r *http.Request, p *qpsPoint, now time.Time) live.Sample {
	out := live.Sample{Instance: s.instance(r, p.qpsInstance), At: now}
	for _, m := range p.Metrics[:min(len(p.Metrics), maxValues)] {
		out.Values = append(out.Values, live.Value{Name: cut(m.Name, mediumText), Value: m.Value, Weight: m.Weight})
	}
	for n := range p.Documents[:min(len(p.Documents), maxDocuments)] {
		out.Documents = append(out.Documents, p.Documents[n].document())
	}
	for _, x := range p.TopCPUProcesses[:min(len(p.TopCPUProcesses), maxFields)] {
		out.Processes = append(out.Processes, live.Process{Name: cut(x.ProcessName, shortText), CPU: x.CPUPercentage})
	}
	for _, x := range p.Errors[:min(len(p.Errors), maxFields)] {
		out.Errors = append(out.Errors, cut(x.Type+": "+x.Message, mediumText))
	}
	return out
}

func (d *qpsDocument) document() live.Document {
	out := live.Document{Type: cut(d.Type, shortText)}
	for _, id := range d.Streams[:min(len(d.Streams), maxFields)] {
		out.Streams = append(out.Streams, cut(id, shortText))
	}
	for _, f := range [...]live.Field{
		{Name: "Name", Value: d.Name},
		{Name: "Url", Value: d.URL},
		{Name: "CommandName", Value: d.CommandName},
		{Name: "ResponseCode", Value: d.ResponseCode},
		{Name: "ResultCode", Value: d.ResultCode},
		{Name: "Duration", Value: d.Duration},
		{Name: "ExceptionType", Value: d.ExceptionType},
		{Name: "ExceptionMessage", Value: d.ExceptionMessage},
		{Name: "Message", Value: d.Message},
		{Name: "OperationId", Value: d.OperationID},
	} {
		if f.Value != "" {
			out.Fields = append(out.Fields, live.Field{Name: f.Name, Value: cut(f.Value, messageText)})
		}
	}
	for _, p := range d.Properties[:min(len(d.Properties), maxFields)] {
		out.Properties = append(out.Properties, live.Field{Name: cut(p.Key, propertyName), Value: cut(p.Value, propertyValue)})
	}
	return out
}

// refuseLive refuses in the words of live metrics.
func (s *Service) refuseLive(w http.ResponseWriter, err error) {
	status, code := statusOf(err)
	b := appendText([]byte(`{"RequestId":"","ResponseDateTime":`), time.Now().UTC().Format(time.RFC3339))
	b = appendText(append(b, `,"Code":`...), code)
	b = appendText(append(b, `,"Message":`...), err.Error())
	b = append(b, `,"Exception":""}`...)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client may be gone
}
