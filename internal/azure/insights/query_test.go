package insights

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/kql"
)

// answers has the language answer with a result, or an error, and tells what it was asked.
func (l *lab) answers(r *kql.Result, err error) *kql.Options {
	o := &kql.Options{}
	l.Run = func(_ context.Context, _ kql.Tables, _ string, given kql.Options) (*kql.Result, error) {
		*o = given
		return r, err
	}
	return o
}

// everyKind is a row of each type.
func everyKind() *kql.Result {
	at := time.Date(2026, 11, 30, 1, 2, 3, 450_000_000, time.UTC)
	bag := &kql.Bag{}
	bag.Set(`a"<`, []any{int64(1), 2.5, nil, true, "é\n"})
	one := func(k kql.Kind) kql.Vector { return kql.Vector{Kind: k} }
	vectors := []kql.Vector{one(kql.Bool), one(kql.Int), one(kql.Long), one(kql.Real), one(kql.String), one(kql.Datetime), one(kql.Timespan), one(kql.GUID), one(kql.Decimal), one(kql.Dynamic), one(kql.Real), one(kql.Long)}
	for n := range vectors {
		v := &vectors[n]
		switch v.Kind {
		case kql.Bool:
			v.Ints = []int64{1}
		case kql.Int, kql.Long:
			v.Ints = []int64{-7}
		case kql.Real:
			v.Reals = []float64{1.5}
		case kql.Datetime:
			v.Ints = []int64{kql.Ticks(at)}
		case kql.Timespan:
			v.Ints = []int64{-(kql.Day + kql.Hour + 5*kql.Millisecond)}
		case kql.Dynamic:
			v.Dynamics = []any{bag}
		case kql.GUID:
			v.Texts = []string{labApp}
		default:
			v.Texts = []string{"7"}
		}
	}
	vectors[10].Reals = []float64{math.NaN()}
	vectors[11].Nulls = kql.NewBitmap(1)
	vectors[11].Nulls.Set(0)
	r := &kql.Result{Rows: 1, Chunks: []*kql.Chunk{{N: 1}}, Scanned: 9, Render: &kql.Render{Kind: "timechart", Properties: []kql.Property{{Name: "title", Value: "T"}}}}
	for n := range vectors {
		r.Columns = append(r.Columns, kql.Column{Name: "c" + string(rune('a'+n)), Kind: vectors[n].Kind})
		r.Chunks[0].Columns = append(r.Chunks[0].Columns, &vectors[n])
	}
	return r
}

// TestResult: each type in JSON, as clients read it, at every place of a query.
func TestResult(t *testing.T) {
	l := newLab(t)
	l.answers(everyKind(), nil)
	want := `{"tables":[{"name":"PrimaryResult","columns":[{"name":"ca","type":"bool"},{"name":"cb","type":"int"},{"name":"cc","type":"long"},{"name":"cd","type":"real"},{"name":"ce","type":"string"},{"name":"cf","type":"datetime"},{"name":"cg","type":"timespan"},{"name":"ch","type":"guid"},{"name":"ci","type":"decimal"},{"name":"cj","type":"dynamic"},{"name":"ck","type":"real"},{"name":"cl","type":"long"}],"rows":[[true,-7,-7,1.5,"7","2026-11-30T01:02:03.45Z","-1.01:00:00.0050000","` + labApp + `","7","{\"a\\\"\u003c\":[1,2.5,null,true,\"é\\n\"]}","NaN",null]]}]}`
	for _, place := range []string{"apps/" + labApp, "apps/first", "workspaces/" + labApp} {
		code, got, _ := l.send("/v1/"+place+"/query", `{"query":"requests"}`)
		if code != http.StatusOK || got != want {
			t.Errorf("%s: %d\n%s\nwant\n%s", place, code, got, want)
		}
	}
	code, got, _ := l.send("/v1/apps/first/query", `{"query":"requests"}`, "Prefer", "wait=10,include-statistics=true,include-render=true")
	if code != http.StatusOK || !strings.Contains(got, `"statistics":{"query":{"executionTime":`) || !strings.Contains(got, `"render":{"visualization":"timechart","title":"T"}`) {
		t.Error(code, got)
	}
	r := httptest.NewRequest(http.MethodGet, "/v1/apps/first/query?query="+url.QueryEscape("requests | take 1")+"&timespan=PT1H", nil)
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Body.String() != want {
		t.Error(w.Code, w.Body)
	}
}

// TestBatch answers each query for itself.
func TestBatch(t *testing.T) {
	l := newLab(t)
	l.answers(&kql.Result{}, nil)
	code, got, _ := l.send("/v1/$batch", `{"requests":[{"id":"1","headers":{"Prefer":"wait=5"},"body":{"query":"a"},"method":"POST","path":"/query","workspace":"`+labApp+`"},{"id":"2","body":{"query":"a"},"workspace":"none"},{"id":"3","body":{},"workspace":"`+labApp+`"}]}`)
	var reply struct {
		Responses []struct {
			ID     string
			Status int
			Body   json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(got), &reply); err != nil || code != 200 || len(reply.Responses) != 3 {
		t.Fatal(code, got, err)
	}
	for n, want := range []int{200, 404, 400} {
		if r := reply.Responses[n]; r.Status != want || r.ID != string(rune('1'+n)) {
			t.Errorf("%d: %+v", n, r)
		}
	}
}

// TestQueryErrors: the shapes that clients take apart.
func TestQueryErrors(t *testing.T) {
	l := newLab(t)
	l.answers(nil, &kql.Error{Class: kql.SyntaxError, Code: "SYN0002", Message: "Query could not be parsed at '{' on line [1,11]", Line: 1, Pos: 11, Token: "{"})
	code, got, _ := l.send("/v1/apps/first/query", `{"query":"requests | { "}`)
	if code != 400 || !strings.HasPrefix(got, `{"error":{"message":"The request had some invalid properties","code":"BadArgumentError","correlationId":"`) ||
		!strings.HasSuffix(got, `"innererror":{"code":"SyntaxError","message":"A recognition error occurred in the query.","innererror":{"code":"SYN0002","message":"Query could not be parsed at '{' on line [1,11]","line":1,"pos":11,"token":"{"}}}}`) {
		t.Error(code, got)
	}
	partial := everyKind()
	partial.Partial = &kql.Error{Class: kql.LimitError, Code: "E_QUERY_RESULT_SET_TOO_LARGE", Message: "more rows"}
	l.answers(partial, nil)
	if code, got, _ := l.send("/v1/apps/first/query", `{"query":"requests"}`); code != 200 || !strings.Contains(got, `"error":{"message":"There were some errors when processing your query.","code":"PartialError"`) || !json.Valid([]byte(got)) {
		t.Error(code, got)
	}
	for name, c := range map[string]struct {
		path, body string
		err        error
		want       int
		code       string
	}{
		"no such component": {"/v1/apps/none/query", `{"query":"a"}`, nil, 404, "ApplicationNotFoundError"},
		"nothing there":     {"/v1/other", `{}`, nil, 404, "PathNotFoundError"},
		"no query":          {"/v1/apps/first/query", `{}`, nil, 400, "BadArgumentError"},
		"no JSON":           {"/v1/apps/first/query", `query`, nil, 400, "BadArgumentError"},
		"long":              {"/v1/apps/first/query", `{"query":"` + strings.Repeat("a", maxQuery+1) + `"}`, nil, 400, "BadArgumentError"},
		"time":              {"/v1/apps/first/query", `{"query":"a","timespan":"an hour"}`, nil, 400, "BadArgumentError"},
		"too long a time":   {"/v1/apps/first/query", `{"query":"a"}`, context.DeadlineExceeded, 504, "GatewayTimeout"},
		"ours":              {"/v1/apps/first/query", `{"query":"a"}`, errors.New("disk"), 500, "InternalServerError"},
	} {
		l.answers(nil, c.err)
		if code, got, _ := l.send(c.path, c.body); code != c.want || !strings.Contains(got, `"code":"`+c.code+`"`) {
			t.Errorf("%s: %d %s", name, code, got)
		}
	}
}

// TestPeriods: the forms of time spans.
func TestPeriods(t *testing.T) {
	l := newLab(t)
	o := l.answers(&kql.Result{}, nil)
	day := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	for span, want := range map[string][2]time.Time{
		"2026-11-29T00:00:00Z/2026-11-30T00:00:00Z": {day, day.Add(24 * time.Hour)},
		"2026-11-29T00:00:00Z/P1DT1H":               {day, day.Add(25 * time.Hour)},
		"PT3600.0S/2026-11-29T00:00:00Z":            {day.Add(-time.Hour), day},
		"":                                          {},
	} {
		if code, got, _ := l.send("/v1/apps/first/query", `{"query":"a","timespan":"`+span+`"}`); code != 200 || !o.From.Equal(want[0]) || !o.To.Equal(want[1]) {
			t.Errorf("%s: %d %s %v %v", span, code, got, o.From, o.To)
		}
	}
	if l.send("/v1/apps/first/query", `{"query":"a","timespan":"PT2H"}`); time.Until(o.From)+2*time.Hour > time.Minute || !o.To.IsZero() {
		t.Error(o.From, o.To)
	}
}

// TestWhoMayAsk: nobody's key and nobody's token open data.
func TestWhoMayAsk(t *testing.T) {
	l := newLab(t)
	l.answers(&kql.Result{}, nil)
	closed := &Service{Components: l, Access: closedLab{l}, Run: l.Run, Log: l.Log}
	for name, c := range map[string]struct {
		header, value string
		want          int
	}{
		"nothing": {"X-Other", "", 401}, "our key": {"X-Api-Key", "the key", 200}, "another key": {"X-Api-Key", "guess", 403},
		"a token": {"Authorization", "Bearer " + labToken, 200}, "another token": {"Authorization", "Bearer another", 403},
	} {
		r := httptest.NewRequest(http.MethodPost, "/v1/apps/first/query", strings.NewReader(`{"query":"a"}`))
		r.Header.Set(c.header, c.value)
		w := httptest.NewRecorder()
		closed.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// closedLab is a lab where nobody asks for nothing.
type closedLab struct{ *lab }

func (closedLab) Open() bool { return false }

func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"PT1H", "P1D/2026-01-01", "2026-01-01T00:00:00Z/PT1H", "P", "PT", "P1Y2M3W4DT5H6M7.8S"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if from, to, err := period(s, time.Now()); err == nil && strings.TrimSpace(s) != "" && from.IsZero() && to.IsZero() {
			t.Errorf("%q is no time", s)
		}
	})
}
