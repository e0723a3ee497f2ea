package items

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestItems(t *testing.T) {
	l := newLab(t)
	made := l.want("POST", base+"/items", `{"id":"1","pk":"a","n":1.50}`, 201)
	if !strings.HasPrefix(made["text"].(string), `{"id":"1","pk":"a","n":1.50,`) || made["key"] != `["a"]` {
		t.Errorf("made: %v", made)
	}
	l.want("POST", base+"/items", `{"id":"1","pk":"a"}`, 409)
	etag := "?etag=" + q(made["etag"].(string))
	l.want("PUT", base+"/items"+etag, `{"id":"1","pk":"a","n":2}`, 200)
	if got := l.want("PUT", base+"/items"+etag, `{"id":"1","pk":"a","n":3}`, 412); !strings.Contains(got["error"].(string), "load it again") {
		t.Errorf("replace an old version: %v", got)
	}
	for _, at := range []string{"?id=1&key=" + q(`["a"]`), "?rid=" + q(made["rid"].(string))} {
		if got := l.want("GET", base+"/item"+at, "", 200); !strings.HasPrefix(got["text"].(string), `{"id":"1","pk":"a","n":2,`) || got["etag"] == made["etag"] {
			t.Errorf("read %s: %v", at, got)
		}
	}
	l.want("GET", "/api/accounts/default/databases/db/containers/leases/item?rid="+q(made["rid"].(string)), "", 404)
	l.want("DELETE", base+`/items?id=1&key=["b"]`, "", 404)
	l.want("DELETE", base+`/items?id=1&key=["a"]`, "", 204)
	l.want("GET", base+"/item?rid="+q(made["rid"].(string)), "", 404)
	for body, want := range map[string]int{`[1]`: 400, `{"pk":"a"}`: 400, `{"id":"` + strings.Repeat("x", 3<<20) + `"}`: 413} {
		l.want("POST", base+"/items", body, want)
	}
}

// TestNoJSONHasAPlace: an item that is no JSON is refused with line and column,
// also when what is wrong comes behind a whole value.
func TestNoJSONHasAPlace(t *testing.T) {
	l := newLab(t)
	for body, want := range map[string][2]float64{
		"{\n  \"id\": \"1\",\n  \"é\": x}": {3, 8},
		`{"id":"1"} {}`:                    {1, 12},
		`{"id":`:                           {1, 7},
		"":                                 {1, 1},
	} {
		if got := l.want("POST", base+"/items", body, 400); got["line"] != want[0] || got["col"] != want[1] {
			t.Errorf("%q: %v, want %v", body, got, want)
		}
	}
}

func TestQuery(t *testing.T) {
	l := newLab(t)
	for i := range 5 {
		l.put(fmt.Sprintf(`{"id":"%d","pk":"a","TempC":%d.50,"big":12345678901234567890}`, i, i))
	}
	got := l.want("POST", base+"/query", `{"query":"SELECT c.TempC, c.big FROM c","max":2}`, 200)
	if rows := got["rows"].([]any); len(rows) != 2 || rows[1].(map[string]any)["text"] != `{"TempC":1.50,"big":12345678901234567890}` {
		t.Errorf("rows: %v", rows)
	}
	if got["by"] != "scan" || got["continuation"] == nil || got["charge"].(float64) < 2.3 {
		t.Errorf("answer: %v", got)
	}
	next := l.want("POST", base+"/query", fmt.Sprintf(`{"query":"SELECT c.TempC, c.big FROM c","max":500,"continuation":%q}`, got["continuation"]), 200)
	if rows := next["rows"].([]any); len(rows) != 3 || next["continuation"] != nil {
		t.Errorf("next page: %v", next)
	}
	for sql, by := range map[string]string{
		`SELECT * FROM c ORDER BY c.TempC`:              "index",
		`SELECT * FROM c WHERE c.pk = "a"`:              "partition",
		`SELECT * FROM c WHERE c.pk="a" AND c.id = "2"`: "point",
		`SELECT VALUE COUNT(1) FROM c`:                  "count",
	} {
		if got := l.ask(sql); got["by"] != by {
			t.Errorf("%s: by %v, want %s (%v)", sql, got["by"], by, got["walks"])
		}
	}
}

// TestQueryErrorsHaveAPlace: when a query is checked, and when it is run.
func TestQueryErrorsHaveAPlace(t *testing.T) {
	l := newLab(t)
	bad := `{"query":"SELECT *\nFROM c\nWHER c.x = 1"}`
	if got := l.want("POST", base+"/query", bad, 400); got["line"] != 3.0 || got["col"] != 6.0 || got["kind"] != "syntax" {
		t.Errorf("run: %v", got)
	}
	problems := l.want("POST", base+"/check", bad, 200)["problems"].([]any)
	if len(problems) != 1 || problems[0].(map[string]any)["line"] != 3.0 {
		t.Errorf("check: %v", problems)
	}
	if problems := l.want("POST", base+"/check", `{"query":"SELECT * FROM c"}`, 200)["problems"].([]any); len(problems) != 0 {
		t.Errorf("check: %v", problems)
	}
	l.want("POST", base+"/query", `{"query":"SELECT 1","continuation":"x"}`, 400)
	l.want("POST", "/api/accounts/default/databases/db/containers/none/query", `{"query":"SELECT 1"}`, 404)
}

// TestList walks pages while items come, and in both orders.
func TestList(t *testing.T) {
	l := newLab(t)
	for i := range 7 {
		l.put(fmt.Sprintf(`{"id":"%d","pk":"a"}`, i))
	}
	page := l.want("GET", base+"/items?max=3", "", 200)
	if ids(page) != "6 5 4" || page["total"] != 7.0 {
		t.Errorf("first page: %v", page)
	}
	l.put(`{"id":"7","pk":"a"}`)
	page = l.want("GET", base+"/items?max=3&after="+page["next"].(string), "", 200)
	if ids(page) != "3 2 1" {
		t.Errorf("second page: %v", page)
	}
	if page = l.want("GET", base+"/items?max=3&after="+page["next"].(string), "", 200); ids(page) != "0" || page["next"] != "" {
		t.Errorf("last page: %v", page)
	}
	if page = l.want("GET", base+"/items?order=oldest&max=2", "", 200); ids(page) != "0 1" {
		t.Errorf("oldest first: %v", page)
	}
	for _, bad := range []string{"order=best", "after=x", "max=x", "sort=a b"} {
		l.want("GET", base+"/items?"+strings.ReplaceAll(bad, " ", "%20"), "", 400)
	}
}

// TestFilter holds what a filter bar says against a list.
func TestFilter(t *testing.T) {
	l := newLab(t)
	l.put(
		`{"id":"1","pk":"a","city":"Seoul","data":{"tempC":41.5},"on":true,"weird \"name\"":1}`,
		`{"id":"2","pk":"a","city":"Busan","data":{"tempC":12},"on":false,"code":"40"}`,
		`{"id":"3","pk":"b","city":"New Seoul","note":null}`,
		`{"id":"4","pk":"b","data":{"tempC":40},"text":"say \"hi\" & <go>"}`,
	)
	for text, want := range map[string]string{
		"city:seoul":               "1 3",
		"city=Seoul":               "1",
		"-city:seoul":              "2 4",
		"city!=Seoul":              "2 3 4",
		"data.tempC>40":            "1",
		"data.tempC>=40":           "1 4",
		"data.tempC:40,12":         "2 4",
		"-data.tempC:*":            "3",
		"code:40":                  "2",
		"on:true":                  "1",
		"note:null":                "3",
		"seoul -pk:b":              "1",
		`"say \"hi\""`:             "",
		`text:"say \"hi\" & <go>"`: "4",
		`"weird \"name\"":1`:       "1",
		"city>C":                   "1 3",
		"nothing:here":             "",
	} {
		page := l.want("GET", base+"/items?q="+q(text), "", 200)
		got := strings.Split(ids(page), " ")
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s\n%v", text, got, want, page["query"])
		}
		n := len(strings.Fields(want))
		if got := l.want("GET", base+"/count?q="+q(text), "", 200)["count"]; got != float64(n) {
			t.Errorf("%s: count %v, want %d", text, got, n)
		}
	}
	if got := ids(l.want("GET", base+"/items?q=city:*&sort=-city", "", 200)); got != "1 3 2" {
		t.Errorf("sorted: %s", got)
	}
	if got := l.want("GET", base+"/items?q="+q(`a:1 b>`), "", 400); got["line"] != 1.0 || got["start"].(float64) < 4 {
		t.Errorf("a filter that is wrong: %v", got)
	}
	page := l.want("GET", base+"/items?q=city:*&max=1", "", 200)
	if next := l.want("GET", base+"/items?q=city:*&max=5&after="+q(page["next"].(string)), "", 200); ids(page)+" "+ids(next) != "1 2 3" {
		t.Errorf("pages: %v %v", page, next)
	}
}

// TestLongValues are cut in lists, at a whole character, and whole where one row
// is asked for.
func TestLongValues(t *testing.T) {
	l := newLab(t)
	long := strings.Repeat("한", 2000)
	doc := `{"id":"1","pk":"a","long":"` + long + `","many":[` + strings.Repeat("1,", 3000) + `1],"short":1.0}`
	l.put(doc)
	row := l.want("GET", base+"/items", "", 200)["rows"].([]any)[0].(map[string]any)
	text, cut := row["text"].(string), row["cut"].(map[string]any)
	if len(text) > 6000 || cut["long"] != float64(2+3*2000) || cut["many"] != float64(2*3000+3) || len(cut) != 2 {
		t.Errorf("cut: %v in %d bytes", cut, len(text))
	}
	if !strings.Contains(text, `"long":"한한`) || !strings.Contains(text, `"many":"[1,1,`) || !strings.Contains(text, `"short":1.0`) || strings.Contains(text, "�") {
		t.Errorf("row: %.300s", text)
	}
	whole := l.want("POST", base+"/query", `{"query":"SELECT c.long, c.many FROM c","only":0}`, 200)["rows"].([]any)
	if len(whole) != 1 || !strings.Contains(whole[0].(map[string]any)["text"].(string), long) {
		t.Errorf("the row alone is not whole")
	}
	one := l.ask("SELECT VALUE c.long FROM c")["rows"].([]any)[0].(map[string]any)
	if one["cut"].(map[string]any)[""] != float64(2+3*2000) {
		t.Errorf("a value: %v", one["cut"])
	}
	l.want("POST", base+"/query", `{"query":"SELECT c.long FROM c","only":1}`, 404)
}

func TestSchema(t *testing.T) {
	l := newLab(t)
	l.put(`{"id":"1","pk":"a","data":{"TempC":1,"tags":["x",{"deep":true}]}}`, `{"id":"2","pk":"a","data":{"TempC":"hot"}}`)
	got := l.want("GET", base+"/schema", "", 200)
	found := map[string]string{}
	for _, p := range got["paths"].([]any) {
		p := p.(map[string]any)
		found[fmt.Sprint(p["path"])] = fmt.Sprint(p["count"], p["kinds"])
	}
	if got["sampled"] != 2.0 || found["[data TempC]"] != "2 [string number]" || found["[data tags [] deep]"] != "1 [boolean]" || found["[pk]"] != "2 [string]" {
		t.Errorf("schema: %v", found)
	}
}

// TestHistory keeps 200 queries over a restart, each once where it is repeated.
func TestHistory(t *testing.T) {
	l := newLab(t)
	l.put(`{"id":"1","pk":"a"}`)
	l.ask("SELECT * FROM c")
	l.ask("SELECT * FROM c")
	l.want("POST", base+"/query", `{"query":"SELEC","typed":true}`, 400)
	l.want("POST", base+"/query", `{"query":"SELECT 2"}`, 200) // nobody typed it
	got := l.want("GET", "/api/queries?container=db/events", "", 200)["queries"].([]any)
	if len(got) != 2 || got[0].(map[string]any)["error"] == nil || got[1].(map[string]any)["times"] != 2.0 || got[1].(map[string]any)["rows"] != 1.0 {
		t.Errorf("history: %v", got)
	}
	l.want("DELETE", "/api/queries/"+got[0].(map[string]any)["id"].(string), "", 204)
	l.want("DELETE", "/api/queries/"+got[0].(map[string]any)["id"].(string), "", 404)

	path := t.TempDir() + "/a/queries"
	h := OpenHistory(path, testkit.Discard())
	for i := range 1000 {
		h.Add(Asked{Container: "db/c", Text: fmt.Sprint(i)})
	}
	gone := h.Of("")[1]
	if err := h.Remove(gone.ID); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"id":"x","contai`); err != nil { // a crash
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again := OpenHistory(path, testkit.Discard()).Of("db/c")
	if len(again) != keptQueries-1 || again[0].Text != "999" || again[1].Text != "997" {
		t.Errorf("%d queries, %v", len(again), again[:2])
	}
}

// TestTotals: what is written counts, positions of change feeds do not.
func TestTotals(t *testing.T) {
	l := newLab(t)
	s := l.Listen("summary")
	s.Next("summary")
	for _, c := range []string{"events", "leases"} {
		l.want("POST", "/api/accounts/default/databases/db/containers/"+c+"/items", `{"id":"1","pk":"a"}`, 201)
	}
	rows := l.Listen("containers").Rows("containers")
	if rows["db/events"]["documents"] != 1.0 || rows["db/events"]["leases"] != false || rows["db/leases"]["leases"] != true || rows["db/events"]["account"] != "default" {
		t.Errorf("rows: %v", rows)
	}
	for {
		if rate := s.Next("summary").(map[string]any)["totals"].(map[string]any)["documents"].(float64); rate > 0 {
			if rate > 1.5 { // one of the two, in a second
				t.Errorf("%v documents a second", rate)
			}
			return
		}
	}
}
