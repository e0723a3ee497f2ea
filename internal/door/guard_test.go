package door

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/localca"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// app is a handler with a CORS rule for one origin and a shape for errors.
type app struct{}

func (app) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }
func (app) AllowsOrigin(r *http.Request) bool {
	return r.Header.Get("Origin") == "https://friend.example" && r.URL.Path != "/admin"
}

func (app) Refuse(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, "own shape: "+err.Error(), http.StatusForbidden)
}

// guarded is what a port puts before its handlers.
func guarded(names Names, routes ...Route) http.Handler {
	set := New(Options{Names: names})
	set.Route(routes...)
	return web{&port{Port: Port{Account: site}, set: set}}
}

func ask(h http.Handler, method, path, host string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Host = host
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestRemoteAddrIsWhoAsks: past proxies that are trusted handlers see the address of
// whoever asks, and what somebody else claims counts for nothing.
func TestRemoteAddrIsWhoAsks(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8")}
	seen := ""
	set := New(Options{Trusted: trusted})
	set.Route(answers(func(_ http.ResponseWriter, r *http.Request) { seen = r.RemoteAddr }))
	h := web{&port{Port: Port{Account: site}, set: set}}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1:4000", "203.0.113.9", "203.0.113.9:0"},
		{"192.0.2.1:4000", "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9:0"},
		{"192.0.2.1:4000", "2001:db8::7", "[2001:db8::7]:0"},
		{"192.0.2.1:4000", "unknown", "192.0.2.1:4000"},
		{"192.0.2.1:4000", "", "192.0.2.1:4000"},
		{"203.0.113.1:4000", "198.51.100.1", "203.0.113.1:4000"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host, r.RemoteAddr = "localhost", c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if seen != c.want {
			t.Errorf("%s for %q: %s, want %s", c.peer, c.forwarded, seen, c.want)
		}
	}
}

// TestForeignPagesAreRefused holds the rule that every HTTP door has.
func TestForeignPagesAreRefused(t *testing.T) {
	closed := Route{Type: resource.Sites, HTTP: func(resource.Account) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) })
	}}
	open := Route{Type: resource.Sites, HTTP: func(resource.Account) http.Handler { return app{} }}
	names := Names{Hosts: []string{"lazuli", "*.lan.example"}}
	const local = "localhost:7071"
	for _, c := range []struct {
		name               string
		route              Route
		method, path, host string
		headers            []string
		want               int
	}{
		{"a program", closed, "POST", "/", local, nil, 201},
		{"the own page", closed, "POST", "/", local, []string{"Sec-Fetch-Site", "same-origin"}, 201},
		{"a bookmark", closed, "POST", "/", local, []string{"Sec-Fetch-Site", "none"}, 201},
		{"the own origin", closed, "POST", "/", local, []string{"Origin", "http://" + local}, 201},
		{"another site", closed, "POST", "/", local, []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://evil.example", "Content-Type", "text/plain"}, 403},
		{"another port of this host", closed, "POST", "/", local, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"an old browser", closed, "POST", "/", local, []string{"Origin", "http://evil.example"}, 403},
		{"an opaque origin", closed, "POST", "/", local, []string{"Origin", "null"}, 403},
		{"another site reads, and sees nothing", closed, "GET", "/", local, []string{"Sec-Fetch-Site", "cross-site"}, 201},
		{"another site deletes", closed, "DELETE", "/", local, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a CORS rule", open, "POST", "/", local, []string{"Origin", "https://friend.example", "Sec-Fetch-Site", "cross-site"}, 201},
		{"a CORS rule for others", open, "POST", "/", local, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"a CORS rule is not for admin", open, "POST", "/admin", local, []string{"Origin", "https://friend.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"another site opens a WebSocket", closed, "GET", "/", local, []string{"Origin", "http://evil.example", "Upgrade", "websocket", "Connection", "Upgrade"}, 403},
		{"another port of this host opens a WebSocket", closed, "GET", "/", local, []string{"Sec-Fetch-Site", "same-site", "Upgrade", "websocket", "Connection", "Upgrade"}, 403},
		{"the own page opens a WebSocket", closed, "GET", "/", local, []string{"Origin", "http://" + local, "Upgrade", "websocket", "Connection", "Upgrade"}, 201},
		{"a program opens a WebSocket", closed, "GET", "/", local, []string{"Upgrade", "websocket", "Connection", "Upgrade"}, 201},
		{"a CORS rule and a WebSocket", open, "GET", "/", local, []string{"Origin", "https://friend.example", "Upgrade", "websocket", "Connection", "Upgrade"}, 201},
		{"a rebound name", closed, "POST", "/", "evil.example:8080", []string{"Sec-Fetch-Site", "same-origin"}, 403},
		{"a rebound name reads", closed, "GET", "/", "evil.example:8080", []string{"Sec-Fetch-Site", "same-origin"}, 403},
		{"a rebound name and a CORS rule", open, "POST", "/", "evil.example:8080", nil, 403},
		{"localhost in a name", closed, "GET", "/", "localhost.evil.example", nil, 403},
		{"no host at all", closed, "GET", "/", "", nil, 201},
		{"below localhost", closed, "GET", "/", "app.localhost:1", nil, 201},
		{"with the final dot", closed, "GET", "/", "LOCALHOST.:1", nil, 201},
		{"an address", closed, "GET", "/", "10.9.9.1:7071", nil, 201},
		{"an IPv6 address", closed, "GET", "/", "[::1]:8080", nil, 201},
		{"half an IPv6 address", closed, "GET", "/", "[::1", nil, 403},
		{"a configured name", closed, "GET", "/", "Lazuli:8080", nil, 201},
		{"a configured domain", closed, "GET", "/", "a.lan.example", nil, 201},
		{"the domain itself", closed, "GET", "/", "lan.example", nil, 403},
		{"nothing answers", Route{Type: "other"}, "GET", "/", local, nil, 404},
	} {
		w := ask(guarded(names, c.route), c.method, c.path, c.host, c.headers...)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.want)
		}
	}
	if w := ask(guarded(names, open), "GET", "/", "evil.example"); !strings.Contains(w.Body.String(), "own shape: ") || !strings.Contains(w.Body.String(), "hostNames") {
		t.Errorf("refusal: %q", w.Body)
	}
}

// TestNamesLeadToAccounts: accounts made later are found, each by its own name.
func TestNamesLeadToAccounts(t *testing.T) {
	accounts := map[string]resource.Account{}
	names := Names{Find: func(name, _ string) (resource.Account, Meaning) {
		a, ok := accounts[name]
		if !ok {
			return a, map[bool]Meaning{true: Unknown}[strings.HasSuffix(name, ".azurewebsites.net")]
		}
		return a, Known
	}}
	h := guarded(names, Route{Type: resource.Sites, HTTP: func(a resource.Account) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, a.Name) })
	}})
	if w := ask(h, "GET", "/", "shop.azurewebsites.net"); w.Code != 404 || !strings.Contains(w.Body.String(), "lazuli status") {
		t.Errorf("before it is made: %d", w.Code)
	}
	accounts["shop.azurewebsites.net"] = resource.Account{ID: 7, Type: resource.Sites, Name: "shop"}
	for host, want := range map[string]string{"Shop.AzureWebsites.net:443": "shop", "localhost": "app"} {
		if w := ask(h, "GET", "/", host); w.Body.String() != want {
			t.Errorf("%s leads to %q", host, w.Body)
		}
	}
	names.Hosts = []string{"*.azurewebsites.net"}
	if w := ask(guarded(names, Route{Type: resource.Sites, HTTP: func(a resource.Account) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, a.Name) })
	}}), "GET", "/", "mine.azurewebsites.net"); w.Body.String() != "app" {
		t.Errorf("a name that the project lists: %d %q", w.Code, w.Body)
	}
}

// TestSlowBodies: a body that does not come is given up, one that comes slowly
// but steadily is not, and a handler may work as long as it likes.
func TestSlowBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		outcome := make(chan error, 1)
		set := New(Options{})
		set.add(set.made(Port{Account: site}, l, false))
		set.Route(answers(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			if err == nil && r.URL.Path == "/work" {
				select {
				case <-time.After(time.Hour):
				case <-r.Context().Done():
					err = r.Context().Err()
				}
			}
			outcome <- err
		}))
		stop, gone := serve(t, set)
		send := func(path string, length int, pieces int, each time.Duration) error {
			c := l.dial()
			defer c.Close()
			fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", path, length)
			go func() {
				for range pieces {
					time.Sleep(each)
					if _, err := io.WriteString(c, strings.Repeat("x", length/max(pieces, 1))); err != nil {
						return
					}
				}
			}()
			err := <-outcome
			if resp, rerr := http.ReadResponse(bufio.NewReader(c), nil); rerr == nil {
				resp.Body.Close()
			}
			return err
		}
		if err := send("/", 100, 0, 0); err == nil {
			t.Error("a body that does not come was waited for")
		}
		if err := send("/", 100, 100, 10*time.Second); err == nil {
			t.Error("a byte every ten seconds was waited for")
		}
		if err := send("/", 1<<20, 1<<10, 900*time.Millisecond); err != nil {
			t.Errorf("1 KiB every 0.9 s for a quarter of an hour: %v", err)
		}
		if err := send("/work", 10, 1, time.Second); err != nil {
			t.Errorf("a handler that works for an hour: %v", err)
		}
		time.Sleep(time.Hour) // whoever still writes gives up
		stop()
		<-gone
	})
}

// TestPausesOverHTTP2: also there a handler may work as long as it likes between
// two parts of a body, and a body that does not come is given up.
func TestPausesOverHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, err := localca.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		base, err := ca.Server([]string{"localhost"})
		if err != nil {
			t.Fatal(err)
		}
		l, outcome := newPipeListener(), make(chan error, 1)
		set := New(Options{Certificate: NewCertificates(base, Names{}, ca.Issue).Get})
		set.add(set.made(Port{Account: site, TLS: Only}, l, false))
		set.Route(answers(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadFull(r.Body, make([]byte, 10))
			time.Sleep(2 * bodyGrace)
			if rest, more := io.ReadAll(r.Body); err == nil && len(rest) != 10 {
				err = fmt.Errorf("%d bytes after the pause of %s: %w", len(rest), r.Proto, more)
			}
			outcome <- err
		}))
		stop, gone := serve(t, set)
		client := &http.Transport{
			ForceAttemptHTTP2: true,
			TLSClientConfig:   &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12},
			DialContext:       func(context.Context, string, string) (net.Conn, error) { return l.dial(), nil },
		}
		send := func(second time.Duration) error {
			body, feed := io.Pipe()
			go func() {
				io.WriteString(feed, strings.Repeat("x", 10))
				time.Sleep(second)
				io.WriteString(feed, strings.Repeat("y", 10))
				feed.Close()
			}()
			r, _ := http.NewRequest("POST", "https://localhost/", body)
			if resp, err := client.RoundTrip(r); err == nil {
				resp.Body.Close()
			}
			body.Close()
			return <-outcome
		}
		if err := send(bodyGrace + 15*time.Second); err != nil {
			t.Errorf("the second half came while the handler worked: %v", err)
		}
		if err := send(time.Hour); err == nil {
			t.Error("a second half that does not come was waited for")
		}
		client.CloseIdleConnections()
		stop()
		<-gone
		time.Sleep(2 * time.Hour)
	})
}

// TestSlowHeaders: neither silence nor half a header holds a connection.
func TestSlowHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, mode := range []TLS{Plain, Either} {
			l := newPipeListener()
			set := New(Options{})
			set.add(set.made(Port{Account: site, TLS: mode}, l, false))
			set.Route(answers(echo))
			stop, gone := serve(t, set)
			for _, text := range []string{"", "GET / HTTP/1.1\r\nHost: loc"} {
				c := l.dial()
				go io.WriteString(c, text)
				begin := time.Now()
				_, _ = io.ReadAll(c)
				if took := time.Since(begin); took > 2*silence {
					t.Errorf("mode %d: %q held a connection for %v", mode, text, took)
				}
			}
			stop()
			<-gone
		}
	})
}

// TestEndlessHeaders: a header has a limit.
func TestEndlessHeaders(t *testing.T) {
	testkit.NoLeaks(t)
	l := open(t, testkit.Listen(t), Port{}, Names{}, answers(echo))
	c := l.dial()
	go fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\nA: %s\r\n\r\n", strings.Repeat("a", 2*headerLimit))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil {
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
}

// FuzzHostName never panics, and what it takes for a name is one.
func FuzzHostName(f *testing.F) {
	for _, s := range []string{"localhost", "localhost:8080", "[::1]:8080", "[::1]", "::1", "a.b.", "evil.example:", "[fe80::1%eth0]:1", "[", "]:1", "a:b:c", "127.0.0.1:80", "xn--bcher-kva.example", "user@host", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, ok := hostName(s)
		if !ok {
			return
		}
		if name == "" || strings.ContainsAny(name, "/\\@ \r\n\t\x00[]") {
			t.Errorf("%q gives %q", s, name)
		}
		if again, ok := hostName(name); !strings.HasSuffix(name, ".") && (!ok || again != name) {
			t.Errorf("%q gives %q, which gives %q, %v", s, name, again, ok)
		}
	})
}

// FuzzForeignPages: whatever the headers, a page whose origin is not the host
// that it calls changes nothing.
func FuzzForeignPages(f *testing.F) {
	f.Add("localhost:7071", "http://evil.example", "")
	f.Add("evil.example", "http://evil.example", "same-origin")
	f.Add("localhost", "null", "none")
	f.Add("[::1]:80", "http://[::1]:80", "cross-site")
	changed := false
	h := guarded(Names{}, answers(func(http.ResponseWriter, *http.Request) { changed = true }))
	f.Fuzz(func(t *testing.T, host, origin, site string) {
		changed = false
		ask(h, "POST", "/", host, "Origin", origin, "Sec-Fetch-Site", site)
		sameOrigin := site == "same-origin" || site == "none" || site == "" && (origin == "" || strings.HasSuffix(origin, "://"+host) || strings.Contains(origin, host))
		if name, ok := hostName(host); changed && (!sameOrigin || host != "" && (!ok || !(Names{}).ours(name))) {
			t.Errorf("host %q, origin %q, site %q went through", host, origin, site)
		}
	})
}

func BenchmarkGuard(b *testing.B) {
	h := guarded(Names{}, answers(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = "localhost:8081"
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
