package apim

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestInjection has policies that put what a caller sent where lines end: neither the
// backend nor the caller sees a header, or a request, that no policy wrote.
func TestInjection(t *testing.T) {
	const (
		evil   = `context.Request.Url.Query.GetValueOrDefault("v", "")`
		encode = "a%0d%0aX-Evil:%201%0d%0a%0d%0aGET%20/hidden%20HTTP/1.1%0d%0aHost:%20h%0d%0aX-Evil:%202%0d%0a%0d%0a"
	)
	seen := make(chan string, 100)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen <- fmt.Sprintf("%s %s %v", r.Method, r.RequestURI, r.Header["X-Evil"])
		_, _ = w.Write([]byte("reached"))
	}))
	defer backend.Close()
	inbound := func(s string) string {
		return "<policies><inbound>" + s + "</inbound><backend><forward-request /></backend></policies>"
	}
	outbound := func(s string) string {
		return "<policies><backend><forward-request /></backend><outbound>" + s + "</outbound></policies>"
	}
	for name, document := range map[string]string{
		"a header":              inbound(`<set-header name="X-A"><value>@(` + evil + `)</value></set-header>`),
		"a header's name":       inbound(`<set-header name="@(` + evil + `)"><value>b</value></set-header>`),
		"the host":              inbound(`<set-header name="Host"><value>@(` + evil + `)</value></set-header>`),
		"the path":              inbound(`<rewrite-uri template="@("/x" + ` + evil + `)" />`),
		"the query":             inbound(`<set-query-parameter name="q"><value>@(` + evil + `)</value></set-query-parameter>`),
		"a name in the query":   inbound(`<set-query-parameter name="@(` + evil + `)"><value>b</value></set-query-parameter>`),
		"the method":            inbound(`<set-method>@(` + evil + `)</set-method>`),
		"the backend":           inbound(`<set-backend-service base-url="@("` + backend.URL + `/" + ` + evil + `)" />`),
		"basic":                 inbound(`<authentication-basic username="@(` + evil + `)" password="p" />`),
		"a request beside":      inbound(`<send-request mode="new" response-variable-name="r" ignore-error="true"><set-url>` + backend.URL + `/beside</set-url><set-method>GET</set-method><set-header name="X-A"><value>@(` + evil + `)</value></set-header></send-request>`),
		"the place of another":  inbound(`<send-request mode="new" response-variable-name="r" ignore-error="true"><set-url>@("` + backend.URL + `/" + ` + evil + `)</set-url><set-method>GET</set-method></send-request>`),
		"a reply's header":      outbound(`<set-header name="X-A"><value>@(` + evil + `)</value></set-header>`),
		"a reply's name":        outbound(`<set-header name="@(` + evil + `)"><value>b</value></set-header>`),
		"a reply's cookie":      outbound(`<set-header name="Set-Cookie"><value>@(` + evil + `)</value></set-header>`),
		"a reason":              outbound(`<set-status code="200" reason="@(` + evil + `)" />`),
		"a reason and a header": outbound(`<set-status code="200" reason="@(` + evil + `)" /><set-header name="X-A"><value>@(` + evil + `)</value></set-header>`),
		"a reply of its own":    inbound(`<return-response><set-status code="200" reason="@(` + evil + `)" /><set-header name="Location"><value>@(` + evil + `)</value></set-header></return-response>`),
		"a found text":          outbound(`<set-header name="X-A"><value>@(context.Request.OriginalUrl.ToString() + ` + evil + `)</value></set-header>`),
	} {
		front, key := newFront(t, backend.URL, document)
		c, err := net.Dial("tcp", strings.TrimPrefix(front.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		if _, err := io.WriteString(c, "GET /api/x?v="+encode+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\nOcp-Apim-Subscription-Key: "+key+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(c)
		_ = c.Close()
		if err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 ") {
			t.Errorf("%s: %q (%v)", name, text, err)
		}
		if strings.Contains(string(text), "\nX-Evil") || strings.Contains(string(text), "\rX-Evil") || strings.Contains(string(text), "\nGET ") {
			t.Errorf("%s: the caller sees %q", name, text)
		}
		for len(seen) > 0 {
			if got := <-seen; !strings.HasSuffix(got, " []") || strings.Contains(got, " /hidden ") {
				t.Errorf("%s: the backend sees %s", name, got)
			}
		}
	}
}
