package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is an engine over memory, and a backend.
type lab struct {
	t   testing.TB
	db  *kv.DB
	e   *Engine
	s   *Service
	now time.Time
	// down are hosts that answer 500.
	down map[string]bool
	seen []string
}

func (l *lab) RoundTrip(r *http.Request) (*http.Response, error) {
	l.seen = append(l.seen, r.Method+" "+r.URL.String())
	w := httptest.NewRecorder()
	if l.down[r.URL.Host] {
		w.WriteHeader(http.StatusInternalServerError)
	}
	fmt.Fprintf(w, "%s %s", r.Method, r.URL)
	return w.Result(), nil
}

func newLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{t: t, now: time.Unix(1_800_000_000, 0), down: map[string]bool{}}
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	l.db = db
	l.open()
	t.Cleanup(func() {
		if err := errors.Join(l.e.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return l
}

func (l *lab) open() {
	l.t.Helper()
	var err error
	if l.e, err = Open(Options{DB: l.db, Transport: l, Clock: func() time.Time { return l.now }}); err != nil {
		l.t.Fatal(err)
	}
	if l.s, err = l.e.Service(7, "shop"); err != nil {
		l.t.Fatal(err)
	}
}

// reopen is a restart.
func (l *lab) reopen() {
	l.t.Helper()
	if err := l.e.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.open()
}

func add[T any](l *lab, t Table[T], name string, v T) {
	l.t.Helper()
	if _, err := t.Put(context.Background(), name, v); err != nil {
		l.t.Fatalf("put %s: %v", name, err)
	}
}

// call calls METHOD URL, with headers NAME: VALUE, and returns status and body.
func (l *lab) call(line string, headers ...string) (int, string) {
	l.t.Helper()
	method, path, _ := strings.Cut(line, " ")
	u, err := url.Parse("https://shop.azure-api.net" + path)
	if err != nil {
		l.t.Fatal(err)
	}
	r := &policy.Request{Method: method, Header: http.Header{}, ClientIP: "192.0.2.1", Original: u}
	for _, h := range headers {
		name, v, _ := strings.Cut(h, ": ")
		r.Header.Set(name, v)
	}
	x := l.s.Do(context.Background(), r, nil)
	body, _ := x.Response.Body.Open()
	var text []byte
	if body != nil {
		if text, err = io.ReadAll(body); err != nil {
			l.t.Fatal(err)
		}
		_ = body.Close()
	}
	l.s.Over(x, int64(len(text)))
	return x.Response.Status, string(text)
}

func (l *lab) want(line string, status int, body string, headers ...string) {
	l.t.Helper()
	if code, text := l.call(line, headers...); code != status || !strings.Contains(text, body) {
		l.t.Errorf("%s: %d %s, want %d %s", line, code, text, status, body)
	}
}

func (l *lab) key(subscription string) string {
	l.t.Helper()
	sub, err := l.s.Subscriptions().Get(subscription)
	if err != nil {
		l.t.Fatal(err)
	}
	return "Ocp-Apim-Subscription-Key: " + sub.PrimaryKey
}

// TestKeys walks through who may call what.
func TestKeys(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"orders", "stock"} {
		add(l, l.s.APIs(), name, API{Path: name, ServiceURL: "https://" + name + ".test/v1", SubscriptionRequired: true, IsCurrent: true})
		add(l, l.s.Operations(name), "all", Operation{Method: "GET", URLTemplate: "/{id}"})
	}
	add(l, l.s.Products(), "starter", Product{SubscriptionRequired: true})
	add(l, l.s.ProductAPIs("starter"), "orders", struct{}{})
	add(l, l.s.Subscriptions(), "by-product", Subscription{Product: "starter"})
	add(l, l.s.Subscriptions(), "by-api", Subscription{API: "stock"})
	add(l, l.s.Subscriptions(), "closed", Subscription{State: "suspended"})
	const missing = `{ "statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API." }`
	const invalid = `{ "statusCode": 401, "message": "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription." }`
	l.want("GET /orders/1", 401, missing)
	l.want("GET /orders/1", 401, invalid, "Ocp-Apim-Subscription-Key: nope")
	l.want("GET /orders/1", 200, "GET https://orders.test/v1/1", l.key("by-product"))
	l.want("GET /stock/1", 401, invalid, l.key("by-product"))
	l.want("GET /stock/1", 200, "", l.key("by-api"))
	l.want("GET /orders/1", 401, invalid, l.key("by-api"))
	l.want("GET /orders/1", 200, "", l.key(MasterSubscription))
	l.want("GET /orders/1", 401, invalid, l.key("closed"))
	sub, _ := l.s.Subscriptions().Get("by-api")
	l.want("GET /stock/1?subscription-key="+sub.SecondaryKey, 200, "subscription-key="+sub.SecondaryKey)
	l.want("GET /stock/1?subscription-key="+sub.SecondaryKey, 401, invalid, "Ocp-Apim-Subscription-Key: nope")
	if err := l.s.RegenerateKey("by-api", false); err != nil {
		t.Fatal(err)
	}
	l.want("GET /stock/1", 401, invalid, "Ocp-Apim-Subscription-Key: "+sub.PrimaryKey)
	l.want("GET /nowhere", 404, `{ "statusCode": 404, "message": "Resource not found" }`)
	l.want("POST /orders/1", 404, "Resource not found", l.key(MasterSubscription))
	add(l, l.s.Products(), "free", Product{})
	add(l, l.s.ProductAPIs("free"), "stock", struct{}{})
	add(l, l.s.Policies(Scope{Product: "free"}), PolicyName, Policy{Text: `<policies><inbound><return-response><set-body>@(context.Product.Id + (context.Subscription == null))</set-body></return-response></inbound></policies>`})
	l.want("GET /stock/1", 200, "freeTrue")
}

// TestRoutes finds operations by path, method, template, version and revision.
func TestRoutes(t *testing.T) {
	l := newLab(t)
	add(l, l.s.VersionSets(), "v", VersionSet{Scheme: "Segment"})
	add(l, l.s.VersionSets(), "h", VersionSet{Scheme: "Header", HeaderName: "Api-Version"})
	def := API{Path: "a", ServiceURL: "https://a.test", IsCurrent: true}
	add(l, l.s.APIs(), "a", def)
	add(l, l.s.APIs(), "root", API{ServiceURL: "https://root.test", IsCurrent: true})
	add(l, l.s.APIs(), "a-v2", API{Path: "a/deep", Version: "v2", VersionSet: "v", ServiceURL: "https://deep.test", IsCurrent: true})
	add(l, l.s.APIs(), "h-1", API{Path: "h", Version: "1", VersionSet: "h", ServiceURL: "https://h1.test", IsCurrent: true})
	add(l, l.s.APIs(), "h-0", API{Path: "h", VersionSet: "h", ServiceURL: "https://h0.test", IsCurrent: true})
	def.ServiceURL, def.IsCurrent = "https://a2.test", false
	add(l, l.s.APIs(), "a;rev=2", def)
	for _, api := range []string{"a", "a;rev=2", "root", "a-v2", "h-1", "h-0"} {
		for name, template := range map[string]string{
			"literal": "/things/list", "one": "/things/{id}", "query": "/things/{id}?q={q}", "mixed": "/things/x-{id}", "tail": "/files/{*rest}", "any": "/*",
		} {
			add(l, l.s.Operations(api), name, Operation{Method: "GET", URLTemplate: template})
		}
	}
	add(l, l.s.Policies(Scope{}), PolicyName, Policy{Text: `<policies><inbound><return-response><set-body>@(context.Api.Id + " " + context.Operation.Id + " " + string.Join(",", context.Request.MatchedParameters.Values) + " " + context.Request.Url.ToString())</set-body></return-response></inbound></policies>`})
	for path, want := range map[string]string{
		"/a/things/list":      "a literal  https://a.test/things/list",
		"/A/Things/LIST":      "a literal  https://a.test/Things/LIST",
		"/a/things/7":         "a one 7 ",
		"/a/things/7%2F8":     "a one 7/8 https://a.test/things/7%2F8",
		"/a/things/7?q=x":     "a query 7,x ",
		"/a/things/x-9":       "a mixed 9 ",
		"/a/files/b/c%20d":    "a tail b/c d ",
		"/a/files":            "a tail  ",
		"/a":                  "a any ",
		"/a;rev=2/things/7":   "a one 7 https://a2.test/things/7",
		"/other/x":            "root any ",
		"/a/deep/v2/things/7": "a-v2 one 7 https://deep.test/things/7",
		"/h/things/7":         "h-0 one 7 ",
	} {
		l.want("GET "+path, 200, want)
	}
	l.want("GET /h/things/7", 200, "h-1 one", "Api-Version: 1")
	l.want("GET /h/things/7", 404, "", "Api-Version: 3")
	l.want("GET /a/deep/v3/things/7", 404, "")
	l.want("GET /a;rev=9/x", 404, "")
	def.IsCurrent = true
	add(l, l.s.APIs(), "a;rev=2", def)
	l.want("GET /a/things/7", 200, "https://a2.test")
	if a, err := l.s.APIs().Get("a;rev=1"); err != nil || a.IsCurrent {
		t.Errorf("the revision of before is %+v (%v)", a, err)
	}
}

// TestRefusals are definitions that do not work; nothing of them stays.
func TestRefusals(t *testing.T) {
	l := newLab(t)
	add(l, l.s.APIs(), "a", API{Path: "a", ServiceURL: "https://a.test", IsCurrent: true})
	add(l, l.s.Operations("a"), "op", Operation{Method: "GET", URLTemplate: "/x/{id}"})
	ctx := context.Background()
	put := func(_ bool, err error) error { return err }
	bad := Policy{Text: "<policies>\n <inbound>\n  <set-heder />\n </inbound></policies>"}
	for name, err := range map[string]error{
		"line 3, column 3":     put(l.s.Policies(Scope{API: "a"}).Put(ctx, PolicyName, bad)),
		"did you mean":         put(l.s.Policies(Scope{API: "a", Operation: "op"}).Put(ctx, PolicyName, bad)),
		"same path":            put(l.s.APIs().Put(ctx, "b", API{Path: "A", IsCurrent: true})),
		"braces":               put(l.s.Operations("a").Put(ctx, "p", Operation{Method: "GET", URLTemplate: "/{x"})),
		"same method":          put(l.s.Operations("a").Put(ctx, "p", Operation{Method: "GET", URLTemplate: "/X/{other}"})),
		"no URL of a backend":  put(l.s.Backends().Put(ctx, "b", Backend{URL: "ftp://x"})),
		"is not there":         put(l.s.Backends().Put(ctx, "b", Backend{Pool: []PoolMember{{Backend: "c"}}})),
		"no API":               put(l.s.ProductAPIs("none").Put(ctx, "a", struct{}{})),
		"no version set":       put(l.s.APIs().Put(ctx, "c", API{Path: "c", VersionSet: "v"})),
		"letters":              put(l.s.APIs().Put(ctx, "a/b", API{Path: "c"})),
		"at most 4096":         put(l.s.NamedValues().Put(ctx, "v", NamedValue{Value: strings.Repeat("x", 5000)})),
		"may be Segment":       put(l.s.VersionSets().Put(ctx, "v", VersionSet{Scheme: "x"})),
		"could not be found":   put(l.s.Fragments().Put(ctx, "f", Policy{Text: `<fragment><include-fragment fragment-id="g" /></fragment>`})),
		"Cannot find a proper": put(l.s.Policies(Scope{}).Put(ctx, PolicyName, Policy{Text: `<policies><inbound><set-variable name="a" value="{{nope}}" /></inbound></policies>`})),
	} {
		if name == "no API" {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("an API of no product: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), name) || !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if f := PolicyFault(put(l.s.Policies(Scope{}).Put(ctx, PolicyName, bad))); f == nil || f.Line != 3 || f.Element != "set-heder" {
		t.Errorf("the fault is %+v", f)
	}
	l.reopen()
	if got := len(l.s.Operations("a").List()); got != 1 {
		t.Errorf("there are %d operations", got)
	}
	add(l, l.s.NamedValues(), "v", NamedValue{DisplayName: "v", Value: "x"})
	add(l, l.s.Policies(Scope{}), PolicyName, Policy{Text: `<policies><inbound><set-variable name="a" value="{{v}}" /></inbound></policies>`})
	if err := l.s.NamedValues().Delete(ctx, "v"); err == nil {
		t.Error("a named value went that a policy names")
	}
}

// TestRestart keeps definitions, keys and counters.
func TestRestart(t *testing.T) {
	l := newLab(t)
	add(l, l.s.APIs(), "a", API{Path: "a", ServiceURL: "https://a.test", SubscriptionRequired: true, IsCurrent: true})
	add(l, l.s.Operations("a"), "any", Operation{Method: "GET", URLTemplate: "/*"})
	add(l, l.s.Policies(Scope{API: "a"}), PolicyName, Policy{Text: `<policies><inbound><base /><rate-limit calls="2" renewal-period="60" /></inbound><backend><base /></backend></policies>`})
	key := l.key(MasterSubscription)
	l.want("GET /a/1", 200, "", key)
	l.now = l.now.Add(10 * time.Second)
	l.want("GET /a/1", 200, "", key)
	l.reopen()
	l.want("GET /a/1", 429, "Try again in 50 seconds.", key)
	l.now = l.now.Add(50 * time.Second)
	l.want("GET /a/1", 200, "", key)
	l.want("GET /a/1", 429, "Try again in 10 seconds.", key)
	if err := l.e.DeleteService(context.Background(), 7); err != nil {
		t.Fatal(err)
	}
	l.open()
	if all := l.s.APIs().List(); len(all) != 0 {
		t.Errorf("a service of the same number has %v", all)
	}
}

// TestPool takes turns by weight, leaves tripped backends alone, and falls back to the
// next priority.
func TestPool(t *testing.T) {
	l := newLab(t)
	breaker := &CircuitBreaker{Count: 2, Interval: time.Minute, TripDuration: 30 * time.Second, StatusRanges: [][2]int{{500, 599}}}
	for _, name := range []string{"one", "two", "spare"} {
		add(l, l.s.Backends(), name, Backend{URL: "https://" + name + ".test/b", Breaker: breaker, Header: map[string][]string{"x-code": {"secret"}}})
	}
	add(l, l.s.Backends(), "pool", Backend{Pool: []PoolMember{{"one", 1, 3}, {"two", 1, 1}, {"spare", 2, 1}}})
	add(l, l.s.APIs(), "a", API{Path: "a", IsCurrent: true})
	add(l, l.s.Operations("a"), "any", Operation{Method: "GET", URLTemplate: "/*"})
	add(l, l.s.Policies(Scope{API: "a"}), PolicyName, Policy{Text: `<policies><inbound><set-backend-service backend-id="pool" /></inbound><backend><base /></backend></policies>`})
	count := func(n int) map[string]int {
		got := map[string]int{}
		for range n {
			code, text := l.call("GET /a/x?y=1")
			host, _, _ := strings.Cut(strings.TrimPrefix(text, "GET https://"), ".")
			if code == 503 {
				host = "none"
			}
			got[host]++
		}
		return got
	}
	if got := count(8); got["one"] != 6 || got["two"] != 2 {
		t.Errorf("turns: %v", got)
	}
	l.down["one.test"] = true
	count(8)
	if got := count(4); got["two"] != 4 {
		t.Errorf("a tripped backend is used: %v", got)
	}
	l.down["two.test"] = true
	count(2)
	if got := count(4); got["spare"] != 4 {
		t.Errorf("the spare is not used: %v", got)
	}
	l.down["spare.test"] = true
	count(2)
	if got := count(2); got["none"] != 2 {
		t.Errorf("all are tripped: %v", got)
	}
	l.now = l.now.Add(31 * time.Second)
	l.down = map[string]bool{}
	if got := count(4); got["one"] != 3 || got["two"] != 1 {
		t.Errorf("after the trip: %v", got)
	}
}

const openAPI3 = `
openapi: 3.0.1
info: {title: Pets, description: All of them, version: "1"}
servers: [{url: "http://plain.test"}, {url: "https://pets.test/v1/"}]
paths:
  /pets:
    get:
      operationId: listPets!All
      summary: List all pets
      parameters: [{name: limit, in: query, required: true, schema: {type: integer}}, {name: page, in: query, schema: {type: integer}}]
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: array, items: {type: object, properties: {name: {type: string, example: Rex}}}}}}}
    post: {responses: {default: {description: x}}}
  /pets/{id}:
    get: {operationId: get, responses: {"200": {description: ok, content: {text/plain: {example: hi}}}}}
`

const openAPI2 = `{"swagger":"2.0","info":{"title":"Old","version":"1"},"host":"old.test","basePath":"/api","schemes":["https"],
"paths":{"/things/{id}":{"get":{"operationId":"Get Thing","parameters":[{"name":"id","in":"path","required":true,"type":"string"}],"responses":{"200":{"description":"ok"}}}}}}`

// TestImport reads both versions, and keeps the policies of operations that stay.
func TestImport(t *testing.T) {
	l := newLab(t)
	ctx := context.Background()
	if err := l.s.Import(ctx, "pets", API{Path: "pets", IsCurrent: true}, []byte(openAPI3)); err != nil {
		t.Fatal(err)
	}
	a, err := l.s.APIs().Get("pets")
	if err != nil || a.DisplayName != "Pets" || a.ServiceURL != "https://pets.test/v1" {
		t.Errorf("the API is %+v (%v)", a, err)
	}
	var got []string
	for _, o := range l.s.Operations("pets").List() {
		got = append(got, o.Name+" "+o.Value.Method+" "+o.Value.URLTemplate)
	}
	if want := "get GET /pets/{id}; listpets-all GET /pets?limit={limit}; post-pets POST /pets"; strings.Join(got, "; ") != want {
		t.Errorf("operations %q, want %s", got, want)
	}
	add(l, l.s.Policies(Scope{API: "pets", Operation: "listpets-all"}), PolicyName, Policy{Text: `<policies><inbound><mock-response /></inbound></policies>`})
	l.want("GET /pets/pets?limit=1", 200, `[{"name":"Rex"}]`)
	if err := l.s.Import(ctx, "pets", API{Path: "pets", IsCurrent: true}, []byte(strings.Replace(openAPI3, "    post: {responses: {default: {description: x}}}\n", "", 1))); err != nil {
		t.Fatal(err)
	}
	l.want("GET /pets/pets?limit=1", 200, `[{"name":"Rex"}]`)
	if n := len(l.s.Operations("pets").List()); n != 2 {
		t.Errorf("there are %d operations", n)
	}
	if err := l.s.Import(ctx, "old", API{Path: "old", IsCurrent: true}, []byte(openAPI2)); err != nil {
		t.Fatal(err)
	}
	l.want("GET /old/things/7", 200, "GET https://old.test/api/things/7")
	for _, text := range []string{"", "x", "{}", `{"openapi":"4.0"}`, `{"openapi":"3.0.0","paths":{"/a":{"$ref":"https://evil.test/x.json"}}}`} {
		if err := l.s.Import(ctx, "bad", API{Path: "bad", IsCurrent: true}, []byte(text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

const openAPIOfOrders = `
openapi: 3.0.1
info: {title: Orders, version: "1"}
servers: [{url: "https://orders.test"}]
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1}}]
    put:
      operationId: put
      parameters: [{name: notify, in: query, schema: {type: boolean}}, {name: tags, in: query, schema: {type: array, items: {type: string, enum: [a, b]}}}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses: {"204": {description: fine}}
components:
  schemas:
    Order: {type: object, required: [lines], additionalProperties: false, properties: {lines: {type: array, minItems: 1, items: {$ref: "#/components/schemas/Line"}}}}
    Line: {type: object, required: [count], properties: {count: {type: integer}, in: {$ref: "#/components/schemas/Order"}}}
`

// TestContract holds calls against the document that the API was imported from, after
// a restart and a later Put of the API too.
func TestContract(t *testing.T) {
	l := newLab(t)
	if err := l.s.Import(context.Background(), "orders", API{Path: "o", IsCurrent: true}, []byte(openAPIOfOrders)); err != nil {
		t.Fatal(err)
	}
	add(l, l.s.Policies(Scope{API: "orders"}), PolicyName, Policy{Text: `<policies><inbound>
		<validate-parameters specified-parameter-action="prevent" unspecified-parameter-action="prevent" />
		<validate-content unspecified-content-type-action="prevent" max-size="1000" size-exceeded-action="prevent"><content type="application/json" validate-as="json" action="prevent" /></validate-content>
	</inbound><backend><base /></backend></policies>`})
	a, err := l.s.APIs().Get("orders")
	if err != nil {
		t.Fatal(err)
	}
	a.Schemas, a.Description = nil, "put again"
	add(l, l.s.APIs(), "orders", a)
	l.reopen()
	for _, x := range []struct {
		path, body string
		status     int
		text       string
	}{
		{"/o/orders/7?notify=true&tags=a,b", `{"lines":[{"count":1,"in":{"lines":[{"count":2}]}}]}`, 200, "PUT https://orders.test/orders/7"},
		{"/o/orders/x", `{"lines":[{"count":1}]}`, 400, "Value of the path parameter id does not conform"},
		{"/o/orders/0", `{"lines":[{"count":1}]}`, 400, "number must be at least 1"},
		{"/o/orders/7?notify=perhaps", `{"lines":[{"count":1}]}`, 400, "query parameter notify"},
		{"/o/orders/7?tags=a,c", `{"lines":[{"count":1}]}`, 400, "query parameter tags"},
		{"/o/orders/7?other=1", `{"lines":[{"count":1}]}`, 400, "Unspecified query parameter other"},
		{"/o/orders/7", `{"lines":[]}`, 400, "definition Order, which is associated with the content type application/json. minimum number of items is 1 (at /lines)"},
		{"/o/orders/7", `{"lines":[{"count":1,"in":{"lines":[{"count":"2"}]}}]}`, 400, "(at /lines/0/in/lines/0/count)"},
		{"/o/orders/7", `{"lines":[{"count":1}],"more":1}`, 400, "more"},
		{"/o/orders/7", `{`, 400, "no JSON"},
	} {
		u, err := url.Parse("https://shop.azure-api.net" + x.path)
		if err != nil {
			t.Fatal(err)
		}
		key, _ := strings.CutPrefix(l.key(MasterSubscription), "Ocp-Apim-Subscription-Key: ")
		call := l.s.Do(context.Background(), &policy.Request{
			Method: "PUT", Header: http.Header{"Content-Type": {"application/json"}, "Ocp-Apim-Subscription-Key": {key}}, ClientIP: "192.0.2.1", Original: u, Body: policy.Fixed([]byte(x.body)),
		}, nil)
		text, err := call.Response.Body.Bytes()
		if err != nil || call.Response.Status != x.status || !strings.Contains(string(text), x.text) {
			t.Errorf("%s %s: %d %s (%v), want %d %s", x.path, x.body, call.Response.Status, text, err, x.status, x.text)
		}
		l.s.Over(call, 0)
	}
}

// TestEscape turns raw texts into XML and back.
func TestEscape(t *testing.T) {
	raw := `<a b="@(x == "<" && y)">@{ return "&"; }</a>`
	xml := `<a b="@(x == &quot;&lt;&quot; &amp;&amp; y)">@{ return &quot;&amp;&quot;; }</a>`
	if got := Escape(raw); got != xml {
		t.Errorf("escaped %s", got)
	}
	if got := Unescape(xml); got != raw {
		t.Errorf("unescaped %s", got)
	}
}

// FuzzTemplate holds templates against paths.
func FuzzTemplate(f *testing.F) {
	f.Add("/a/{b}/*?c={d}", "/a/x/y")
	f.Add("/{a}-{b}", "/x-y")
	f.Add("/p{a}s/{*rest}", "/pxs/%2f/%zz")
	f.Fuzz(func(t *testing.T, text, path string) {
		tpl, err := parseTemplate(text)
		if err != nil {
			return
		}
		u, err := url.Parse("https://h" + path)
		if err != nil {
			return
		}
		matched := map[string]string{}
		tpl.match(segmentsOf(u.EscapedPath()), u.Query(), matched)
		if tpl.compare(tpl) != 0 || !tpl.same(tpl) {
			t.Fatal("a template is not itself")
		}
	})
}

// FuzzImport reads OpenAPI documents.
func FuzzImport(f *testing.F) {
	f.Add([]byte(openAPI3))
	f.Add([]byte(openAPI2))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := ReadOpenAPI(text)
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, o := range doc.Operations {
			if names[o.Name] || !definitionName.MatchString(o.Name) {
				t.Fatalf("the name %q", o.Name)
			}
			names[o.Name] = true
		}
	})
}

// BenchmarkCall is a call with a key, a header policy and a limit, to a backend that
// costs nothing.
func BenchmarkCall(b *testing.B) {
	l := newLab(b)
	add(l, l.s.APIs(), "a", API{Path: "api", ServiceURL: "https://a.test", SubscriptionRequired: true, IsCurrent: true})
	add(l, l.s.Operations("a"), "any", Operation{Method: "GET", URLTemplate: "/{x}"})
	add(l, l.s.Policies(Scope{API: "a"}), PolicyName, Policy{Text: `<policies><inbound><base /><set-header name="x-functions-key"><value>k</value></set-header><rate-limit calls="1000000000" renewal-period="60" /></inbound><backend><base /></backend><outbound><base /></outbound></policies>`})
	key := strings.TrimPrefix(l.key(MasterSubscription), "Ocp-Apim-Subscription-Key: ")
	b.ReportAllocs()
	for b.Loop() {
		l.seen = l.seen[:0]
		u := &url.URL{Scheme: "https", Host: "h", Path: "/api/x"}
		x := l.s.Do(context.Background(), &policy.Request{Method: "GET", Header: http.Header{"Ocp-Apim-Subscription-Key": {key}}, ClientIP: "192.0.2.1", Original: u}, nil)
		if x.Response.Status != 200 {
			b.Fatal(x.Response.Status)
		}
		x.Response.Body.Close()
		l.s.Over(x, 0)
	}
}
