package host

import (
	"encoding/json"
	"fmt"
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
	cookies, err := setCookies(h.GetCookies())
	if err != nil {
		return err
	}
	body, contentType := bodyOf(h.GetBody())
	length := strconv.Itoa(len(body))
	set := func(name, value string) {
		switch {
		case strings.EqualFold(name, "Content-Length"): // of a HEAD it may say what GET would get
			if _, err := strconv.ParseUint(value, 10, 63); err == nil && r.Method == http.MethodHead && len(body) == 0 {
				length = value
			}
		case !strings.EqualFold(name, "Transfer-Encoding"):
			w.Header().Set(name, value)
		}
	}
	for name, value := range h.GetHeaders() {
		set(name, value)
	}
	for name, value := range h.GetNullableHeaders() {
		set(name, value.GetValue())
	}
	for _, c := range cookies {
		w.Header().Add("Set-Cookie", c)
	}
	if w.Header().Get("Content-Type") == "" && len(body) > 0 {
		w.Header().Set("Content-Type", contentType)
	}
	if code != http.StatusNoContent && code != http.StatusNotModified {
		w.Header().Set("Content-Length", length)
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
// object that has a body, or a plain value that becomes the body. Text that is a JSON
// object or array is taken as such, as Azure's host does: Python's functions that return
// json.dumps(…) answer with it.
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
		if h, err := objectResponse(d.Json); h != nil || err != nil {
			return h, err
		}
		return &funcrpc.RpcHttp{StatusCode: "200", Body: v}, nil
	case *funcrpc.TypedData_String_:
		if isObjectOrArray(d.String_) {
			return httpOf(&funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: d.String_}}, declared)
		}
		return &funcrpc.RpcHttp{StatusCode: "200", Body: v}, nil
	case *funcrpc.TypedData_Bytes, *funcrpc.TypedData_Int, *funcrpc.TypedData_Double:
		return &funcrpc.RpcHttp{StatusCode: "200", Body: v}, nil
	}
	return nil, fault.New(fault.Invalid, "HTTP output", "a response cannot be %T", v.GetData())
}

// isObjectOrArray reports whether a text is a JSON object or array.
func isObjectOrArray(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	return (strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")) && json.Valid([]byte(text))
}

// objectResponse reads {status|statusCode, headers, cookies, body}; nil when the text
// has no body and so is data, not a response.
func objectResponse(text string) (*funcrpc.RpcHttp, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &fields) != nil || !hasFold(fields, "body") {
		return nil, nil
	}
	h := &funcrpc.RpcHttp{StatusCode: "200", Headers: map[string]string{}}
	for name, raw := range fields {
		switch strings.ToLower(name) {
		case "body":
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
		case "cookies":
			var err error
			if h.Cookies, err = objectCookies(raw); err != nil {
				return nil, err
			}
		}
	}
	return h, nil
}

func hasFold(fields map[string]json.RawMessage, name string) bool {
	for k := range fields {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
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
