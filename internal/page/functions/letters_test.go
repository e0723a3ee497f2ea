package functions

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/breaker"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// TestLetters: what a function failed on is in its row and in a list, whole letters but
// for long bodies, and is sent again as a task.
func TestLetters(t *testing.T) {
	s, l, _ := newShop(t, nil)
	if code, got := l.Do("POST", "/api/apps/shop/functions/ingest/redrive", `{}`); code != 404 || !strings.Contains(fmt.Sprint(got), "has no place for dead letters") {
		t.Errorf("without a place: %d %v", code, got)
	}
	at := time.UnixMilli(1_700_000_000_000)
	s.mu.Lock()
	s.letters = []letter.Letter{
		{
			ID: "a", Function: "ingest", Source: "event hub Orders", Error: letter.Failure{Type: "ValueError", Message: "bad"}, Attempts: 3, Time: at,
			Item: letter.Item{Body: []byte(`{"n":1}`), Partition: "1", SequenceNumber: 42, At: at},
		},
		{ID: "b", Item: letter.Item{Body: bytes.Repeat([]byte("당"), 10_000), MessageID: "m"}, Raw: true},
		{ID: "c", Item: letter.Item{Body: []byte{0, 0xff}}},
	}
	s.mu.Unlock()
	row := l.Listen("functions").Rows("functions")["shop/ingest"]
	if fmt.Sprint(row["deadLetters"]) != "map[kept:3 place:queue:failed]" || row["breaker"] != nil {
		t.Errorf("row: %v", row)
	}
	code, got := l.Do("GET", "/api/apps/shop/functions/ingest/letters?limit=2&error=bad", "")
	rows, _ := got["rows"].([]any)
	if code != 200 || got["more"] != true || got["place"] != "queue:failed" || len(rows) != 2 || s.asked.OnlyError != "bad" {
		t.Fatalf("%d %v", code, got)
	}
	first, second := rows[0].(map[string]any), rows[1].(map[string]any)
	if first["type"] != "ValueError" || first["item"] != "1/42" || first["body"] != `{"n":1}` || first["time"] != 1.7e12 || first["attempts"] != 3.0 {
		t.Errorf("first: %v", first)
	}
	if body := second["body"].(string); second["size"] != 30_000.0 || body != strings.Repeat("당", shownBody/3) || second["item"] != "m" || second["foreign"] != true {
		t.Errorf("second: %d bytes shown of %v", len(body), second["size"])
	}
	if _, got := l.Do("GET", "/api/apps/shop/functions/ingest/letters", ""); got["rows"].([]any)[2].(map[string]any)["binary"] != true {
		t.Errorf("third: %v", got)
	}
	if code, got := l.Do("GET", "/api/apps/shop/functions/ingest/letters?limit=0", ""); code != 400 {
		t.Errorf("no limit: %d %v", code, got)
	}
}

// TestRedrive: a task tells how many ran again, and that some failed again.
func TestRedrive(t *testing.T) {
	s, l, _ := newShop(t, nil)
	s.mu.Lock()
	s.letters = []letter.Letter{{ID: "a"}, {ID: "b"}}
	s.mu.Unlock()
	code, got := l.Do("POST", "/api/apps/shop/functions/ingest/redrive", `{"limit":7,"error":"bad"}`)
	if code != 202 || got["task"] == "" {
		t.Fatalf("%d %v", code, got)
	}
	for range 100 {
		_, all := l.Do("GET", "/api/tasks", "")
		if text := fmt.Sprint(all); strings.Contains(text, "state:bad") {
			for _, want := range []string{"kind:redrive", "done:2", "said:still bad started:", "failed again for 1 of them", "queue:failed", "to:/functions/shop/ingest/letters"} {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in %s", want, text)
				}
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the task did not end")
}

// TestBreaker: an open circuit breaker is in the row, and a notice.
func TestBreaker(t *testing.T) {
	s, l, _ := newShop(t, nil)
	s.mu.Lock()
	s.breaker = &breaker.Status{State: breaker.Open, Since: time.UnixMilli(1000), Until: time.UnixMilli(2000), Failures: 5, Probes: 2, Err: errors.New("down\nmore")}
	s.mu.Unlock()
	row := l.Listen("functions").Rows("functions")["shop/ingest"]
	if row["state"] != "warn" || fmt.Sprint(row["breaker"]) != "map[error:down\nmore failures:5 probes:2 since:1000 state:open until:2000]" {
		t.Errorf("row: %v", row)
	}
	var told []string
	page{Config{Apps: func() []App { return []App{{Host: s}} }}, &watch{}}.breakerTroubles(func(x portal.Trouble) {
		told = append(told, fmt.Sprint(x.Kind, " ", x.Subject, " ", x.Detail, " ", x.Count))
	})
	if strings.Join(told, ", ") != "breaker-open shop/ingest down 2" {
		t.Errorf("told %v", told)
	}
}
