package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// column is the index of a column of a table.
func columnOf(t testing.TB, tb kql.Table, name string) int {
	t.Helper()
	at := slices.IndexFunc(tb.Columns(), func(c kql.Column) bool { return c.Name == name })
	if at < 0 {
		t.Fatalf("there is no column %s", name)
	}
	return at
}

func count(t testing.TB, tb kql.Table, ask kql.Ask) int {
	t.Helper()
	n := 0
	for chunk, err := range tb.Scan(context.Background(), ask) {
		if err != nil {
			t.Fatal(err)
		}
		n += chunk.N
	}
	return n
}

// sealedTraces is a store of sealed groups of 100 traces, an hour each; every message
// says its number and its group in words.
func sealedTraces(t testing.TB, groups int) *running {
	t.Helper()
	s := start(t, Options{FS: vfs.NewMem(), GroupItems: 100, Component: Component{AppID: "app-1", AppName: "shop", ResourceID: "/subscriptions/s"}})
	for g := range groups {
		for n := range 100 {
			s.put(&item.Item{
				Time: someday.Add(time.Duration(g)*time.Hour + time.Duration(n)*time.Second), Operation: item.Operation{ID: fmt.Sprintf("%032x", g*100+n)},
				Properties: []item.Property{{Name: "path", Value: fmt.Sprintf("C:\\new%d\nline%d", g, g)}},
				Body:       &item.Trace{Message: fmt.Sprintf("number%d: Größe of Group-%d ist x", n, 7000+g)},
			})
		}
		s.settle()
	}
	return s
}

// A scan reads only the blocks whose times and words can match, the newest first
// when that is asked.
func TestScanSkips(t *testing.T) {
	testkit.NoLeaks(t)
	s := sealedTraces(t, 5)
	tb, _ := Tables(s.Store).Table("traces")
	message, operation, dimensions := columnOf(t, tb, "message"), columnOf(t, tb, "operation_Id"), columnOf(t, tb, "customDimensions")
	hour := func(h int) int64 { return kql.Ticks(someday.Add(time.Duration(h) * time.Hour)) }
	for _, c := range []struct {
		name string
		ask  kql.Ask
		want int // rows of the blocks that are read
	}{
		{"all", kql.Ask{}, 500},
		{"from", kql.Ask{From: hour(3)}, 200},
		{"to", kql.Ask{To: hour(3)}, 300},
		{"between", kql.Ask{From: hour(1) + 1, To: hour(2) + 1}, 200},
		{"never", kql.Ask{From: hour(9)}, 0},
		{"floor", kql.Ask{Newest: true, Floor: func() int64 { return hour(4) }}, 100},
		{"equal", kql.Ask{Terms: []kql.Term{{Column: operation, How: kql.TermEqual, Text: fmt.Sprintf("%032x", 234)}}}, 100},
		{"equal, no such", kql.Ask{Terms: []kql.Term{{Column: operation, How: kql.TermEqual, Text: fmt.Sprintf("%032x", 999)}}}, 0},
		{"has", kql.Ask{Terms: []kql.Term{{Column: message, How: kql.TermHas, Text: "number7"}}}, 500},
		{"has a phrase", kql.Ask{Terms: []kql.Term{{Column: message, How: kql.TermHas, Text: "GROUP-7003"}}}, 100},
		{"has beyond ASCII", kql.Ask{Terms: []kql.Term{{Column: message, How: kql.TermHas, Text: "größe"}}}, 500},
		{"contains a part", kql.Ask{Terms: []kql.Term{{Column: message, How: kql.TermContains, Text: "oup-7003"}}}, 500},
		{"contains a word", kql.Ask{Terms: []kql.Term{{Column: message, How: kql.TermContains, Text: "-7003 "}}}, 100},
		{"behind an escape", kql.Ask{Terms: []kql.Term{{Column: dimensions, How: kql.TermHas, Text: "line2"}}}, 100},
		{"behind a backslash", kql.Ask{Terms: []kql.Term{{Column: dimensions, How: kql.TermHas, Text: "new2"}}}, 100},
		{"an escape as it is written", kql.Ask{Terms: []kql.Term{{Column: dimensions, How: kql.TermContains, Text: `\nline2"`}}}, 100},
		{"both", kql.Ask{From: hour(3), Terms: []kql.Term{{Column: message, How: kql.TermHas, Text: "group-7001"}}}, 0},
		{"a letter that folds to ASCII", kql.Ask{Terms: []kql.Term{{Column: message, How: kql.TermHas, Text: "ſomething"}}}, 500},
	} {
		if got := count(t, tb, c.ask); got != c.want {
			t.Errorf("%s: %d rows, want %d", c.name, got, c.want)
		}
	}
	times := func(newest bool) []string {
		got, _ := scanned(t, &item.Of(item.TraceType).Classic, item.Of(item.TraceType), tb, kql.Ask{Columns: []int{0}, Newest: newest})
		return []string{got[0], got[len(got)-1]}
	}
	if got := times(false); got[0] >= got[1] {
		t.Errorf("not the oldest first: %v", got)
	}
	if got := times(true); got[0] <= got[1] {
		t.Errorf("not the newest first: %v", got)
	}
}

// What a filter excludes, no text has: random words against random texts.
func TestFilterNeverLies(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	letters := []rune("abcXYZ019-_ .\"\\né中ſKİı\x00")
	text := func(n int) string {
		var b strings.Builder
		for range rng.IntN(n) {
			b.WriteRune(letters[rng.IntN(len(letters))])
		}
		return b.String()
	}
	excluded := 0
	for range 5000 {
		s := text(30)
		f := newFilter(len(s))
		f.addWords(s, false)
		bits := f.fold()
		has := func(term kql.Term) bool {
			if bits == nil {
				return true
			}
			for _, h := range required(term) {
				for _, at := range probes(h, uint64(len(bits)*64)) {
					if bits[at>>6]&(1<<(at&63)) == 0 {
						return false
					}
				}
			}
			return true
		}
		part := text(5)
		if !has(kql.Term{How: kql.TermContains, Text: part}) {
			excluded++
			if strings.Contains(strings.ToLower(s), strings.ToLower(part)) || strings.Contains(strings.ToUpper(s), strings.ToUpper(part)) {
				t.Fatalf("%q contains %q, and the filter says it does not", s, part)
			}
		}
		if !has(kql.Term{How: kql.TermEqual, Text: s}) {
			t.Fatalf("%q equals itself", s)
		}
	}
	if excluded == 0 {
		t.Error("nothing is ever excluded")
	}
}

// Columns that all rows share are the component's, and several components are
// one table.
func TestComponents(t *testing.T) {
	testkit.NoLeaks(t)
	a := sealedTraces(t, 1)
	b := start(t, Options{FS: vfs.NewMem(), Component: Component{AppName: "other", ResourceID: "/r"}})
	b.put(&item.Item{Time: someday, Body: &item.Trace{Message: "hello", Severity: item.Error}})
	b.flush()
	both := Tables(a.Store, b.Store)
	for _, name := range []string{"traces", "AppTraces"} {
		tb, _ := both.Table(name)
		if got := count(t, tb, kql.Ask{}); got != 101 {
			t.Errorf("%s has %d rows", name, got)
		}
	}
	if got := len(both.Names()); got != item.Types {
		t.Errorf("%d names", got)
	}
	if _, ok := both.Table("nothing"); ok {
		t.Error("there is a table nothing")
	}
	tb, _ := Tables(b.Store).Table("traces")
	for name, want := range map[string]string{"appName": "other", "_ResourceId": "/r", "itemType": "trace", "severityLevel": "3", "message": "hello", "customDimensions": "", "itemCount": "1"} {
		at0 := columnOf(t, tb, name)
		for chunk, err := range tb.Scan(t.Context(), kql.Ask{Columns: []int{at0}}) {
			if err != nil {
				t.Fatal(err)
			}
			v := chunk.Columns[0]
			if v.Load != nil {
				if v, err = v.Load(); err != nil {
					t.Fatal(err)
				}
			}
			if got := at(v, 0); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	}
}

// An item id is for ever: sealing and opening do not change it.
func TestItemIDs(t *testing.T) {
	testkit.NoLeaks(t)
	opts := Options{FS: vfs.NewMem(), GroupItems: 100}
	s := start(t, opts)
	s.put(randomItems(rand.New(rand.NewPCG(1, 1)), 0, 350)...)
	s.flush()
	read := func() map[string]string { // id by row
		out := map[string]string{}
		for k := range item.Types {
			schema := item.Of(item.Type(k))
			tb, _ := Tables(s.Store).Table(schema.Classic.Name)
			rows, ids := scanned(t, &schema.Classic, schema, tb, everything(tb))
			for i := range rows {
				out[rows[i]] = ids[i]
			}
		}
		return out
	}
	before := read()
	s.stop()
	s = start(t, opts)
	for row, id := range read() {
		if before[row] != id {
			t.Fatalf("id %s became %s", before[row], id)
		}
	}
}

// A query that ends stops the scan.
func TestScanEnds(t *testing.T) {
	testkit.NoLeaks(t)
	s := sealedTraces(t, 2)
	tb, _ := Tables(s.Store).Table("traces")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range tb.Scan(ctx, kql.Ask{}) {
		if err == nil {
			t.Error("a scan goes on after its context has ended")
		}
	}
	for range tb.Scan(context.Background(), kql.Ask{}) {
		break
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		if seg.readers != 0 {
			t.Errorf("%d scans still hold %s", seg.readers, seg.path)
		}
	}
}

// Whatever a file's bytes are, reading them ends without panic and without more
// memory than they justify.
func FuzzDecode(f *testing.F) {
	mem := vfs.NewMem()
	s := start(f, Options{FS: mem, GroupItems: 30})
	s.put(randomItems(rand.New(rand.NewPCG(1, 1)), 0, 45)...)
	s.settle()
	for _, name := range files(f, mem, "") {
		f.Add(contents(f, mem, name), uint8(0), uint8(0), uint16(3))
	}
	e, err := newEncoder()
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range s.segments[0].blocks {
		file := contents(f, mem, files(f, mem, segmentSuffix)[0])
		for _, p := range b.columns {
			f.Add(file[p.at:p.at+uint64(p.length)], uint8(p.coding), uint8(0), uint16(b.rows))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, c, kind uint8, rows uint16) {
		readJournal(b)
		var seg segment
		seg.parse(b, uint64(len(b)))
		for _, packed := range []bool{false, true} {
			p := place{coding: coding(c % 8), packed: packed, raw: uint32(len(b)), length: uint32(len(b))}
			payload := b
			if packed {
				payload = e.pack.EncodeAll(b, nil)
			}
			v, err := decode(p, storage(kind%3), int(rows), payload, s.unpack)
			if err != nil || v.same {
				continue
			}
			if max(len(v.codes), len(v.ints), len(v.reals)) != int(rows) && len(v.texts) != int(rows) {
				t.Fatalf("%d codes, %d ints, %d reals, %d texts of %d rows", len(v.codes), len(v.ints), len(v.reals), len(v.texts), rows)
			}
			for _, code := range v.codes {
				if int(code) >= len(v.texts) {
					t.Fatal("a code without text")
				}
			}
		}
	})
}
