package cosmos

import (
	"bufio"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestWrongKeyOverTheWire(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	date := time.Now().UTC().Format(http.TimeFormat)
	wrong := base64.StdEncoding.EncodeToString([]byte("not the key"))
	old := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	for name, h := range map[string]headers{
		"wrong key": {"x-ms-date", date, "Authorization", signature(wrong, "GET", "docs", "dbs/d/colls/c", date)},
		"expired":   {"x-ms-date", old, "Authorization", signature(testKey, "GET", "docs", "dbs/d/colls/c", old)},
		"garbage":   {"Authorization", "Bearer abc"},
	} {
		r := a.must(401, "GET", docs, "", h)
		if r.json(t)["code"] != "Unauthorized" || r.header.Get("x-ms-activity-id") == "" {
			t.Errorf("%s: %s", name, r.body)
		}
	}
}

func TestBrokenDocuments(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	a.must(201, "POST", docs, `{"id":"1","pk":"a","v":1}`, pk("a"))
	for name, body := range map[string]string{
		"empty": ``, "no JSON": `hello`, "cut off": `{"id":"2","pk":"a"`, "an array": `[]`, "no id": `{"pk":"a"}`, "a number id": `{"id":2,"pk":"a"}`,
		"empty id": `{"id":"","pk":"a"}`, "a long id": `{"id":"` + strings.Repeat("x", 2000) + `","pk":"a"}`,
		"no UTF-8": "{\"id\":\"2\",\"pk\":\"a\",\"x\":\"\xff\"}", "two values": `{"id":"2","pk":"a"}{}`, "NaN": `{"id":"2","pk":"a","x":NaN}`,
		"a number beyond double": `{"id":"2","pk":"a","x":1e400}`, "one deep within": `{"id":"2","pk":"a","x":[{"y":-1E+309}]}`,
		"a long number": `{"id":"2","pk":"a","x":` + strings.Repeat("9", 310) + `}`,
		"too deep":      `{"id":"2","pk":"a","x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`,
	} {
		if r := a.call("POST", docs, body, pk("a")); r.status != 400 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	a.must(400, "PUT", docs+"/1", `{"id":"other","pk":"a"}`, pk("a"))
	a.must(400, "PATCH", docs+"/1", `{"operations":[{"op":"set","path":"/v","value":1e400}]}`, pk("a"))
	batch := a.must(207, "POST", docs, `[{"operationType":"Upsert","resourceBody":{"id":"1","pk":"a","v":1e400}}]`, batchHeaders.and(pk("a")...))
	if !strings.Contains(string(batch.body), `"statusCode":400`) {
		t.Errorf("an upsert of a number beyond double in a batch: %s", batch.body)
	}
	a.must(201, "POST", docs, `{"id":"edge","pk":"b","v":[1.7976931348623157e308,1e-400,`+strings.Repeat("9", 308)+`]}`, pk("b"))
	a.must(204, "DELETE", docs+"/edge", "", pk("b"))
	if got := a.must(200, "GET", docs, "", nil).json(t)["_count"]; got != 1.0 {
		t.Errorf("%v documents are stored", got)
	}
	if got := a.must(200, "GET", docs+"/1", "", pk("a")).json(t)["v"]; got != 1.0 {
		t.Errorf("the good document has v = %v", got)
	}
}

func TestDocumentsOverTwoMegabytes(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	filler := func(n int) string { return `{"id":"1","pk":"a","s":"` + strings.Repeat("x", n) + `"}` }
	a.must(413, "POST", docs, filler(2<<20), pk("a"))
	a.must(413, "POST", docs, filler(8<<20), pk("a"))
	a.must(413, "POST", docs, `[{"operationType":"Create","resourceBody":`+filler(3<<20)+`}]`, batchHeaders.and(pk("a")...))
	a.must(201, "POST", docs, filler(2<<20-1024), pk("a"))
	a.must(413, "PATCH", docs+"/1", `{"operations":[{"op":"set","path":"/t","value":"`+strings.Repeat("y", 4096)+`"}]}`, pk("a"))
	if n := len(a.must(200, "GET", docs+"/1", "", pk("a")).json(t)["s"].(string)); n != 2<<20-1024 {
		t.Errorf("the document has %d bytes", n)
	}
}

func TestMalformedHeaders(t *testing.T) {
	a := newAccount(t, nil)
	docs := a.container("c", keyPK)
	a.must(201, "POST", docs, `{"id":"1","pk":"a"}`, pk("a"))
	for _, h := range []headers{
		{"x-ms-documentdb-is-upsert", "maybe"},
		{"x-ms-cosmos-is-batch-request", "2"},
		{"x-ms-documentdb-isquery", "x"},
	} {
		if r := a.call("POST", docs, `{"id":"2","pk":"a"}`, pk("a").and(h...)); r.status != 400 {
			t.Errorf("%v: %d %s", h, r.status, r.body)
		}
	}
	for _, h := range []headers{
		{"x-ms-start-epk", "xyz"},
		{"x-ms-end-epk", strings.Repeat("A", 1000)},
		{"x-ms-max-item-count", "1e3"},
		{"x-ms-continuation", strings.Repeat("z", 5000)},
		{"x-ms-session-token", "0:x"},
		{"x-ms-documentdb-partitionkey", strings.Repeat("[", 500)},
	} {
		r := a.call("GET", docs, "", h)
		if r.status != 400 || len(r.body) > 2000 {
			t.Errorf("%s: %d %s", h[0], r.status, r.body)
		}
	}
}

// TestUnreadableRequests sends bytes that no HTTP client sends.
func TestUnreadableRequests(t *testing.T) {
	a := newAccount(t, nil)
	srv := &http.Server{Handler: a.service, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	l := testkit.Listen(t)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	for name, raw := range map[string]string{
		"no HTTP":         "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"endless headers": "GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 200<<10) + "\r\n\r\n",
		"bad length":      "POST /dbs HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
		"bad escape":      "GET /dbs/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		// The server may answer and close before it has read everything.
		_, _ = conn.Write([]byte(raw))
		if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			if resp.StatusCode < 400 || resp.StatusCode >= 500 {
				t.Errorf("%s: status %d", name, resp.StatusCode)
			}
			resp.Body.Close()
		}
		conn.Close()
	}
	srv.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	a.must(200, "GET", "/", "", nil)
}
