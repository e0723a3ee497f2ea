package hubs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/eventdata"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// reading is an event of the model: what was sent, decoded.
type reading struct {
	place
	key    string
	body   map[string]any // nil: text is no JSON
	text   string
	schema string // a property, or ""
	level  int64  // a property, or 0
	kind   string // content type
}

// model is a hub and everything that went into it.
type model struct {
	hub    *broker.Hub
	events []reading
}

// newModel fills five partitions with chance, several events a millisecond.
func newModel(t *testing.T, l *lab, seed uint64, count int) *model {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	m := &model{hub: l.ensure("Model", 5)}
	keys := []string{"dangjin-02", "jeju-fleet", "Busan", "", "당진"}
	for i := range count {
		e := reading{key: keys[r.IntN(len(keys))], kind: "application/json"}
		if r.IntN(3) > 0 {
			e.schema = fmt.Sprintf("telemetry/%d", 1+r.IntN(3))
		}
		e.level = int64(r.IntN(4))
		if r.IntN(10) == 0 {
			e.text, e.kind = fmt.Sprintf("plain text %d of Busan", i), "text/plain"
		} else {
			e.body = map[string]any{
				"tempC": float64(r.IntN(600)) / 10, "plant": keys[r.IntN(len(keys))], "ok": r.IntN(2) == 0,
				"list": []any{map[string]any{"id": fmt.Sprintf("A%d", r.IntN(3))}}, "n": i, "quote": "a \"b\" \\ \u00e9",
			}
			if r.IntN(5) == 0 {
				delete(e.body, "tempC")
			}
			text, err := json.Marshal(e.body)
			must(t, err)
			e.text = string(text)
		}
		msg := eventdata.Message{Body: []byte(e.text), ContentType: e.kind}
		if e.schema != "" {
			msg.Properties = append(msg.Properties, amqp.Entry{Key: "schema", Value: e.schema})
		}
		if e.level > 0 {
			msg.Properties = append(msg.Properties, amqp.Entry{Key: "level", Value: e.level})
		}
		e.partition = r.IntN(5)
		res := put(t, m.hub, e.partition, e.key, msg)
		e.sequence, e.ms = res.FirstSequence, res.EnqueuedAt.UnixMilli()
		m.events = append(m.events, e)
		if r.IntN(50) == 0 {
			time.Sleep(time.Millisecond) // times that differ
		}
	}
	return m
}

// want is what a claim leaves, in order.
func (m *model) want(newest bool, claim func(reading) bool) (out []string) {
	all := slices.Clone(m.events)
	slices.SortFunc(all, func(a, b reading) int { return a.place.compare(b.place, newest) })
	for _, e := range all {
		if claim(e) {
			out = append(out, fmt.Sprintf("%d/%d", e.partition, e.sequence))
		}
	}
	return out
}

func contains(s, sub string) bool { return strings.Contains(strings.ToLower(s), sub) }

// TestSearchIsTheModel: a filter over all partitions gives exactly the events
// that the model gives, in the order of their times, from both ends, on one page
// and on many.
func TestSearchIsTheModel(t *testing.T) {
	l := newLab(t)
	seed := rand.Uint64()
	m := newModel(t, l, seed, 3000)
	temp := func(e reading) (float64, bool) {
		v, ok := e.body["tempC"].(float64)
		return v, ok
	}
	middle := m.events[len(m.events)/2]
	for q, claim := range map[string]func(reading) bool{
		"":                                 func(reading) bool { return true },
		"body.tempC > 40":                  func(e reading) bool { v, ok := temp(e); return ok && v > 40 },
		"-body.tempC>40":                   func(e reading) bool { v, ok := temp(e); return !ok || v <= 40 },
		"body.tempC:40.5":                  func(e reading) bool { v, ok := temp(e); return ok && v == 40.5 },
		"body.tempC:*":                     func(e reading) bool { _, ok := temp(e); return ok },
		"key:dangjin":                      func(e reading) bool { return contains(e.key, "dangjin") },
		"key:busan,당진":                     func(e reading) bool { return contains(e.key, "busan") || e.key == "당진" },
		"-key:*":                           func(e reading) bool { return e.key == "" },
		"partition:3":                      func(e reading) bool { return e.partition == 3 },
		"partition:1,4 key=당진":             func(e reading) bool { return (e.partition == 1 || e.partition == 4) && e.key == "당진" },
		"-partition:0":                     func(e reading) bool { return e.partition != 0 },
		"prop.schema:telemetry/2":          func(e reading) bool { return e.schema == "telemetry/2" },
		"-prop.schema:*":                   func(e reading) bool { return e.schema == "" },
		"prop.level>=2":                    func(e reading) bool { return e.level >= 2 },
		"prop.level:2":                     func(e reading) bool { return e.level == 2 },
		"sys.content-type:plain":           func(e reading) bool { return e.kind == "text/plain" },
		"busan":                            func(e reading) bool { return contains(e.text, "busan") || contains(e.key, "busan") },
		`-"text 1"`:                        func(e reading) bool { return !contains(e.text, "text 1") },
		"body:당진":                          func(e reading) bool { return contains(e.text, "당진") },
		"body.plant=Busan":                 func(e reading) bool { return e.body["plant"] == "Busan" },
		"body.plant!=Busan":                func(e reading) bool { return e.body["plant"] != "Busan" },
		"body.ok:true":                     func(e reading) bool { return e.body["ok"] == true },
		"body.list.0.id:a1":                func(e reading) bool { return e.body != nil && e.body["list"].([]any)[0].(map[string]any)["id"] == "A1" },
		`body.quote:"\"b\" \\ É"`:          func(e reading) bool { return e.body != nil },
		"seq>50 seq<=200":                  func(e reading) bool { return e.sequence > 50 && e.sequence <= 200 },
		"seq:7":                            func(e reading) bool { return e.sequence == 7 },
		"-seq>20":                          func(e reading) bool { return e.sequence <= 20 },
		"size>100":                         func(e reading) bool { return len(e.text) > 100 },
		"offset<30":                        func(e reading) bool { return e.sequence < 30 },
		fmt.Sprintf("time>=%d", middle.ms): func(e reading) bool { return e.ms >= middle.ms },
		fmt.Sprintf("time<%d busan", middle.ms): func(e reading) bool {
			return e.ms < middle.ms && (contains(e.text, "busan") || contains(e.key, "busan"))
		},
		"nowhere": func(reading) bool { return false },
	} {
		for _, oldest := range []bool{false, true} {
			want := m.want(!oldest, claim)
			for _, limit := range []int{2000, 1 + rand.IntN(400)} {
				same(t, fmt.Sprintf("seed %d: %q oldest %v by %d", seed, q, oldest, limit), l.all(Search{Q: q, Oldest: oldest, Limit: limit}), want)
			}
		}
	}
	from, to := m.events[700].ms, m.events[2300].ms
	same(t, "a span of time", l.all(Search{From: from, To: to}), m.want(true, func(e reading) bool { return e.ms >= from && e.ms < to }))
}

// all reads all pages of hub Model.
func (l *lab) all(s Search) (out []string) {
	l.t.Helper()
	for {
		a := l.search("Model", s)
		out = append(out, names(a.Rows)...)
		if s.After = a.Next; s.After == "" {
			return out
		}
		if len(a.Rows) == 0 {
			l.t.Fatal("a page without rows leads to another")
		}
	}
}

// TestSearchTellsWhatItShows: previews, matched values, progress, binary bodies.
func TestSearchTellsWhatItShows(t *testing.T) {
	l := newLab(t)
	h, err := l.b.Namespace(account.ID).Hub("orders")
	must(t, err)
	long := `{"tempC":41.50,"deep":{"name":"RLO ` + "\u202e" + `"},"pad":"` + strings.Repeat("é", 2000) + `"}`
	put(t, h, 0, "k", eventdata.Message{Body: []byte(long), Properties: amqp.Map{{Key: "schema", Value: "telemetry/2"}}})
	put(t, h, 1, "", eventdata.Message{Body: []byte{0xff, 0, 1}})
	a := l.search("orders", Search{Q: "body.tempC>40 body.deep.name:* prop.schema:telemetry body.pad:*"})
	if len(a.Rows) != 1 || a.Scanned != 2 || a.Of != 2 || a.Matched != 1 || !slices.Equal(a.began.At, []int64{1, 1}) {
		t.Fatalf("%+v", a)
	}
	f := a.Rows[0]
	if f.N != len(long) || len(f.B) > previewBytes || len(f.B) < previewBytes-4 || !strings.HasPrefix(long, f.B) || f.K != "k" || f.X {
		t.Errorf("row: %+v", f)
	}
	if m := f.M; string(m["body.tempC"]) != "41.50" || string(m["prop.schema"]) != `"telemetry/2"` || string(m["body.deep.name"]) != "\"RLO \u202e\"" || len(m["body.pad"]) > previewValue+10 {
		t.Errorf("matched values: %s", m)
	}
	if a = l.search("orders", Search{Q: "partition:1"}); len(a.Rows) != 1 || !a.Rows[0].X || a.Rows[0].B != "" || a.Rows[0].N != 3 || a.Of != 1 {
		t.Errorf("a body that is no text: %+v", a)
	}
}

// TestSearchRefusals mark the word.
func TestSearchRefusals(t *testing.T) {
	l := newLab(t)
	for q, want := range map[string]string{
		"key:": "3-4", "a colour:red": "2-12", "seq:x": "4-5", "time>noon": "5-9", `"open`: "0-5", "partition:1 partition:2": "12-23",
	} {
		code, got := l.Do("POST", orders+"/events:search", `{"q":`+quote(q)+`}`)
		start, _ := got["start"].(float64)
		if mark := fmt.Sprintf("%.0f-%.0f", start, got["end"]); code != 400 || mark != want || got["line"] != 1.0 {
			t.Errorf("%q: %d %v at %s, want %s", q, code, got, mark, want)
		}
	}
	for path, body := range map[string]string{
		orders + "/events:search":                    `{"after":"x"}`,
		"/api/hubs/default/none/events:search":       `{}`,
		"/api/hubs/elsewhere/Orders/events:search":   `{}`,
		orders + "/events:tail":                      `{"q":"nofield:x"}`,
		orders + "/events":                           `{"body":"x","key":"a","partition":1}`,
		orders + "/partitions/9/events/0/again":      `{}`,
		orders + "/partitions/0/events/-1/again":     `{}`,
		orders + "/partitions/0/events/999999/again": `{}`,
	} {
		if code, got := l.Do("POST", path, body); code < 400 || code > 404 || got["error"] == "" {
			t.Errorf("%s %s: %d %v", path, body, code, got)
		}
	}
}

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// TestSearchEndsWithItsClient: the place of one that goes away is free again.
func TestSearchEndsWithItsClient(t *testing.T) {
	l := newLab(t)
	m := newModel(t, l, 1, 2000)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "POST", l.URL+"/api/hubs/default/Model/events:search", strings.NewReader(`{"q":"nowhere"}`))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	cancel()
	for range 2 * maxSearches {
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
		}
	}
	if got := l.search("Model", Search{Q: "key:dangjin", Limit: maxFound}); got.Scanned != int64(len(m.events)) {
		t.Errorf("%+v", got.Progress)
	}
	s, err := newScan(m.hub, &matcher{seqs: everything, times: everything}, true, everything, nil)
	must(t, err)
	defer s.close()
	if _, _, err := s.next(ctx, func() {}); err == nil {
		t.Error("a scan goes on though its context has ended")
	}
}

// TestSearchWhileRetentionDeletes: what goes is not there, and nothing else is
// missing.
func TestSearchWhileRetentionDeletes(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	b := startBroker(t, broker.Options{FS: vfs.NewMem(), SegmentBytes: 4 << 10, TailBytes: 1, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}})
	h, err := b.Namespace(1).EnsureHub(broker.HubConfig{Name: "h", Partitions: 1, Retention: time.Minute})
	must(t, err)
	for range 500 {
		put(t, h, 0, "", eventdata.Message{Body: bytes.Repeat([]byte("x"), 100)})
	}
	for _, newest := range []bool{true, false} {
		m, err := newMatcher("", now)
		must(t, err)
		s, err := newScan(h, m, newest, everything, nil)
		must(t, err)
		begun := infos(h)[0].BeginSequence
		var got []int64
		for {
			f, ok, err := s.next(t.Context(), func() {})
			must(t, err)
			if !ok {
				break
			}
			if got = append(got, f.sequence); len(got) == 40 && newest { // in the middle
				mu.Lock()
				now = now.Add(time.Hour)
				mu.Unlock()
				put(t, h, 0, "", eventdata.Message{Body: []byte("late")})
				b.Retain()
			}
		}
		s.close()
		if !newest {
			slices.Reverse(got)
		}
		left := infos(h)[0].BeginSequence
		if left == begun && newest {
			t.Fatal("retention deleted nothing: the test tests nothing")
		}
		for i := range got {
			if i > 0 && got[i] != got[i-1]-1 {
				t.Fatalf("newest %v: %d after %d", newest, got[i], got[i-1])
			}
		}
		if last := got[len(got)-1]; last > left {
			t.Errorf("newest %v: it ended at %d, and %d is kept", newest, last, left)
		}
	}
}

// TestTail: what comes is told, once, with what the filter leaves; and it goes on
// where the search before it ended.
func TestTail(t *testing.T) {
	l := newLab(t)
	h, err := l.b.Namespace(account.ID).Hub("orders")
	must(t, err)
	put(t, h, 0, "", eventdata.Message{Body: []byte("before")})
	began := l.search("orders", Search{}).began.At
	for i := range 6 {
		put(t, h, i%2, "", eventdata.Message{Body: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := l.stream(ctx, orders+"/events:tail", Tail{Q: "body.n>=2", At: began})
	var got []string
	sent := false
	for len(got) < 5 && lines.Scan() {
		var line Tailed
		must(t, json.Unmarshal(lines.Bytes(), &line))
		got = append(got, names(line.Rows)...)
		if !sent {
			put(t, h, 0, "", eventdata.Message{Body: []byte(`{"n":9}`)})
			sent = true
		}
	}
	slices.Sort(got)
	same(t, "tail", got, []string{"0/2", "0/3", "0/4", "1/1", "1/2"})
}

// TestTailDrops: of what is too much the newest is shown and the rest counted.
func TestTailDrops(t *testing.T) {
	l := newLab(t)
	h, err := l.b.Namespace(account.ID).Hub("orders")
	must(t, err)
	m, err := newMatcher("", time.Now())
	must(t, err)
	tail, err := newTail(h, m, nil)
	must(t, err)
	defer tail.close()
	part, err := h.Partition(0)
	must(t, err)
	const many = tailScan + 3000
	for range many / 1000 {
		batch := make([][]byte, 1000)
		for i := range batch {
			batch[i] = amqp.AppendDataSection(nil, []byte("x"))
		}
		_, err := store(t.Context(), part, batch, "")
		must(t, err)
	}
	line, err := tail.read()
	must(t, err)
	if len(line.Rows) != tailRows || line.Dropped != many-tailRows || line.Rows[tailRows-1].S != many-1 || line.At[0] != many {
		t.Errorf("%d rows, %d dropped, up to %d, at %v", len(line.Rows), line.Dropped, line.Rows[len(line.Rows)-1].S, line.At)
	}
	if line, err = tail.read(); err != nil || len(line.Rows) != 0 || line.Dropped != 0 {
		t.Errorf("nothing new: %+v, %v", line, err)
	}
}

// TestCount: the bars add up to the events of their buckets.
func TestCount(t *testing.T) {
	l := newLab(t)
	m := newModel(t, l, 2, 500)
	from, to := m.events[0].ms, m.events[len(m.events)-1].ms+1
	code, got := l.Do("GET", fmt.Sprintf("/api/hubs/default/Model/events:count?from=%d&to=%d&buckets=7", from, to), "")
	if code != 200 {
		t.Fatalf("%d %v", code, got)
	}
	step := int64(got["step"].(float64))
	want := make([]int64, len(got["t"].([]any)))
	for _, e := range m.events {
		want[(e.ms-from)/step]++
	}
	var have []int64
	for _, n := range got["count"].([]any) {
		have = append(have, int64(n.(float64)))
	}
	if !slices.Equal(have, want) {
		t.Errorf("counted %v, want %v", have, want)
	}
	if code, _ := l.Do("GET", "/api/hubs/default/Model/events:count?from=5&to=5", ""); code != 400 {
		t.Errorf("an empty span: %d", code)
	}
}
