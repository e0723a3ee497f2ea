package functions

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/host"
)

// tokenOf is a token of these tests: what it says, not signed.
func tokenOf(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".x"
}

const (
	ada     = `{"aud":"backend","oid":"o-1","sub":"o-1","tid":"t","appid":"c-1","upn":"ada@example.org","name":"Ada","scp":"user_impersonation","roles":["reader","writer"],"exp":1800000000}`
	program = `{"aud":"backend","oid":"o-2","sub":"o-2","appid":"c-2"}`
)

var tokenEnd = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)

// verified takes the tokens of these tests that are for the audience.
func verified(token string, audiences []string) (time.Time, error) {
	who, err := principalOf(token)
	if err != nil {
		return time.Time{}, err
	}
	for _, c := range who.claims {
		if c.Type == "aud" && len(audiences) == 1 && c.Value == audiences[0] {
			return tokenEnd, nil
		}
	}
	return time.Time{}, errors.New("InvalidAudience: the token is for another")
}

// guardedBy serves behind an authenticator what a function would see: its headers.
func guardedBy(t *testing.T, a Authentication) *httptest.Server {
	t.Helper()
	a.Audiences, a.Verify = []string{"backend"}, verified
	guard := &authenticator{Authentication: a}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, answered := guard.handle(w, r)
		if answered {
			return
		}
		seen := map[string]string{}
		if who, ok := host.CallerOf(r); ok {
			seen["caller"] = fmt.Sprint(who.Provider, " ", len(who.Claims))
		}
		for name, values := range r.Header {
			if strings.HasPrefix(name, "X-Ms-") {
				seen[name] = values[0]
			}
		}
		writeJSON(w, http.StatusOK, seen)
	}))
	t.Cleanup(s.Close)
	return s
}

// ask calls without following redirects.
func ask(t *testing.T, c *http.Client, at string, headers ...string) (*http.Response, map[string]string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var seen map[string]string
	_ = json.NewDecoder(resp.Body).Decode(&seen) // of an error it is text
	return resp, seen
}

func still() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func TestAuthenticationActions(t *testing.T) {
	bearer := "Bearer " + tokenOf(ada)
	for name, c := range map[string]struct {
		a       Authentication
		headers []string
		path    string
		status  int
	}{
		"nothing shown":               {status: 401},
		"403":                         {a: Authentication{Action: return403}, status: 403},
		"anonymous":                   {a: Authentication{Action: allowAnonymous}, status: 200},
		"to the login":                {a: Authentication{Action: redirectToLogin}, status: 302},
		"to no login for a script":    {a: Authentication{Action: redirectToLogin}, headers: []string{"X-Requested-With", "XMLHttpRequest"}, status: 401},
		"a token":                     {headers: []string{"Authorization", bearer}, status: 200},
		"a token, another case":       {headers: []string{"Authorization", "bearer " + tokenOf(ada)}, status: 200},
		"for another":                 {headers: []string{"Authorization", "Bearer " + tokenOf(`{"aud":"x"}`)}, status: 401},
		"for another, anonymous":      {a: Authentication{Action: allowAnonymous}, headers: []string{"Authorization", "Bearer " + tokenOf(`{"aud":"x"}`)}, status: 401},
		"no token at all":             {headers: []string{"Authorization", "Bearer abc"}, status: 401},
		"another scheme":              {headers: []string{"Authorization", "Basic abc"}, status: 401},
		"an application let in":       {a: Authentication{Applications: []string{"C-1"}}, headers: []string{"Authorization", bearer}, status: 200},
		"an application kept out":     {a: Authentication{Applications: []string{"c-2"}}, headers: []string{"Authorization", bearer}, status: 403},
		"a principal let in":          {a: Authentication{Principals: []string{"o-1"}}, headers: []string{"Authorization", bearer}, status: 200},
		"a principal kept out":        {a: Authentication{Principals: []string{"o-2"}}, headers: []string{"Authorization", bearer}, status: 403},
		"excluded":                    {a: Authentication{Excluded: []string{"/api/health/"}}, path: "/API/health", status: 200},
		"excluded below":              {a: Authentication{Excluded: []string{"/public/*"}}, path: "/public/a/b", status: 200},
		"not excluded":                {a: Authentication{Excluded: []string{"/public/*"}}, path: "/publicity", status: 401},
		"a session that nobody has":   {headers: []string{"Cookie", sessionCookie + "=x"}, status: 401},
		"excluded, yet a wrong token": {a: Authentication{Excluded: []string{"/x"}}, path: "/x", headers: []string{"Authorization", "Bearer abc"}, status: 401},
	} {
		s := guardedBy(t, c.a)
		resp, _ := ask(t, still(), s.URL+c.path, append(c.headers, "X-MS-CLIENT-PRINCIPAL-ID", "forged")...) //nolint:bodyclose // ask closes it
		if resp.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, c.status)
		}
		if challenge := resp.Header.Get("WWW-Authenticate"); (c.status == 401) != strings.HasPrefix(challenge, "Bearer realm=") {
			t.Errorf("%s: challenge %q", name, challenge)
		}
	}
}

// TestClientPrincipal: a function knows the caller by headers that the caller cannot
// set.
func TestClientPrincipal(t *testing.T) {
	s := guardedBy(t, Authentication{Action: allowAnonymous})
	forged := []string{"X-MS-CLIENT-PRINCIPAL", "e30=", "X-Ms-Client-Principal-Name", "root", "x-ms-token-aad-refresh-token", "r", "X-MS-CLIENT-PRINCIPAL-IDP", "github"}
	_, seen := ask(t, still(), s.URL, forged...) //nolint:bodyclose // ask closes it
	if len(seen) != 0 {
		t.Errorf("nobody, and yet %v", seen)
	}
	_, seen = ask(t, still(), s.URL, append(forged, "Authorization", "Bearer "+tokenOf(ada))...) //nolint:bodyclose // ask closes it
	text, err := base64.StdEncoding.DecodeString(seen["X-Ms-Client-Principal"])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"auth_typ":"aad","claims":[{"typ":"appid","val":"c-1"},{"typ":"aud","val":"backend"},{"typ":"exp","val":"1800000000"},` +
		`{"typ":"http://schemas.microsoft.com/identity/claims/objectidentifier","val":"o-1"},{"typ":"http://schemas.microsoft.com/identity/claims/scope","val":"user_impersonation"},` +
		`{"typ":"http://schemas.microsoft.com/identity/claims/tenantid","val":"t"},{"typ":"http://schemas.microsoft.com/ws/2008/06/identity/claims/role","val":"reader"},` +
		`{"typ":"http://schemas.microsoft.com/ws/2008/06/identity/claims/role","val":"writer"},{"typ":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier","val":"o-1"},` +
		`{"typ":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn","val":"ada@example.org"},{"typ":"name","val":"Ada"}],` +
		`"name_typ":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress","role_typ":"http://schemas.microsoft.com/ws/2008/06/identity/claims/role"}`
	if string(text) != want {
		t.Errorf("principal %s\nwant      %s", text, want)
	}
	delete(seen, "X-Ms-Client-Principal")
	if diff := cmp.Diff(map[string]string{
		"X-Ms-Client-Principal-Id": "o-1", "X-Ms-Client-Principal-Name": "ada@example.org", "X-Ms-Client-Principal-Idp": "aad",
		"X-Ms-Token-Aad-Access-Token": tokenOf(ada), "X-Ms-Token-Aad-Expires-On": "2027-01-02T03:04:05.0000000Z",
		"caller": "aad 11", // as workers on the protocol are told
	}, seen); diff != "" {
		t.Error(diff)
	}
	_, seen = ask(t, still(), s.URL, "Authorization", "Bearer "+tokenOf(program)) //nolint:bodyclose // ask closes it
	if seen["X-Ms-Client-Principal-Name"] != "c-2" || seen["X-Ms-Client-Principal-Id"] != "o-2" {
		t.Errorf("an application is %v", seen)
	}
}

// TestBrowserSignsIn follows a browser from the first refusal to the issuer and back,
// into a session, and out of it; another browser has no part in it.
func TestBrowserSignsIn(t *testing.T) {
	var asked url.Values
	s := guardedBy(t, Authentication{Action: redirectToLogin, SignIn: SignIn{
		Client: "backend", Authorize: "http://issuer.example/authorize",
		Token: func(form url.Values) (int, []byte) {
			asked = form
			if form.Get("code") != "good" {
				return 400, []byte(`{"error_description":"no such code"}`)
			}
			return 200, []byte(`{"access_token":"` + tokenOf(ada) + `","id_token":"its-id"}`)
		},
	}})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser, stranger := still(), still()
	browser.Jar = jar
	location := func(c *http.Client, at string, status int) *url.URL {
		t.Helper()
		resp, _ := ask(t, c, at) //nolint:bodyclose // ask closes it
		if resp.StatusCode != status {
			t.Fatalf("%s: %d", at, resp.StatusCode)
		}
		to, err := url.Parse(resp.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	login := location(browser, s.URL+"/api/hello?x=1", 302)
	if login.Path != loginPath {
		t.Fatal(login)
	}
	begin := func() url.Values { return location(browser, s.URL+login.String(), 302).Query() }
	q := begin()
	if q.Get("client_id") != "backend" || q.Get("redirect_uri") != s.URL+callbackPath || q.Get("code_challenge_method") != "S256" {
		t.Errorf("the issuer is asked %v", q)
	}
	back := func(q url.Values, code string) string {
		return s.URL + callbackPath + "?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
	}
	location(stranger, back(q, "good"), 400) // begun by another browser
	location(browser, back(q, "good"), 400)  // and ended by that
	location(browser, back(begin(), "bad"), 401)
	if to := location(browser, back(begin(), "good"), 302); to.String() != "/api/hello?x=1" {
		t.Errorf("back to %s", to)
	}
	if asked.Get("client_id") != "backend" || asked.Get("code_verifier") == "" {
		t.Errorf("the token is asked for with %v", asked)
	}
	_, seen := ask(t, browser, s.URL+"/api/hello") //nolint:bodyclose // ask closes it
	if seen["X-Ms-Client-Principal-Id"] != "o-1" || seen["X-Ms-Token-Aad-Id-Token"] != "its-id" {
		t.Errorf("in the session: %v", seen)
	}
	location(stranger, s.URL+"/.auth/me", 401)
	location(browser, s.URL+"/.auth/me", 200)
	if to := location(browser, s.URL+"/.auth/logout?post_logout_redirect_uri=//evil.example", 302); to.String() != "/" {
		t.Errorf("out to %s", to)
	}
	location(browser, s.URL+"/api/hello", 302)
}

// TestBackTo: a sign-in leads back to the app alone.
func TestBackTo(t *testing.T) {
	for to, want := range map[string]string{
		"/a?b=c": "/a?b=c", "": "/", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "a": "/", "/a\r\nSet-Cookie: x=y": "/",
	} {
		r := httptest.NewRequest(http.MethodGet, "/?to="+url.QueryEscape(to), nil)
		if got := backTo(r, "to"); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}

// FuzzPrincipal: no token makes the reader of claims fail but by saying so.
func FuzzPrincipal(f *testing.F) {
	f.Add(tokenOf(ada))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if p, err := principalOf(token); err == nil {
			p.head(http.Header{}, tokenSet{access: token}, tokenEnd)
		}
	})
}
