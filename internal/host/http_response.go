package host

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// writeHTTP writes a function's response. A function with an HTTP output that
// returned nothing answers 200, one without answers 204. Nothing has been
// written when an error is returned.
func writeHTTP(w http.ResponseWriter, r *http.Request, v *funcrpc.TypedData, declared bool) error {
	h, err := httpOf(v, declared)
	if err != nil {
		return err
	}
	code, err := statusCode(h.GetStatusCode())
	if err != nil {
		return err
	}
	body, contentType := bodyOf(h.GetBody())
	for name, value := range h.GetHeaders() {
		if !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "Transfer-Encoding") {
			w.Header().Set(name, value)
		}
	}
	for name, value := range h.GetNullableHeaders() {
		w.Header().Set(name, value.GetValue())
	}
	for _, c := range h.GetCookies() {
		http.SetCookie(w, cookieOf(c))
	}
	if w.Header().Get("Content-Type") == "" && len(body) > 0 {
		w.Header().Set("Content-Type", contentType)
	}
	if code != http.StatusNoContent && code != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	} else {
		body = nil
	}
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, err := w.Write(body)
		_ = err // the client is gone; the invocation has been accounted for
	}
	return nil
}

// httpOf reads the forms in which workers give a response: an RpcHttp, a JSON
// object that has a body, or a plain value that becomes the body.
func httpOf(v *funcrpc.TypedData, declared bool) (*funcrpc.RpcHttp, error) {
	switch d := v.GetData().(type) {
	case nil:
		code := "204"
		if declared {
			code = "200"
		}
		return &funcrpc.RpcHttp{StatusCode: code}, nil
	case *funcrpc.TypedData_Http:
		return d.Http, nil
	case *funcrpc.TypedData_Json:
		if h := objectResponse(d.Json); h != nil {
			return h, nil
		}
		return &funcrpc.RpcHttp{StatusCode: "200", Body: v}, nil
	case *funcrpc.TypedData_String_, *funcrpc.TypedData_Bytes, *funcrpc.TypedData_Int, *funcrpc.TypedData_Double:
		return &funcrpc.RpcHttp{StatusCode: "200", Body: v}, nil
	}
	return nil, fault.New(fault.Invalid, "HTTP output", "a response cannot be %T", v.GetData())
}

// objectResponse reads {status|statusCode, headers, body}; nil when the text
// has no body and so is data, not a response.
func objectResponse(text string) *funcrpc.RpcHttp {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &fields) != nil {
		return nil
	}
	h := &funcrpc.RpcHttp{StatusCode: "200", Headers: map[string]string{}}
	isResponse := false
	for name, raw := range fields {
		switch strings.ToLower(name) {
		case "body":
			isResponse = true
			h.Body = jsonBody(raw)
		case "status", "statuscode":
			h.StatusCode = strings.Trim(string(raw), `"`)
		case "headers":
			var values map[string]any
			if json.Unmarshal(raw, &values) == nil {
				for k, v := range values {
					h.Headers[k] = fmt.Sprint(v)
				}
			}
		}
	}
	if !isResponse {
		return nil
	}
	return h
}

func jsonBody(raw json.RawMessage) *funcrpc.TypedData {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}
	}
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: string(raw)}}
}

// statusCode reads the status, which travels as text; none means 200.
func statusCode(text string) (int, error) {
	if text == "" {
		return http.StatusOK, nil
	}
	code, err := strconv.Atoi(text)
	if err != nil || code < 200 || code > 999 {
		return 0, fault.New(fault.Invalid, "HTTP output", "%q is not a status code", text)
	}
	return code, nil
}

// bodyOf returns the bytes of a body and the content type to use when the
// function gave none.
func bodyOf(v *funcrpc.TypedData) ([]byte, string) {
	const plain = "text/plain; charset=utf-8"
	switch d := v.GetData().(type) {
	case *funcrpc.TypedData_String_:
		return []byte(d.String_), plain
	case *funcrpc.TypedData_Json:
		return []byte(d.Json), "application/json; charset=utf-8"
	case *funcrpc.TypedData_Bytes:
		return d.Bytes, "application/octet-stream"
	case *funcrpc.TypedData_Stream:
		return d.Stream, "application/octet-stream"
	case *funcrpc.TypedData_Int:
		return strconv.AppendInt(nil, d.Int, 10), plain
	case *funcrpc.TypedData_Double:
		return strconv.AppendFloat(nil, d.Double, 'g', -1, 64), plain
	}
	return nil, plain
}

func cookieOf(c *funcrpc.RpcHttpCookie) *http.Cookie {
	out := &http.Cookie{
		Name: c.GetName(), Value: c.GetValue(),
		Domain: c.GetDomain().GetValue(), Path: c.GetPath().GetValue(),
		Secure: c.GetSecure().GetValue(), HttpOnly: c.GetHttpOnly().GetValue(),
	}
	if c.GetExpires() != nil && c.GetExpires().GetValue() != nil {
		out.Expires = c.GetExpires().GetValue().AsTime()
	}
	if c.GetMaxAge() != nil && c.GetMaxAge().GetDouble() != nil {
		out.MaxAge = int(max(-1, min(c.GetMaxAge().GetValue(), math.MaxInt32)))
		if out.MaxAge == 0 {
			out.MaxAge = -1 // net/http: 0 means unset, and less means now
		}
	}
	switch c.GetSameSite() {
	case funcrpc.RpcHttpCookie_Lax:
		out.SameSite = http.SameSiteLaxMode
	case funcrpc.RpcHttpCookie_Strict:
		out.SameSite = http.SameSiteStrictMode
	case funcrpc.RpcHttpCookie_ExplicitNone:
		out.SameSite = http.SameSiteNoneMode
	}
	return out
}
