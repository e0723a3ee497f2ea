package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// files are files of the folder by their order.
func files(texts ...string) (all []File) {
	for i, text := range texts {
		all = append(all, File{Name: fmt.Sprintf("%d.json", i), Text: []byte(text), ETag: etag([]byte(text))})
	}
	return all
}

// TestTwoBoardsDeclareADataset under one name: a container's may differ, a
// pushed one's may not.
func TestTwoBoardsDeclareADataset(t *testing.T) {
	const tile = `"tiles":[{"type":"number","title":"n","dataset":"events","aggregate":"count"}]}`
	s := New(Options{Feeds: &memoryFeed{}})
	s.Load(files(
		`{"name":"a","datasets":{"events":{"container":"db/c","time":"timestamp","stale":"20s"}},`+tile,
		`{"name":"b","datasets":{"events":{"container":"db/c","time":"timestamp"}},`+tile,
		`{"name":"c","datasets":{"events":{"push":true,"time":"at"}},`+tile,
		`{"name":"d","datasets":{"events":{"push":true,"time":"when"}},`+tile,
		`{"name":"e","datasets":{"events":{"push":true,"time":"at"}},`+tile,
	))
	for i, want := range []int{0, 0, 0, 2, 0} {
		if got := s.Boards()[i].Problems; len(got) != want {
			t.Errorf("board %d: %v", i, got)
		}
	}
	p := s.Boards()[3].Problems[0].String()
	for _, word := range []string{"dashboards/3.json:1:", "datasets.events", "dashboards/2.json declares", "time: at", "time: when", "another name"} {
		if !strings.Contains(p, word) {
			t.Errorf("%q is not in: %s", word, p)
		}
	}
	d, err := s.Push("events")
	if err != nil {
		t.Fatal(err)
	}
	d.Add([][]byte{[]byte(`{}`)}, time.Now())
	if a, b := s.Boards()[2].datasets["events"], s.Boards()[4].datasets["events"]; a != d || b != d {
		t.Error("declared alike, and not shared")
	}
}

// TestRowsStayWhenADashboardChanges: those of a pushed dataset are nowhere else.
func TestRowsStayWhenADashboardChanges(t *testing.T) {
	text := func(time, value string) string {
		return `{"name":"b","datasets":{"d":{"push":true,"time":"` + time + `"}},"tiles":[{"type":"bar","title":"n","dataset":"d","value":"` + value + `","aggregate":"sum","by":"k","window":"1h"}]}`
	}
	s := New(Options{})
	s.Load(files(text("at", "v")))
	old, err := s.Push("d")
	if err != nil {
		t.Fatal(err)
	}
	for i := range MaxRows + 10 {
		old.Add([][]byte{fmt.Appendf(nil, `{"at":%q,"then":%q,"k":"k%d","v":%d,"w":1}`, noon.Format(time.RFC3339), noon.Add(-2*time.Hour).Format(time.RFC3339), i%2, i)}, noon)
	}
	sum := func() (total float64) {
		for _, bar := range s.Boards()[0].Evaluate(noon.Add(time.Second), Range{}).Tiles[0].(BarView).Bars {
			total += bar.Value
		}
		return total
	}
	before := sum()
	s.Load(files(strings.Replace(text("at", "v"), `"title":"n"`, `"title":"m"`, 1)))
	if d, _ := s.Push("d"); d != old || sum() != before {
		t.Error("another title, another dataset")
	}
	s.Load(files(text("at", "w")))
	d, err := s.Push("d")
	if err != nil || d.Rows() != MaxRows {
		t.Fatalf("%d rows, %v", d.Rows(), err)
	}
	if got := sum(); got != float64(len(d.raw)) {
		t.Errorf("a new field has %v, of %d whole rows", got, len(d.raw))
	}
	old.Add([][]byte{fmt.Appendf(nil, `{"at":%q,"k":"k0","w":1000}`, noon.Format(time.RFC3339))}, noon)
	if got := sum(); got != float64(len(d.raw)-1+1000) {
		t.Errorf("a row that came to the old one is lost: %v", got)
	}
	s.Load(files(text("then", "w")))
	if got := sum(); got != 1000 { // which has no such time, so that of its coming
		t.Errorf("of another time: %v", got)
	}
}

// TestARowThatWillNotShowIsSaid.
func TestARowThatWillNotShowIsSaid(t *testing.T) {
	b, d := board(t, `{"type":"table","title":"","dataset":"rows","columns":[{"field":"v","title":"V"}],"window":"24h"},
		{"type":"line","title":"","dataset":"rows","value":"v","by":"k"}`)
	for _, tc := range []struct{ row, want string }{
		{`{"at":"2026-06-01T11:59:50Z","v":1,"k":"x"}`, ``},
		{`{"at":"2026-01-01T09:00:00+09:00","v":1,"k":"x"}`, `1 of 1 row is kept but older than what the tiles show: the oldest is of 2026-01-01T00:00:00Z, the widest window is 24h`},
		{`{"at":"2026-07-01T00:00:00Z","v":1,"k":"x"}`, `dated after now`},
		{`{"at":"yesterday","v":1,"k":"x"}`, `without a time in "at" that can be read`},
		{`{"at":"2026-06-01T11:59:50Z","v":1}`, `tiles read fields that no row has: k`},
	} {
		got := d.Push([][]byte{[]byte(tc.row)}, noon)
		if tc.want == "" && got.Note != "" || !strings.Contains(got.Note, tc.want) || got.Rows != 1 {
			t.Errorf("%s\n got %s\nwant %s", tc.row, got.Note, tc.want)
		}
	}
	if d.Rows() != 5 {
		t.Errorf("%d rows are kept", d.Rows())
	}
	old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	v := b.Evaluate(noon, Range{From: old - 1000, To: old + 1000}).Tiles[0].(TableView)
	if len(v.Rows) != 1 || v.Rows[0].At != old {
		t.Errorf("in its time it shows as %+v", v)
	}
}

// TestARangeOfThePast replaces the windows of all tiles.
func TestARangeOfThePast(t *testing.T) {
	b, d := board(t, `{"type":"number","title":"","dataset":"rows","value":"v","aggregate":"sum"},
		{"type":"line","title":"","dataset":"rows","value":"v","aggregate":"sum"},
		{"type":"table","title":"","dataset":"rows","columns":[{"field":"v","title":"V"}]},
		{"type":"bar","title":"","dataset":"rows","value":"v","aggregate":"sum","by":"plant"}`)
	for ago := range 7200 {
		d.Add([][]byte{row(7200-ago, "a", "s", 1, 1)}, noon)
	}
	from, to := noon.Add(-time.Hour).UnixMilli(), noon.Add(-50*time.Minute).UnixMilli()
	v := b.Evaluate(noon, Range{from, to})
	if got := *v.Tiles[0].(NumberView).Value; got != 600 {
		t.Errorf("number: %v", got)
	}
	line := v.Tiles[1].(LineView)
	total := 0.0
	for _, y := range line.Series[0].Values {
		if y != nil {
			total += *y
		}
	}
	if line.Step != 5000 || line.Times[0] != from+5000 || total < 590 || total > 600 {
		t.Errorf("line: step %d, from %d, %v in all", line.Step, line.Times[0]-from, total)
	}
	if rows := v.Tiles[2].(TableView).Rows; rows[0].At != to {
		t.Errorf("table: the newest is %v after the end", rows[0].At-to)
	}
	if bar := v.Tiles[3].(BarView).Bars[0]; bar.Value != 600 {
		t.Errorf("bar: %v", bar)
	}
	if got := *b.Evaluate(noon, Range{From: 60_000}).Tiles[0].(NumberView).Value; got != 59 { // the one a minute ago is out
		t.Errorf("the last minute: %v", got)
	}
	if since := b.Evaluate(noon, Range{noon.Add(-2 * time.Hour).UnixMilli(), noon.Add(-100 * time.Minute).UnixMilli()}).Tiles[2].(TableView).Since; since != d.rawTime[0] {
		t.Errorf("rows that are not kept whole: since %d", since)
	}
}

// TestAGroupWithoutAName: rows without the field that tells lines apart.
func TestAGroupWithoutAName(t *testing.T) {
	b, d := board(t, `{"type":"line","title":"","dataset":"rows","value":"v","by":"k"},{"type":"bar","title":"","dataset":"rows","value":"v","by":"k"}`)
	for _, k := range []string{``, `,"k":""`, `,"k":null`, `,"k":"x"`} {
		d.Add([][]byte{[]byte(`{"at":"2026-06-01T11:59:50Z","v":1` + k + `}`)}, noon)
	}
	v := b.Evaluate(noon, Range{})
	got, err := json.Marshal([]any{v.Tiles[0].(LineView).names(), v.Tiles[1]})
	if err != nil {
		t.Fatal(err)
	}
	want := `[[" none",""," x"],{"bars":[{"name":"","none":true,"value":1,"state":"ok"},{"name":"","value":1,"state":"ok"},{"name":"x","value":1,"state":"ok"}],"left":0}]`
	if string(got) != strings.ReplaceAll(want, `"",`, `" ",`) && string(got) != want {
		t.Errorf("%s", got)
	}
}

func (v LineView) names() (all []string) {
	for _, s := range v.Series {
		name := " " + s.Name
		if s.None {
			name += "none"
		}
		all = append(all, strings.TrimRight(name, " "))
	}
	return all
}

// TestADeadFeedIsNotLive: documents that a page finds are as old as they are.
func TestADeadFeedIsNotLive(t *testing.T) {
	for _, clock := range []string{"wall", "data"} {
		synctest.Test(t, func(t *testing.T) {
			f := &memoryFeed{}
			s := load(t, f, `{"name":"b","datasets":{"d":{"container":"db/c","clock":"`+clock+`"}},"tiles":[{"type":"number","title":"","dataset":"d","aggregate":"count"}]}`)
			b := s.Boards()[0]
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			state := func() DatasetView { return b.Evaluate(time.Now(), Range{}).Datasets["d"] }
			if got := state().State; got != stateReading {
				t.Errorf("%s: before it was read: %s", clock, got)
			}
			go func() { defer close(done); s.Run(ctx) }()
			defer func() { cancel(); <-done }()
			time.Sleep(time.Second)
			if got := state(); got.State != stateEmpty || got.Age != -1 {
				t.Errorf("%s: without rows: %+v", clock, got)
			}
			f.stamp.Store(time.Now().Add(-10 * time.Minute).Unix())
			f.lsn.Store(5)
			time.Sleep(time.Second)
			if got := state(); got.State != stateStale || got.Age < 599_000 || got.Age > 602_000 {
				t.Errorf("%s: rows of ten minutes ago: %+v", clock, got)
			}
			f.stamp.Store(0)
			f.lsn.Store(6)
			time.Sleep(time.Second)
			if got := state(); got.State != stateFresh || got.Age > 3000 {
				t.Errorf("%s: a row of now: %+v", clock, got)
			}
		})
	}
}

// TestPreviewLeavesTheDashboardsAlone and reads what they do not.
func TestPreviewLeavesTheDashboardsAlone(t *testing.T) {
	f := &memoryFeed{}
	f.lsn.Store(30_000)
	s := load(t, f, `{"name":"b","datasets":{"d":{"push":true}},"tiles":[{"type":"number","title":"","dataset":"d","aggregate":"count"}]}`)
	d, err := s.Push("d")
	if err != nil {
		t.Fatal(err)
	}
	d.Add([][]byte{[]byte(`{"v":4}`), []byte(`{"v":5}`)}, time.Now())
	text := `{"name":"x","datasets":{"d":{"push":true},"c":{"container":"db/c"}},"tiles":[
		{"type":"number","title":"","dataset":"d","value":"v","aggregate":"sum"},
		{"type":"number","title":"","dataset":"c","value":"n","aggregate":"max","latest":"n","where":{"even":true}},
		{"type":"number","title":"","dataset":"c","value":"n","aggregate":"mean"}]}`
	for range 2 {
		p := s.Preview(t.Context(), []byte(text), time.Now(), Range{})
		if *p.View.Tiles[0].(NumberView).Value != 9 || *p.View.Tiles[1].(NumberView).Value != 30_000 || p.View.Tiles[2] != nil || len(p.Problems) != 1 || p.Problems[0].Tile != 2 {
			t.Errorf("%+v %+v", p.View.Tiles, p.Problems)
		}
		if p.View.Datasets["c"].Rows != previewRows {
			t.Errorf("%d rows were read", p.View.Datasets["c"].Rows)
		}
	}
	if now, _ := s.Push("d"); now != d || d.has([]string{"v"}) || len(s.Boards()) != 1 {
		t.Error("the preview changed a dashboard")
	}
	if reads := f.reads.Load(); reads > 14 {
		t.Errorf("%d reads: the second preview read all again", reads)
	}
}

// TestSuggestions are dashboards without mistakes that show something.
func TestSuggestions(t *testing.T) {
	s := load(t, nil, `{"name":"telemetry-now","datasets":{"telemetry":{"push":true,"time":"at","stale":"1h"}},"tiles":[{"type":"number","title":"","dataset":"telemetry","aggregate":"count"}]}`)
	if got := s.Suggest(t.Context()); len(got) != 0 {
		t.Errorf("without data: %+v", got)
	}
	d, err := s.Push("telemetry")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		d.Add([][]byte{fmt.Appendf(nil, `{"id":"%d","at":%q,"deviceId":"d%d","data":{"temp":%d.5,"ok":true},"site":{"name":"s%d","lat":37.%d,"lon":127.%d}}`, i, time.Now().Format(time.RFC3339), i%5, 20+i%7, i%2, i%5, i%5)}, time.Now())
	}
	got := s.Suggest(t.Context())
	kinds := []string{}
	for _, one := range got {
		kinds = append(kinds, one.Kind)
		p := s.Preview(t.Context(), []byte(one.Text), time.Now(), Range{})
		for _, problem := range p.Problems {
			t.Error(problem)
		}
		if _, err := s.Board(one.Name); err == nil || len(p.View.Tiles) != one.Tiles || one.Title["ko"] == "" {
			t.Errorf("%+v", one)
		}
		if text, _ := json.Marshal(p.View.Tiles); strings.Contains(string(text), `"series":[]`) || strings.Contains(string(text), `"bars":[]`) || strings.Contains(string(text), `"sites":[]`) {
			t.Errorf("%s shows nothing: %s", one.Kind, text)
		}
	}
	if strings.Join(kinds, " ") != "now trends map groups" {
		t.Errorf("%v", kinds)
	}
	fields := map[string]string{}
	sample, err := s.Sample(t.Context(), "", "telemetry")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sample.Fields {
		fields[f.Path] = f.Kind
	}
	if fmt.Sprint(fields) != "map[at:time data.ok:truth data.temp:number deviceId:text id:text site.lat:number site.lon:number site.name:text]" {
		t.Errorf("%v", fields)
	}
}
