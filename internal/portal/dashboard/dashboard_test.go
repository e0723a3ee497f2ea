package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// board makes a dashboard of one tile over pushed datasets rows and alerts.
func board(t testing.TB, tile string) (*Board, *Dataset) {
	t.Helper()
	s := load(t, nil, `{"name":"b","title":"B","datasets":{"rows":{"push":true,"time":"at"},"alerts":{"push":true,"time":"at"}},"tiles":[`+tile+`]}`)
	d, err := s.Dataset("rows")
	if err != nil {
		t.Fatal(err)
	}
	return s.Boards()[0], d
}

// load makes the dashboards of texts without mistakes.
func load(t testing.TB, feeds Feeds, texts ...string) *Set {
	t.Helper()
	s := New(Options{Feeds: feeds})
	var files []File
	for i, text := range texts {
		files = append(files, File{Name: fmt.Sprintf("%d.json", i), Text: []byte(text), ETag: etag([]byte(text))})
	}
	s.Load(files)
	for _, b := range s.Boards() {
		for _, p := range b.Problems {
			t.Fatal(p)
		}
	}
	return s
}

// row is a reading some seconds before noon.
func row(ago int, plant, region string, v, cap float64) []byte {
	return fmt.Appendf(nil, `{"at":%q,"plant":%q,"site":{"region":%q,"lat":37,"lon":127.5},"v":%v,"cap":%v,"live":%v}`,
		noon.Add(-time.Duration(ago)*time.Second).Format(time.RFC3339), plant, region, v, cap, v > 0)
}

func TestTiles(t *testing.T) {
	rows := [][]byte{
		row(50, "a", "south", 10, 100), row(40, "b", "south", 20, 100), row(40, "c", "north", 60, 200),
		row(20, "a", "south", 30, 100), row(10, "b", "south", 40, 100), row(400, "a", "south", 1000, 1),
		[]byte(`{"at":"2026-06-01T11:59:55Z","plant":"d","v":null,"cap":"x"}`),
	}
	for name, tc := range map[string]struct{ tile, want string }{
		"last":           {`{"type":"number","title":"","dataset":"rows","value":"v","window":"1m"}`, `{"value":40,"state":"ok"}`},
		"avg":            {`{"type":"number","title":"","dataset":"rows","value":"v","aggregate":"avg","window":"1m"}`, `{"value":32,"state":"ok"}`},
		"min":            {`{"type":"number","title":"","dataset":"rows","value":"v","aggregate":"min","window":"1m"}`, `{"value":10,"state":"ok"}`},
		"sum of latest":  {`{"type":"number","title":"","dataset":"rows","value":"v","aggregate":"sum","latest":"plant","window":"1m"}`, `{"value":130,"state":"ok"}`},
		"ratio":          {`{"type":"gauge","title":"","dataset":"rows","value":"v","per":"cap","scale":100,"latest":"plant","window":"1m","thresholds":[{"at":30,"state":"warn"},{"at":50,"state":"alarm"}]}`, `{"value":32.5,"state":"warn"}`},
		"below":          {`{"type":"gauge","title":"","dataset":"rows","value":"v","window":"1m","thresholds":[{"at":40,"state":"alarm","below":true}]}`, `{"value":40,"state":"alarm"}`},
		"count":          {`{"type":"number","title":"","dataset":"rows","aggregate":"count","window":"1m"}`, `{"value":6,"state":"ok"}`},
		"count of none":  {`{"type":"number","title":"","dataset":"alerts","aggregate":"count","thresholds":[{"at":1,"state":"alarm"}]}`, `{"value":0,"state":"ok"}`},
		"none":           {`{"type":"gauge","title":"","dataset":"alerts","value":"v"}`, `{"value":null,"state":"off"}`},
		"where":          {`{"type":"number","title":"","dataset":"rows","value":"v","aggregate":"max","window":"1m","where":{"site.region":"south"}}`, `{"value":40,"state":"ok"}`},
		"where any":      {`{"type":"number","title":"","dataset":"rows","aggregate":"count","window":"1m","where":{"plant":["a","c"],"live":true}}`, `{"value":3,"state":"ok"}`},
		"bars":           {`{"type":"bar","title":"","dataset":"rows","value":"v","aggregate":"sum","by":"site.region","latest":"plant","window":"1m"}`, `{"bars":[{"name":"south","value":70,"state":"ok"},{"name":"north","value":60,"state":"ok"}],"left":0}`},
		"bars, limit":    {`{"type":"bar","title":"","dataset":"rows","value":"v","by":"plant","limit":1,"window":"1m"}`, `{"bars":[{"name":"c","value":60,"state":"ok"}],"left":2}`},
		"line":           {`{"type":"line","title":"","dataset":"rows","value":"v","by":"site.region","window":"1m","every":"30s"}`, `{"t":[1780315170000,1780315200000,1780315230000],"series":[{"name":"","v":[null,null,null]},{"name":"north","v":[60,null,null]},{"name":"south","v":[20,40,null]}],"step":30000,"left":0}`},
		"line, limit":    {`{"type":"line","title":"","dataset":"rows","value":"v","by":"plant","window":"1m","every":"30s","limit":1}`, `{"t":[1780315170000,1780315200000,1780315230000],"series":[{"name":"c","v":[60,null,null]}],"step":30000,"left":3}`},
		"line of counts": {`{"type":"line","title":"","dataset":"rows","aggregate":"count","window":"1m","every":"30s"}`, `{"t":[1780315170000,1780315200000],"series":[{"name":"","v":[3,3]}],"step":30000,"left":0}`},
		"table":          {`{"type":"table","title":"","dataset":"rows","columns":[{"field":"plant","title":"P"},{"field":"v","title":"V"}],"latest":"plant","limit":3,"where":{"site.region":["south","north"]},"window":"1m"}`, `{"rows":[{"t":1780315190000,"cells":["b",40]},{"t":1780315180000,"cells":["a",30]},{"t":1780315160000,"cells":["c",60]}]}`},
		"map":            {`{"type":"map","title":"","dataset":"rows","key":"plant","lat":"site.lat","lon":"site.lon","value":"v","window":"1m","where":{"plant":"a"},"alarm":{"dataset":"alerts","key":"plant"}}`, `{"sites":[{"key":"a","label":"a","lat":37,"lon":127.5,"value":30,"state":"ok","at":1780315180000}]}`},
		"status":         {`{"type":"map","title":"","dataset":"rows","key":"plant","lat":"site.lat","lon":"site.lon","value":"v","window":"1m","where":{"plant":"b"},"status":"site.region","states":{"south":"warn"}}`, `{"sites":[{"key":"b","label":"b","lat":37,"lon":127.5,"value":40,"state":"warn","at":1780315190000}]}`},
		"alarms":         {`{"type":"alarms","title":"","dataset":"rows","key":"plant","message":"site.region","window":"15s"}`, `{"alarms":[{"t":1780315195000,"key":"d","label":"d","severity":"alarm","message":{"en":""}},{"t":1780315190000,"key":"b","label":"b","severity":"alarm","message":{"en":"south"}}]}`},
		"two languages":  {`{"type":"alarms","title":"","dataset":"rows","key":"plant","message":{"en":"site.region","ko":"plant"},"window":"11s","where":{"plant":"b"}}`, `{"alarms":[{"t":1780315190000,"key":"b","label":"b","severity":"alarm","message":{"en":"south","ko":"b"}}]}`},
	} {
		b, d := board(t, tc.tile)
		d.Add(slices.Clone(rows), noon)
		got, err := json.Marshal(b.Evaluate(noon, Range{}).Tiles[0])
		if err != nil {
			t.Fatal(err)
		}
		var have, want map[string]any
		if err := json.Unmarshal(got, &have); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
			t.Fatal(err)
		}
		delete(have, "trend")
		if name == "line" {
			have["series"] = dropEmpty(have["series"].([]any))
			want["series"] = dropEmpty(want["series"].([]any))
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// dropEmpty leaves out series without any value.
func dropEmpty(series []any) (out []any) {
	for _, s := range series {
		if slices.ContainsFunc(s.(map[string]any)["v"].([]any), func(v any) bool { return v != nil }) {
			out = append(out, s)
		}
	}
	return out
}

func TestAlarmTurnsASiteRed(t *testing.T) {
	b, d := board(t, `{"type":"map","title":"","dataset":"rows","key":"plant","lat":"site.lat","lon":"site.lon","value":"v",
		"alarm":{"dataset":"alerts","key":"plant","window":"1m","where":{"open":true}},"detail":[{"field":"v","title":"V"}]}`)
	d.Add([][]byte{row(30, "a", "s", 1, 1), row(5, "a", "s", 2, 1), row(5, "b", "s", 3, 1)}, noon)
	alerts, err := b.set.Dataset("alerts")
	if err != nil {
		t.Fatal(err)
	}
	states := func(now time.Time) string {
		var s []string
		for _, site := range b.Evaluate(now, Range{}).Tiles[0].(MapView).Sites {
			s = append(s, site.State)
		}
		return strings.Join(s, " ")
	}
	alerts.Add([][]byte{[]byte(`{"at":"2026-06-01T11:59:50Z","plant":"a","open":false}`)}, noon)
	if got := states(noon); got != "ok ok" {
		t.Errorf("a closed alarm: %s", got)
	}
	alerts.Add([][]byte{[]byte(`{"at":"2026-06-01T11:59:50Z","plant":"a","open":true}`)}, noon)
	if got := states(noon); got != "alarm ok" {
		t.Errorf("an open alarm: %s", got)
	}
	if got := states(noon.Add(time.Minute)); got != "ok ok" {
		t.Errorf("an alarm that is over: %s", got)
	}
	past, err := b.Site(0, "a", noon)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(past); string(got) != `{"t":[1780315170000,1780315195000],"series":[{"name":"v","v":[1,2]}],"left":0}` {
		t.Errorf("its past: %s", got)
	}
	if _, err := b.Site(1, "a", noon); !fault.Is(err, fault.NotFound) {
		t.Errorf("a tile that is not there: %v", err)
	}
}

func TestADatasetForgetsTheOldest(t *testing.T) {
	b, d := board(t, `{"type":"number","title":"","dataset":"rows","value":"v","aggregate":"sum","window":"24h"}`)
	var rows [][]byte
	for range MaxRows {
		rows = append(rows, row(60, "a", "s", 1, 1))
	}
	d.Add(rows, noon)
	for range 100 {
		d.Add([][]byte{row(1, "a", "s", 3, 1)}, noon)
	}
	v := b.Evaluate(noon, Range{})
	if got := *v.Tiles[0].(NumberView).Value; got != MaxRows-100+300 || v.Datasets["rows"].Rows != MaxRows || v.Datasets["rows"].Total != MaxRows+100 {
		t.Errorf("sum %v, %+v", got, v.Datasets["rows"])
	}
	if len(d.raw) >= 2*maxRaw {
		t.Errorf("%d whole rows", len(d.raw))
	}
	if d.Clear(); d.Rows() != 0 {
		t.Error("rows after Clear")
	}
}

func TestStale(t *testing.T) {
	b, d := board(t, `{"type":"number","title":"","dataset":"rows","aggregate":"count"}`)
	if b.Evaluate(noon, Range{}).Datasets["rows"].State != stateEmpty {
		t.Error("not empty before the first row")
	}
	d.Add([][]byte{row(0, "a", "s", 1, 1)}, noon)
	if b.Evaluate(noon.Add(29*time.Second), Range{}).Datasets["rows"].State != stateFresh {
		t.Error("stale after 29 s")
	}
	if v := b.Evaluate(noon.Add(31*time.Second), Range{}).Datasets["rows"]; v.State != stateStale || v.Age != 31_000 {
		t.Error("not stale after 31 s")
	}
}

func TestRefusedDefinitions(t *testing.T) {
	tile := func(text string) string {
		return `{"name":"b","title":"B","datasets":{"d":{"push":true}},"tiles":[` + text + `]}`
	}
	for text, want := range map[string]string{
		`{"name":"a b","title":"","datasets":{},"tiles":[]}`:                                                                             "name:",
		`{"name":"b","titel":""}`:                                                                                                        `"titel" is unknown here; did you mean "title"?`,
		tile(`{"type":"pie","dataset":"d"}`):                                                                                             "tiles[0].type:",
		tile(`{"type":"number","dataset":"e"}`):                                                                                          "tiles[0].dataset:",
		tile(`{"type":"number","dataset":"d"}`):                                                                                          "tiles[0].value:",
		tile(`{"type":"bar","dataset":"d","value":"v"}`):                                                                                 "tiles[0].by:",
		tile(`{"type":"map","dataset":"d","key":"k"}`):                                                                                   "tiles[0].lat:",
		tile(`{"type":"number","dataset":"d","value":"v","aggregate":"median"}`):                                                         "tiles[0].aggregate:",
		tile(`{"type":"number","dataset":"d","value":"v","window":"-1s"}`):                                                               "not a duration",
		tile(`{"type":"line","dataset":"d","value":"v","window":"24h","every":"1s"}`):                                                    "tiles[0].every:",
		tile(`{"type":"number","dataset":"d","value":"v","thresholds":[{"at":1,"state":"bad"}]}`):                                        "tiles[0].thresholds[0].state:",
		tile(`{"type":"number","dataset":"d","value":"v","where":{"a":{}}}`):                                                             "tiles[0].where.a:",
		tile(`{"type":"number","dataset":"d","value":"v","alarm":{"dataset":"x","key":"k"}}`):                                            "tiles[0].alarm.dataset:",
		tile(`{"type":"number","dataset":"d","value":"v"}`) + "{}":                                                                       "more after the end",
		`{"name":"b","title":"","datasets":{"d":{"push":true,"container":"a/b"}},"tiles":[{"type":"number","dataset":"d","value":"v"}]}`: "datasets.d:",
		`{"name":"b","title":"","datasets":{"d":{"container":"a"}},"tiles":[{"type":"number","dataset":"d","value":"v"}]}`:               "datasets.d.container:",
	} {
		_, problems := Parse("b.json", []byte(text))
		if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.String(), want) }) {
			t.Errorf("%s\n got %v\nwant %s", text, problems, want)
		}
	}
}

// memoryFeed is a change feed of rows in memory.
type memoryFeed struct {
	lsn   atomic.Uint64
	reads atomic.Int64
	fail  atomic.Bool
	stamp atomic.Int64 // _ts of documents; 0 for now
}

func (f *memoryFeed) Open(string) (Feed, error) { return f, nil }
func (f *memoryFeed) Containers() []string      { return []string{"db/c"} }
func (f *memoryFeed) LSN() uint64               { return f.lsn.Load() }
func (f *memoryFeed) Changes(_ context.Context, after uint64, max int) ([][]byte, uint64, error) {
	f.reads.Add(1)
	if f.fail.Load() {
		return nil, after, fault.New(fault.Gone, "container", "deleted")
	}
	var docs [][]byte
	for ; after < f.lsn.Load() && len(docs) < max; after++ {
		stored := f.stamp.Load()
		if stored == 0 {
			stored = time.Now().Unix()
		}
		docs = append(docs, fmt.Appendf(nil, `{"n":%d,"even":%v,"_ts":%d}`, after+1, after%2 == 1, stored))
	}
	return docs, after, nil
}

func TestFeedsAreFollowedWhileSomebodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &memoryFeed{}
		s := load(t, f, `{"name":"b","title":"B","datasets":{"d":{"container":"db/c"}},"tiles":[{"type":"number","title":"","dataset":"d","value":"n","aggregate":"max","window":"1h"}]}`)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		f.lsn.Store(MaxRows + 500)
		time.Sleep(time.Hour) // of the bubble's clock
		if n := f.reads.Load(); n != 0 {
			t.Errorf("%d reads though nobody watches", n)
		}
		b := s.Boards()[0]
		b.Evaluate(time.Now(), Range{})
		time.Sleep(5 * time.Second)
		v := b.Evaluate(time.Now(), Range{})
		if v.Datasets["d"].Rows != MaxRows || *v.Tiles[0].(NumberView).Value != MaxRows+500 {
			t.Errorf("%+v", v.Datasets["d"])
		}
		f.fail.Store(true)
		time.Sleep(time.Second)
		if v := b.Evaluate(time.Now(), Range{}); v.Datasets["d"].Error == "" || v.Datasets["d"].Rows != 0 {
			t.Errorf("a feed that fails: %+v", v.Datasets["d"])
		}
		f.fail.Store(false)
		f.lsn.Store(3)
		time.Sleep(time.Second)
		if v := b.Evaluate(time.Now(), Range{}); v.Datasets["d"].Error != "" || v.Datasets["d"].Rows != 3 {
			t.Errorf("a feed made anew: %+v", v.Datasets["d"])
		}
		before := f.reads.Load()
		time.Sleep(watchedFor + time.Second)
		during := f.reads.Load()
		if time.Sleep(time.Hour); f.reads.Load() != during || during == before {
			t.Errorf("reads %d, %d, %d", before, during, f.reads.Load())
		}
		cancel()
		<-done
	})
}

// TestAlarmsAreUrgent: rows of a dataset that a tile shows as alarms are told
// of at once, pushed or read from a feed; others are not.
func TestAlarmsAreUrgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &memoryFeed{}
		s := load(t, f, `{"name":"b","title":"B","datasets":{"d":{"push":true},"pushed":{"push":true},"fed":{"container":"db/c"}},"tiles":[
			{"type":"number","title":"","dataset":"d","aggregate":"count"},
			{"type":"map","title":"","dataset":"d","key":"k","lat":"a","lon":"b","value":"v","alarm":{"dataset":"pushed","key":"k"}},
			{"type":"alarms","title":"","dataset":"fed","key":"k","message":"m"}]}`)
		told := func() []string {
			select {
			case <-s.Alarms():
				return s.Urgent()
			default:
				return nil
			}
		}
		add := func(name string) {
			d, err := s.Dataset(name)
			if err != nil {
				t.Fatal(err)
			}
			d.Add([][]byte{[]byte(`{"k":"x"}`)}, time.Now())
		}
		if add("d"); told() != nil {
			t.Error("plain rows are urgent")
		}
		if add("pushed"); !slices.Equal(told(), []string{"b"}) || told() != nil {
			t.Error("an alarm that is pushed is not told of once")
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		s.Boards()[0].Evaluate(time.Now(), Range{})
		time.Sleep(time.Second) // of the bubble's clock
		f.lsn.Store(1)
		began := time.Now()
		<-s.Alarms()
		if late := time.Since(began); late > pollEvery || !slices.Equal(s.Urgent(), []string{"b"}) {
			t.Errorf("an alarm of a feed came after %v", late)
		}
		cancel()
		<-done
	})
}

// FuzzPick holds the one-pass reader against encoding/json.
func FuzzPick(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `{"b":{"c":"x\"y"},"a":[{"a":2}]}`, `{"b":1,"a":null}`, `{ "a" : -1.5e3 , "b" : { "c" : true } }`, `[]`, `{"a":"\u00e9"}`, `{"a`, `{"b":{"c":{}}}`} {
		f.Add(s)
	}
	p := newPicker([]string{"a", "b.c", "a"})
	f.Fuzz(func(t *testing.T, s string) {
		got := p.pick([]byte(s), nil) // must come back, whatever the text is
		var row struct {
			A json.RawMessage            `json:"a"`
			B map[string]json.RawMessage `json:"b"`
		}
		var names map[string]json.RawMessage
		if !json.Valid([]byte(s)) || json.Unmarshal([]byte(s), &names) != nil || json.Unmarshal([]byte(s), &row) != nil {
			return
		}
		if strings.Contains(s, `\`) || ambiguous(s) {
			return // escaped, repeated or differently spelt names, which the two read differently
		}
		for i, want := range []json.RawMessage{names["a"], row.B["c"], names["a"]} {
			if have := strings.TrimSpace(string(got[i])); have != string(want) {
				t.Fatalf("field %d of %s: %s, want %s", i, s, have, want)
			}
		}
	})
}

// ambiguous reports names that differ in case, or come twice.
func ambiguous(s string) bool {
	low := strings.ToLower(s)
	return strings.Count(low, `"a"`) > 1 || strings.Count(low, `"b"`) > 1 || strings.Count(low, `"c"`) > 1 ||
		strings.Contains(s, `"A"`) || strings.Contains(s, `"B"`)
}

// BenchmarkAdd is what a row costs a dataset that somebody watches.
func BenchmarkAdd(b *testing.B) {
	_, d := board(b, `{"type":"line","title":"","dataset":"rows","value":"v","by":"site.region","latest":"plant"}`)
	rows := [][]byte{row(1, "a", "south", 1, 2)}
	b.SetBytes(int64(len(rows[0])))
	b.ReportAllocs()
	for b.Loop() {
		d.Add(rows, noon)
	}
}

// BenchmarkEvaluate is one second of a dashboard of six tiles over a full
// dataset, whoever watches.
func BenchmarkEvaluate(b *testing.B) {
	tiles := []string{
		`{"type":"number","title":"","dataset":"rows","value":"v","aggregate":"sum","latest":"plant","window":"1m"}`,
		`{"type":"gauge","title":"","dataset":"rows","value":"v","per":"cap","latest":"plant","window":"1m"}`,
		`{"type":"bar","title":"","dataset":"rows","value":"v","by":"site.region","latest":"plant","window":"1m"}`,
		`{"type":"line","title":"","dataset":"rows","value":"v","by":"site.region","aggregate":"avg","window":"2h"}`,
		`{"type":"number","title":"","dataset":"rows","value":"v","aggregate":"avg","window":"1m","trend":"2h"}`,
		`{"type":"map","title":"","dataset":"rows","key":"plant","lat":"site.lat","lon":"site.lon","value":"v","window":"1m"}`,
		`{"type":"table","title":"","dataset":"rows","columns":[{"field":"plant","title":"P"}]}`,
	}
	board, d := board(b, strings.Join(tiles, ","))
	rows := make([][]byte, MaxRows)
	for i := range rows {
		rows[i] = row((MaxRows-i)/100, fmt.Sprint("p", i%100), fmt.Sprint("r", i%17), float64(i%50), 100)
	}
	d.Add(rows, noon)
	for b.Loop() {
		board.Evaluate(noon, Range{})
	}
}
