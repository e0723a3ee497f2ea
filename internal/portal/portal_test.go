package portal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestEveryKindHasAStatus(t *testing.T) {
	for _, k := range fault.Kinds() {
		if statuses[k] < 400 {
			t.Errorf("%v has no status", k)
		}
	}
}

func say(text string) func() []byte { return func() []byte { return []byte(text) } }

func TestAStreamThatIsBehindGetsTheNewest(t *testing.T) {
	var ts topics
	now := time.Unix(100, 0)
	open := func(now time.Time, names ...string) (*stream, []string) {
		s := ts.open(client{})
		missing, err := ts.change(s, names, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		return s, missing
	}
	s, missing := open(now, "a", "b")
	if len(missing) != 2 {
		t.Fatalf("missing %v", missing)
	}
	for i := range 5 {
		ts.publish("a", say(fmt.Sprint("whole", i)), []byte(fmt.Sprint("delta", i)), now)
	}
	ts.publish("c", say("unwanted"), nil, now)
	<-s.wake
	took := func(s *stream) (got []string) {
		for _, m := range ts.take(s, now) {
			got = append(got, m.topic+" "+string(m.body))
		}
		return got
	}
	if got := took(s); fmt.Sprint(got) != "[a whole4]" {
		t.Errorf("behind: %v", got)
	}
	ts.publish("a", say("whole5"), []byte("delta5"), now)
	if got := took(s); fmt.Sprint(got) != "[a delta5]" {
		t.Errorf("at the message before: %v", got)
	}
	ts.publish("a", say("whole6"), []byte("delta6"), now)
	ts.publish("a", say("whole7"), []byte("delta7"), now)
	if got := took(s); fmt.Sprint(got) != "[a whole7]" {
		t.Errorf("after a gap: %v", got)
	}
	if got := took(s); got != nil {
		t.Errorf("nothing new: %v", got)
	}
	late, missing := open(now.Add(fresh), "a", "b")
	if len(missing) != 1 || fmt.Sprint(took(late)) != "[a whole7]" {
		t.Errorf("who comes within a second: missing %v", missing)
	}
	if _, missing = open(now.Add(2*fresh), "a"); len(missing) != 1 {
		t.Error("who comes later gets old news")
	}
	if _, err := ts.change(s, nil, []string{"a"}, now); err != nil {
		t.Fatal(err)
	}
	ts.publish("a", say("whole8"), []byte("delta8"), now)
	if got := took(s); got != nil {
		t.Errorf("after it was dropped: %v", got)
	}
	ts.streams = []*stream{s}
	if ts.close(s); len(ts.wanted(now.Add(time.Hour))) != 0 || len(ts.last) != 0 {
		t.Error("a closed stream still wants something, or messages are kept for nobody")
	}
}

// TestTooManyStreams: 600 streams of one client shut out nobody, not even that
// client.
func TestTooManyStreams(t *testing.T) {
	var ts topics
	ended := func(s *stream) bool {
		select {
		case <-s.over:
			return true
		default:
			return false
		}
	}
	browser := ts.open(client{"::1", "browser"})
	var greedy []*stream
	for range 600 {
		greedy = append(greedy, ts.open(client{"::1", "script"}))
	}
	if ended(browser) || len(ts.streams) != 1+maxClientStreams {
		t.Fatalf("the browser's stream ended: %v; %d streams", ended(browser), len(ts.streams))
	}
	if !ended(greedy[600-maxClientStreams-1]) || ended(greedy[600-maxClientStreams]) {
		t.Error("not the oldest gave way")
	}
	for i := range 600 {
		ts.open(client{fmt.Sprint("10.0.0.", i), "browser"})
	}
	if len(ts.streams) != maxStreams || !ended(greedy[599]) {
		t.Errorf("%d streams; of many clients the greediest gives way first: %v", len(ts.streams), ended(greedy[599]))
	}
}

func TestRates(t *testing.T) {
	r, now := NewRates(), time.Unix(0, 0)
	for i, want := range []float64{0, 10, 10, 10, 10} {
		r.begin(now.Add(time.Duration(i) * time.Second))
		if got := r.Of("x", int64(10*i)); got != want {
			t.Errorf("tick %d: %v, want %v", i, got, want)
		}
	}
	r.begin(now.Add(5 * time.Second))
	if got := r.Of("x", 40+90); got != (130-10)/4.0 {
		t.Errorf("after a jump: %v", got)
	}
	if got := r.from0("y", 8); got != 8 {
		t.Errorf("a counter that began since the last tick: %v", got)
	}
	for i := range 3 * rateTicks {
		r.begin(now.Add(time.Duration(6+i) * time.Second))
	}
	if len(r.series) != 0 {
		t.Error("a counter that nobody asks for is kept")
	}
}

func TestListSaysWhatChanged(t *testing.T) {
	row := func(id string, n int) Row { return Row{id, map[string]any{"id": id, "n": n}} }
	var l list
	for _, tc := range []struct {
		rows []Row
		want string
	}{
		{nil, `{"rev":1,"set":[],"del":[]}`},
		{nil, ``},
		{[]Row{row("a", 1), row("b", 1)}, `{"rev":2,"set":[{"id":"a","n":1},{"id":"b","n":1}],"del":[]}`},
		{[]Row{row("a", 1), row("b", 2)}, `{"rev":3,"set":[{"id":"b","n":2}],"del":[]}`},
		{[]Row{row("b", 2)}, `{"rev":4,"set":[],"del":["a"]}`},
		{[]Row{row("b", 2)}, ``},
	} {
		got, err := l.update(tc.rows)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s, %v, want %s", got, err, tc.want)
		}
	}
	if got := string(l.whole()()); got != `{"rev":4,"all":true,"set":[{"id":"b","n":2}],"del":[]}` {
		t.Errorf("whole: %s", got)
	}
}

func TestPick(t *testing.T) {
	var rows []Row
	for _, id := range []string{"b2", "a1", "B3", "c", "b1"} {
		rows = append(rows, Row{id, id})
	}
	for _, tc := range []struct {
		q, after string
		limit    int
		want     string
	}{
		{"", "", 2, `{"rows":["B3","a1"],"total":5,"next":"a1"}`},
		{"", "a1", 2, `{"rows":["b1","b2"],"total":5,"next":"b2"}`},
		{"", "b2", 2, `{"rows":["c"],"total":5,"next":""}`},
		{"b", "", 9, `{"rows":["B3","b1","b2"],"total":3,"next":""}`},
		{"b", "b0", 1, `{"rows":["b1"],"total":3,"next":"b1"}`}, // b0 was deleted meanwhile
		{"x", "", 9, `{"rows":[],"total":0,"next":""}`},
	} {
		out, err := pick(slices.Clone(rows), tc.q, tc.after, tc.limit)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(out); string(got) != tc.want {
			t.Errorf("%+v: %s", tc, got)
		}
	}
}

func TestHistoryKeepsFiveMinutes(t *testing.T) {
	var h history
	for i := range 3 * historySeconds {
		rates := map[string]float64{"events": float64(i)}
		if i < 10 {
			rates["hub:gone"] = 1
		}
		if i == 3*historySeconds-5 {
			rates["hub:new"] = 7
		}
		h.add(time.UnixMilli(int64(i)), rates)
	}
	got := h.copy()
	if len(got.Times) != historySeconds || got.Times[0] != 2*historySeconds || got.Series["events"][0] != 2*historySeconds {
		t.Errorf("%d times from %d; events from %v", len(got.Times), got.Times[0], got.Series["events"][0])
	}
	if v := got.Series["hub:new"]; len(v) != historySeconds || v[historySeconds-5] != 7 || v[historySeconds-6] != 0 {
		t.Errorf("a series that began late: %d values, %v", len(v), v[len(v)-7:])
	}
	if _, kept := got.Series["hub:gone"]; kept {
		t.Error("a series that was 0 for five minutes is kept")
	}
}

// TestNobodyWatchesNothingIsRead: unwatched topics cost nothing.
func TestNobodyWatchesNothingIsRead(t *testing.T) {
	read := map[string]int{}
	s, err := New(Config{Boards: dashboard.New(dashboard.Options{}), Log: testkit.Discard(), Pages: []Page{
		{
			Kind: "things", Item: "thing", Rows: func(*Rates) []Row { read["things"]++; return nil },
			Detail: func(id string, _ *Rates) (any, error) { read[id]++; return nil, nil },
		},
		{Kind: "others", Rows: func(*Rates) []Row { read["others"]++; return nil }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	tick := func() { now = now.Add(time.Second); s.tick(now) }
	tick()
	if len(read) != 0 {
		t.Errorf("nobody watches: %v", read)
	}
	st := s.topics.open(client{})
	if err := s.watch(st, []string{"things", "thing:a"}, nil); err != nil {
		t.Fatal(err)
	}
	tick()
	if got := fmt.Sprint(read); got != "map[a:1 things:1]" {
		t.Errorf("read %s", got)
	}
	if err := s.watch(st, nil, []string{"things"}); err != nil {
		t.Fatal(err)
	}
	tick()
	if got := fmt.Sprint(read); got != "map[a:2 things:1]" {
		t.Errorf("read %s", got)
	}
	for _, name := range []string{"thing", "none", "none:a", "dashboard:", "dashboard:a@", "dashboard:a@0", "dashboard:a\nb", "things:", "thing:a\nevent: b"} {
		if err := s.checkTopic(name); !fault.Is(err, fault.NotFound) {
			t.Errorf("topic %q: %v", name, err)
		}
	}
}

// TestLongTopics: names of things are no way to fill the memory.
func TestLongTopics(t *testing.T) {
	s := &Server{cfg: Config{Pages: []Page{{Kind: "hubs", Item: "hub", Detail: func(string, *Rates) (any, error) { return nil, nil }}}}}
	if err := s.checkTopic("hub:" + strings.Repeat("x", maxTopic-len("hub:"))); err != nil {
		t.Error(err)
	}
	if err := s.checkTopic("hub:" + strings.Repeat("x", maxTopic)); err == nil {
		t.Error("a name of more than 4 KiB is a topic")
	}
}
