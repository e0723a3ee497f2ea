package apim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/host/relay"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// newFront is a gateway behind a real port, and its key, before a backend.
func newFront(t testing.TB, backend, document string) (front *httptest.Server, key string) {
	t.Helper()
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	transport := &relay.Transport{
		Client: &relay.Client{Dial: (&net.Dialer{}).DialContext}, Base: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
	}
	e, err := gateway.Open(gateway.Options{DB: db, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Service(1, "shop")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	_, err1 := s.APIs().Put(ctx, "a", gateway.API{Path: "api", ServiceURL: backend, SubscriptionRequired: true, IsCurrent: true})
	_, err2 := s.Operations("a").Put(ctx, "any", gateway.Operation{Method: "*", URLTemplate: "/*"})
	_, err3 := s.Policies(gateway.Scope{API: "a"}).Put(ctx, gateway.PolicyName, gateway.Policy{Text: document})
	sub, err4 := s.Subscriptions().Get(gateway.MasterSubscription)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	front = httptest.NewServer(&Service{Gateway: s, TraceToken: "token"})
	t.Cleanup(func() {
		front.Close()
		transport.CloseIdleConnections()
		if err := errors.Join(e.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return front, sub.PrimaryKey
}

const passing = `<policies><inbound><base /><set-header name="x-functions-key"><value>k</value></set-header><rate-limit calls="1000000000" renewal-period="60" /></inbound><backend><base /></backend><outbound><base /></outbound></policies>`

// raw sends bytes and returns the status of the first reply.
func raw(t *testing.T, address, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	reply, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err.Error()
	}
	_, _ = io.Copy(io.Discard, reply.Body)
	_ = reply.Body.Close()
	return reply.Status[:3]
}

// TestSmuggling sends requests that two servers could read in two ways: the backend
// sees each request that the gateway saw, once, and nothing of others.
func TestSmuggling(t *testing.T) {
	seen := make(chan string, 100)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- fmt.Sprintf("%s %s %q %v", r.Method, r.RequestURI, body, r.Header["X-Evil"])
	}))
	defer backend.Close()
	front, key := newFront(t, backend.URL, passing)
	at := strings.TrimPrefix(front.URL, "http://")
	head := " HTTP/1.1\r\nHost: h\r\nOcp-Apim-Subscription-Key: " + key + "\r\n"
	hidden := "GET /api/hidden HTTP/1.1\r\nHost: h\r\nX-Evil: 1\r\n\r\n"
	for name, c := range map[string]struct{ text, status, backend string }{
		"both lengths":     {"POST /api/x" + head + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200", `POST /x "" []`},
		"two lengths":      {"POST /api/x" + head + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + hidden, "400", ""},
		"odd encoding":     {"POST /api/x" + head + "Transfer-Encoding: xchunked\r\n\r\n" + hidden, "501", ""},
		"space in name":    {"GET /api/x" + head + "X-Evil : 1\r\n\r\n", "400", ""},
		"folded":           {"GET /api/x" + head + "X-A: b\r\n X-Evil: 1\r\n\r\n", "200", `GET /x "" []`},
		"line feed":        {"GET /api/x%0d%0aX-Evil:1" + head + "\r\n", "200", `GET /x%0d%0aX-Evil:1 "" []`},
		"bare line feeds":  {"GET /api/x" + strings.ReplaceAll(head, "\r\n", "\n") + "\n", "200", `GET /x "" []`},
		"bare return":      {"GET /api/x" + head + "X-A: b\rX-Evil: 1\r\n\r\n", "400", ""},
		"chunk extension":  {"POST /api/x" + head + "Transfer-Encoding: chunked\r\n\r\n3;x=\"\r\nabc\r\n0\r\n\r\n", "200", `POST /x "abc" []`},
		"signed length":    {"POST /api/x" + head + "Content-Length: +3\r\n\r\nabc", "400", ""},
		"negative length":  {"POST /api/x" + head + "Content-Length: -1\r\n\r\n", "400", ""},
		"chunked twice":    {"POST /api/x" + head + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "501", ""},
		"old with chunks":  {"POST /api/x" + strings.Replace(head, "1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200", `POST /x "" []`},
		"no host":          {"GET /api/x HTTP/1.1\r\n\r\n", "400", ""},
		"nul in a value":   {"GET /api/x" + head + "X-A: b\x00c\r\n\r\n", "400", ""},
		"more than said":   {"POST /api/x" + head + "Content-Length: 3\r\n\r\nabcGET /api/none HTTP/1.1\r\nHost: h\r\n\r\n", "200", `POST /x "abc" []`},
		"named hop":        {"GET /api/x" + head + "Connection: X-Evil\r\nX-Evil: 1\r\n\r\n", "200", `GET /x "" []`},
		"absolute":         {"GET http://other/api/x" + head + "\r\n", "200", `GET /x "" []`},
		"expect and chunk": {"POST /api/x" + head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "200", `POST /x "abc" []`},
	} {
		if status := raw(t, at, c.text); status != c.status {
			t.Errorf("%s: answers %s, want %s", name, status, c.status)
		}
		got := ""
		select {
		case got = <-seen:
		default:
		}
		if got != c.backend || len(seen) > 0 {
			t.Errorf("%s: the backend saw %s, want %s", name, got, c.backend)
		}
	}
}

// TestStreams passes pieces on as they come, both ways.
func TestStreams(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if err := control.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusOK)
		_ = control.Flush()
		buf := make([]byte, 100)
		for {
			n, err := r.Body.Read(buf)
			_, _ = w.Write(buf[:n])
			_ = control.Flush()
			if err != nil {
				return
			}
		}
	}))
	defer backend.Close()
	front, key := newFront(t, backend.URL, passing)
	in, out := io.Pipe()
	r, err := http.NewRequest(http.MethodPost, front.URL+"/api/echo", in)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Ocp-Apim-Subscription-Key", key)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	for _, word := range []string{"one", "two", "three"} {
		if _, err := io.WriteString(out, word); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(word))
		if _, err := io.ReadFull(reply.Body, got); err != nil || string(got) != word {
			t.Fatalf("%q came back as %q (%v)", word, got, err)
		}
	}
	_ = out.Close()
}

// TestReplies are the gateway's own.
func TestReplies(t *testing.T) {
	front, key := newFront(t, "http://127.0.0.1:1", passing)
	for _, c := range []struct{ path, key, trace, status, body, header string }{
		{statusPath, "", "", "200", "", ""},
		{"/nowhere", "", "", "404", `{ "statusCode": 404, "message": "Resource not found" }`, ""},
		{"/api/x", "", "", "401", "missing subscription key", `AzureApiManagementKey realm="` + "HOST" + `/api",name="Ocp-Apim-Subscription-Key",type="header"`},
		{"/api/x", key, "", "500", `"message": "Internal server error", "activityId": "`, ""},
		{"/api/" + strings.Repeat("x", maxURL), key, "", "414", "", ""},
	} {
		r, err := http.NewRequest(http.MethodGet, front.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.key != "" {
			r.Header.Set("Ocp-Apim-Subscription-Key", c.key)
		}
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(reply.Body)
		_ = reply.Body.Close()
		want := strings.Replace(c.header, "HOST", "https"+strings.TrimPrefix(front.URL, "http"), 1)
		if reply.Status[:3] != c.status || !strings.Contains(string(text), c.body) || want != "" && reply.Header.Get("Www-Authenticate") != want {
			t.Errorf("%.40s: %s %s %v", c.path, reply.Status, text, reply.Header)
		}
	}
}

// TestRefusal has the gateway's shape for what the door refuses.
func TestRefusal(t *testing.T) {
	for _, k := range fault.Kinds() {
		w := httptest.NewRecorder()
		(&Service{}).Refuse(w, nil, fault.New(k, "", "why"))
		if w.Code != http.StatusForbidden && w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), `"message": "why"`) {
			t.Errorf("%v: %d %s", k, w.Code, w.Body)
		}
	}
}

// BenchmarkProxy is a GET through the gateway, with a key, a header and a limit, and
// through the standard library's reverse proxy, to the same backend.
func BenchmarkProxy(b *testing.B) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"status":"ok"}`)) }))
	defer backend.Close()
	u, err := url.Parse(backend.URL)
	if err != nil {
		b.Fatal(err)
	}
	front, key := newFront(b, backend.URL, passing)
	plain := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }, Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
	})
	defer plain.Close()
	for name, at := range map[string]string{"direct": backend.URL + "/x", "gateway": front.URL + "/api/x", "httputil": plain.URL + "/x"} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
				for pb.Next() {
					r, err := http.NewRequest(http.MethodGet, at, nil)
					if err != nil {
						b.Error(err)
						return
					}
					r.Header.Set("Ocp-Apim-Subscription-Key", key)
					reply, err := client.Do(r)
					if err != nil || reply.StatusCode != http.StatusOK {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, reply.Body)
					_ = reply.Body.Close()
				}
			})
		})
	}
}
