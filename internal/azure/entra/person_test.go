package entra

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/golang-jwt/jwt/v5"
)

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// azClient is the client id of Azure's command line.
const azClient = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

// TestDeviceCodeCredential signs the unmodified Go client in: it shows a code,
// and a person on this machine types it and says yes.
func TestDeviceCodeCredential(t *testing.T) {
	l := newLab(t, Config{})
	c, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: l.options(), TenantID: "adfs", ClientID: azClient,
		UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
			if m.VerificationURL != l.url+"/devicelogin" {
				t.Errorf("the page is %s", m.VerificationURL)
			}
			if _, shown := l.get("/devicelogin"); !strings.Contains(shown["text"].(string), "The code that your program shows") {
				t.Errorf("%v", shown)
			}
			if code, _ := l.post("/devicelogin", url.Values{"user_code": {"WRONG"}, "confirmed": {"yes"}}); code != 400 {
				t.Errorf("a wrong code: %d", code)
			}
			if _, shown := l.post("/devicelogin", url.Values{"user_code": {strings.ToLower(m.UserCode)}}); !strings.Contains(shown["text"].(string), azClient) {
				t.Errorf("%v", shown)
			}
			if _, shown := l.post("/devicelogin", url.Values{"user_code": {m.UserCode}, "confirmed": {"yes"}}); !strings.Contains(shown["text"].(string), "You are signed in") {
				t.Errorf("%v", shown)
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := token(t, c, hubs+"/.default")
	if err != nil {
		t.Fatal(err)
	}
	claims := l.expect(got.Token, hubs, "developer")
	if claims["scp"] != "user_impersonation" || claims["appid"] != azClient || claims["idtyp"] != "user" || claims["upn"] != "developer@lazuli.localhost" {
		t.Errorf("%v", claims)
	}
}

// signInPage asks for a code and returns the page's answer to a click.
func (l *lab) signInPage(query url.Values) *http.Response {
	l.t.Helper()
	code, shown := l.get("/" + l.who.Tenant() + "/oauth2/v2.0/authorize?" + query.Encode())
	text, _ := shown["text"].(string)
	found := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(text)
	if code != 200 || found == nil {
		l.t.Fatalf("%d %v", code, shown)
	}
	resp, err := l.http.PostForm(l.url+"/"+l.who.Tenant()+"/oauth2/v2.0/authorize", url.Values{"request": {found[1]}})
	if err != nil {
		l.t.Fatal(err)
	}
	return resp
}

func authorizeQuery(verifier string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {azClient}, "response_type": {"code"}, "redirect_uri": {"http://localhost:8400/?x=y"}, "state": {"s&t"}, "nonce": {"n1"},
		"scope": {"https://management.core.windows.net//.default offline_access openid profile"}, "code_challenge": {encode(sum[:])}, "code_challenge_method": {"S256"},
	}
}

// TestAuthorizationCode: the browser's way, with PKCE, nonce and refresh; each
// thing is good once, for the program that asked.
func TestAuthorizationCode(t *testing.T) {
	l := newLab(t, Config{})
	const verifier = "a verifier of forty-three letters, as RFC 7636"
	codeOf := func() string {
		resp := l.signInPage(authorizeQuery(verifier))
		defer resp.Body.Close()
		at, err := url.Parse(resp.Header.Get("Location"))
		if err != nil || resp.StatusCode != 302 || at.Host != "localhost:8400" || at.Query().Get("state") != "s&t" || at.Query().Get("x") != "y" {
			t.Fatalf("%d %v %v", resp.StatusCode, at, err)
		}
		return at.Query().Get("code")
	}
	form := func(code string) url.Values {
		return url.Values{
			"grant_type": {"authorization_code"}, "client_id": {azClient}, "code": {code}, "redirect_uri": {"http://localhost:8400/?x=y"}, "code_verifier": {verifier},
		}
	}
	for key, want := range map[string]string{"client_id": "AADSTS700005", "redirect_uri": "AADSTS500112", "code_verifier": "AADSTS501481", "code": "AADSTS70008"} {
		f := form(codeOf())
		f.Set(key, clientID)
		if code, m := l.post("/common/oauth2/v2.0/token", f); code != 400 || !strings.HasPrefix(m["error_description"].(string), want) {
			t.Errorf("another %s: %d %v", key, code, m)
		}
	}
	once := form(codeOf())
	code, m := l.post("/common/oauth2/v2.0/token", once)
	if code != 200 {
		t.Fatalf("%d %v", code, m)
	}
	l.expect(m["access_token"].(string), "https://management.core.windows.net", "developer")
	id := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(m["id_token"].(string), id); err != nil || id["nonce"] != "n1" || id["aud"] != azClient || id["iss"] != l.url+"/"+l.who.Tenant()+"/v2.0" {
		t.Errorf("id token %v, %v", id, err)
	}
	if _, _, err := l.Verify(m["id_token"].(string), []string{hubs}); err == nil {
		t.Error("an id token opens something")
	}
	if code, m := l.post("/common/oauth2/v2.0/token", once); code != 400 {
		t.Errorf("the code is good twice: %d %v", code, m)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {azClient}, "refresh_token": {m["refresh_token"].(string)}, "scope": {hubs + "/.default"}}
	code, again := l.post("/common/oauth2/v2.0/token", refresh)
	if code != 200 {
		t.Fatalf("%d %v", code, again)
	}
	l.expect(again["access_token"].(string), hubs, "developer")
	for key, value := range map[string]string{"client_id": clientID, "refresh_token": m["refresh_token"].(string) + "x"} {
		wrong := url.Values{"grant_type": {"refresh_token"}, "client_id": {azClient}, "refresh_token": refresh["refresh_token"]}
		wrong.Set(key, value)
		if code, m := l.post("/common/oauth2/v2.0/token", wrong); code != 400 || m["error"] != "invalid_grant" {
			t.Errorf("another %s: %d %v", key, code, m)
		}
	}
	late := l.newRefresh(consent{azClient, l.who.Principals()[0].ObjectID, hubs + "/.default", time.Now().Unix() - 1})
	if code, m := l.post("/common/oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {azClient}, "refresh_token": {late}}); code != 400 || !strings.Contains(m["error_description"].(string), "AADSTS700082") {
		t.Errorf("an old one: %d %v", code, m)
	}
}

// TestFormPost is how Azure's command line wants its code.
func TestFormPost(t *testing.T) {
	l := newLab(t, Config{})
	q := authorizeQuery("v")
	q.Set("response_mode", "form_post")
	q.Set("state", `"><script>`)
	resp := l.signInPage(q)
	_, shown := l.decode(resp)
	text, _ := shown["text"].(string)
	if resp.StatusCode != 200 || !strings.Contains(text, `action="http://localhost:8400/?x=y"`) || !strings.Contains(text, `name="code"`) || strings.Contains(text, "<script>") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "script-src") {
		t.Errorf("policy %s", csp)
	}
}

// TestNobodySignsInFromElsewhere, nor to elsewhere.
func TestNobodySignsInFromElsewhere(t *testing.T) {
	l := newLab(t, Config{})
	for key, c := range map[string][2]string{
		"redirect_uri":          {"https://evil.example/", "AADSTS50011"},
		"response_type":         {"token", "AADSTS700054"},
		"client_id":             {"me", "AADSTS700016"},
		"code_challenge_method": {"plain", "AADSTS9002325"},
		"scope":                 {"https://example.org/.default", "AADSTS500011"},
	} {
		q := authorizeQuery("v")
		q.Set(key, c[0])
		if code, m := l.get("/common/oauth2/v2.0/authorize?" + q.Encode()); code != 400 || !strings.HasPrefix(m["error_description"].(string), c[1]) {
			t.Errorf("%s: %d %v", key, code, m)
		}
	}
	for _, redirect := range []string{"http://localhost.evil.example/", "http://localhost@evil.example/", "//localhost", "javascript:alert(1)", "http://127.0.0.1.evil.example", "http://[::1]/x#y"} {
		if _, f := redirectOf(redirect); f == nil {
			t.Errorf("%s is taken", redirect)
		}
	}
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/common/oauth2/v2.0/authorize?"+authorizeQuery("v").Encode(), nil),
		httptest.NewRequest(http.MethodPost, "/"+l.who.Tenant()+"/oauth2/v2.0/authorize", strings.NewReader("request=x")),
		httptest.NewRequest(http.MethodGet, "/devicelogin", nil),
		httptest.NewRequest(http.MethodPost, "/devicelogin", strings.NewReader("user_code=x")),
	} {
		w := httptest.NewRecorder()
		if l.ServeHTTP(w, r); w.Code != 403 || !strings.Contains(w.Body.String(), "not over a network") {
			t.Errorf("%s %s from 192.0.2.1: %d %s", r.Method, r.URL.Path, w.Code, w.Body)
		}
	}
}

// TestDeviceCodesOfStrangers: whoever asks for hundreds is told to wait, and a program
// elsewhere still gets its own.
func TestDeviceCodesOfStrangers(t *testing.T) {
	l := newLab(t, Config{})
	ask := func(from string) *httptest.ResponseRecorder {
		form := url.Values{"client_id": {azClient}, "scope": {"https://eventhubs.azure.net/.default"}}
		r := httptest.NewRequest(http.MethodPost, "/common/oauth2/v2.0/devicecode", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		return w
	}
	var last *httptest.ResponseRecorder
	for n := range 200 {
		last = ask(fmt.Sprintf("192.0.2.1:%d", n+1000))
	}
	if last.Code != http.StatusTooManyRequests || !strings.Contains(last.Body.String(), "Too many sign-ins wait") {
		t.Errorf("the 200th: %d %s", last.Code, last.Body)
	}
	if w := ask("192.0.2.2:1"); w.Code != http.StatusOK {
		t.Errorf("from elsewhere: %d %s", w.Code, w.Body)
	}
}

// TestPendingIsBounded: what nobody finishes is forgotten, and what strangers begin
// pushes out nobody else's.
func TestPendingIsBounded(t *testing.T) {
	var p pending
	soon := time.Now().Add(time.Minute)
	p.add(signIn{id: "mine", device: true, from: "127.0.0.1", ends: soon})
	for range 3 * maxPending {
		p.add(signIn{device: true, from: "192.0.2.1", ends: soon})
	}
	if len(p.all) != maxPendingFrom+1 {
		t.Errorf("%d are kept", len(p.all))
	}
	for n := range 3 * maxPending {
		p.add(signIn{device: true, from: fmt.Sprint(n), ends: soon})
	}
	if len(p.all) != maxPending {
		t.Errorf("%d are kept of many addresses", len(p.all))
	}
	if _, ok := p.grant("mine", "me"); !ok {
		t.Error("strangers pushed one out")
	}
	p = pending{}
	for n := range 3 * maxPendingFrom {
		if !p.add(signIn{id: fmt.Sprint(n), from: "here", ends: soon}) {
			t.Error("a page was refused")
		}
	}
	if _, ok := p.grant(fmt.Sprint(3*maxPendingFrom-1), "me"); !ok || len(p.all) != maxPendingFrom {
		t.Errorf("%d pages are kept, and the last one not", len(p.all))
	}
	p = pending{}
	p.add(signIn{id: "x", ends: time.Now().Add(-time.Second)})
	if _, ok := p.grant("x", "me"); ok {
		t.Error("a sign-in that ended was granted")
	}
}

// TestFromHere: a program on this machine has the address that it reached.
func TestFromHere(t *testing.T) {
	for name, c := range map[string]struct {
		remote, local, header string
		want                  bool
	}{
		"loopback":         {"127.0.0.1:5", "127.0.0.1:8443", "", true},
		"loopback, IPv6":   {"[::1]:5", "[::1]:8443", "", true},
		"another loopback": {"127.0.0.2:5", "127.0.0.1:8443", "", true},
		"own address":      {"192.168.1.5:5", "192.168.1.5:8443", "", true},
		"mapped address":   {"[::ffff:192.168.1.5]:5", "192.168.1.5:8443", "", true},
		"neighbour":        {"192.168.1.6:5", "192.168.1.5:8443", "", false},
		"a proxy":          {"127.0.0.1:5", "127.0.0.1:8443", "X-Forwarded-For", false},
		"another proxy":    {"127.0.0.1:5", "127.0.0.1:8443", "Forwarded", false},
		"nobody":           {"", "192.168.1.5:8443", "", false},
		"no port":          {"127.0.0.1", "", "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if addr, err := net.ResolveTCPAddr("tcp", c.local); err == nil && c.local != "" {
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr))
		}
		if c.header != "" {
			r.Header.Set(c.header, "for=10.0.0.1")
		}
		if got := fromHere(r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
