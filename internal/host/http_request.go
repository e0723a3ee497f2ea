package host

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// httpInput is a request on its way to a function.
type httpInput struct {
	request *http.Request
	params  map[string]string
	body    []byte
}

// typedData encodes the request as the worker's capabilities demand. Header
// names are sent in lower case, and several values joined by commas.
func (in httpInput) typedData(caps worker.Capabilities) *funcrpc.TypedData {
	h := &funcrpc.RpcHttp{
		Method: printable(in.request.Method),
		Url:    requestURL(in.request),
	}
	headers, query, params := in.headers(), in.query(), printableAll(in.params)
	switch {
	case caps.Has(worker.NullableHTTPValues):
		h.NullableHeaders, h.NullableQuery, h.NullableParams = nullable(headers), nullable(query), nullable(params)
	default:
		if caps.Has(worker.IgnoreEmptyHTTPHeaders) {
			headers = withoutEmpty(headers)
		}
		h.Headers, h.Query, h.Params = headers, withoutEmpty(query), params
	}
	h.Identities = in.identities()
	if len(in.body) > 0 {
		h.Body = in.bodyData(caps)
		if !caps.Has(worker.RPCHTTPBodyOnly) {
			h.RawBody = h.Body
		}
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: h}}
}

// identities are who calls, when the front end asked.
func (in httpInput) identities() []*funcrpc.RpcClaimsIdentity {
	who, ok := CallerOf(in.request)
	if !ok {
		return nil
	}
	id := &funcrpc.RpcClaimsIdentity{
		AuthenticationType: nullableText(who.Provider), NameClaimType: nullableText(who.NameType), RoleClaimType: nullableText(who.RoleType),
	}
	for _, c := range who.Claims {
		id.Claims = append(id.Claims, &funcrpc.RpcClaim{Type: printable(c.Type), Value: printable(c.Value)})
	}
	return []*funcrpc.RpcClaimsIdentity{id}
}

// Caller is who calls an HTTP function, by a token that was checked.
type Caller struct {
	Provider           string // "aad"
	NameType, RoleType string // types of the claims that are the name, and roles
	Claims             []Claim
}

// Claim is one thing that a token says.
type Claim struct{ Type, Value string }

type callerKey struct{}

// WithCaller is a request of whom it is known who sends it: workers that get it by the
// protocol are told.
func WithCaller(r *http.Request, who Caller) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, who))
}

// CallerOf is who sends a request, where that is known.
func CallerOf(r *http.Request) (who Caller, known bool) {
	who, known = r.Context().Value(callerKey{}).(Caller)
	return who, known
}

// bodyData encodes the body: as bytes for workers that want it so and for
// binary content, as JSON when it is JSON, and as text otherwise.
func (in httpInput) bodyData(caps worker.Capabilities) *funcrpc.TypedData {
	contentType := in.request.Header.Get("Content-Type")
	switch {
	case caps.Has(worker.RawHTTPBodyBytes) || worker.BinaryMedia(contentType) || !utf8.Valid(in.body):
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: in.body}}
	case jsonMedia(contentType) && json.Valid(in.body):
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: string(in.body)}}
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: string(in.body)}}
}

func jsonMedia(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/json")
}

// metadata repeats the request and its parts, as Azure does. Workers that
// asked for it get the request only once, and of functions that do nothing but
// HTTP (plain) its query and headers too.
func (in httpInput) metadata(name string, caps worker.Capabilities, plain bool) map[string]*funcrpc.TypedData {
	m := map[string]*funcrpc.TypedData{}
	once := caps.Has(worker.RPCHTTPTriggerMetadataGone)
	for _, values := range []map[string]string{in.query(), printableAll(in.params)} {
		for k, v := range values {
			m[k] = &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: v}}
		}
	}
	if once && plain {
		return m
	}
	for k, values := range map[string]map[string]string{"Query": in.query(), "Headers": in.headers()} {
		b, err := json.Marshal(values)
		if err == nil {
			m[k] = &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: string(b)}}
		}
	}
	if !once {
		m[name] = in.typedData(caps)
	}
	return m
}

// value finds {placeholders}: query.x, headers.x, route values and properties
// of a JSON body.
func (in httpInput) value(name string) (string, bool) {
	group, key, dotted := strings.Cut(name, ".")
	if dotted {
		switch strings.ToLower(group) {
		case "query":
			return lookupFold(in.query(), key)
		case "headers":
			v := in.request.Header.Get(key)
			return v, v != ""
		}
	}
	if v, ok := lookupFold(in.params, name); ok {
		return v, true
	}
	if v, ok := lookupFold(in.query(), name); ok {
		return v, true
	}
	return lookupBody(in.body, name)
}

func lookupFold(values map[string]string, name string) (string, bool) {
	for k, v := range values {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}

func lookupBody(body []byte, name string) (string, bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return "", false
	}
	step, rest, more := strings.Cut(name, ".")
	for k, raw := range object {
		if !strings.EqualFold(k, step) {
			continue
		}
		if more {
			return lookupBody(raw, rest)
		}
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return s, true
		}
		return string(raw), true
	}
	return "", false
}

func (in httpInput) headers() map[string]string {
	out := make(map[string]string, len(in.request.Header)+4)
	for name, values := range in.request.Header {
		out[strings.ToLower(name)] = printable(strings.Join(values, ","))
	}
	out["host"] = in.request.Host
	for name, value := range forwarded(in.request) {
		out[strings.ToLower(name)] = printable(value)
	}
	return out
}

// forwarded are the headers that tell a function who called, which it cannot
// see on its own connection. As Azure's front end does, the caller's address
// and port go behind what proxies before us wrote. A run by hand has no
// caller.
func forwarded(r *http.Request) map[string]string {
	if r.RemoteAddr == "" {
		return nil
	}
	from := append(slices.Clone(r.Header.Values("X-Forwarded-For")), r.RemoteAddr)
	return map[string]string{
		"X-Forwarded-For": strings.Join(from, ", "), "X-Forwarded-Proto": schemeOf(r),
		"X-Forwarded-Host": cmp.Or(r.Header.Get("X-Forwarded-Host"), r.Host), // a gateway's caller asked for that one
	}
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func (in httpInput) query() map[string]string { return queryOf(in.request.URL.RawQuery) }

func requestURL(r *http.Request) string {
	return printable(schemeOf(r) + "://" + r.Host + r.URL.RequestURI())
}

func withoutEmpty(values map[string]string) map[string]string {
	out := make(map[string]string, len(values))
	for k, v := range values {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

func nullable(values map[string]string) map[string]*funcrpc.NullableString {
	out := make(map[string]*funcrpc.NullableString, len(values))
	for k, v := range values {
		out[k] = &funcrpc.NullableString{String_: &funcrpc.NullableString_Value{Value: v}}
	}
	return out
}

// httpByHand is the request for a function that is run with an input text.
func httpByHand(t *HTTPTrigger, input string) httpInput {
	method := http.MethodPost
	if len(t.Methods) > 0 {
		method = t.Methods[0]
	}
	r := &http.Request{
		Method: method, Host: "localhost", Header: http.Header{},
		URL: &url.URL{Path: "/" + t.Route},
	}
	if json.Valid([]byte(input)) {
		r.Header.Set("Content-Type", "application/json")
	}
	return httpInput{request: r, body: []byte(input)}
}
