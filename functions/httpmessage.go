package functions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// newRequest turns a request as the host sends it into net/http's.
func newRequest(ctx context.Context, h *funcrpc.RpcHttp) (*http.Request, error) {
	if h == nil {
		return nil, errors.New("the host sent no HTTP request")
	}
	content, err := httpBody(h)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, h.Method, h.Url, bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("the request of the host: %w", err)
	}
	for name, value := range merged(h.Headers, h.NullableHeaders) {
		r.Header.Set(name, value)
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	if r.URL.RawQuery == "" {
		query := url.Values{}
		for name, value := range merged(h.Query, h.NullableQuery) {
			query.Set(name, value)
		}
		r.URL.RawQuery = query.Encode()
	}
	for name, value := range merged(h.Params, h.NullableParams) {
		r.SetPathValue(name, value)
	}
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = caller(r.Header)
	return r, nil
}

// caller is the address of whoever called the function, as the host that took
// the request wrote it behind those of proxies: "" when no host did. One
// without a port gets port 0, since net/http promises one.
func caller(h http.Header) string {
	list := strings.Join(h.Values("X-Forwarded-For"), ",")
	last := strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
	if last == "" {
		return ""
	}
	if _, _, err := net.SplitHostPort(last); err == nil {
		return last
	}
	return net.JoinHostPort(strings.Trim(last, "[]"), "0")
}

// merged joins the two ways in which hosts send a map of texts.
func merged(plain map[string]string, nullable map[string]*funcrpc.NullableString) map[string]string {
	if len(nullable) == 0 {
		return plain
	}
	out := make(map[string]string, len(plain)+len(nullable))
	for k, v := range plain {
		out[k] = v
	}
	for k, v := range nullable {
		out[k] = v.GetValue()
	}
	return out
}

func httpBody(h *funcrpc.RpcHttp) ([]byte, error) {
	d := h.Body
	if d.GetData() == nil {
		d = h.RawBody
	}
	return body(d)
}

// responseBuffer is the http.ResponseWriter of a function: the response
// travels to the host whole.
type responseBuffer struct {
	header http.Header
	sent   http.Header // a copy from the moment of WriteHeader, which later changes must not touch
	code   int
	body   bytes.Buffer
}

func (w *responseBuffer) Header() http.Header { return w.header }

func (w *responseBuffer) WriteHeader(code int) {
	if w.code != 0 {
		return
	}
	if code < 100 || code > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %d", code))
	}
	if code >= 100 && code < 200 {
		return // informational: the final one is still to come
	}
	w.code, w.sent = code, w.header.Clone()
}

func (w *responseBuffer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !bodyAllowed(w.code) {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(p)
}

func bodyAllowed(code int) bool {
	return code != http.StatusNoContent && code != http.StatusNotModified
}

// rpc is the response as FunctionRpc carries it. Header fields with several
// values are joined by commas, as HTTP allows, except cookies.
func (w *responseBuffer) rpc() (*funcrpc.RpcHttp, error) {
	w.WriteHeader(http.StatusOK)
	h := &funcrpc.RpcHttp{StatusCode: strconv.Itoa(w.code), Headers: map[string]string{}}
	if w.body.Len() > 0 && w.sent.Get("Content-Type") == "" {
		w.sent.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	for name, values := range w.sent {
		if name != "Set-Cookie" {
			h.Headers[name] = strings.Join(values, ", ")
		}
	}
	for _, line := range w.sent["Set-Cookie"] {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			return nil, fmt.Errorf("the response's Set-Cookie header: %w", err)
		}
		h.Cookies = append(h.Cookies, rpcCookie(cookie))
	}
	if w.body.Len() > 0 {
		h.Body = &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: w.body.Bytes()}}
	}
	return h, nil
}

func rpcCookie(c *http.Cookie) *funcrpc.RpcHttpCookie {
	out := &funcrpc.RpcHttpCookie{
		Name: c.Name, Value: c.Value,
		Secure:   &funcrpc.NullableBool{Bool: &funcrpc.NullableBool_Value{Value: c.Secure}},
		HttpOnly: &funcrpc.NullableBool{Bool: &funcrpc.NullableBool_Value{Value: c.HttpOnly}},
	}
	if c.Domain != "" {
		out.Domain = nullable(c.Domain)
	}
	if c.Path != "" {
		out.Path = nullable(c.Path)
	}
	if !c.Expires.IsZero() {
		out.Expires = &funcrpc.NullableTimestamp{Timestamp: &funcrpc.NullableTimestamp_Value{Value: timestamppb.New(c.Expires)}}
	}
	if c.MaxAge != 0 { // net/http: negative means now, which is zero on the wire
		out.MaxAge = &funcrpc.NullableDouble{Double: &funcrpc.NullableDouble_Value{Value: float64(max(c.MaxAge, 0))}}
	}
	switch c.SameSite {
	case http.SameSiteLaxMode:
		out.SameSite = funcrpc.RpcHttpCookie_Lax
	case http.SameSiteStrictMode:
		out.SameSite = funcrpc.RpcHttpCookie_Strict
	case http.SameSiteNoneMode:
		out.SameSite = funcrpc.RpcHttpCookie_ExplicitNone
	}
	return out
}

func nullable(s string) *funcrpc.NullableString {
	return &funcrpc.NullableString{String_: &funcrpc.NullableString_Value{Value: s}}
}
