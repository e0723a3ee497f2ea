package signin

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// behind is what is guarded.
func behind(k *Keeper) http.Handler {
	return k.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("inside")) }),
		func(w http.ResponseWriter, _ *http.Request, err error) {
			code := http.StatusUnauthorized
			if fault.Is(err, fault.Throttled) {
				code = http.StatusTooManyRequests
			}
			http.Error(w, err.Error(), code)
		})
}

// call sends a request of a peer and returns the answer.
func call(h http.Handler, method, path, peer string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = peer
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func form(password string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		body := url.Values{"password": {password}}.Encode()
		fresh := httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(body))
		r.Body, r.ContentLength = fresh.Body, fresh.ContentLength
	}
}

func with(c *http.Cookie) func(*http.Request) { return func(r *http.Request) { r.AddCookie(c) } }

const peer = "192.0.2.1:1234"

// session returns the only cookie of an answer, and checks how it is kept.
func session(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies with %d", len(cookies), w.Code)
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || len(c.Value) < 26 {
		t.Errorf("cookie %+v", c)
	}
	return c
}

func TestNobodyComesInWithoutSigningIn(t *testing.T) {
	h := behind(New("a long password"))
	for _, c := range []struct {
		method, path string
		change       []func(*http.Request)
		want         int
	}{
		{"GET", "/api/status", nil, 401},
		{"POST", "/api/hubs/a/events", nil, 401},
		{"GET", "/v1.0/myorg/datasets", nil, 401},
		{"GET", "/assets/app.js", nil, 401},
		{"GET", "/", []func(*http.Request){header("Accept", "text/html")}, 303},
		{"GET", "/hubs", []func(*http.Request){header("Accept", "text/html")}, 303},
		{"POST", "/", []func(*http.Request){header("Accept", "text/html")}, 401},
		{"GET", "/api/status", []func(*http.Request){header("Authorization", "Bearer wrong")}, 401},
		{"GET", "/api/status", []func(*http.Request){header("Authorization", "Bearer ")}, 401},
		{"GET", "/api/status", []func(*http.Request){header("Cookie", "lazuli-session=made-up")}, 401},
		{"GET", "/sign-in/../api/status", nil, 307}, // to the clean path, which asks again
		{"GET", "/sign-in", nil, 200},
		{"GET", "/sign-in.css", nil, 200},
		{"GET", "/sign-in.js", nil, 200},
		{"GET", "/sign-in?once=guess", nil, 403},
	} {
		w := call(h, c.method, c.path, peer, c.change...)
		if w.Code != c.want || strings.Contains(w.Body.String(), "inside") {
			t.Errorf("%s %s: %d %q, want %d", c.method, c.path, w.Code, w.Body, c.want)
		}
	}
}

func TestPasswordOpens(t *testing.T) {
	k := New("a long password")
	h := behind(k)
	w := call(h, "POST", "/sign-in", peer, form("a long password"))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" {
		t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	c := session(t, w)
	if w := call(h, "GET", "/api/status", peer, with(c)); w.Body.String() != "inside" {
		t.Errorf("with the session: %d", w.Code)
	}
	call(h, "POST", "/sign-out", peer, with(c))
	if w := call(h, "GET", "/api/status", peer, with(c)); w.Code != 401 {
		t.Errorf("after signing out: %d", w.Code)
	}
	for _, token := range []string{"a long password", k.Token()} {
		if w := call(h, "GET", "/api/status", peer, header("Authorization", "Bearer "+token)); w.Body.String() != "inside" {
			t.Errorf("as a bearer token: %d", w.Code)
		}
	}
	if w := call(h, "POST", "/sign-in", peer, form("A long password")); w.Code != 401 || len(w.Result().Cookies()) != 0 {
		t.Errorf("a wrong password: %d", w.Code)
	}
}

// TestSecureCookie: under TLS the cookie never goes over plain HTTP.
func TestSecureCookie(t *testing.T) {
	k := New("")
	server := httptest.NewTLSServer(behind(k))
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.PostForm(server.URL+"/sign-in", url.Values{"password": {k.Password()}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if c := resp.Cookies(); len(c) != 1 || !c[0].Secure || !strings.HasPrefix(c[0].Name, "__Host-") {
		t.Errorf("cookies %v", c)
	}
}

func TestLinkOpensOnce(t *testing.T) {
	k := New("")
	h := behind(k)
	link := k.Link()
	c := session(t, call(h, "GET", link, peer))
	if w := call(h, "GET", "/", peer, with(c)); w.Body.String() != "inside" {
		t.Errorf("with the link's session: %d", w.Code)
	}
	if w := call(h, "GET", link, peer); w.Code != 403 || len(w.Result().Cookies()) != 0 {
		t.Errorf("the second time: %d", w.Code)
	}
	if w := call(h, "GET", "/sign-in?once=", peer); w.Code != 200 || len(w.Result().Cookies()) != 0 {
		t.Errorf("an empty code after its use: %d", w.Code)
	}
}

func TestThingsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New("")
		h := behind(k)
		c := session(t, call(h, "POST", "/sign-in", peer, form(k.Password())))
		time.Sleep(linkLife + time.Second)
		if w := call(h, "GET", k.Link(), peer); w.Code != 403 {
			t.Errorf("an old link: %d", w.Code)
		}
		if w := call(h, "GET", "/", peer, with(c)); w.Body.String() != "inside" {
			t.Errorf("a young session: %d", w.Code)
		}
		time.Sleep(sessionLife)
		if w := call(h, "GET", "/", peer, with(c)); w.Code != 401 {
			t.Errorf("an old session: %d", w.Code)
		}
	})
}

// TestGuessingIsSlow: after five wrong tries of one peer even the right word
// waits; others are not held up.
func TestGuessingIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New("a long password")
		h := behind(k)
		tries := 0
		for begin := time.Now(); time.Since(begin) < time.Hour; time.Sleep(time.Second) {
			if call(h, "POST", "/sign-in", peer, form("guess")).Code == 401 {
				tries++
			}
		}
		if tries > 30 {
			t.Errorf("%d guesses in an hour", tries)
		}
		call(h, "POST", "/sign-in", peer, form("guess"))
		w := call(h, "POST", "/sign-in", peer, form("a long password"))
		if w.Code != 429 || w.Header().Get("Retry-After") == "" || len(w.Result().Cookies()) != 0 {
			t.Errorf("the right word of a guesser: %d", w.Code)
		}
		if w := call(h, "GET", "/", peer, header("Authorization", "Bearer a long password")); w.Code != 429 {
			t.Errorf("as a token: %d", w.Code)
		}
		if w := call(h, "POST", "/sign-in", "192.0.2.2:1", form("a long password")); w.Code != 303 {
			t.Errorf("another peer: %d", w.Code)
		}
		time.Sleep(longestWait)
		if w := call(h, "POST", "/sign-in", peer, form("a long password")); w.Code != 303 {
			t.Errorf("after the wait: %d", w.Code)
		}
	})
}

// TestGuessingAtTheSameTime: who guesses on many connections is as slow as who
// does on one, and right words at the same time are no guesses.
func TestGuessingAtTheSameTime(t *testing.T) {
	var tries tries
	var judged atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			_, waits := tries.judge(peer, func() bool { runtime.Gosched(); return false })
			if !waits {
				judged.Add(1)
			}
		})
	}
	all.Wait()
	if n := judged.Load(); n != freeTries {
		t.Errorf("%d guesses at the same time, want %d", n, freeTries)
	}
	k := New("")
	for range 200 {
		all.Go(func() {
			if ok, err := k.try(httptest.NewRequest("GET", "/", nil), k.Token()); !ok {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestPeersAreNetworks(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true},
		{"192.0.2.1:1", "192.0.2.2:1", false},
		{"[2001:db8::1]:1", "[2001:db8::2:3]:9", true},
		{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
		{"[::ffff:192.0.2.1]:1", "192.0.2.1:5", true},
		{"[fe80::1%eth0]:1", "[fe80::2%eth1]:1", true},
	} {
		if got := network(c.a) == network(c.b); got != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

func TestSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New("")
		h := behind(k)
		first := session(t, call(h, "POST", "/sign-in", peer, form(k.Password())))
		for range maxSessions {
			time.Sleep(time.Millisecond)
			call(h, "POST", "/sign-in", peer, form(k.Password()))
		}
		if len(k.sessions) != maxSessions {
			t.Errorf("%d sessions", len(k.sessions))
		}
		if w := call(h, "GET", "/", peer, with(first)); w.Code != 401 {
			t.Errorf("the oldest: %d", w.Code)
		}
	})
}

// TestPageSpeaksBothLanguages and says what happened, with no script or style
// of any other place.
func TestPageSpeaksBothLanguages(t *testing.T) {
	k := New("a long password")
	h := behind(k)
	w := call(h, "GET", "/sign-in", peer, header("Accept-Language", "ko-KR,ko;q=0.9"))
	body := w.Body.String()
	for _, want := range []string{`<html lang="ko">`, "포털에 로그인", "Sign in to the portal", `method="post"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if p := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
		t.Errorf("policy %q", p)
	}
	if !strings.Contains(call(h, "POST", "/sign-in", peer, form("x")).Body.String(), "This password is wrong") {
		t.Error("a wrong password is not said")
	}
	if strings.Contains(body, "style=") || strings.Contains(body, "onclick") {
		t.Error("the page has inline style or script")
	}
}
