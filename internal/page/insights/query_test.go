package insights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

func queryBody(text string) string {
	body, err := json.Marshal(Query{Text: text})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func TestQuery(t *testing.T) {
	l := newLab(t, "default", "second")
	shop(l)
	var got Answer
	text := "requests\n| summarize n = count() by success\n| order by success asc | render piechart with (title=\"<b>\")"
	if err := l.call(http.MethodPost, "/api/insights/query", queryBody(text), &got); err != nil {
		t.Fatal(err)
	}
	if rows := fmt.Sprintf("%s", got.Rows); fmt.Sprint(got.Columns) != "[{success string} {n long}]" || rows != `[["False",1] ["True",2]]` {
		t.Errorf("%v %s", got.Columns, rows)
	}
	if got.Render == nil || got.Render.Kind != "piechart" || got.Render.Properties["title"] != "<b>" || got.Scanned != 3 {
		t.Errorf("%+v %d", got.Render, got.Scanned)
	}
	for text, want := range map[string]portal.Place{
		"requests\n| wher 1":               {Line: 2, Col: 3, Start: 11, End: 15},
		"requests | where \"한\" == nosuch": {Line: 1, Col: 25, Start: 26, End: 32},
		"requests |":                       {Line: 1, Col: 11, Start: 10, End: 10},
	} {
		err := l.call(http.MethodPost, "/api/insights/query", queryBody(text), &got)
		var wrong *portal.SyntaxError
		if !errors.As(err, &wrong) || wrong.Place != want {
			t.Errorf("%s: %v %+v, want %+v", text, err, wrong, want)
		}
		var checked Checked
		if err := l.call(http.MethodPost, "/api/insights/check", queryBody(text), &checked); err != nil || len(checked.Problems) != 1 || checked.Problems[0].Place != want {
			t.Errorf("%s is checked: %v %+v", text, err, checked)
		}
	}
	var checked Checked
	if err := l.call(http.MethodPost, "/api/insights/check", queryBody("requests | count"), &checked); err != nil || len(checked.Problems) != 0 {
		t.Errorf("%v %+v", err, checked)
	}
	var list AskedList
	l.get("/api/insights/queries", &list)
	if len(list.Queries) != 4 || list.Queries[0].Rows != 2 || list.Queries[1].Error == "" {
		t.Errorf("%+v", list)
	}
	for body, kind := range map[string]fault.Kind{queryBody(" "): fault.Invalid, queryBody(strings.Repeat("x", maxQuery+1)): fault.TooLarge, "[]": fault.Invalid} {
		if err := l.call(http.MethodPost, "/api/insights/query", body, &got); fault.KindOf(err) != kind {
			t.Errorf("%.40s: %v, want %v", body, err, kind)
		}
	}
	var schema Schema
	l.get("/api/insights/schema", &schema)
	if len(schema.Tables) != 10 || schema.Tables[0].Name != "requests" || schema.Tables[0].Columns[0] != (Column{"timestamp", "datetime"}) {
		t.Errorf("%+v", schema)
	}
}

// TestManyRows: what is cut says so, and an export is whole.
func TestManyRows(t *testing.T) {
	l := newLab(t, "default")
	var got Answer
	if err := l.call(http.MethodPost, "/api/insights/query", queryBody("range x from 1 to 20000 step 1"), &got); err != nil || len(got.Rows) != shownRows || got.Partial == "" {
		t.Errorf("%v: %d rows, %q", err, len(got.Rows), got.Partial)
	}
	r := httptest.NewRequest(http.MethodPost, "/api/insights/export", strings.NewReader(queryBody(`range x from 1 to 20000 step 1 | extend y = "a,\"b\"\n<i>"`)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	l.mux.ServeHTTP(w, r)
	if body := w.Body.String(); !strings.HasPrefix(body, "x,y\n1,\"a,\"\"b\"\"\n<i>\"\n") || strings.Count(body, "<i>") != 20000 {
		t.Errorf("%.60s", body)
	}
}

// TestGone: a query whose browser is gone ends.
func TestGone(t *testing.T) {
	l := newLab(t, "default")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := httptest.NewRequest(http.MethodPost, "/api/insights/query", strings.NewReader(queryBody("range x from 1 to 100000000 step 1 | count"))).WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	l.mux.ServeHTTP(httptest.NewRecorder(), r)
	if !fault.Is(l.last, fault.Unavailable) || len(l.past) != 0 {
		t.Errorf("%v, %v", l.last, l.past)
	}
}
