package gateways

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is the page over a gateway in memory. What answers for the gateway says the key
// that it was shown, and where a trace is.
type lab struct {
	*portaltest.Lab
	t       *testing.T
	service *gateway.Service
	calls   *Calls
	file    string
}

const document = `<policies><inbound><base /><set-header name="x"><value>1</value></set-header></inbound></policies>`

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := gateway.Open(gateway.Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	s, err := engine.Service(1, "default")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	_, err1 := s.APIs().Put(ctx, "weather", gateway.API{DisplayName: "Weather", Path: "weather", ServiceURL: "http://127.0.0.1:1", SubscriptionRequired: true, IsCurrent: true})
	_, err2 := s.Operations("weather").Put(ctx, "today", gateway.Operation{Method: "GET", URLTemplate: "/today"})
	_, err3 := s.Policies(gateway.Scope{API: "weather"}).Put(ctx, gateway.PolicyName, gateway.Policy{Text: document})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	port := httptest.NewServer(http.HandlerFunc(answer))
	l := &lab{t: t, service: s, calls: NewCalls(time.Now), file: filepath.Join(t.TempDir(), "weather.xml")}
	t.Cleanup(func() {
		port.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // it is one
		if err := errors.Join(engine.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	l.Lab = portaltest.Serve(t, dashboard.New(dashboard.Options{}), Pages(Config{
		Gateways: func() []Gateway { return []Gateway{{s, "default", []string{"default.azure-api.net"}}} },
		Calls:    l.calls, Address: func() string { return strings.TrimPrefix(port.URL, "http://") }, TraceToken: "token",
		Place: func(_ string, at gateway.Scope) Place {
			if at == (gateway.Scope{API: "weather"}) {
				return Place{File: l.file, Key: "gateway.apis.weather.policy"}
			}
			return Place{Key: "gateway.policy"}
		},
		Given: func(_, _ string, secondary bool) string {
			return map[bool]string{true: "gateway.subscriptions.x.secondaryKey"}[secondary]
		},
		Log: slog.New(slog.DiscardHandler),
	})...)
	return l
}

// answer plays the port of the gateways.
func answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/trace" {
		_, _ = io.WriteString(w, `{"traceEntries":{"outbound":[{"source":"base","timestamp":"2026-01-01T00:00:00.5Z"}],"inbound":[{"source":"set-header","timestamp":"2026-01-01T00:00:00Z","data":{"scope":"api","line":3,"request header X":"1"}}]}}`)
		return
	}
	if r.Header.Get(traceHeader) != "token" || r.Host != "default.azure-api.net" {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	w.Header().Set(traceHeader, "/trace")
	_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL, r.Header.Get("Ocp-Apim-Subscription-Key"))
}

func (l *lab) want(status int, method, path, body string) map[string]any {
	l.t.Helper()
	got, answer := l.Do(method, path, body)
	if got != status {
		l.t.Fatalf("%s %s: %d %v, want %d", method, path, got, answer, status)
	}
	return answer
}

func TestAbout(t *testing.T) {
	l := newLab(t)
	list := l.want(200, "GET", "/api/gateways", "")
	text := fmt.Sprint(list)
	key, err := l.service.Subscriptions().Get(gateway.MasterSubscription)
	if err != nil || strings.Contains(text, key.PrimaryKey) || !strings.Contains(text, "default.azure-api.net") {
		t.Errorf("%s (%v)", text, err)
	}
	about := l.want(200, "GET", "/api/gateways/default/apis/weather", "")
	if about["backend"] != "http://127.0.0.1:1" || about["policy"] != true || !strings.Contains(fmt.Sprint(about["operations"]), "/today") {
		t.Error(about)
	}
	l.want(404, "GET", "/api/gateways/default/apis/none", "")
	l.want(404, "GET", "/api/gateways/none/apis/weather", "")
}

// TestPolicies: a mistake has its line and column and changes nothing; what is right
// runs, and is in the file that the project file names.
func TestPolicies(t *testing.T) {
	l := newLab(t)
	const at = "/api/gateways/default/policy?api=weather"
	put := func(text, was string) string { return fmt.Sprintf(`{"text":%q,"was":%q}`, text, was) }
	if got := l.want(200, "GET", at, ""); got["text"] != document || got["file"] != "weather.xml" || got["key"] != "" {
		t.Error(got)
	}
	wrong := "<policies>\n <inbound><nothing /></inbound>\n</policies>"
	check := l.want(200, "POST", "/api/gateways/default/policy/check?api=weather", put(wrong, ""))
	if text := fmt.Sprint(check); !strings.Contains(text, "line:2") || !strings.Contains(text, "col:") || !strings.Contains(text, "nothing") {
		t.Error(text)
	}
	if refused := l.want(400, "PUT", at, put(wrong, document)); refused["line"] != 2.0 {
		t.Error(refused)
	}
	next := strings.Replace(document, "1", "2", 1)
	l.want(412, "PUT", at, put(next, "something else"))
	if got := l.want(200, "PUT", at, put(next, document)); got["text"] != next {
		t.Error(got)
	}
	if text, err := os.ReadFile(l.file); string(text) != next {
		t.Errorf("the file has %q (%v)", text, err)
	}
	if err := os.WriteFile(l.file, []byte("<by-hand />"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.want(412, "PUT", at, put(document, next)) // somebody edits the file
	l.want(409, "PUT", at, put("", next))       // the project file names it
	op := "/api/gateways/default/policy?" + url.Values{"api": {"weather"}, "operation": {"today"}}.Encode()
	got := l.want(200, "PUT", op, put(document, ""))
	if got["key"] != "gateway.policy" || !strings.Contains(fmt.Sprint(got["above"]), "api") {
		t.Error(got)
	}
	if got := l.want(200, "PUT", op, put("", document)); got["text"] != "" {
		t.Error(got)
	}
	l.want(404, "GET", "/api/gateways/default/policy?api=none", "")
	l.want(400, "GET", "/api/gateways/default/policy?operation=today", "")
}

func TestKeys(t *testing.T) {
	l := newLab(t)
	const at = "/api/gateways/default/subscriptions/master/"
	old := l.want(200, "POST", at+"reveal", `{"key":"primary"}`)["secret"]
	fresh := l.want(200, "POST", at+"regenerate", `{"key":"primary"}`)["secret"]
	if old == fresh || len(fmt.Sprint(fresh)) != 32 || l.want(200, "POST", at+"reveal", `{"key":"primary"}`)["secret"] != fresh {
		t.Errorf("%v became %v", old, fresh)
	}
	l.want(409, "POST", at+"regenerate", `{"key":"secondary"}`) // the project file sets it
	l.want(400, "POST", at+"reveal", `{"key":"third"}`)
	l.want(404, "POST", "/api/gateways/default/subscriptions/none/reveal", `{"key":"primary"}`)
}

func TestConsole(t *testing.T) {
	l := newLab(t)
	sub, err := l.service.Subscriptions().Get(gateway.MasterSubscription)
	if err != nil {
		t.Fatal(err)
	}
	got := l.want(200, "POST", "/api/gateways/default/test", `{"method":"POST","path":"/weather/today?x=1","subscription":"master","body":"b","headers":[{"name":"A","value":"b"}]}`)
	if got["body"] != "POST /weather/today?x=1 "+sub.PrimaryKey || got["status"] != 200.0 {
		t.Error(got)
	}
	steps := fmt.Sprint(got["steps"])
	if !strings.HasPrefix(steps, "[map[at:0 changes:[map[name:request header X value:1]] line:3 scope:api section:inbound source:set-header]") || !strings.Contains(steps, "at:500") {
		t.Error(steps)
	}
	if strings.Contains(fmt.Sprint(got["headers"]), traceHeader) {
		t.Error("the header of traces is shown:", got["headers"])
	}
	if got := l.want(200, "POST", "/api/gateways/default/test", `{"method":"GET","path":"/weather/today","subscription":""}`); got["body"] != "GET /weather/today " {
		t.Error(got)
	}
	l.want(404, "POST", "/api/gateways/default/test", `{"method":"GET","path":"/weather/today","subscription":"none"}`)
	l.want(400, "POST", "/api/gateways/default/test", `{"method":"NO SUCH","path":"/"}`)
}

// TestCalls: what was called is in the seconds that it was called in, a minute of them.
func TestCalls(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	c := NewCalls(func() time.Time { return now })
	call := func(n, status int) {
		for range n {
			c.Add(gateway.Call{Service: "s", API: "a", Status: status, Path: strings.Repeat("x", 2*maxText)})
		}
	}
	call(8, 200)
	call(4, 429)
	now = now.Add(time.Second)
	call(2*maxFails, 500)
	if r := c.rate("s", "a"); r != (Rate{3, 1, 0}) {
		t.Errorf("the second that is not over counts: %+v", r)
	}
	now = now.Add(time.Second)
	from, past := c.past("s", "a")
	if len(past) != seconds-1 || past[len(past)-2] != (Count{8, 4, 0}) || past[len(past)-1] != (Count{0, 0, 2 * maxFails}) || from != now.Unix()-seconds+1 {
		t.Errorf("%d %v", from, past)
	}
	if fails := c.lately("s", "a"); len(fails) != maxFails || fails[0].Status != 500 || len(fails[0].Path) > maxText+4 {
		t.Errorf("%d failures are kept: %+v", len(fails), fails[0])
	}
	now = now.Add(2 * time.Minute)
	if _, past := c.past("s", "a"); past[len(past)-1] != (Count{}) || past[0] != (Count{}) || c.rate("s", "a") != (Rate{}) {
		t.Error("what is long past still counts:", past)
	}
	for n := range 2 * maxAPIs {
		c.Add(gateway.Call{Service: "s", API: fmt.Sprint(n), Status: 200})
	}
	if len(c.apis) > maxAPIs {
		t.Errorf("%d APIs are counted", len(c.apis))
	}
}

func BenchmarkCalls(b *testing.B) {
	c := NewCalls(time.Now)
	call := gateway.Call{Service: "s", API: "a", Status: 200}
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			c.Add(call)
		}
	})
}
