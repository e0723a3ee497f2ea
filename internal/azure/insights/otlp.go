package insights

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/lazuli-dev/lazuli/internal/azure/insights/otlp"
	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// keyHeader names the component that OTLP is for; without it the default one is meant.
// Exporters put it into each request by OTEL_EXPORTER_OTLP_HEADERS.
const keyHeader = "Instrumentation-Key"

// The content types of OTLP over HTTP.
const (
	otlpBinary = "application/x-protobuf"
	otlpJSON   = "application/json"
)

// arriving is a request of OTLP on its way.
type arriving struct {
	now      time.Time
	items    []*item.Item
	of       []int // of each item: how many spans, points or lines it stands for, 1 or 0
	rejected int64
	why      string // of the first
}

// take takes an item, or nil for one that has no value.
func (a *arriving) take(i *item.Item, of int) {
	switch {
	case i == nil:
		a.reject(of, "a point's value is no number")
	case len(a.items) >= maxItems:
		a.reject(of, fmt.Sprintf("a request has at most %d items", maxItems))
	case a.now.Sub(i.Time) > oldest:
		a.reject(of, fmt.Sprintf("the time %s is more than %.0f hours ago", i.Time.Format(time.RFC3339), oldest.Hours()))
	case i.Time.Sub(a.now) > newest:
		a.reject(of, fmt.Sprintf("the time %s is more than %.0f hours ahead", i.Time.Format(time.RFC3339), newest.Hours()))
	default:
		a.items, a.of = append(a.items, i), append(a.of, of)
	}
}

func (a *arriving) reject(of int, why string) {
	if a.rejected += int64(of); a.why == "" {
		a.why = why
	}
}

func (a *arriving) one(i *item.Item) { a.take(i, 1) }

// signal is one of OTLP's three: what is sent, how it is read, and how its reply calls
// what was not taken. A request is what files of the signal hold, by another name.
type signal struct {
	sent     func() proto.Message
	read     func(m proto.Message, a *arriving)
	rejected string
}

var signals = map[string]signal{
	"/v1/traces": {
		func() proto.Message { return &trace.TracesData{} },
		func(m proto.Message, a *arriving) {
			otlp.Trace(m.(*trace.TracesData).GetResourceSpans(), a.take) //nolint:forcetypeassert // sent made it
		}, "rejectedSpans",
	},
	"/v1/logs": {
		func() proto.Message { return &logs.LogsData{} },
		func(m proto.Message, a *arriving) {
			otlp.Logs(m.(*logs.LogsData).GetResourceLogs(), a.one) //nolint:forcetypeassert // sent made it
		}, "rejectedLogRecords",
	},
	"/v1/metrics": {
		func() proto.Message { return &metrics.MetricsData{} },
		func(m proto.Message, a *arriving) {
			otlp.Metrics(m.(*metrics.MetricsData).GetResourceMetrics(), a.one) //nolint:forcetypeassert // sent made it
		}, "rejectedDataPoints",
	},
}

// reply is Export*ServiceResponse: nothing, or what was not taken and why. The three
// differ in a name alone.
func (a *arriving) reply(isJSON bool, rejected string) []byte {
	if a.why == "" {
		if isJSON {
			return []byte("{}")
		}
		return nil
	}
	if isJSON {
		b := append([]byte(`{"partialSuccess":{"`+rejected+`":"`), strconv.FormatInt(a.rejected, 10)...)
		return append(appendText(append(b, `","errorMessage":`...), a.why), "}}"...)
	}
	partial := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(a.rejected)) //nolint:gosec // counted up from 0
	partial = protowire.AppendString(protowire.AppendTag(partial, 2, protowire.BytesType), a.why)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), partial)
}

// otlp takes what exporters of OpenTelemetry send over HTTP.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
func (s *Service) otlp(w http.ResponseWriter, r *http.Request) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != otlpBinary && kind != otlpJSON {
		err := fault.New(fault.Invalid, "Content-Type", "%q is not read here; %s and %s are", cut(kind, 64), otlpBinary, otlpJSON)
		writeOTLP(w, otlpJSON, http.StatusUnsupportedMediaType, failed(err, true))
		return
	}
	isJSON := kind == otlpJSON
	reply, err := s.arrive(r, isJSON)
	if err != nil {
		code, _ := statusOf(err)
		if fault.Is(err, fault.TooLarge) {
			wire.Drain(r.Body)
		}
		if code == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", retryAfter)
		}
		writeOTLP(w, kind, code, failed(err, isJSON))
		return
	}
	writeOTLP(w, kind, http.StatusOK, reply)
}

func (s *Service) arrive(r *http.Request, isJSON bool) ([]byte, error) {
	c, err := s.meant(r.Header.Get(keyHeader), bearer(r))
	if err != nil {
		return nil, err
	}
	body, give, err := s.hold(r)
	if err != nil {
		return nil, err
	}
	defer give()
	kind := signals[pathOf(r)]
	sent := kind.sent()
	if isJSON {
		err = readOTLP(body.B, sent)
	} else {
		err = proto.Unmarshal(body.B, sent)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "body", err, "it is none of OTLP")
	}
	a, err := kept(c, kind, sent)
	if err != nil {
		return nil, err
	}
	return a.reply(isJSON, kind.rejected), nil
}

// kept has a component keep what was sent.
func kept(c *Component, kind signal, sent proto.Message) (*arriving, error) {
	a := &arriving{now: time.Now()}
	kind.read(sent, a)
	n := c.Put(a.items...)
	if n == 0 && len(a.items) > 0 {
		return nil, fault.New(fault.Throttled, "", "there is no room for telemetry just now")
	}
	for _, of := range a.of[n:] {
		a.reject(of, "there was no room for all of it")
	}
	return a, nil
}

// meant is the component that a request is for, and may send to: that of a key, or the
// default one.
func (s *Service) meant(key, token string) (*Component, error) {
	key = normalKey(key)
	c, known := s.Components.Default()
	if key != "" {
		c, known = s.Components.ByKey(key)
	}
	switch {
	case !known && key != "":
		return nil, fault.New(fault.Invalid, keyHeader, "no component has this instrumentation key")
	case !known:
		return nil, fault.New(fault.NotFound, "", "there is no component")
	case c.TokensOnly(), key == "" && !s.Access.Open():
		if err := s.Access.May(token, Write, c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// failed is google.rpc.Status of an error: its code and message.
func failed(err error, isJSON bool) []byte {
	code := codeOf(err)
	if isJSON {
		b := strconv.AppendUint([]byte(`{"code":`), uint64(code), 10)
		return append(appendText(append(b, `,"message":`...), err.Error()), '}')
	}
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(code))
	return protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), err.Error())
}

// codeOf is the code of gRPC for an error.
func codeOf(err error) codes.Code {
	switch fault.KindOf(err) { //nolint:exhaustive // the others are ours
	case fault.Invalid, fault.TooLarge:
		return codes.InvalidArgument
	case fault.Unauthorized:
		return codes.Unauthenticated
	case fault.Forbidden:
		return codes.PermissionDenied
	case fault.NotFound:
		return codes.NotFound
	case fault.Throttled:
		return codes.ResourceExhausted
	case fault.Unavailable:
		return codes.Unavailable
	}
	return codes.Internal
}

func writeOTLP(w http.ResponseWriter, kind string, code int, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client may be gone
}

// readOTLP reads OTLP's JSON, which is protobuf's but for ids: they are hexadecimal.
func readOTLP(body []byte, m proto.Message) error {
	var all any
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		return err
	}
	inBase64(all)
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, m)
}

// inBase64 changes ids to how protobuf's JSON has them.
func inBase64(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			inBase64(e)
		}
	case map[string]any:
		for name, e := range v {
			text, ok := e.(string)
			if !ok {
				inBase64(e)
				continue
			}
			switch name {
			case "traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id":
				if b, err := hex.DecodeString(text); err == nil {
					v[name] = base64.StdEncoding.EncodeToString(b)
				}
			}
		}
	}
}
