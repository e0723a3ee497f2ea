package queues

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is the page over a store in memory.
type lab struct {
	*portaltest.Lab
	t     *testing.T
	store *queue.Store
	in    queue.Account
	notes *portal.Notices
}

var account = resource.Account{ID: 7, Type: resource.StorageAccounts, Name: "devstoreaccount1"}

const base = "/api/storage/devstoreaccount1/queues"

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	store, err := queue.Open(queue.Options{DB: db})
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
	l := &lab{t: t, store: store, in: store.Account(account.ID), notes: &portal.Notices{}}
	tasks := &portal.Tasks{}
	l.Lab = portaltest.ServeConfig(t, portal.Config{Boards: dashboard.New(dashboard.Options{}), Tasks: tasks, Notices: l.notes, Pages: Pages(Config{
		Store: store, Accounts: func() []resource.Account { return []resource.Account{account} }, Tasks: tasks,
		Changes: Changes{
			Create: func(ctx context.Context, id resource.ID, metadata []queue.Pair) error {
				made, err := l.in.Create(ctx, id.Name, metadata)
				if err == nil && !made {
					err = fault.New(fault.Conflict, id.String(), "it exists")
				}
				return err
			},
			Remove:   func(ctx context.Context, id resource.ID) error { return l.in.Delete(ctx, id.Name) },
			Declared: func(id resource.ID) bool { return id.Name == "jobs" },
		},
		Asked: func(a resource.Account, name string) portal.Asked {
			return portal.Asked{Requests: int64(len(a.Name + name)), Refused: 2, Failed: 1}
		},
	})})
	return l
}

// queue makes a queue by the page, and gives the engine's.
func (l *lab) queue(name string) *queue.Queue {
	l.t.Helper()
	l.want(201, "POST", base, fmt.Sprintf(`{"name":%q}`, name))
	q, err := l.in.Queue(name)
	if err != nil {
		l.t.Fatal(err)
	}
	return q
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

func rowsOf(page map[string]any) (rows []map[string]any) {
	for _, r := range page["rows"].([]any) {
		rows = append(rows, r.(map[string]any))
	}
	return rows
}

func texts(rows []map[string]any) string {
	var all []string
	for _, r := range rows {
		all = append(all, r["text"].(string))
	}
	return strings.Join(all, " ")
}

func TestMessages(t *testing.T) {
	l := newLab(t)
	q := l.queue("jobs")
	at := base + "/jobs/messages"
	first := l.want(201, "POST", at, `{"text":"{\"n\":1}","base64":true}`)
	l.want(201, "POST", at, `{"text":"plain \u202e text","ttl":-1}`)
	l.want(201, "POST", at, `{"text":"later","delay":3600}`)
	got, err := q.Get(t.Context(), 1, time.Minute)
	if err != nil || string(got[0].Text) != base64.StdEncoding.EncodeToString([]byte(`{"n":1}`)) {
		t.Fatalf("what the wire gives: %+v %v", got, err)
	}
	page := l.want(200, "GET", at, "")
	rows := rowsOf(page)
	if page["total"] != 3.0 || page["next"] != "" || texts(rows) != "{\"n\":1} plain \u202e text later" {
		t.Fatalf("%v", page)
	}
	for i, want := range []string{"base64 true 1 false", "text false 0 true", "text true 0 false"} {
		if r := rows[i]; fmt.Sprint(r["encoding"], " ", r["hidden"], " ", r["dequeued"], " ", r["expires"] == 0.0) != want {
			t.Errorf("row %d: %v, want %s", i, r, want)
		}
	}
	if again, err := q.Peek(t.Context(), 32); err != nil || len(again) != 1 {
		t.Errorf("looking changed who is visible: %v %v", again, err)
	}
	if newest := rowsOf(l.want(200, "GET", at+"?order=newest&max=1", "")); texts(newest) != "later" {
		t.Errorf("newest: %v", newest)
	}
	whole := l.want(200, "GET", at+"/"+first["id"].(string), "")
	if whole["text"] != `{"n":1}` || whole["stored"] != "eyJuIjoxfQ==" || whole["size"] != 12.0 || whole["hidden"] != true {
		t.Errorf("%v", whole)
	}
	l.want(204, "DELETE", at+"/"+first["id"].(string), "")
	if err := q.Remove(t.Context(), got[0].ID, got[0].Receipt); !fault.Is(err, fault.NotFound) {
		t.Errorf("who had the message that was deleted: %v", err)
	}
	l.want(404, "DELETE", at+"/"+first["id"].(string), "")
	l.want(204, "DELETE", at, "")
	if page := l.want(200, "GET", at, ""); page["total"] != 0.0 || len(rowsOf(page)) != 0 {
		t.Errorf("cleared: %v", page)
	}
}

func TestPages(t *testing.T) {
	l := newLab(t)
	q := l.queue("many")
	for i := range 120 {
		if _, err := q.Put(t.Context(), fmt.Append(nil, i), queue.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range []string{"oldest", "newest"} {
		seen, after := 0, ""
		for {
			page := l.want(200, "GET", base+"/many/messages?max=50&order="+order+"&after="+after, "")
			for _, r := range rowsOf(page) {
				want := seen
				if order == "newest" {
					want = 119 - seen
				}
				if r["text"] != fmt.Sprint(want) {
					t.Fatalf("%s: %v is at %d", order, r["text"], seen)
				}
				seen++
			}
			if after = page["next"].(string); after == "" {
				break
			}
		}
		if seen != 120 {
			t.Errorf("%s: %d of 120 messages", order, seen)
		}
	}
}

// TestRefused: what cannot be asked for, and why.
func TestRefused(t *testing.T) {
	l := newLab(t)
	l.queue("jobs")
	at := base + "/jobs/messages"
	for _, c := range []struct {
		status             int
		method, path, body string
		says               string
	}{
		{404, "POST", "/api/storage/nobody/queues", `{"name":"x"}`, "storage account nobody"},
		{404, "GET", base + "/none/messages", "", "queue none"},
		{409, "POST", base, `{"name":"jobs"}`, "exists"},
		{400, "POST", base, `{"name":"other","metadata":[{"name":"a b","value":""}]}`, "no name"},
		{400, "PUT", base + "/jobs/metadata", `{"metadata":[{"name":"a","value":"x\r\ny"}]}`, "U+000D"},
		{413, "PUT", base + "/jobs/metadata", `{"metadata":[{"name":"a","value":"` + strings.Repeat("x", 9000) + `"}]}`, "bytes"},
		{400, "POST", at, `{"text":"bell \u0007"}`, "U+0007"},
		{413, "POST", at, `{"text":"` + strings.Repeat("x", 65537) + `"}`, "65536"},
		{413, "POST", at, `{"base64":true,"text":"` + strings.Repeat("x", 50000) + `"}`, "as it is put"},
		{400, "POST", at, `{"text":"x","delay":604801}`, "604800"},
		{400, "POST", at, `{"text":"x","delay":-1}`, "0 to"},
		{400, "POST", at, `{"text":"x","delay":60,"ttl":60}`, "expire before"},
		{400, "POST", at, `{"text":"x","ttl":-2}`, "for ever"},
		{400, "POST", at, `{"txt":"x"}`, "txt"},
		{400, "GET", at + "?order=up", "", "newest"},
		{400, "GET", at + "?after=x", "", "no place"},
		{404, "GET", at + "/x", "", "not in queue"},
		{400, "POST", base + "/jobs/move", `{"to":"jobs"}`, "already"},
		{404, "POST", base + "/jobs/move", `{"to":"none"}`, "queue none"},
	} {
		code, got := l.Do(c.method, c.path, c.body)
		if code != c.status || !strings.Contains(fmt.Sprint(got["error"]), c.says) {
			t.Errorf("%s %s %.80s: %d %v, want %d, %q", c.method, c.path, c.body, code, got, c.status, c.says)
		}
	}
}

// TestPoison: the two queues know of each other, the bell tells, and messages go back:
// chosen ones, and all.
func TestPoison(t *testing.T) {
	l := newLab(t)
	rows := l.Listen("queues")
	jobs, poison := l.queue("jobs"), l.queue("jobs-poison")
	l.queue("lost-poison")
	var ids []string
	for i := range 250 {
		m, err := poison.Put(t.Context(), fmt.Append(nil, i), queue.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.ID)
	}
	if _, err := poison.Get(t.Context(), 2, time.Hour); err != nil { // 0 and 1
		t.Fatal(err)
	}
	for {
		all := rows.Rows("queues")
		a, b, c := all["devstoreaccount1/jobs"], all["devstoreaccount1/jobs-poison"], all["devstoreaccount1/lost-poison"]
		if b["messages"] != 250.0 || b["hidden"] != 2.0 {
			continue
		}
		if fmt.Sprint(a["asked"]) != "map[failed:1 rate:0 refused:2 requests:20]" || a["poisoned"] != "jobs-poison" || a["dead"] != 250.0 || a["state"] != "off" || a["poison"] != false ||
			b["poison"] != true || b["source"] != "jobs" || b["state"] != "warn" || b["oldest"].(float64) == 0 ||
			c["poison"] != true || c["source"] != "" || c["state"] != "off" {
			t.Fatalf("rows: %v %v %v", a, b, c)
		}
		break
	}
	said := l.want(200, "GET", "/api/notices", "")
	if text := fmt.Sprint(said); !strings.Contains(text, "kind:poison") || !strings.Contains(text, "/storage/devstoreaccount1/queues/jobs-poison") || strings.Contains(text, "lost-poison") {
		t.Errorf("notices: %s", text)
	}
	at := base + "/jobs-poison/move"
	did := l.want(200, "POST", at, fmt.Sprintf(`{"to":"jobs","ids":[%q,%q,"x"]}`, ids[0], ids[5]))
	if did["moved"] != 1.0 || did["held"] != 1.0 || did["gone"] != 1.0 {
		t.Errorf("chosen: %v", did)
	}
	l.want(202, "POST", at, `{"to":"jobs"}`)
	for {
		task := l.want(200, "GET", "/api/tasks", "")[""].([]any)[0].(map[string]any)
		if task["state"] == "busy" {
			time.Sleep(time.Millisecond)
			continue
		}
		if task["state"] != "ok" || task["said"] != "247 moved to jobs; 2 are not visible now and stayed" {
			t.Errorf("task: %v", task)
		}
		break
	}
	info, err := jobs.Info()
	left, bad := poison.Info()
	if err != nil || bad != nil || info.Messages != 248 || left.Messages != 2 {
		t.Errorf("%d moved, %d left (%v %v)", info.Messages, left.Messages, err, bad)
	}
}

func TestManage(t *testing.T) {
	l := newLab(t)
	q := l.queue("jobs")
	one := l.Listen("queue:devstoreaccount1/jobs")
	l.want(204, "PUT", base+"/jobs/metadata", `{"metadata":[{"name":"Owner","value":"ops"},{"name":"b","value":""}]}`)
	for {
		d := one.Next("queue:devstoreaccount1/jobs").(map[string]any)
		if fmt.Sprint(d["metadata"]) == "[map[name:Owner value:ops] map[name:b value:]]" {
			if d["declared"] != true || d["created"].(float64) == 0 || d["next"] != 0.0 {
				t.Errorf("%v", d)
			}
			break
		}
	}
	if info, err := q.Info(); err != nil || len(info.Metadata) != 2 {
		t.Errorf("%+v %v", info, err)
	}
	l.want(204, "DELETE", base+"/jobs", "")
	l.want(404, "GET", base+"/jobs/messages", "")
}

func TestReadText(t *testing.T) {
	bytes := string([]byte{0xff, 0xfe, 0x00})
	for _, c := range []struct{ text, shown, encoding string }{
		{"", "", plain},
		{"hello", "hello", plain},
		{"test", "test", plain},         // base64 of what is no text
		{"aGVsbG8=", "hello", inBase64}, //
		{"aGVsbG8", "aGVsbG8", plain},   // without its padding
		{base64.StdEncoding.EncodeToString([]byte("당국")), "당국", inBase64},
		{"AAEC", "AAEC", plain},               // of control characters
		{bytes, "//4A", noText},               //
		{"eyJhIjoxfQ==", `{"a":1}`, inBase64}, //
	} {
		if shown, encoding := readText([]byte(c.text)); shown != c.shown || encoding != c.encoding {
			t.Errorf("%q: %q %s, want %q %s", c.text, shown, encoding, c.shown, c.encoding)
		}
	}
	if s, was := cut("a가나", 5); s != "a가" || !was {
		t.Errorf("%q %v", s, was)
	}
}
