package worker

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// maxHandlerResponse bounds what a custom handler may answer.
const maxHandlerResponse = 256 << 20

// handlerRequest is the body of an invocation.
type handlerRequest struct {
	Data     map[string]any
	Metadata map[string]any
}

// handlerResponse is the body of an answer.
type handlerResponse struct {
	Outputs     map[string]json.RawMessage
	Logs        []string
	ReturnValue json.RawMessage
}

// Invoke posts the invocation to /<function> and reads the outputs from the
// answer. Any status but 2xx fails the function. Custom handlers cannot be
// asked to end early.
func (w *httpWorker) Invoke(ctx context.Context, r *funcrpc.InvocationRequest, _ <-chan struct{}) (*funcrpc.InvocationResponse, error) {
	f := w.functions[r.GetFunctionId()]
	body, err := json.Marshal(encodeHandlerRequest(f, r))
	if err != nil {
		return nil, fmt.Errorf("encode invocation: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+"/"+f.Name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("X-Azure-Functions-InvocationId", r.GetInvocationId())
	req.Header.Set("X-Azure-Functions-HostVersion", w.version)
	req.Header.Set("User-Agent", "Azure-Functions-Host/"+w.version)
	if trace := r.GetTraceContext().GetTraceParent(); trace != "" {
		req.Header.Set("Traceparent", trace)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
			w.lose() // it does not listen any more
			return nil, fmt.Errorf("invoke custom handler: %w: %w", ErrNotAsked, err)
		}
		return nil, fmt.Errorf("invoke custom handler: %w: %w", ErrLost, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxHandlerResponse+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("invoke custom handler: %w: %w", ErrLost, err)
	case len(answer) > maxHandlerResponse:
		return nil, fault.New(fault.TooLarge, "custom handler", "the answer exceeds %d bytes", maxHandlerResponse)
	case resp.StatusCode/100 != 2:
		return refused(r, resp.Status, answer), nil
	}
	return w.decodeAnswer(f, r, answer)
}

func (w *httpWorker) decodeAnswer(f *binding.Function, r *funcrpc.InvocationRequest, answer []byte) (*funcrpc.InvocationResponse, error) {
	var h handlerResponse
	if len(bytes.TrimSpace(answer)) > 0 {
		if err := json.Unmarshal(answer, &h); err != nil {
			return failed(r, fmt.Sprintf("the custom handler's answer is not the JSON {Outputs, Logs, ReturnValue}: %v", err)), nil
		}
	}
	for _, line := range h.Logs {
		w.hooks.log(&funcrpc.RpcLog{InvocationId: r.GetInvocationId(), Level: funcrpc.RpcLog_Information, Message: line})
	}
	out := &funcrpc.InvocationResponse{
		InvocationId: r.GetInvocationId(),
		Result:       &funcrpc.StatusResult{Status: funcrpc.StatusResult_Success},
		ReturnValue:  decodeOutput(f.Binding(binding.Return), h.ReturnValue),
	}
	for name, raw := range h.Outputs {
		b := f.Binding(name)
		out.OutputData = append(out.OutputData, &funcrpc.ParameterBinding{
			Name: name, RpcData: &funcrpc.ParameterBinding_Data{Data: decodeOutput(b, raw)},
		})
	}
	return out, nil
}

func failed(r *funcrpc.InvocationRequest, message string) *funcrpc.InvocationResponse {
	return &funcrpc.InvocationResponse{InvocationId: r.GetInvocationId(), Result: &funcrpc.StatusResult{
		Status: funcrpc.StatusResult_Failure, Exception: &funcrpc.RpcException{Message: message},
	}}
}

func clip(b []byte) string {
	const most = 500
	if len(b) > most {
		return string(b[:most]) + "..."
	}
	return strings.TrimSpace(string(b))
}

func encodeHandlerRequest(f *binding.Function, r *funcrpc.InvocationRequest) handlerRequest {
	out := handlerRequest{Data: map[string]any{}, Metadata: map[string]any{
		"sys": map[string]any{
			"MethodName": f.Name, "UtcNow": time.Now().UTC().Format(time.RFC3339Nano), "RandGuid": uuid.New(),
		},
	}}
	for _, p := range r.GetInputData() {
		out.Data[p.GetName()] = handlerValue(p.GetData())
	}
	for name, v := range r.GetTriggerMetadata() {
		if !strings.HasSuffix(strings.ToLower(name), "trigger") {
			out.Metadata[name] = handlerValue(v)
		}
	}
	if c := r.GetRetryContext(); c != nil {
		retry := map[string]any{"RetryCount": c.GetRetryCount(), "MaxRetryCount": c.GetMaxRetryCount()}
		if e := c.GetException(); e != nil {
			retry["Exception"] = map[string]any{"message": e.GetMessage()}
		}
		out.Metadata["RetryContext"] = retry
	}
	return out
}

// handlerValue encodes a value for a custom handler. A text is JSON-encoded a
// second time, and bytes travel as base64: both are what handlers expect.
func handlerValue(v *funcrpc.TypedData) any {
	switch d := v.GetData().(type) {
	case nil:
		return nil
	case *funcrpc.TypedData_String_:
		twice, _ := json.Marshal(d.String_)
		return string(twice)
	case *funcrpc.TypedData_Json:
		if json.Valid([]byte(d.Json)) {
			return json.RawMessage(d.Json)
		}
		return d.Json
	case *funcrpc.TypedData_Bytes:
		return d.Bytes // encoding/json writes base64
	case *funcrpc.TypedData_Int:
		return d.Int
	case *funcrpc.TypedData_Double:
		return d.Double
	case *funcrpc.TypedData_CollectionString:
		return d.CollectionString.GetString_()
	case *funcrpc.TypedData_CollectionBytes:
		return d.CollectionBytes.GetBytes()
	case *funcrpc.TypedData_CollectionSint64:
		return d.CollectionSint64.GetSint64()
	case *funcrpc.TypedData_CollectionDouble:
		return d.CollectionDouble.GetDouble()
	case *funcrpc.TypedData_Http:
		return handlerHTTP(d.Http)
	}
	return nil
}

// handlerHTTP is an HTTP request among the data of an invocation, as the
// vendor's host builds it (GetRequestAsJObject): names of headers as HTTP
// writes them, query and identities as JSON inside a text, and a body of
// octets or of parts as base64. Any other body is a text, and what is no
// UTF-8 in it is lost, there as here.
func handlerHTTP(h *funcrpc.RpcHttp) map[string]any {
	headers := map[string][]string{}
	for name, v := range h.GetHeaders() {
		headers[http.CanonicalHeaderKey(name)] = []string{v}
	}
	out := map[string]any{
		"Url": h.GetUrl(), "Method": h.GetMethod(), "Query": jsonInText(h.GetQuery()), "Headers": headers,
		"Params": h.GetParams(), "Identities": anonymous,
	}
	switch body := h.GetBody().GetBytes(); {
	case len(body) == 0:
	case BinaryMedia(h.GetHeaders()["content-type"]):
		out["Body"] = body // encoding/json writes base64
	default:
		out["Body"] = string(body)
	}
	return out
}

// anonymous is the one identity of a caller of whom nothing is known.
const anonymous = `[{"AuthenticationType":null,"IsAuthenticated":false,"Actor":null,"BootstrapContext":null,"Claims":[],"Label":null,"Name":null,` +
	`"NameClaimType":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",` +
	`"RoleClaimType":"http://schemas.microsoft.com/ws/2008/06/identity/claims/role"}]`

func jsonInText(values map[string]string) string {
	if len(values) == 0 {
		return "{}"
	}
	text, err := json.Marshal(values)
	if err != nil {
		return "{}" // a map of texts always encodes
	}
	return string(text)
}

// BinaryMedia reports whether the host hands bodies of the content type over
// as bytes: application/octet-stream, and whatever has several parts.
func BinaryMedia(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/octet-stream" || strings.Contains(media, "multipart/")
}

// decodeOutput reads an output. A text that is base64 stands for bytes unless
// the binding says dataType binary: the rule of the vendor's host, kept
// because handlers depend on it. An HTTP output is an object of its own.
func decodeOutput(b *binding.Binding, raw json.RawMessage) *funcrpc.TypedData {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if b != nil && b.Is("http") && raw[0] == '{' {
		if h := decodeHTTPOutput(raw); h != nil {
			return &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: h}}
		}
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: string(raw)}}
	}
	if b != nil && b.DataType != binding.Binary && len(s) > 0 {
		if decoded, err := base64.StdEncoding.DecodeString(base64Space.Replace(s)); err == nil {
			return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: decoded}}
		}
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}
}

// base64Space takes out what .NET's decoder skips and Go's does not.
var base64Space = strings.NewReplacer(" ", "", "\t", "")

func decodeHTTPOutput(raw []byte) *funcrpc.RpcHttp {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	h := &funcrpc.RpcHttp{StatusCode: "200", Headers: map[string]string{}}
	for name, v := range fields {
		switch strings.ToLower(name) {
		case "statuscode", "status":
			h.StatusCode = strings.Trim(string(v), `"`)
		case "headers":
			h.Headers = textMap(v)
		case "body":
			h.Body = bodyValue(v)
		}
	}
	return h
}

// textMap reads an object of texts; other values are taken as their JSON.
func textMap(raw json.RawMessage) map[string]string {
	var values map[string]any
	out := map[string]string{}
	if json.Unmarshal(raw, &values) != nil {
		return out
	}
	for name, v := range values {
		switch v := v.(type) {
		case string:
			out[name] = v
		case float64:
			out[name] = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			b, _ := json.Marshal(v)
			out[name] = string(b)
		}
	}
	return out
}

func bodyValue(raw json.RawMessage) *funcrpc.TypedData {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: string(raw)}}
}
