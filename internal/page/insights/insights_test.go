package insights

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// TestOperationFollowed: what a batch of many senders did is there with each, but not the
// other senders, nor what says that it is linked and is not.
func TestOperationFollowed(t *testing.T) {
	l := newLab(t, "default")
	var all []string
	for n := range 2 * maxFollowed {
		op := fmt.Sprintf("d%03d", n)
		all = append(all, `{"operation_Id":"`+op+`","id":"m`+op+`"}`)
		l.put("default", after(n, op, "", &item.Dependency{ID: "m" + op, Name: "message " + op}))
	}
	links := func(text string) item.Property { return item.Property{Name: "_MS.links", Value: text} }
	l.put("default",
		after(1000, "batch", "", &item.Request{ID: "b", Name: "store"}, links("["+strings.Join(all, ",")+"]")),
		after(1001, "batch", "b", &item.Dependency{ID: "doc", Name: "upsert"}),
		after(1002, "alarm", "", &item.Request{ID: "a", Name: "look"}, links(`[{"operation_Id":"batch","id":"doc"},{"operation_Id":"alarm","id":"a"}]`)),
		after(1003, "broken", "", &item.Request{ID: "x", Name: "broken"}, links(`[{"operation_Id":"d007`)),
		after(1004, "said", "", &item.Request{ID: "y", Name: "said"}, item.Property{Name: "note", Value: "d007"}, links(`[{"operation_Id":"other","id":"z"}]`)),
	)
	var got Operation
	l.get("/api/insights/operations/d007", &got)
	if want := "dependency message d007, request store, dependency upsert, request look"; titles(got.Rows) != want || fmt.Sprint(got.Rows[1].Causes, got.Rows[3].Causes) != "[md007] [doc a]" {
		t.Errorf("%s, want %s: %v %v", titles(got.Rows), want, got.Rows[1].Causes, got.Rows[len(got.Rows)-1].Causes)
	}
	l.get("/api/insights/operations/alarm", &got)
	if len(got.Rows) != maxFollowed+1 || got.Rows[len(got.Rows)-1].Title != "look" {
		t.Errorf("of %d rows the last is %s", len(got.Rows), titles(got.Rows[len(got.Rows)-1:]))
	}
}

// span of all that the tests put.
var span = fmt.Sprintf("from=%d&to=%d", someday.UnixMilli(), someday.Add(time.Hour).UnixMilli())

// shop puts one purchase that fails at its payment, and one that does not.
func shop(l *lab) {
	l.put("default",
		after(0, "aaa", "", &item.Request{ID: "s1", Name: "GET /buy", URL: "http://shop/buy?<b>", ResultCode: "500", Duration: 120 * time.Millisecond}),
		after(10, "aaa", "s1", &item.Trace{Message: `a "quoted" <script>alert(1)</script> line`, Severity: item.Warning}, item.Property{Name: "sku", Value: "A1"}),
		after(20, "aaa", "s1", &item.Dependency{ID: "s2", Name: "POST /pay", Target: "bank", Kind: "HTTP", Data: "http://bank/pay", ResultCode: "503", Duration: 80 * time.Millisecond}),
		after(90, "aaa", "s2", &item.Exception{Severity: item.Error, Chain: []item.Cause{
			{ID: 1, Type: "PayError", Message: "no money", Frames: []item.Frame{{Method: "pay", File: "pay.py", Line: 7}}},
			{ID: 2, OuterID: 1, Type: "Timeout", Message: "it took long", Stack: "raw stack"},
		}}),
		after(1000, "bbb", "", &item.Request{ID: "s3", Name: "GET /buy", Success: true, ResultCode: "200", Duration: 15 * time.Millisecond},
			item.Property{Name: "_MS.links", Value: `[{"operation_Id":"aaa","id":"s2"}]`}),
		after(1010, "bbb", "s3", &item.Event{Name: "bought"}),
	)
	l.put("second", after(30, "aaa", "s2", &item.Request{ID: "s4", Name: "POST /pay", Success: true, ResultCode: "200", Duration: 9 * time.Millisecond}))
}

func titles(rows []Row) string {
	var all []string
	for _, r := range rows {
		all = append(all, r.Kind+" "+r.Title)
	}
	return strings.Join(all, ", ")
}

func TestSearch(t *testing.T) {
	l := newLab(t, "default", "second")
	shop(l)
	line := `trace a "quoted" <script>alert(1)</script> line`
	for q, want := range map[string]string{
		"":                   "event bought, request GET /buy, exception PayError, request POST /pay, dependency POST /pay, " + line + ", request GET /buy",
		"type:request":       "request GET /buy, request POST /pay, request GET /buy",
		"type:request,event": "event bought, request GET /buy, request POST /pay, request GET /buy",
		"-type:request -type:trace,exception,dependency": "event bought",
		"result:failed":              "exception PayError, dependency POST /pay, request GET /buy",
		"result:ok":                  "request GET /buy, request POST /pay",
		"code:500":                   "request GET /buy",
		"code>=500":                  "dependency POST /pay, request GET /buy",
		"duration>50":                "dependency POST /pay, request GET /buy",
		"duration>0.1s":              "request GET /buy",
		"severity>=warn":             "exception PayError, " + line,
		"severity=2":                 line,
		"prop.sku:a1":                line,
		"prop.sku:*":                 line,
		"-prop.sku:a1 type:trace":    "",
		`"<script>"`:                 line,
		`"\"quoted\""`:               line,
		"BANK":                       "dependency POST /pay",
		"operation=aaa type:request": "request POST /pay, request GET /buy",
		"target:bank":                "dependency POST /pay",
		"code!=200 type:request":     "request GET /buy",
		"component:second":           "request POST /pay",
		"role:nobody":                "",
	} {
		var got Found
		l.get("/api/insights/search?"+span+"&q="+url.QueryEscape(q), &got)
		if titles(got.Rows) != want {
			t.Errorf("%s: %s, want %s", q, titles(got.Rows), want)
		}
	}
	for q, want := range map[string]string{
		"colour:red":    "no field",
		"type:nothing":  "is no type",
		"severity:loud": "is no severity",
		"duration>soon": "is no duration",
		"result:maybe":  "is no result",
		"prop.sku>x":    "is no number",
		`"open`:         "not closed",
	} {
		err := l.call("GET", "/api/insights/search?"+span+"&q="+url.QueryEscape(q), "", &Found{})
		var wrong *portal.SyntaxError
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Message, want) || wrong.Place.End <= wrong.Place.Start {
			t.Errorf("%s: %v, want %s", q, err, want)
		}
	}
	l.refused("/api/insights/search?component=third", fault.NotFound)
	l.refused("/api/insights/search?before=x", fault.Invalid)
	l.refused("/api/insights/search?from=x", fault.Invalid)
}

// TestPages: pages after each other have every row once, also where many have one time.
func TestPages(t *testing.T) {
	l := newLab(t, "default")
	var all []*item.Item
	for n := range 1000 {
		all = append(all, after(n/250*1000, "x", "", &item.Trace{Message: fmt.Sprint(n)}))
	}
	l.put("default", all...)
	seen := map[string]bool{}
	before := ""
	for pages := 0; ; pages++ {
		var got Found
		l.get("/api/insights/search?limit=90&"+span+"&before="+before, &got)
		for _, r := range got.Rows {
			if seen[r.Title] {
				t.Fatalf("%s comes twice", r.Title)
			}
			seen[r.Title] = true
		}
		if before = got.Next; before == "" {
			break
		}
		if pages > 20 {
			t.Fatal("the pages have no end")
		}
	}
	if len(seen) != 1000 {
		t.Errorf("%d rows of 1000", len(seen))
	}
}

func TestCounts(t *testing.T) {
	l := newLab(t, "default", "second")
	shop(l)
	var got Counts
	l.get(fmt.Sprintf("/api/insights/counts?from=%d&to=%d&steps=2", someday.UnixMilli(), someday.Add(2*time.Second).UnixMilli()), &got)
	if fmt.Sprint(got.Good, got.Bad, got.Kinds, got.Roles, got.Rows, got.Step) != "[2 2] [3 0] map[dependency:1 event:1 exception:1 request:3 trace:1] [{shop 7 3}] 7 1000" {
		t.Errorf("%+v", got)
	}
	l.get("/api/insights/counts?q=role:nobody&"+span, &got)
	if got.Rows != 0 {
		t.Errorf("%+v", got)
	}
	l.refused("/api/insights/counts", fault.Invalid)
	var values Values
	l.get("/api/insights/values?field=code&"+span, &values)
	if fmt.Sprint(values.Values) != "[{200 2 0} {500 1 1} {503 1 1}]" && fmt.Sprint(values.Values) != "[{200 2 0} {503 1 1} {500 1 1}]" {
		t.Errorf("%+v", values)
	}
	l.get("/api/insights/values?field=prop.sku&prefix=a&"+span, &values)
	if fmt.Sprint(values.Values) != "[{A1 1 0}]" {
		t.Errorf("%+v", values)
	}
	l.refused("/api/insights/values?field=%22", fault.Invalid)
}

// TestOperation: an operation is all that names it, in all components; an item is whole.
func TestOperation(t *testing.T) {
	l := newLab(t, "default", "second")
	shop(l)
	var got Operation
	l.get("/api/insights/operations/aaa", &got)
	if want := "request GET /buy, trace a \"quoted\" <script>alert(1)</script> line, dependency POST /pay, request POST /pay, exception PayError, request GET /buy, event bought"; titles(got.Rows) != want || got.More {
		t.Errorf("%s, want %s", titles(got.Rows), want)
	}
	if r := got.Rows[3]; r.Parent != "s2" || r.Span != "s4" || r.Component != "second" || *r.Duration != 9 || r.Bad || r.At != float64(someday.UnixMilli()+30) {
		t.Errorf("%+v", r)
	}
	if r := got.Rows[5]; r.Operation != "bbb" || fmt.Sprint(r.Causes) != "[s2]" || got.Rows[0].Causes != nil {
		t.Errorf("%+v", r)
	}
	var other Operation
	l.get("/api/insights/operations/bbb", &other)
	if other.ID != "bbb" || titles(other.Rows) != titles(got.Rows) {
		t.Errorf("from the other side: %s", titles(other.Rows))
	}
	l.refused("/api/insights/operations/zzz", fault.NotFound)

	var whole Item
	l.get("/api/insights/items/"+got.Rows[4].ID+"?kind=exception", &whole)
	if fmt.Sprint(whole.Causes) != "[{PayError no money     at pay (pay.py:7)} {Timeout it took long raw stack}]" || !whole.Bad {
		t.Errorf("%q", whole.Causes)
	}
	l.get("/api/insights/items/"+got.Rows[1].ID+"?kind=trace", &whole)
	if fmt.Sprint(whole.Properties) != "[{sku A1}]" || *whole.Severity != 2 {
		t.Errorf("%+v", whole)
	}
	var found Found
	l.get("/api/insights/search?q=operation:bbb+type:request&"+span, &found)
	l.get("/api/insights/items/"+found.Rows[0].ID+"?kind=request", &whole)
	if fmt.Sprint(whole.Links) != "[aaa]" {
		t.Errorf("%+v", whole.Links)
	}
	l.refused("/api/insights/items/x?kind=request", fault.Gone)
	l.refused("/api/insights/items/x?kind=metric", fault.Invalid)
	var list List
	l.get("/api/insights", &list)
	if fmt.Sprint(list.Components) != "[{default id of default} {second id of second}]" {
		t.Errorf("%+v", list)
	}
}
