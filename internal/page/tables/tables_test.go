package tables

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is the page over a store in memory.
type lab struct {
	*portaltest.Lab
	t  *testing.T
	in tablestore.Account
}

var account = resource.Account{ID: 7, Type: resource.StorageAccounts, Name: "devstoreaccount1"}

const base = "/api/storage/devstoreaccount1/tables"

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	store, err := tablestore.Open(tablestore.Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{t: t, in: store.Account(account.ID)}
	l.Lab = portaltest.Serve(t, nil, Pages(Config{
		Store: store, Accounts: func() []resource.Account { return []resource.Account{account} },
		Changes: Changes{
			Create: func(ctx context.Context, id resource.ID) error {
				_, err := l.in.CreateTable(ctx, id.Name)
				return err
			},
			Remove:   func(ctx context.Context, id resource.ID) error { return l.in.DeleteTable(ctx, id.Name) },
			Declared: func(id resource.ID) bool { return id.Name == "Devices" },
		},
		Asked: func(a resource.Account, name string) portal.Asked {
			return portal.Asked{Requests: int64(len(a.Name + name)), Refused: 2, Failed: 1}
		},
	})...)
	l.want(201, "POST", base, `{"name":"Devices"}`)
	return l
}

// want sends a request that has a status.
func (l *lab) want(status int, method, path, body string) map[string]any {
	l.t.Helper()
	code, got := l.Do(method, path, body)
	if code != status {
		l.t.Fatalf("%s %s %.200s: %d %v, want %d", method, path, body, code, got, status)
	}
	return got
}

// put adds an entity with a number.
func (l *lab) put(partition, row string, n int) {
	l.t.Helper()
	l.want(200, "PUT", base+"/Devices/entity", fmt.Sprintf(
		`{"how":"upsert","partitionKey":%q,"rowKey":%q,"properties":[{"name":"n","type":"Edm.Int32","value":"%d"}]}`, partition, row, n))
}

func keys(page map[string]any) string {
	var all []string
	for _, r := range page["rows"].([]any) {
		e := r.(map[string]any)
		all = append(all, fmt.Sprint(e["partitionKey"], "/", e["rowKey"]))
	}
	return strings.Join(all, " ")
}

func query(q ...string) string {
	v := url.Values{}
	for i := 0; i < len(q); i += 2 {
		v.Set(q[i], q[i+1])
	}
	return base + "/Devices/entities?" + v.Encode()
}

func TestQuery(t *testing.T) {
	l := newLab(t)
	for i := range 6 {
		l.put([]string{"Busan's", "Seoul"}[i%2], fmt.Sprint("r", i), i)
	}
	for _, c := range []struct {
		ask  []string
		keys string
		text string
	}{
		{nil, "Busan's/r0 Busan's/r2 Busan's/r4 Seoul/r1 Seoul/r3 Seoul/r5", ""},
		{[]string{"filter", "n ge 4"}, "Busan's/r4 Seoul/r5", "n ge 4"},
		{[]string{"pk", "Busan's"}, "Busan's/r0 Busan's/r2 Busan's/r4", "PartitionKey eq 'Busan''s'"},
		{[]string{"pk", "Seoul", "rk", "r3"}, "Seoul/r3", "PartitionKey eq 'Seoul' and RowKey eq 'r3'"},
		{[]string{"pk", "Seoul", "filter", "n lt 2 or n gt 4"}, "Seoul/r1 Seoul/r5", "PartitionKey eq 'Seoul' and (n lt 2 or n gt 4)"},
		{[]string{"pk", ""}, "", "PartitionKey eq ''"},
	} {
		page := l.want(200, "GET", query(c.ask...), "")
		if keys(page) != c.keys || page["filter"] != c.text || page["total"] != 6.0 || page["next"] != "" {
			t.Errorf("%q: %v", c.ask, page)
		}
	}
	var all []string
	for after, n := "", 0; n == 0 || after != ""; n++ {
		page := l.want(200, "GET", query("max", "4", "after", after), "")
		all, after = append(all, keys(page)), page["next"].(string)
	}
	if strings.Join(all, " | ") != "Busan's/r0 Busan's/r2 Busan's/r4 Seoul/r1 | Seoul/r3 Seoul/r5" {
		t.Errorf("pages: %q", all)
	}
}

// TestFilterMistakes: the place of a mistake is that in the box, whatever quick
// filters stand beside it.
func TestFilterMistakes(t *testing.T) {
	l := newLab(t)
	for _, c := range []struct {
		filter     string
		start, end float64
		says       string
	}{
		{"n gt", 4, 4, ""},
		{"n === 3", 2, 5, ""},
		{"name eq '한' andd n", 14, 18, ""},
		{"startswith(n, 'a')", 0, 10, "not"},
		{"a) or (b eq 1", 1, 2, ""},
	} {
		code, got := l.Do("GET", query("filter", c.filter, "pk", "x"), "")
		start, _ := got["start"].(float64)
		end, _ := got["end"].(float64)
		if code != 400 || got["kind"] != "syntax" || start != c.start || end != c.end || !strings.Contains(fmt.Sprint(got["error"]), c.says) {
			t.Errorf("%q: %d %v", c.filter, code, got)
		}
	}
}

// TestTypes: every type keeps its value to the last digit, there and back.
func TestTypes(t *testing.T) {
	l := newLab(t)
	values := [][3]string{
		{"s", "Edm.String", "a\u202e'\"<b>"},
		{"t", "Edm.Boolean", "true"},
		{"i", "Edm.Int32", "-2147483648"},
		{"l", "Edm.Int64", "9223372036854775807"},
		{"d", "Edm.Double", "0.1"},
		{"w", "Edm.Double", "1"},
		{"nan", "Edm.Double", "NaN"},
		{"inf", "Edm.Double", "-Infinity"},
		{"at", "Edm.DateTime", "2026-11-29T14:28:03.1234567Z"},
		{"g", "Edm.Guid", "01234567-89ab-cdef-0123-456789abcdef"},
		{"b", "Edm.Binary", "AAH/"},
	}
	var given []string
	for _, v := range values {
		given = append(given, fmt.Sprintf(`{"name":%q,"type":%q,"value":%q}`, v[0], v[1], strings.ReplaceAll(v[2], "\u202e", "~")))
	}
	body := strings.ReplaceAll(fmt.Sprintf(`{"how":"insert","partitionKey":"p","rowKey":"r","properties":[%s]}`, strings.Join(given, ",")), "~", `\u202e`)
	check := func(e map[string]any) {
		t.Helper()
		for i, p := range e["properties"].([]any) {
			if got := p.(map[string]any); fmt.Sprint(got["name"], got["type"], got["value"]) != strings.Join(values[i][:], "") {
				t.Errorf("%v, want %v", got, values[i])
			}
		}
	}
	check(l.want(200, "PUT", base+"/Devices/entity", body))
	check(l.want(200, "GET", base+"/Devices/entity?pk=p&rk=r", ""))

	lines := l.export("")
	want := `{"PartitionKey":"p","RowKey":"r","Timestamp":"*","s":"a` + "\u202e" + `'\"\u003cb\u003e","t":true,"i":-2147483648,` +
		`"l@odata.type":"Edm.Int64","l":"9223372036854775807","d":0.1,"w@odata.type":"Edm.Double","w":"1","nan@odata.type":"Edm.Double","nan":"NaN",` +
		`"inf@odata.type":"Edm.Double","inf":"-Infinity","at@odata.type":"Edm.DateTime","at":"2026-11-29T14:28:03.1234567Z",` +
		`"g@odata.type":"Edm.Guid","g":"01234567-89ab-cdef-0123-456789abcdef","b@odata.type":"Edm.Binary","b":"AAH/"}` + "\n"
	if head, tail, _ := strings.Cut(lines, `"Timestamp":"`); head+`"Timestamp":"*`+tail[strings.Index(tail, `"`):] != want {
		t.Errorf("exported\n%s\nwant\n%s", lines, want)
	}
	l.want(201, "POST", base, `{"name":"Copy"}`)
	if code, got := l.upload("Copy", "", lines); code != 200 || got["written"] != 1.0 {
		t.Fatalf("import: %d %v", code, got)
	}
	check(l.want(200, "GET", base+"/Copy/entity?pk=p&rk=r", ""))

	for _, v := range [][2]string{
		{"Edm.Boolean", "1"},
		{"Edm.Int32", "2147483648"},
		{"Edm.Int32", "1.5"},
		{"Edm.Int64", "9223372036854775808"},
		{"Edm.Int64", ""},
		{"Edm.Double", "0x1p4"},
		{"Edm.Double", "inf"},
		{"Edm.Double", "1e999"},
		{"Edm.DateTime", "yesterday"},
		{"Edm.DateTime", "1600-01-01T00:00:00Z"},
		{"Edm.Guid", "x"},
		{"Edm.Binary", "AAH"},
		{"Edm.Decimal", "1"},
	} {
		body := fmt.Sprintf(`{"how":"merge","partitionKey":"p","rowKey":"r","properties":[{"name":"x","type":%q,"value":%q}]}`, v[0], v[1])
		if code, got := l.Do("PUT", base+"/Devices/entity", body); code != 400 || !strings.Contains(fmt.Sprint(got["error"]), "property x") {
			t.Errorf("%v: %d %v", v, code, got)
		}
	}
}

func (l *lab) export(query string) string {
	l.t.Helper()
	res, err := http.Get(l.URL + base + "/Devices/export?" + query)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Disposition") != `attachment; filename="Devices.ndjson"` {
		l.t.Fatal(res.Status, res.Header, err)
	}
	return string(text)
}

func (l *lab) upload(table, query, lines string) (int, map[string]any) {
	l.t.Helper()
	res, err := http.Post(l.URL+base+"/"+table+"/import?"+query, "application/octet-stream", strings.NewReader(lines))
	if err != nil {
		l.t.Fatal(err)
	}
	return decode(l.t, res)
}

// TestConflict: who changes what somebody else changed meanwhile is told so.
func TestConflict(t *testing.T) {
	l := newLab(t)
	l.put("p", "r", 1)
	at := base + "/Devices/entity"
	mine := l.want(200, "GET", at+"?pk=p&rk=r", "")
	l.put("p", "r", 2)
	change := func(how, etag string) string {
		return fmt.Sprintf(`{"how":%q,"etag":%q,"partitionKey":"p","rowKey":"r","properties":[{"name":"m","type":"Edm.String","value":"x"}]}`, how, etag)
	}
	old := mine["etag"].(string)
	for _, how := range []string{"replace", "merge"} {
		got := l.want(412, "PUT", at, change(how, old))
		if !strings.Contains(fmt.Sprint(got["error"]), "somebody else") {
			t.Errorf("%v", got)
		}
	}
	l.want(412, "DELETE", at+"?pk=p&rk=r&etag="+url.QueryEscape(old), "")
	now := l.want(200, "GET", at+"?pk=p&rk=r", "")
	merged := l.want(200, "PUT", at, change("merge", now["etag"].(string)))
	if n := len(merged["properties"].([]any)); n != 2 {
		t.Errorf("merged: %v", merged)
	}
	replaced := l.want(200, "PUT", at, change("replace", merged["etag"].(string)))
	if n := len(replaced["properties"].([]any)); n != 1 {
		t.Errorf("replaced: %v", replaced)
	}
	l.want(409, "PUT", at, change("insert", ""))
	l.want(400, "PUT", at, change("insert", "x"))
	l.want(400, "PUT", at, change("eat", ""))
	l.want(204, "DELETE", at+"?pk=p&rk=r&etag="+url.QueryEscape(replaced["etag"].(string)), "")
	l.want(404, "DELETE", at+"?pk=p&rk=r", "")
	l.want(404, "PUT", at, change("replace", ""))
}

func TestImport(t *testing.T) {
	l := newLab(t)
	l.put("p", "there", 1)
	var lines strings.Builder
	for i := range 250 {
		fmt.Fprintf(&lines, `{"PartitionKey":"p%d","RowKey":"r%d","n":%d,"none":null,"odata.etag":"x"}`+"\n", i/120, i, i)
	}
	lines.WriteString("\ufeff\n" + `{"PartitionKey":"p","RowKey":"there"}` + "\n" + `{"PartitionKey":"p"}` + "\nx\n" + `{"PartitionKey":"p","RowKey":"a","o":{}}` + "\n" +
		`{"PartitionKey":"p","RowKey":"b","n":1,"n":2}` + "\n" + `{"PartitionKey":"p","RowKey":"c"} x` + "\n" + `{"PartitionKey":"p","RowKey":"d/e"}` + "\n")
	code, got := l.upload("Devices", "", lines.String())
	if code != 200 || got["written"] != 250.0 || got["failed"] != 7.0 || len(got["bad"].([]any)) != 5 {
		t.Fatalf("%d %v", code, got)
	}
	for i, want := range []string{"line 253: no PartitionKey", "line 254: it is no JSON object", "line 255: property o", "line 256: property n", "line 257: "} {
		where, says, _ := strings.Cut(want, ": ")
		if bad := got["bad"].([]any)[i].(string); !strings.HasPrefix(bad, where+": ") || !strings.Contains(bad, says) {
			t.Errorf("%q, want %q", bad, want)
		}
	}
	if code, got := l.upload("Devices", "exists=replace", `{"PartitionKey":"p","RowKey":"there","big":4000000000}`); code != 200 || got["written"] != 1.0 {
		t.Errorf("%d %v", code, got)
	}
	if e := l.want(200, "GET", base+"/Devices/entity?pk=p&rk=there", ""); fmt.Sprint(e["properties"]) != "[map[name:big type:Edm.Double value:4e+09]]" {
		t.Errorf("%v", e)
	}
	if n := strings.Count(l.export("pk=p0"), "\n"); n != 120 {
		t.Errorf("exported %d lines", n)
	}
	if n := strings.Count(l.export(""), "\n"); n != 251 {
		t.Errorf("exported %d lines", n)
	}
	l.want(400, "POST", base+"/Devices/import", "{}") // not as a file
	if code, _ := l.upload("Devices", "exists=maybe", ""); code != 400 {
		t.Error(code)
	}
}

func TestTables(t *testing.T) {
	l := newLab(t)
	rows := l.Listen("tables")
	l.put("p", "r", 1)
	for {
		if row := rows.Rows("tables")["devstoreaccount1/Devices"]; row["entities"] == 1.0 {
			if fmt.Sprint(row["asked"]) != "map[failed:1 rate:0 refused:2 requests:23]" || row["declared"] != true || row["bytes"].(float64) == 0 {
				t.Errorf("%v", row)
			}
			break
		}
	}
	for name, status := range map[string]int{"Devices": 409, "devices": 409, "a": 400, "9lives": 400, "tables": 400, "Other": 201} {
		l.want(status, "POST", base, fmt.Sprintf(`{"name":%q}`, name))
	}
	l.want(404, "POST", "/api/storage/nobody/tables", `{"name":"Other"}`)
	l.want(204, "DELETE", base+"/DEVICES", "")
	l.want(404, "GET", query(), "")
	l.want(404, "DELETE", base+"/Devices", "")
	if _, err := l.in.Table("Other"); err != nil || fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

// TestLongValues: a list has the beginning of a value, the entity all of it.
func TestLongValues(t *testing.T) {
	l := newLab(t)
	long := strings.Repeat("가", 5000)
	l.want(200, "PUT", base+"/Devices/entity", fmt.Sprintf(`{"how":"upsert","partitionKey":"p","rowKey":"r","properties":[{"name":"s","type":"Edm.String","value":%q}]}`, long))
	page := l.want(200, "GET", query(), "")
	p := page["rows"].([]any)[0].(map[string]any)["properties"].([]any)[0].(map[string]any)
	if v := p["value"].(string); p["cut"] != 15000.0 || v == "" || !strings.HasPrefix(long, v) || len(v) > maxShown {
		t.Errorf("%d bytes of %v", len(p["value"].(string)), p["cut"])
	}
	whole := l.want(200, "GET", base+"/Devices/entity?pk=p&rk=r", "")
	if p := whole["properties"].([]any)[0].(map[string]any); p["value"] != long {
		t.Errorf("%d bytes", len(p["value"].(string)))
	}
}

func decode(t *testing.T, res *http.Response) (int, map[string]any) {
	t.Helper()
	defer res.Body.Close()
	var v map[string]any
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, v
}
