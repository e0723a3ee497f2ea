package cosmos

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

var testKey = base64.StdEncoding.EncodeToString([]byte("a key that only this test knows, 64 bytes would be usual"))

var testNow = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newTestAuth(t testing.TB, keys Keys) *authenticator {
	t.Helper()
	a, err := newAuthenticator(&fakeAccess{keys: keys}, func() time.Time { return testNow })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// signed returns a GET of the path, signed with key over link at the time.
func signed(path, key, link string, at time.Time) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	date := at.UTC().Format(http.TimeFormat)
	r.Header.Set("x-ms-date", date)
	r.Header.Set("Authorization", signature(key, http.MethodGet, "docs", link, date))
	return r
}

func TestMasterKey(t *testing.T) {
	const path, link = "/dbs/D/colls/c/docs/a%2Fb", "dbs/D/colls/c/docs/a/b"
	other := base64.StdEncoding.EncodeToString([]byte("another key"))
	auth := newTestAuth(t, Keys{Primary: testKey, Secondary: other})
	with := func(change func(*http.Request)) *http.Request {
		r := signed(path, testKey, link, testNow)
		change(r)
		return r
	}
	unescaped, err := url.QueryUnescape(signed(path, testKey, link, testNow).Header.Get("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		r    *http.Request
		ok   bool
	}{
		{"primary key", signed(path, testKey, link, testNow), true},
		{"secondary key", signed(path, other, link, testNow), true},
		{"signed as sent", signed(path, testKey, "dbs/D/colls/c/docs/a%2Fb", testNow), true},
		{"signed in lower case, as rids are", signed(path, testKey, strings.ToLower(link), testNow), true},
		{"header not percent-encoded", with(func(r *http.Request) { r.Header.Set("Authorization", unescaped) }), true},
		{"14 minutes late", signed(path, testKey, link, testNow.Add(-14*time.Minute)), true},
		{"16 minutes late", signed(path, testKey, link, testNow.Add(-16*time.Minute)), false},
		{"16 minutes early", signed(path, testKey, link, testNow.Add(16*time.Minute)), false},
		{"wrong key", signed(path, base64.StdEncoding.EncodeToString([]byte("guess")), link, testNow), false},
		{"another resource", signed(path, testKey, "dbs/D/colls/c/docs/x", testNow), false},
		{"another method", with(func(r *http.Request) { r.Method = http.MethodDelete }), false},
		{"another date than signed", with(func(r *http.Request) { r.Header.Set("x-ms-date", testNow.Add(time.Minute).Format(http.TimeFormat)) }), false},
		{"no date", with(func(r *http.Request) { r.Header.Del("x-ms-date") }), false},
		{"unreadable date", with(func(r *http.Request) { r.Header.Set("x-ms-date", "now") }), false},
		{"no header", with(func(r *http.Request) { r.Header.Del("Authorization") }), false},
		{"resource token", with(func(r *http.Request) { r.Header.Set("Authorization", "type=resource&ver=1&sig=abc=;def;") }), false},
		{"unknown type", with(func(r *http.Request) { r.Header.Set("Authorization", "type=magic&ver=1.0&sig=abc") }), false},
		{"unknown version", with(func(r *http.Request) { r.Header.Set("Authorization", "type=master&ver=9&sig=abc") }), false},
		{"no base64", with(func(r *http.Request) { r.Header.Set("Authorization", "type=master&ver=1.0&sig=%%%") }), false},
		{"endless header", with(func(r *http.Request) { r.Header.Set("Authorization", "type=master&sig="+strings.Repeat("a", 1<<20)) }), false},
	} {
		addr, err := parsePath(tt.r.URL.EscapedPath())
		if err != nil {
			t.Fatal(err)
		}
		_, err = auth.check(tt.r, &addr)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil {
			if e := asAPIError(err); e.status != http.StatusUnauthorized || len(e.msg) > 2000 || strings.Contains(e.msg, testKey) {
				t.Errorf("%s: status %d, message %q", tt.name, e.status, e.msg)
			}
		}
	}
}

func TestWrongKeyNamesThePayload(t *testing.T) {
	r := signed("/dbs/d/colls/c/docs/1", base64.StdEncoding.EncodeToString([]byte("guess")), "dbs/d/colls/c/docs/1", testNow)
	addr, err := parsePath(r.URL.EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	_, err = newTestAuth(t, Keys{Primary: testKey}).check(r, &addr)
	e := asAPIError(err)
	if want := "'get\ndocs\ndbs/d/colls/c/docs/1\nwed, 04 mar 2026 05:06:07 gmt\n\n'"; !strings.Contains(e.msg, want) {
		t.Errorf("%q does not contain %q", e.msg, want)
	}
}

func TestEntraTokenByTheEmulatorsRule(t *testing.T) {
	auth := newTestAuth(t, Keys{Primary: testKey})
	token := func(exp, nbf time.Time, key string) string {
		enc := base64.RawURLEncoding.EncodeToString
		claims := fmt.Sprintf(`{"nbf":%d,"exp":%d}`, nbf.Unix(), exp.Unix())
		return "type=aad&ver=1.0&sig=" + enc([]byte(`{"alg":"RS256"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte(key))
	}
	hour := time.Hour
	for _, tt := range []struct {
		name, header string
		ok           bool
	}{
		{"valid", token(testNow.Add(hour), testNow, testKey), true},
		{"percent-encoded", url.QueryEscape(token(testNow.Add(hour), testNow, testKey)), true},
		{"expired", token(testNow.Add(-hour), testNow.Add(-2*hour), testKey), false},
		{"not yet valid", token(testNow.Add(2*hour), testNow.Add(hour), testKey), false},
		{"another key", token(testNow.Add(hour), testNow, "other"), false},
		{"two parts", "type=aad&ver=1.0&sig=a.b", false},
		{"payload is no JSON", "type=aad&ver=1.0&sig=a.YWJj." + base64.RawURLEncoding.EncodeToString([]byte(testKey)), false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/dbs", nil)
		r.Header.Set("Authorization", tt.header)
		addr := address{kind: kindDatabase}
		_, err := auth.check(r, &addr)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && asAPIError(err).status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", tt.name, asAPIError(err).status)
		}
	}
}

func TestKeysMustBeBase64(t *testing.T) {
	for _, keys := range []Keys{{}, {Primary: "not base64!"}, {Primary: testKey, Secondary: "%%%"}, {Primary: testKey, SecondaryReadOnly: "%%%"}} {
		if _, err := newAuthenticator(&fakeAccess{keys: keys}, time.Now); err == nil {
			t.Errorf("keys %+v are accepted", keys)
		} else if strings.Contains(err.Error(), testKey) {
			t.Errorf("the error shows a key: %v", err)
		}
	}
}

// FuzzAuthHeader checks that no header but one made with the key gets in, and
// that none makes the parser panic.
func FuzzAuthHeader(f *testing.F) {
	f.Add("type=master&ver=1.0&sig=YWJj")
	f.Add("type%3Dmaster%26ver%3D1.0%26sig%3DYWJj%3D")
	f.Add("type=aad&ver=1.0&sig=a.b.c")
	f.Add("type=resource&ver=1&sig=a;b;")
	f.Add("&&==%")
	auth := newTestAuth(f, Keys{Primary: testKey})
	f.Fuzz(func(t *testing.T, header string) {
		r := signed("/dbs/d/colls/c/docs/1", testKey, "dbs/d/colls/c/docs/1", testNow)
		r.Header["Authorization"] = []string{header}
		addr := address{kind: kindItem, item: true, link: "x", rawLink: "x"} // never what was signed
		if _, err := auth.check(r, &addr); err == nil {
			t.Errorf("header %q is accepted", header)
		}
	})
}
