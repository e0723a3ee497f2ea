package worker

import (
	"math"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// pipeValue is a TypedData: its kind by the protocol's name, and what the kind
// has. Texts and bytes are parts: Part is the index of the first, and Count how
// many a collection has.
type pipeValue struct {
	Kind string `json:"kind"`

	Part  int `json:"part,omitempty"`
	Count int `json:"count,omitempty"`

	Int     int64     `json:"int,omitempty"`
	Double  float64   `json:"double,omitempty"`
	Ints    []int64   `json:"ints,omitempty"`
	Doubles []float64 `json:"doubles,omitempty"`

	HTTP   *pipeHTTP   `json:"http,omitempty"`
	Models []pipeModel `json:"models,omitempty"`
}

// pipeHTTP is a request or a response.
type pipeHTTP struct {
	Method  string             `json:"method,omitempty"`
	URL     string             `json:"url,omitempty"`
	Headers map[string]*string `json:"headers,omitempty"`
	Query   map[string]*string `json:"query,omitempty"`
	Params  map[string]*string `json:"params,omitempty"`
	Body    *pipeValue         `json:"body,omitempty"`
	Status  string             `json:"status,omitempty"`
	Cookies []pipeCookie       `json:"cookies,omitempty"`
	// Negotiate asks the host to choose the form of the body.
	Negotiate bool `json:"negotiate,omitempty"`
}

type pipeCookie struct {
	Name     string   `json:"name"`
	Value    string   `json:"value"`
	Domain   *string  `json:"domain,omitempty"`
	Path     *string  `json:"path,omitempty"`
	Expires  *float64 `json:"expires,omitempty"` // seconds since 1970
	Secure   *bool    `json:"secure,omitempty"`
	HTTPOnly *bool    `json:"httpOnly,omitempty"`
	SameSite string   `json:"sameSite,omitempty"` // lax, strict or explicitNone
	MaxAge   *float64 `json:"maxAge,omitempty"`   // seconds
}

// pipeModel is a ModelBindingData; its content is a part.
type pipeModel struct {
	Version     string `json:"version,omitempty"`
	Source      string `json:"source,omitempty"`
	ContentType string `json:"contentType,omitempty"`
	Part        int    `json:"part"`
}

// put adds a part and returns its index.
func (m *pipeMessage) put(b []byte) int {
	m.parts = append(m.parts, b)
	return len(m.parts) - 1
}

// encode is v as it travels; what is large goes into parts. nil is nil.
func (m *pipeMessage) encode(v *funcrpc.TypedData) *pipeValue {
	switch d := v.GetData().(type) {
	case *funcrpc.TypedData_String_:
		return &pipeValue{Kind: "string", Part: m.put([]byte(d.String_))}
	case *funcrpc.TypedData_Json:
		return &pipeValue{Kind: "json", Part: m.put([]byte(d.Json))}
	case *funcrpc.TypedData_Bytes:
		return &pipeValue{Kind: "bytes", Part: m.put(d.Bytes)}
	case *funcrpc.TypedData_Stream:
		return &pipeValue{Kind: "stream", Part: m.put(d.Stream)}
	case *funcrpc.TypedData_Int:
		return &pipeValue{Kind: "int", Int: d.Int}
	case *funcrpc.TypedData_Double:
		return &pipeValue{Kind: "double", Double: d.Double}
	case *funcrpc.TypedData_Http:
		return &pipeValue{Kind: "http", HTTP: m.encodeHTTP(d.Http)}
	case *funcrpc.TypedData_ModelBindingData:
		return &pipeValue{Kind: "model_binding_data", Models: m.encodeModels([]*funcrpc.ModelBindingData{d.ModelBindingData})}
	}
	return m.encodeCollection(v)
}

func (m *pipeMessage) encodeCollection(v *funcrpc.TypedData) *pipeValue {
	first := len(m.parts)
	switch d := v.GetData().(type) {
	case *funcrpc.TypedData_CollectionString:
		for _, s := range d.CollectionString.GetString_() {
			m.put([]byte(s))
		}
		return &pipeValue{Kind: "collection_string", Part: first, Count: len(m.parts) - first}
	case *funcrpc.TypedData_CollectionBytes:
		m.parts = append(m.parts, d.CollectionBytes.GetBytes()...)
		return &pipeValue{Kind: "collection_bytes", Part: first, Count: len(m.parts) - first}
	case *funcrpc.TypedData_CollectionSint64:
		return &pipeValue{Kind: "collection_sint64", Ints: d.CollectionSint64.GetSint64()}
	case *funcrpc.TypedData_CollectionDouble:
		return &pipeValue{Kind: "collection_double", Doubles: d.CollectionDouble.GetDouble()}
	case *funcrpc.TypedData_CollectionModelBindingData:
		return &pipeValue{Kind: "collection_model_binding_data", Models: m.encodeModels(d.CollectionModelBindingData.GetModelBindingData())}
	}
	return nil
}

func (m *pipeMessage) encodeModels(all []*funcrpc.ModelBindingData) []pipeModel {
	out := make([]pipeModel, len(all))
	for i, d := range all {
		out[i] = pipeModel{d.GetVersion(), d.GetSource(), d.GetContentType(), m.put(d.GetContent())}
	}
	return out
}

func (m *pipeMessage) encodeHTTP(h *funcrpc.RpcHttp) *pipeHTTP {
	body := h.GetBody()
	if body == nil {
		body = h.GetRawBody()
	}
	return &pipeHTTP{
		Method: h.GetMethod(), URL: h.GetUrl(), Status: h.GetStatusCode(), Body: m.encode(body),
		Headers: textValues(h.GetHeaders(), h.GetNullableHeaders()),
		Query:   textValues(h.GetQuery(), h.GetNullableQuery()),
		Params:  textValues(h.GetParams(), h.GetNullableParams()),
	}
}

func textValues(plain map[string]string, nullable map[string]*funcrpc.NullableString) map[string]*string {
	out := make(map[string]*string, len(plain)+len(nullable))
	for k, v := range plain {
		out[k] = &v
	}
	for k, v := range nullable {
		out[k] = nil
		if _, ok := v.GetString_().(*funcrpc.NullableString_Value); ok {
			s := v.GetValue()
			out[k] = &s
		}
	}
	return out
}

// errPart says that a value points at parts that are not there.
var errPart = fault.New(fault.Invalid, "worker", "it sent a value whose parts are missing")

// text is a part that must be UTF-8, as all text is on the wire.
func (m *pipeMessage) text(i int) (string, error) {
	if i < 0 || i >= len(m.parts) {
		return "", errPart
	}
	if !utf8.Valid(m.parts[i]) {
		return "", fault.New(fault.Invalid, "worker", "it sent text that is not UTF-8")
	}
	return string(m.parts[i]), nil
}

func (m *pipeMessage) bytes(first, count int) ([][]byte, error) {
	if first < 0 || count < 0 || first > len(m.parts) || count > len(m.parts)-first {
		return nil, errPart
	}
	return m.parts[first : first+count : first+count], nil
}

// decode is the value that was sent; nil is nil.
func (m *pipeMessage) decode(v *pipeValue) (*funcrpc.TypedData, error) {
	if v == nil {
		return nil, nil
	}
	switch v.Kind {
	case "string", "json":
		s, err := m.text(v.Part)
		if v.Kind == "json" {
			return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: s}}, err
		}
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}, err
	case "bytes", "stream":
		b, err := m.bytes(v.Part, 1)
		if err != nil {
			return nil, err
		}
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: b[0]}}, nil
	case "int":
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Int{Int: v.Int}}, nil
	case "double":
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Double{Double: v.Double}}, nil
	case "http":
		h, err := m.decodeHTTP(v.HTTP)
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: h}}, err
	}
	return m.decodeCollection(v)
}

func (m *pipeMessage) decodeCollection(v *pipeValue) (*funcrpc.TypedData, error) {
	switch v.Kind {
	case "collection_sint64":
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionSint64{CollectionSint64: &funcrpc.CollectionSInt64{Sint64: v.Ints}}}, nil
	case "collection_double":
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionDouble{CollectionDouble: &funcrpc.CollectionDouble{Double: v.Doubles}}}, nil
	case "collection_bytes":
		all, err := m.bytes(v.Part, v.Count)
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: all}}}, err
	case "collection_string":
		if _, err := m.bytes(v.Part, v.Count); err != nil {
			return nil, err
		}
		all := make([]string, v.Count)
		for i := range all {
			var err error
			if all[i], err = m.text(v.Part + i); err != nil {
				return nil, err
			}
		}
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{String_: all}}}, nil
	}
	return nil, fault.New(fault.Invalid, "worker", "it sent a value of kind %q, which no result is", v.Kind)
}

func (m *pipeMessage) decodeHTTP(h *pipeHTTP) (*funcrpc.RpcHttp, error) {
	if h == nil {
		return &funcrpc.RpcHttp{}, nil
	}
	body, err := m.decode(h.Body)
	if err != nil {
		return nil, err
	}
	out := &funcrpc.RpcHttp{
		Method: h.Method, Url: h.URL, StatusCode: h.Status, Body: body, EnableContentNegotiation: h.Negotiate,
		Headers: make(map[string]string, len(h.Headers)),
	}
	for k, v := range h.Headers {
		if v != nil {
			out.Headers[k] = *v
		}
	}
	for _, c := range h.Cookies {
		out.Cookies = append(out.Cookies, c.decode())
	}
	return out, nil
}

// sameSites are the protocol's values by their names on the pipe.
var sameSites = map[string]funcrpc.RpcHttpCookie_SameSite{
	"": funcrpc.RpcHttpCookie_None, "none": funcrpc.RpcHttpCookie_None, "lax": funcrpc.RpcHttpCookie_Lax,
	"strict": funcrpc.RpcHttpCookie_Strict, "explicitNone": funcrpc.RpcHttpCookie_ExplicitNone,
}

// lastSecond is the end of the year 9999, beyond which no date in HTTP goes.
const lastSecond = 253402300799

func (c pipeCookie) decode() *funcrpc.RpcHttpCookie {
	out := &funcrpc.RpcHttpCookie{Name: c.Name, Value: c.Value, SameSite: sameSites[c.SameSite]}
	text := func(s *string) *funcrpc.NullableString {
		if s == nil {
			return nil
		}
		return &funcrpc.NullableString{String_: &funcrpc.NullableString_Value{Value: *s}}
	}
	truth := func(b *bool) *funcrpc.NullableBool {
		if b == nil {
			return nil
		}
		return &funcrpc.NullableBool{Bool: &funcrpc.NullableBool_Value{Value: *b}}
	}
	out.Domain, out.Path, out.Secure, out.HttpOnly = text(c.Domain), text(c.Path), truth(c.Secure), truth(c.HTTPOnly)
	if c.MaxAge != nil {
		out.MaxAge = &funcrpc.NullableDouble{Double: &funcrpc.NullableDouble_Value{Value: *c.MaxAge}}
	}
	if c.Expires != nil {
		whole, part := math.Modf(max(0, min(*c.Expires, lastSecond)))
		at := timestamppb.New(time.Unix(int64(whole), int64(part*float64(time.Second))))
		out.Expires = &funcrpc.NullableTimestamp{Timestamp: &funcrpc.NullableTimestamp_Value{Value: at}}
	}
	return out
}
