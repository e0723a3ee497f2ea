package functions

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// envelope is the body of an invocation.
type envelope struct {
	Data     map[string]json.RawMessage `json:"Data"`
	Metadata map[string]json.RawMessage `json:"Metadata"`
}

// request translates the envelope into what a FunctionRpc host would have
// sent, so that both take the same way from here.
func (e *envelope) request(f *function, r *http.Request) (*funcrpc.InvocationRequest, error) {
	req := &funcrpc.InvocationRequest{
		InvocationId:    r.Header.Get(invocationHeader),
		FunctionId:      f.id,
		TriggerMetadata: map[string]*funcrpc.TypedData{},
		TraceContext: &funcrpc.RpcTraceContext{
			TraceParent: r.Header.Get("Traceparent"), TraceState: r.Header.Get("Tracestate"),
		},
	}
	for name, raw := range e.Metadata {
		req.TriggerMetadata[name] = jsonData(string(unwrap(raw)))
	}
	if retry, ok := e.Metadata["RetryContext"]; ok {
		var rc struct{ RetryCount, MaxRetryCount int32 }
		if err := json.Unmarshal(unwrap(retry), &rc); err != nil {
			return nil, fmt.Errorf("RetryContext: %w", err)
		}
		req.RetryContext = &funcrpc.RetryContext{RetryCount: rc.RetryCount, MaxRetryCount: rc.MaxRetryCount}
	}
	for name, raw := range e.Data {
		data, err := envelopeValue(f, name, raw)
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", name, err)
		}
		req.InputData = append(req.InputData, &funcrpc.ParameterBinding{
			Name: name, RpcData: &funcrpc.ParameterBinding_Data{Data: data},
		})
	}
	return req, nil
}

// unwrap undoes the repeated encoding of hosts: a list arrives as a JSON
// string that contains JSON, a text that is JSON itself as one more.
func unwrap(raw json.RawMessage) json.RawMessage {
	for {
		var s string
		if json.Unmarshal(raw, &s) != nil || !json.Valid([]byte(s)) {
			return raw
		}
		raw = json.RawMessage(s)
	}
}

// envelopeValue reads an input: one of the function's bindings by its name, and
// otherwise the trigger's.
func envelopeValue(f *function, name string, raw json.RawMessage) (*funcrpc.TypedData, error) {
	for _, b := range f.bound {
		if b.name != name {
			continue
		}
		if _, blob := b.Binding.(*BlobInput); blob {
			return envelopeBytes(raw)
		}
		return jsonData(string(unwrap(raw))), nil
	}
	switch t := f.trigger.(type) {
	case *httpTrigger:
		h, err := envelopeHTTP(raw)
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: h}}, err
	case *eventHubTrigger:
		return envelopeEvents(t, raw)
	case *queueTrigger, *blobTrigger:
		return envelopeBytes(raw)
	default:
		return jsonData(string(unwrap(raw))), nil
	}
}

// envelopeBytes reads binary data: base64, or null for none.
func envelopeBytes(raw json.RawMessage) (*funcrpc.TypedData, error) {
	if string(raw) == "null" {
		return &funcrpc.TypedData{}, nil
	}
	var content []byte
	if err := json.Unmarshal(raw, &content); err != nil {
		return nil, fmt.Errorf("the content is not base64: %w", err)
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: content}}, nil
}

// envelopeEvents reads bodies in base64: the binding asks for binary data,
// which JSON cannot carry otherwise.
func envelopeEvents(t *eventHubTrigger, raw json.RawMessage) (*funcrpc.TypedData, error) {
	if t.each != nil {
		var one []byte
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, fmt.Errorf("the event's body is not base64: %w", err)
		}
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: one}}, nil
	}
	var many [][]byte
	if err := json.Unmarshal(unwrap(raw), &many); err != nil {
		return nil, fmt.Errorf("the events' bodies are not base64: %w", err)
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: many}}}, nil
}

func envelopeHTTP(raw json.RawMessage) (*funcrpc.RpcHttp, error) {
	var in struct {
		URL     string `json:"Url"`
		Method  string
		Query   json.RawMessage // an object, or as Azure sends it a text that holds one
		Headers map[string][]string
		Params  map[string]string
		Body    json.RawMessage
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	h := &funcrpc.RpcHttp{Method: in.Method, Url: in.URL, Params: in.Params, Headers: map[string]string{}}
	if len(in.Query) > 0 {
		if err := json.Unmarshal(unwrap(in.Query), &h.Query); err != nil {
			return nil, fmt.Errorf("the query of the request: %w", err)
		}
	}
	binary := false
	for name, values := range in.Headers {
		h.Headers[name] = strings.Join(values, ", ")
		if strings.EqualFold(name, "Content-Type") {
			kind := strings.ToLower(h.Headers[name])
			binary = strings.HasPrefix(kind, "application/octet-stream") || strings.HasPrefix(kind, "multipart/")
		}
	}
	if len(in.Body) == 0 || string(in.Body) == "null" {
		return h, nil
	}
	content := []byte(unquote(in.Body))
	if binary {
		decoded, err := base64.StdEncoding.DecodeString(string(content))
		if err != nil {
			return nil, fmt.Errorf("the binary body is not base64: %w", err)
		}
		content = decoded
	}
	h.Body = &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: content}}
	return h, nil
}
