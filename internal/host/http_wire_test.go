package host

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// TestQueries: no parameter is lost, as in ASP.NET.
func TestQueries(t *testing.T) {
	for query, want := range map[string]map[string]string{
		"":                        {},
		"a=1&a=2":                 {"a": "1,2"},
		"A=1&b=&a=2":              {"A": "1,2", "b": ""},
		"a=1;b=2":                 {"a": "1;b=2"},
		"flag&&x=y=z":             {"flag": "", "x": "y=z"},
		"p=100%&q=%zz&r=%4":       {"p": "100%", "q": "%zz", "r": "%4"},
		"s=a+b%20c%2B&%EA%B0%80=": {"s": "a b c+", "가": ""},
		"bad=%ff":                 {"bad": "\uFFFD"},
	} {
		if diff := cmp.Diff(want, queryOf(query)); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
}

// TestRequestValues: which empty values a worker is told of hangs on what it announced.
func TestRequestValues(t *testing.T) {
	r := httptest.NewRequest("GET", "http://h/api/x?empty=&q=\xff", nil)
	r.Header = http.Header{"X-Empty": {""}, "X-Two": {"1", "2"}, "X-Bad": {"\xff"}, "X-Forwarded-Host": {"gateway.example"}}
	in := httpInput{request: r, params: map[string]string{"none": "", "id": "\xff"}}
	headers := map[string]string{
		"x-empty": "", "x-two": "1,2", "x-bad": "\uFFFD", "host": "h",
		"x-forwarded-for": r.RemoteAddr, "x-forwarded-host": "gateway.example", "x-forwarded-proto": "http",
	}
	plain := in.typedData(worker.Capabilities{}).GetHttp()
	for what, diff := range map[string]string{
		"headers": cmp.Diff(headers, plain.GetHeaders()), "query": cmp.Diff(map[string]string{"q": "\uFFFD"}, plain.GetQuery()),
		"params": cmp.Diff(map[string]string{"none": "", "id": "\uFFFD"}, plain.GetParams()),
	} {
		if diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	node := in.typedData(worker.Capabilities{worker.NullableHTTPValues: "true", worker.IgnoreEmptyHTTPHeaders: "true"}).GetHttp()
	if _, ok := node.GetNullableHeaders()["x-empty"]; !ok || len(node.GetHeaders()) != 0 || len(node.GetNullableQuery()) != 2 {
		t.Errorf("to a worker with nullable values: %v", node)
	}
	delete(headers, "x-empty")
	if diff := cmp.Diff(headers, in.typedData(worker.Capabilities{worker.IgnoreEmptyHTTPHeaders: "true"}).GetHttp().GetHeaders()); diff != "" {
		t.Error(diff)
	}
}

// TestIdentities: a worker that gets a request by the protocol is told who sends it.
func TestIdentities(t *testing.T) {
	in := httpInput{request: httptest.NewRequest("GET", "/", nil)}
	if ids := in.typedData(worker.Capabilities{}).GetHttp().GetIdentities(); ids != nil {
		t.Errorf("of nobody: %v", ids)
	}
	in.request = WithCaller(in.request, Caller{Provider: "aad", NameType: "n", RoleType: "r", Claims: []Claim{{"n", "Ada"}, {"r", "\xff"}}})
	ids := in.typedData(worker.Capabilities{}).GetHttp().GetIdentities()
	if len(ids) != 1 || ids[0].GetAuthenticationType().GetValue() != "aad" || ids[0].GetNameClaimType().GetValue() != "n" || ids[0].GetRoleClaimType().GetValue() != "r" ||
		len(ids[0].GetClaims()) != 2 || ids[0].GetClaims()[0].GetType() != "n" || ids[0].GetClaims()[0].GetValue() != "Ada" || ids[0].GetClaims()[1].GetValue() != "\uFFFD" {
		t.Errorf("%v", ids)
	}
}

func boolean(b bool) *funcrpc.NullableBool {
	return &funcrpc.NullableBool{Bool: &funcrpc.NullableBool_Value{Value: b}}
}

// TestCookies: cookies leave in ASP.NET's form, whatever way the function gave them.
func TestCookies(t *testing.T) {
	age := &funcrpc.NullableDouble{Double: &funcrpc.NullableDouble_Value{Value: 0}}
	r := &funcrpc.RpcHttp{Cookies: []*funcrpc.RpcHttpCookie{
		{Name: "plain", Value: "plus+slash/equals=semicolon;percent%done"},
		{
			Name: "all", Value: "a b~가", Domain: nullableText("example.org"), Path: nullableText("/api"), Secure: boolean(true),
			HttpOnly: boolean(true), MaxAge: age, SameSite: funcrpc.RpcHttpCookie_Lax,
			Expires: timestampOf(time.Date(2015, 10, 21, 7, 28, 0, 0, time.UTC)),
		},
		{Name: "plain", Value: "", Secure: boolean(false), SameSite: funcrpc.RpcHttpCookie_ExplicitNone, Expires: &funcrpc.NullableTimestamp{}},
	}}
	typed := &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: r}}
	object := &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: `{"body": "", "cookies": [
		{"name": "plain", "value": "plus+slash/equals=semicolon;percent%done"},
		{"name": "all", "value": "a b~가", "domain": "example.org", "path": "/api", "secure": true, "httpOnly": true, "maxAge": 0,
		 "sameSite": "Lax", "expires": "2015-10-21T07:28:00Z"},
		{"name": "plain", "value": "", "sameSite": "None"}]}`}}
	want := []string{
		"plain=plus%2Bslash%2Fequals%3Dsemicolon%3Bpercent%25done; path=/",
		"all=a%20b~%EA%B0%80; expires=Wed, 21 Oct 2015 07:28:00 GMT; max-age=0; domain=example.org; path=/api; secure; samesite=lax; httponly",
		"plain=; path=/; samesite=none",
	}
	for name, v := range map[string]*funcrpc.TypedData{"RpcHttp": typed, "JSON": object} {
		w := httptest.NewRecorder()
		if err := writeHTTP(w, httptest.NewRequest("GET", "/", nil), v, true); err != nil {
			t.Fatal(name, err)
		}
		if diff := cmp.Diff(want, w.Header()["Set-Cookie"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for text, want := range map[string]string{
		`{"body":1,"cookies":[{"name":"a b"}]}`:                    `"a b" is no name of a cookie`,
		`{"body":1,"cookies":{"name":"a"}}`:                        "cookies are no array",
		`{"body":1,"cookies":[{"name":"a","sameSite":"maybe"}]}`:   `sameSite "maybe"`,
		`{"body":1,"cookies":[{"name":"a","expires":"tomorrow"}]}`: "expires tomorrow",
		`{"body":1,"cookies":[{"name":"a","path":"/;secure"}]}`:    `path "/;secure"`,
	} {
		v := &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: text}}
		if err := writeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), v, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestTextResponses: a text that is a JSON object or array is one, and a response where it
// has a body; any other text is text.
func TestTextResponses(t *testing.T) {
	const text, object = "text/plain; charset=utf-8", "application/json; charset=utf-8"
	for _, c := range []struct {
		given, kind, body string
		code              int
	}{
		{`hello`, text, `hello`, 200},
		{``, "", ``, 200},
		{`{"a": 1}`, object, `{"a": 1}`, 200},
		{"\n [1, 2]", object, "\n [1, 2]", 200},
		{`{"id": null, "Body": "plain"}`, text, `plain`, 200},
		{`{"status": 404, "body": {"a": 1}, "headers": {"content-type": "text/x"}}`, "text/x", `{"a": 1}`, 404},
		{`{"a": 1`, text, `{"a": 1`, 200},
		{`{{name}}`, text, `{{name}}`, 200},
		{`12`, text, `12`, 200},
		{`"quoted"`, text, `"quoted"`, 200},
	} {
		w := httptest.NewRecorder()
		v := &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: c.given}}
		if err := writeHTTP(w, httptest.NewRequest("GET", "/", nil), v, true); err != nil {
			t.Errorf("%s: %v", c.given, err)
			continue
		}
		if got := w.Header().Get("Content-Type"); got != c.kind || w.Body.String() != c.body || w.Code != c.code {
			t.Errorf("%s: %d %q %q, want %d %q %q", c.given, w.Code, got, w.Body, c.code, c.kind, c.body)
		}
	}
}

// TestResponses: heads and lengths of responses, by method and status.
func TestResponses(t *testing.T) {
	text := &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: "hello"}}
	for _, c := range []struct {
		method, status string
		headers        map[string]string
		body           *funcrpc.TypedData
		length, sent   string
	}{
		{"GET", "", nil, text, "5", "hello"},
		{"GET", "200", map[string]string{"content-length": "99", "Transfer-Encoding": "chunked"}, text, "5", "hello"},
		{"GET", "200", nil, nil, "0", ""},
		{"HEAD", "200", nil, text, "5", ""},
		{"HEAD", "200", map[string]string{"Content-Length": "1234"}, nil, "1234", ""},
		{"HEAD", "200", map[string]string{"Content-Length": "many"}, nil, "0", ""},
		{"GET", "204", map[string]string{"Content-Length": "5"}, text, "", ""},
		{"GET", "304", map[string]string{"ETag": `"1"`}, text, "", ""},
		{"OPTIONS", "200", map[string]string{"Allow": "GET"}, nil, "0", ""},
	} {
		for _, nullables := range []bool{false, true} {
			h := &funcrpc.RpcHttp{StatusCode: c.status, Headers: c.headers, Body: c.body}
			if nullables {
				h.Headers, h.NullableHeaders = nil, nullable(c.headers)
			}
			w := httptest.NewRecorder()
			if err := writeHTTP(w, httptest.NewRequest(c.method, "/", nil), &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: h}}, true); err != nil {
				t.Fatal(err)
			}
			if got := w.Header().Get("Content-Length"); got != c.length || w.Body.String() != c.sent || w.Header().Get("Transfer-Encoding") != "" {
				t.Errorf("%s %s %v: length %q, body %q, want %q and %q", c.method, c.status, c.headers, got, w.Body, c.length, c.sent)
			}
		}
	}
}

// TestPatience: a client that hears nothing for 230 seconds is answered 504 while the
// function runs on; one that hears something now and then may stay for as long as it
// takes, and is hung up on when it hears no more.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ended := httptest.NewRecorder(), time.Duration(0)
		begun := time.Now()
		within(w, httptest.NewRequest("GET", "/", nil), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			<-r.Context().Done()
			ended = time.Since(begun)
			time.Sleep(time.Hour)
			w.Header().Set("X-Late", "1")
			w.WriteHeader(http.StatusOK)
			if _, err := io.WriteString(w, "late"); !errors.Is(err, http.ErrHandlerTimeout) {
				t.Errorf("a late write: %v", err)
			}
		})
		if ended != httpPatience || w.Code != http.StatusGatewayTimeout || !strings.Contains(w.Body.String(), "230 seconds") || w.Header().Get("X-Late") != "" ||
			strings.Contains(w.Body.String(), "late") || w.Header().Get("Connection") != "close" {
			t.Errorf("after %v: %d %v %s", ended, w.Code, w.Header(), w.Body)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := httptest.NewRecorder()
		defer func() {
			if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // it is that value
				t.Errorf("a response that went silent: %v", p)
			}
			if w.Code != http.StatusOK || w.Body.String() != "......" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}()
		body := io.MultiReader(strings.NewReader("a"), strings.NewReader("b"))
		within(w, httptest.NewRequest("POST", "/", body), func(w http.ResponseWriter, r *http.Request) {
			for range 2 { // what it sends counts as well
				time.Sleep(200 * time.Second)
				if _, err := r.Body.Read(make([]byte, 1)); err != nil {
					t.Error(err)
				}
			}
			for range 6 {
				time.Sleep(200 * time.Second)
				if _, err := io.WriteString(w, "."); err != nil {
					t.Error(err)
				}
			}
			<-r.Context().Done()
		})
	})
}
