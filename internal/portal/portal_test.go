package portal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const testBoard = `{"name":"plants","title":"Plants",
	"datasets":{"readings":{"push":true},"docs":{"container":"db/events"},"alerts":{"push":true}},
	"tiles":[
		{"type":"number","title":"All","dataset":"readings","aggregate":"count"},
		{"type":"number","title":"Documents","dataset":"docs","aggregate":"count"},
		{"type":"map","title":"Map","dataset":"readings","key":"id","lat":"lat","lon":"lon","value":"v","detail":[{"field":"v","title":"V"}]},
		{"type":"alarms","title":"Alarms","dataset":"alerts","key":"id","message":"text"}]}`

// lab is a portal over real engines in memory, on a real socket.
type lab struct {
	t      *testing.T
	url    string
	meter  *Meter
	broker *broker.Broker
	events *docstore.Container
	host   *fakeHost
}

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	l := &lab{t: t, meter: NewMeter(), host: &fakeHost{}}
	fs := vfs.NewMem()
	var err error
	if l.broker, err = broker.Open(broker.Options{FS: fs, Dir: "hubs", Log: testkit.Discard(), Events: l.meter.Broker}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.broker.Namespace(1).EnsureHub(broker.HubConfig{Name: "Orders", Partitions: 2, Retention: time.Hour}); err != nil {
		t.Fatal(err)
	}
	db, err := kv.Open(kv.Options{FS: fs, Dir: "kv", Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := docstore.Open(docstore.Options{DB: db, Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	d, err := store.Account(1).CreateDatabase(t.Context(), docstore.DatabaseSpec{ID: "db"})
	if err != nil {
		t.Fatal(err)
	}
	spec := docstore.ContainerSpec{ID: "events", PartitionKey: docstore.PartitionKeySpec{Paths: []string{"/pk"}, Version: 2}}
	if l.events, err = d.CreateContainer(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	def, err := dashboard.Parse([]byte(testBoard))
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{
		Name: "lab", Version: "test", Hubs: l.broker.Namespace(1), Store: store.Account(1), Codec: plainCodec{}, Querier: noQueries{},
		Apps: []App{{Host: l.host, URL: "http://localhost:1"}}, Boards: []dashboard.Definition{def}, Meter: l.meter, Log: testkit.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.SetJobs([]Job{labJob()})
	ctx, cancel := context.WithCancel(context.Background())
	srv := httptest.NewUnstartedServer(p)
	srv.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	srv.Start()
	l.url = srv.URL
	ends := make(chan error, 4)
	for _, run := range []func(context.Context) error{l.broker.Run, db.Run, store.Run, p.Run} {
		go func() { ends <- run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		srv.Close()
		for range cap(ends) {
			if err := <-ends; err != nil {
				t.Error(err)
			}
		}
		for _, c := range []io.Closer{l.broker, store, db} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return l
}

// plainCodec stores bodies as they are.
type plainCodec struct{}

func (plainCodec) Decode(r *broker.Record) (Event, error) {
	e := Event{Sequence: r.Sequence, Key: r.Key}
	e.SetBody(r.Body)
	return e, nil
}
func (plainCodec) Encode(body []byte, _ string) []byte { return body }

type noQueries struct{}

func (noQueries) Query(context.Context, *docstore.Container, Query) (*QueryPage, error) {
	return nil, fault.New(fault.Throttled, "query", "not in this test")
}

// fakeHost is an app with one function that reads hub Orders.
type fakeHost struct{ ran []string }

func (*fakeHost) Name() string { return "shop" }
func (*fakeHost) Functions() []host.FunctionInfo {
	return []host.FunctionInfo{{
		Name: "ingest", Trigger: "eventHubTrigger", Source: trigger.Source{Target: "Orders", Group: "$Default"}, Listener: host.ListenerRunning,
		Outputs: []host.OutputInfo{{Type: "cosmosDB", Target: "db/events"}},
	}}
}

func (*fakeHost) Status() host.Status {
	return host.Status{Kind: "go", Worker: worker.Status{State: worker.Running}}
}
func (h *fakeHost) RunNow(_, input string) error { h.ran = append(h.ran, input); return nil }

// do sends a request and decodes the reply.
func (l *lab) do(method, path, body string, change ...func(*http.Request)) (int, map[string]any) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	var v any
	if len(text) > 0 && json.Unmarshal(text, &v) != nil {
		v = string(text)
	}
	if m, ok := v.(map[string]any); ok {
		return res.StatusCode, m
	}
	return res.StatusCode, map[string]any{"": v}
}

// listen opens a stream and returns a function that gives the next message of
// a topic.
func (l *lab) listen(topics ...string) func(topic string) map[string]any {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	l.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+"/api/stream?topic="+strings.Join(topics, "&topic="), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		l.t.Fatalf("stream: %s", res.Status)
	}
	lines := bufio.NewReader(res.Body)
	return func(topic string) map[string]any {
		l.t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				l.t.Fatalf("stream ended: %v", err)
			}
			if strings.TrimSpace(line) != "event: "+topic {
				continue
			}
			data, err := lines.ReadBytes('\n')
			if err != nil {
				l.t.Fatal(err)
			}
			var v map[string]any
			if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("data: ")), &v); err != nil {
				l.t.Fatal(err)
			}
			return v
		}
	}
}

func TestStatusStreamCarriesRatesAndLag(t *testing.T) {
	l := newLab(t)
	next := l.listen("status")
	if first := next("status"); first["name"] != "lab" {
		t.Fatalf("first snapshot: %v", first)
	}
	for range 10 {
		if code, got := l.do("POST", "/api/hubs/Orders/events", `{"body":"{}","key":"a"}`); code != 201 {
			t.Fatalf("send: %d %v", code, got)
		}
	}
	p := broker.PartitionOf("a", 2)
	l.meter.App("any")(host.Checkpointed{Checkpoint: trigger.Checkpoint{Target: "orders", Group: "$Default", Partition: fmt.Sprint(p), Sequence: 3}})
	l.meter.Request(200, 2.5)
	for {
		snap := next("status")
		hub := snap["hubs"].([]any)[0].(map[string]any)
		if hub["events"].(float64) == 0 || snap["charge"].(float64) == 0 {
			continue
		}
		consumer := hub["consumers"].([]any)[0].(map[string]any)
		if consumer["lag"] != 6.0 || consumer["group"] != "$Default" || hub["total"] != 10.0 {
			t.Fatalf("hub: %v", hub)
		}
		f := snap["apps"].([]any)[0].(map[string]any)["functions"].([]any)[0].(map[string]any)
		if out := fmt.Sprint(f["outputs"]); out != "[map[target:db/events type:cosmosDB]]" {
			t.Fatalf("outputs: %s", out)
		}
		return
	}
}

func TestPeek(t *testing.T) {
	l := newLab(t)
	p := broker.PartitionOf("a", 2)
	for i := range 5 {
		if code, got := l.do("POST", "/api/hubs/orders/events", fmt.Sprintf(`{"body":"e%d","key":"a"}`, i)); code != 201 || got["partition"] != float64(p) {
			t.Fatalf("send: %d %v", code, got)
		}
	}
	base := fmt.Sprintf("/api/hubs/Orders/partitions/%d/events", p)
	for query, want := range map[string]string{
		"?count=2": "e4 e3", "?count=2&before=3": "e2 e1", "?count=50": "e4 e3 e2 e1 e0", "?before=0": "", "?count=1&before=99": "e4",
	} {
		_, got := l.do("GET", base+query, "")
		var bodies []string
		for _, e := range got[""].([]any) {
			bodies = append(bodies, e.(map[string]any)["body"].(string))
		}
		if have := strings.Join(bodies, " "); have != want {
			t.Errorf("%s: %q, want %q", query, have, want)
		}
	}
	for path, want := range map[string]int{
		base + "?count=x": 400, "/api/hubs/none/partitions/0/events": 404, "/api/hubs/Orders/partitions/9/events": 404, "/api/nothing": 404,
	} {
		if code, got := l.do("GET", path, ""); code != want || got["error"] == "" {
			t.Errorf("%s: %d %v, want %d", path, code, got, want)
		}
	}
}

func TestItems(t *testing.T) {
	l := newLab(t)
	items := "/api/databases/db/containers/events/items"
	code, made := l.do("POST", items, `{"id":"1","pk":"a","n":1.50}`)
	if code != 201 || made["_etag"] == nil {
		t.Fatalf("create: %d %v", code, made)
	}
	if code, _ := l.do("POST", items, `{"id":"1","pk":"a"}`); code != 409 {
		t.Errorf("create twice: %d", code)
	}
	etag := "?etag=" + strings.ReplaceAll(made["_etag"].(string), `"`, "%22")
	if code, got := l.do("PUT", items+etag, `{"id":"1","pk":"a","n":2}`); code != 200 || got["n"] != 2.0 {
		t.Errorf("replace: %d %v", code, got)
	}
	if code, got := l.do("PUT", items+etag, `{"id":"1","pk":"a","n":3}`); code != 412 || !strings.Contains(got["error"].(string), "load it again") {
		t.Errorf("replace an old version: %d %v", code, got)
	}
	if code, _ := l.do("DELETE", items+`?id=1&pk=["b"]`, ""); code != 404 {
		t.Errorf("delete under another key: %d", code)
	}
	if code, _ := l.do("DELETE", items+`?id=1&pk=["a"]`, ""); code != 204 {
		t.Errorf("delete: %d", code)
	}
	for body, want := range map[string]int{`{"id":`: 400, `[1]`: 400, `{"pk":"a"}`: 400, `{"id":"` + strings.Repeat("x", 3<<20) + `"}`: 413} {
		if code, _ := l.do("POST", items, body); code != want {
			t.Errorf("create %.20s: %d, want %d", body, code, want)
		}
	}
	if code, got := l.do("POST", "/api/databases/db/containers/events/query", `{"query":"SELECT 1"}`); code != 429 {
		t.Errorf("query: %d %v", code, got)
	}
}

func TestFunctions(t *testing.T) {
	l := newLab(t)
	listen := l.meter.App("shop")
	at := time.Now()
	listen(host.InvocationStarted{Function: "ingest", ID: "i1", Items: 3, At: at})
	for i := range keptLogs + 5 {
		listen(host.LogWritten{Function: "ingest", ID: "i1", Message: fmt.Sprint("line ", i), At: at})
	}
	listen(host.InvocationFinished{Function: "ingest", ID: "i1", Items: 3, Documents: 2, Duration: 1500 * time.Microsecond})
	_, got := l.do("GET", "/api/apps/shop/functions/ingest/invocations", "")
	run := got[""].([]any)[0].(map[string]any)
	if run["id"] != "i1" || run["durationMs"] != 1.5 || run["logsLost"] != 5.0 || len(run["logs"].([]any)) != keptLogs {
		t.Errorf("invocation: %v", run)
	}
	if code, _ := l.do("POST", "/api/apps/shop/functions/ingest/run", `{"input":"{}"}`); code != 202 || len(l.host.ran) != 1 {
		t.Errorf("run: %d, %v", code, l.host.ran)
	}
	if code, _ := l.do("POST", "/api/apps/shop/functions/none/run", `{}`); code != 404 {
		t.Errorf("run an unknown function: %d", code)
	}
}

func TestDashboardFollowsPushesAndDocuments(t *testing.T) {
	l := newLab(t)
	next := l.listen("dashboard:plants")
	next("dashboard:plants")
	rows := `{"rows":[{"id":"p1","lat":37.5,"lon":127,"v":5},{"id":"p2","lat":35.1,"lon":129,"v":7}]}`
	if code, got := l.do("POST", "/v1.0/myorg/datasets/readings/tables/t/rows", rows); code != 200 {
		t.Fatalf("push: %d %v", code, got)
	}
	if _, err := l.events.Write(t.Context(), []docstore.Op{{Kind: docstore.Create, Body: []byte(`{"id":"1","pk":"a"}`)}}, false); err != nil {
		t.Fatal(err)
	}
	value := func(view map[string]any, tile int) any { return view["tiles"].([]any)[tile].(map[string]any)["value"] }
	for view := next("dashboard:plants"); value(view, 0) != 2.0 || value(view, 1) != 1.0; view = next("dashboard:plants") {
	}
	if code, past := l.do("GET", "/api/dashboards/plants/tiles/2/history?key=p2", ""); code != 200 || fmt.Sprint(past["series"]) != "[map[name:v v:[7]]]" {
		t.Errorf("history: %d %v", code, past)
	}
	for path, body := range map[string]string{
		"/v1.0/myorg/datasets/none/tables/t/rows":     rows,
		"/v1.0/myorg/datasets/docs/tables/t/rows":     rows,
		"/v1.0/myorg/datasets/readings/tables/t/rows": `{"rows":[1]}`,
	} {
		if code, got := l.do("POST", path, body); code/100 != 4 || got["error"] == "" {
			t.Errorf("%s %s: %d %v", path, body, code, got)
		}
	}
	if code, _ := l.do("GET", "/api/stream?topic=dashboard:none", ""); code != 404 {
		t.Errorf("an unknown topic: %d", code)
	}
}

// TestAnAlarmDoesNotWaitForTheTick pushes an alarm right after a tick, and a
// plain row after another. The machine may be busy, so the best of some tries
// counts.
func TestAnAlarmDoesNotWaitForTheTick(t *testing.T) {
	l := newLab(t)
	next := l.listen("dashboard:plants")
	rows := func(view map[string]any) int {
		total := 0.0
		for _, d := range view["datasets"].(map[string]any) {
			total += d.(map[string]any)["rows"].(float64)
		}
		return int(total)
	}
	have := rows(next("dashboard:plants"))
	soonest := time.Hour
	for try := 0; try < 5 && soonest > 500*time.Millisecond; try++ {
		next("dashboard:plants") // a tick: the next one is a second away
		began := time.Now()
		if code, got := l.do("POST", "/v1.0/myorg/datasets/alerts/tables/t/rows", `{"rows":[{"id":"p1","text":"hot"}]}`); code != 200 {
			t.Fatalf("push: %d %v", code, got)
		}
		for rows(next("dashboard:plants")) == have {
		}
		have++
		soonest = min(soonest, time.Since(began))
		next("dashboard:plants") // the tick that the alarm came before
	}
	if soonest > 500*time.Millisecond {
		t.Errorf("an alarm came after %v, as if it had waited for the tick", soonest)
	}
}

func TestPages(t *testing.T) {
	l := newLab(t)
	type answer struct {
		StatusCode int
		Status     string
		Header     http.Header
	}
	get := func(path, tag string) answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		req.Header.Set("If-None-Match", tag)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return answer{res.StatusCode, res.Status, res.Header}
	}
	page := get("/", "")
	if page.StatusCode != 200 || page.Header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(page.Header.Get("Content-Security-Policy"), "default-src 'self';") {
		t.Errorf("start page: %s %v", page.Status, page.Header)
	}
	if again := get("/some/route", page.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("start page again: %s", again.Status)
	}
	if none := get("/assets/none.js", ""); none.StatusCode != 404 {
		t.Errorf("an asset that is not there: %s", none.Status)
	}
}

func TestEveryKindHasAStatus(t *testing.T) {
	for _, k := range fault.Kinds() {
		if statuses[k] < 400 {
			t.Errorf("%v has no status", k)
		}
	}
}

func TestAPageThatIsBehindGetsTheNewest(t *testing.T) {
	var ts topics
	now := time.Unix(100, 0)
	p, missing, err := ts.open([]string{"a", "b"}, now)
	if err != nil || len(missing) != 2 {
		t.Fatalf("missing %v, %v", missing, err)
	}
	for i := range 5 {
		ts.publish("a", []byte{byte(i)}, now)
	}
	ts.publish("c", []byte("unwanted"), now)
	<-p.wake
	if got := ts.take(p); len(got) != 1 || got[0].topic != "a" || got[0].body[0] != 4 {
		t.Errorf("took %v", got)
	}
	late, missing, err := ts.open([]string{"a", "b"}, now.Add(fresh))
	if err != nil || len(missing) != 1 || len(ts.take(late)) != 1 {
		t.Errorf("a page that opens within a second: missing %v, %v", missing, err)
	}
	ts.close(late)
	if _, missing, _ = ts.open([]string{"a"}, now.Add(2*fresh)); len(missing) != 1 {
		t.Error("a page that opens later gets old news")
	}
	ts.pages = map[*page]struct{}{p: {}}
	if ts.close(p); len(ts.wanted()) != 0 {
		t.Error("a closed page still wants something")
	}
}

func TestRates(t *testing.T) {
	r, now := newRates(), time.Unix(0, 0)
	for i, want := range []float64{0, 10, 10, 10, 10} {
		r.begin(now.Add(time.Duration(i) * time.Second))
		if got := r.rate("x", int64(10*i)); got != want {
			t.Errorf("tick %d: %v, want %v", i, got, want)
		}
	}
	r.begin(now.Add(5 * time.Second))
	if got := r.rate("x", 40+90); got != (130-10)/4.0 {
		t.Errorf("after a jump: %v", got)
	}
	for i := range 3 * rateTicks {
		r.begin(now.Add(time.Duration(6+i) * time.Second))
	}
	if len(r.series) != 0 {
		t.Error("a counter that nobody asks for is kept")
	}
}

// BenchmarkAppended is what the portal costs the broker for each append.
func BenchmarkAppended(b *testing.B) {
	m := NewMeter()
	e := broker.Appended{Hub: "Orders", Partition: 1, Count: 100, Bytes: 13_000}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Broker(e)
		}
	})
}
