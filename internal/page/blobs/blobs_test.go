package blobs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

func names(p BlobPage) (all []string) {
	for _, r := range p.Rows {
		name := r.Name
		if r.Deleted {
			name = "(" + name + ")"
		}
		all = append(all, name)
	}
	return all
}

// foreign are names that some way of showing, addressing or keeping things could
// obey: all are a blob's name, and lead nowhere.
var foreign = []string{
	"../../etc/passwd", "..", ".", "/", "a//b", "/leading", "trailing/", "%2e%2e/%00", `..\windows`, "a?b#c&d=e", "<img src=x onerror=alert(1)>",
	"bidi\u202egnp.exe", "tab\tnew\nline\rbell\a", "발전소/당진 02.json", "😀/é/e\u0301", "\u2028\ufeff", "name\"; rm -rf /", strings.Repeat("한", 1024), "CON", "a:b",
}

func TestNames(t *testing.T) {
	l := newLab(t)
	for i, name := range foreign {
		l.put(name, "body "+strconv.Itoa(i))
	}
	flat := l.list("flat=1")
	have := map[string]bool{}
	for _, n := range names(flat) {
		have[n] = true
	}
	for i, name := range foreign {
		if !have[name] {
			t.Errorf("%q is not listed", name)
		}
		want := "body " + strconv.Itoa(i)
		if b := l.detail(name); b.Name != name || b.Size != int64(len(want)) {
			t.Errorf("%q is %+v", name, b)
		}
		status, h, body := l.get(at("download", name))
		if status != http.StatusOK || string(body) != want {
			t.Errorf("download %q: %d %q", name, status, body)
		}
		if d := h.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename") || strings.ContainsAny(d, "\r\n<>") {
			t.Errorf("download %q is called %s", name, d)
		}
	}
	for _, bad := range []string{"", "zero\x00byte", "\xff\xfe", strings.Repeat("x", 1025), strings.Repeat("/", 254)} {
		for _, path := range []string{at("", bad), at("download", bad), at("preview", bad)} {
			if status, _, body := l.get(path); status != http.StatusBadRequest {
				t.Errorf("%s answers %d %s", path, status, body)
			}
		}
	}
}

func TestListing(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"readme.md", "2026/11/a.json", "2026/11/b.json", "2026/12/c.json", "2026/summary.csv", "photos/x.png"} {
		l.put(name, name)
	}
	for query, want := range map[string][]string{
		"":                      {"2026/", "photos/", "readme.md"},
		"prefix=2026/":          {"2026/11/", "2026/12/", "2026/summary.csv"},
		"prefix=2026/s":         {"2026/summary.csv"},
		"prefix=2026/11/":       {"2026/11/a.json", "2026/11/b.json"},
		"prefix=nowhere/":       nil,
		"flat=1&prefix=2026/1":  {"2026/11/a.json", "2026/11/b.json", "2026/12/c.json"},
		"flat=1&prefix=photos/": {"photos/x.png"},
	} {
		if diff := cmp.Diff(want, names(l.list(query))); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	var all []string
	for after := ""; ; {
		page := l.list("flat=1&max=2&after=" + after)
		all = append(all, names(page)...)
		if after = page.Next; after == "" {
			break
		}
	}
	if len(all) != 6 {
		t.Errorf("by pages of two: %q", all)
	}
	l.want(http.StatusBadRequest, "GET", box+"/blobs?after=!!", "")
	l.want(http.StatusNotFound, "GET", "/api/storage/acct/containers/none/blobs", "")
	l.want(http.StatusNotFound, "GET", "/api/storage/none/containers/box/blobs", "")
	if got := l.want(http.StatusOK, "GET", box+"/count?prefix=2026/", ""); got["blobs"] != 4.0 || got["bytes"] != float64(3*len("2026/11/a.json")+len("2026/summary.csv")) {
		t.Errorf("counted %v", got)
	}
	if got := l.want(http.StatusOK, "POST", box+"/existing", `{"names":["readme.md","new","2026/11/a.json"]}`); fmt.Sprint(got["names"]) != "[readme.md 2026/11/a.json]" {
		t.Errorf("existing: %v", got)
	}
}

// TestHarmless: whatever a blob says it is, its bytes come as a file to keep, of no
// type that a browser runs, and in a cage.
func TestHarmless(t *testing.T) {
	l := newLab(t)
	l.put("page.html", "<script>alert(1)</script>", "type", "text/html")
	l.put("evil.svg", "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "type", "image/svg+xml")
	l.put("dot.png", "\x89PNG\x0d\x0a\x1a\x0a rest", "type", "text/html")
	l.put("lie.png", "<html><script>alert(1)</script>", "type", "image/png")
	for path, media := range map[string]string{
		at("download", "page.html"): "application/octet-stream",
		at("preview", "page.html"):  "application/octet-stream",
		at("download", "evil.svg"):  "application/octet-stream",
		at("image", "evil.svg"):     "image/svg+xml",
		at("image", "dot.png"):      "image/png",
	} {
		status, h, _ := l.get(path)
		if status != http.StatusOK || h.Get("Content-Type") != media {
			t.Errorf("%s: %d %s", path, status, h.Get("Content-Type"))
		}
		if !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasSuffix(h.Get("Content-Security-Policy"), "; sandbox") || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s is not caged: %v", path, h)
		}
	}
	for _, name := range []string{"page.html", "lie.png"} {
		l.want(http.StatusBadRequest, "GET", at("image", name), "")
	}
}

func TestUpload(t *testing.T) {
	l := newLab(t)
	l.put("a.txt", "one", "type", "text/plain")
	if b := l.detail("a.txt"); b.Headers.ContentType != "text/plain" || b.MD5 == "" || b.URL != "http://127.0.0.1:10000/acct/box/a.txt" {
		t.Errorf("%+v", b)
	}
	octets := "application/octet-stream"
	for _, c := range []struct {
		method, path, media string
		body                string
		want                int
	}{
		{"PUT", at("", "a.txt"), octets, "two", 409},
		{"PUT", at("", "a.txt", "overwrite", "1"), octets, "two", 201},
		{"PUT", at("", "b.txt"), "text/plain", "two", 400},
		{"PUT", at("", "b.txt"), "application/x-www-form-urlencoded", "two", 400},
		{"PUT", at("", "b.txt", "type", "text/html\r\nX: y"), octets, "two", 400},
		{"PUT", at("block", "big", "id", ""), octets, "x", 400},
		{"PUT", at("block", "big", "id", "0001"), octets, "one ", 201},
		{"PUT", at("block", "big", "id", "0002"), octets, "two", 201},
		{"PUT", at("block", "big", "id", "3"), octets, "x", 400},
		{"POST", at("commit", "big"), "application/json", `{"blocks":["0001","0009"],"type":""}`, 400},
		{"POST", at("commit", "a.txt"), "application/json", `{"blocks":[]}`, 409},
		{"POST", at("commit", "big"), "text/plain", `{"blocks":["0001"]}`, 400},
	} {
		if got, body := l.send(c.method, c.path, c.media, []byte(c.body)); got != c.want {
			t.Errorf("%s %s (%s): %d %s, want %d", c.method, c.path, c.media, got, body, c.want)
		}
	}
	got := l.want(http.StatusOK, "GET", at("blocks", "big"), "")
	if fmt.Sprint(got["blocks"]) != "[map[id:0001 size:4] map[id:0002 size:3]]" {
		t.Errorf("blocks that wait: %v", got)
	}
	l.want(http.StatusNotFound, "GET", at("download", "big"), "")
	l.want(http.StatusCreated, "POST", at("commit", "big"), `{"blocks":["0001","0002"],"type":"text/plain"}`)
	if _, _, body := l.get(at("download", "big")); string(body) != "one two" {
		t.Errorf("big is %q", body)
	}
	if _, _, body := l.get(at("download", "a.txt")); string(body) != "two" {
		t.Errorf("a.txt is %q", body)
	}
}

// TestTooMuch: a body that is too large is refused by what it says of itself, and
// while it comes if it says nothing; nothing of it is left.
func TestTooMuch(t *testing.T) {
	l := newLab(t)
	long := strings.Repeat("x", maxPiece+1)
	for _, length := range []int64{maxPiece + 1, -1} {
		r, err := http.NewRequestWithContext(t.Context(), "PUT", l.URL+at("block", "b", "id", "1"), io.NopCloser(strings.NewReader(long)))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		r.Header.Set("Content-Type", "application/octet-stream")
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			continue // the server closed the connection on a body that it does not want
		}
		reply.Body.Close()
		if reply.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("length %d: %s", length, reply.Status)
		}
	}
	if got := names(l.list("flat=1")); got != nil {
		t.Errorf("left over: %q", got)
	}
}

func TestDownload(t *testing.T) {
	l := newLab(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), 40_000)
	l.put("dir/file.bin", string(body))
	status, h, got := l.get(at("download", "dir/file.bin"))
	if status != http.StatusOK || !bytes.Equal(got, body) || h.Get("Content-Length") != strconv.Itoa(len(body)) {
		t.Errorf("%d, %d bytes", status, len(got))
	}
	if d := h.Get("Content-Disposition"); d != "attachment; filename=file.bin" {
		t.Error(d)
	}
	status, h, got = l.get(at("download", "dir/file.bin"), "Range", "bytes=600000-", "If-Range", h.Get("ETag"))
	if status != http.StatusPartialContent || !bytes.Equal(got, body[600_000:]) || h.Get("Content-Range") != "bytes 600000-639999/640000" {
		t.Errorf("the rest: %d %s, %d bytes", status, h.Get("Content-Range"), len(got))
	}
	if status, _, got = l.get(at("download", "dir/file.bin"), "Range", "bytes=5-", "If-Range", `"old"`); status != http.StatusOK || len(got) != len(body) {
		t.Errorf("of another state: %d, %d bytes", status, len(got))
	}
	status, h, got = l.get(at("preview", "dir/file.bin"))
	if status != http.StatusOK || len(got) != maxPreview || h.Get("Blob-Size") != "640000" {
		t.Errorf("preview: %d, %d bytes of %s", status, len(got), h.Get("Blob-Size"))
	}
	l.put("empty", "")
	if status, _, got = l.get(at("download", "empty")); status != http.StatusOK || len(got) != 0 {
		t.Errorf("empty: %d %q", status, got)
	}
}

func TestChange(t *testing.T) {
	l := newLab(t)
	l.put("a", "one")
	etag := l.detail("a").ETag
	headers := `{"etag":"` + etag + `","headers":{"contentType":"text/csv","contentEncoding":"","contentLanguage":"ko","contentDisposition":"","cacheControl":"no-cache"}}`
	l.want(http.StatusOK, "PUT", at("properties", "a"), headers)
	l.want(http.StatusPreconditionFailed, "PUT", at("properties", "a"), headers)
	l.want(http.StatusOK, "PUT", at("metadata", "a"), `{"etag":"","pairs":[{"name":"Owner","value":"me"},{"name":"empty","value":""}]}`)
	l.want(http.StatusNoContent, "PUT", at("tags", "a"), `{"etag":"","pairs":[{"name":"plant","value":"Dangjin 02"}]}`)
	l.want(http.StatusNoContent, "PUT", at("tier", "a"), `{"tier":"Cool"}`)
	b := l.detail("a")
	want := []Pair{{"Owner", "me"}, {"empty", ""}}
	if diff := cmp.Diff(want, b.Metadata); diff != "" || b.Headers.ContentType != "text/csv" || b.Tier != "Cool" || len(b.Tags) != 1 || b.MD5 == "" {
		t.Errorf("%+v", b)
	}
	for path, bodies := range map[string][]string{
		at("metadata", "a"):   {`{"etag":"","pairs":[{"name":"1x","value":""}]}`, `{"etag":"","pairs":[{"name":"x","value":"a\r\nb: c"}]}`, `{"etag":"","pairs":[{"name":"x","value":""},{"name":"X","value":""}]}`, `{"pears":[]}`},
		at("tags", "a"):       {`{"etag":"","pairs":[{"name":"","value":""}]}`, `{"etag":"","pairs":[{"name":"<b>","value":""}]}`},
		at("tier", "a"):       {`{"tier":"Warm"}`},
		at("properties", "a"): {`{"etag":"","headers":{"contentType":"text/html\nX"}}`},
	} {
		for _, body := range bodies {
			l.want(http.StatusBadRequest, "PUT", path, body)
		}
	}
}

func TestCopyAndLease(t *testing.T) {
	l := newLab(t)
	l.put("a", "one")
	snapshot := l.want(http.StatusCreated, "POST", at("snapshot", "a"), "")["snapshot"].(string)
	l.put("a", "two", "overwrite", "1")
	l.want(http.StatusCreated, "POST", at("copy", "a", "snapshot", snapshot), `{"container":"box","name":"copies/a","overwrite":false}`)
	l.want(http.StatusConflict, "POST", at("copy", "a"), `{"container":"box","name":"copies/a","overwrite":false}`)
	l.want(http.StatusNotFound, "POST", at("copy", "a"), `{"container":"none","name":"x","overwrite":false}`)
	l.want(http.StatusBadRequest, "POST", at("copy", "a"), `{"container":"box","name":"","overwrite":false}`)
	if _, _, body := l.get(at("download", "copies/a")); string(body) != "one" {
		t.Errorf("the copy is %q", body)
	}
	addr := objectstore.Address{Container: "box", Blob: "a"}
	if _, err := l.store.Lease(t.Context(), addr, objectstore.LeaseRequest{Action: objectstore.AcquireLease, Duration: -1}); err != nil {
		t.Fatal(err)
	}
	if row := l.list("prefix=a").Rows[0]; row.Lease != "leased" {
		t.Errorf("%+v", row)
	}
	if got := l.want(http.StatusPreconditionFailed, "DELETE", at("", "a"), ""); !strings.Contains(got["error"].(string), "break the lease") {
		t.Errorf("a leased blob: %v", got)
	}
	l.want(http.StatusNoContent, "POST", at("break-lease", "a"), "")
	if b := l.detail("a"); b.Lease != "broken" || len(b.States) != 1 || b.States[0].Snapshot != snapshot {
		t.Errorf("%+v", b)
	}
	l.want(http.StatusNoContent, "DELETE", at("", "a"), "")
	l.want(http.StatusNotFound, "GET", at("", "a"), "")
}

func TestDeleteMany(t *testing.T) {
	l := newLab(t)
	for i := range 40 {
		l.put(fmt.Sprintf("logs/%02d", i), "x")
	}
	for _, name := range []string{"logsX", "keep/a", "one"} {
		l.put(name, "x")
	}
	for _, bad := range []string{`{"blobs":[],"folders":[]}`, `{"blobs":[],"folders":["logs"]}`, `{"blobs":[],"folders":[""]}`, `{"blobs":[""],"folders":[]}`} {
		l.want(http.StatusBadRequest, "POST", box+"/delete", bad)
	}
	leased := objectstore.Address{Container: "box", Blob: "logs/07"}
	if _, err := l.store.Lease(t.Context(), leased, objectstore.LeaseRequest{Action: objectstore.AcquireLease, Duration: -1}); err != nil {
		t.Fatal(err)
	}
	order := `{"blobs":["one","never there"],"folders":["logs/"]}`
	s := l.ended(l.want(http.StatusAccepted, "POST", box+"/delete", order)["task"])
	if s.State != "bad" || !strings.Contains(s.Error, "1 were not deleted") || !strings.Contains(s.Error, "lease") || s.Done != 41 {
		t.Errorf("%+v", s)
	}
	if got := names(l.list("flat=1")); !cmp.Equal(got, []string{"keep/a", "logs/07", "logsX"}) {
		t.Errorf("left: %q", got)
	}
}

func TestUndelete(t *testing.T) {
	l := newLab(t)
	if err := l.store.SetRetention(context.Background(), objectstore.Retention{BlobDays: 3, ContainerDays: 4}); err != nil {
		t.Fatal(err)
	}
	l.put("a", "one")
	l.want(http.StatusNoContent, "DELETE", at("", "a"), "")
	if got := names(l.list("deleted=1")); !cmp.Equal(got, []string{"(a)"}) {
		t.Errorf("with deleted ones: %q", got)
	}
	if b := l.detail("a"); !b.Deleted || b.RemainingDays < 2 {
		t.Errorf("%+v", b)
	}
	l.want(http.StatusNoContent, "POST", at("undelete", "a"), "")
	if _, _, body := l.get(at("download", "a")); string(body) != "one" {
		t.Errorf("back: %q", body)
	}
	l.want(http.StatusNoContent, "DELETE", box, "")
	l.want(http.StatusNotFound, "GET", box, "")
	rows := l.want(http.StatusOK, "GET", "/api/storage/acct/deleted-containers", "")["rows"].([]any)
	version := rows[0].(map[string]any)["version"].(string)
	l.want(http.StatusNotFound, "POST", box+"/undelete", `{"version":"other"}`)
	l.want(http.StatusNoContent, "POST", box+"/undelete", `{"version":"`+version+`"}`)
	if got := names(l.list("")); !cmp.Equal(got, []string{"a"}) {
		t.Errorf("in the container that is back: %q", got)
	}
}

// TestVersions: in an account that keeps versions a deleted blob is its newest one.
func TestVersions(t *testing.T) {
	l := newLab(t)
	l.store.SetVersioning(true)
	l.put("a", "one")
	l.put("a", "two", "overwrite", "1")
	l.put("b", "b")
	l.want(http.StatusNoContent, "DELETE", at("", "a"), "")
	for _, limit := range []string{"1", "2", "5000"} {
		var got []string
		var gone BlobRow
		for after := ""; ; {
			page := l.list("deleted=1&max=" + limit + "&after=" + after)
			got = append(got, names(page)...)
			if len(page.Rows) > 0 && page.Rows[0].Deleted {
				gone = page.Rows[0]
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if !cmp.Equal(got, []string{"(a)", "b"}) || gone.Version == "" || gone.Size != 3 {
			t.Errorf("by %s: %q %+v", limit, got, gone)
		}
		if limit == "5000" {
			l.want(http.StatusNoContent, "POST", at("undelete", "a", "version", gone.Version), "")
		}
	}
	if _, _, body := l.get(at("download", "a")); string(body) != "two" {
		t.Errorf("back: %q", body)
	}
	if b := l.detail("a"); len(b.States) != 3 || !b.States[0].Current {
		t.Errorf("%+v", b.States)
	}
}

func TestContainer(t *testing.T) {
	l := newLab(t)
	l.want(http.StatusConflict, "POST", "/api/storage/acct/containers", `{"name":"box","access":""}`)
	l.want(http.StatusBadRequest, "POST", "/api/storage/acct/containers", `{"name":"box2","access":"all"}`)
	l.want(http.StatusNotFound, "POST", "/api/storage/none/containers", `{"name":"box2","access":""}`)
	l.want(http.StatusNoContent, "PUT", box+"/access", `{"access":"blob"}`)
	l.want(http.StatusBadRequest, "PUT", box+"/access", `{"access":"world"}`)
	l.want(http.StatusOK, "PUT", box+"/metadata", `{"etag":"","pairs":[{"name":"team","value":"solar"}]}`)
	if c := l.want(http.StatusOK, "GET", box, ""); c["access"] != "blob" || fmt.Sprint(c["metadata"]) != "[map[name:team value:solar]]" {
		t.Errorf("%v", c)
	}
	l.put("a", "12345")
	s := l.Listen("blobcontainers", "storage")
	row := s.Rows("blobcontainers")["acct/box"]
	if fmt.Sprint(row["asked"]) != "map[failed:1 rate:0 refused:2 requests:7]" {
		t.Errorf("what was asked of it: %v", row["asked"])
	}
	if row["blobs"] != 1.0 || row["bytes"] != 5.0 || row["access"] != "blob" || row["lease"] != "available" {
		t.Errorf("%v", row)
	}
}

func TestSign(t *testing.T) {
	l := newLab(t)
	l.put("a b/당진", "x")
	soon := strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
	got := l.want(http.StatusOK, "POST", at("sas", "a b/당진"), `{"permissions":"wr","start":0,"expiry":`+soon+`,"ip":"","https":false}`)
	if got["url"] != "http://127.0.0.1:10000/acct/box/a%20b/"+url.PathEscape("당진")+"?sig=x" || l.signed[0].Permissions != "rw" || l.signed[0].Blob != "a b/당진" {
		t.Errorf("%v %+v", got, l.signed)
	}
	l.want(http.StatusOK, "POST", box+"/sas", `{"permissions":"rl","start":0,"expiry":`+soon+`,"ip":"10.0.0.1-10.0.0.9","https":true}`)
	for _, bad := range []string{
		`{"permissions":"","start":0,"expiry":` + soon + `,"ip":"","https":false}`,
		`{"permissions":"rq","start":0,"expiry":` + soon + `,"ip":"","https":false}`,
		`{"permissions":"rr","start":0,"expiry":` + soon + `,"ip":"","https":false}`,
		`{"permissions":"r","start":0,"expiry":1,"ip":"","https":false}`,
		`{"permissions":"r","start":0,"expiry":9007199254740991,"ip":"","https":false}`,
		`{"permissions":"r","start":0,"expiry":` + soon + `,"ip":"x","https":false}`,
	} {
		l.want(http.StatusBadRequest, "POST", at("sas", "a b/당진"), bad)
	}
}
