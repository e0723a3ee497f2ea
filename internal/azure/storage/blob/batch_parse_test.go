package blob

import (
	"strings"
	"testing"
)

// crlf writes lines as the protocol ends them.
func crlf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n")) }

func TestBatchParts(t *testing.T) {
	body := crlf("--batch_1", "Content-Type: application/http", "Content-Transfer-Encoding: binary", "Content-ID: 0", "",
		"DELETE /devstoreaccount1/c/a%20b HTTP/1.1", "x-ms-date: now", "Content-Length: 0", "", "",
		"--batch_1", "Content-Type: application/http", "Content-ID: 1", "",
		"PUT /c/b?comp=tier HTTP/1.1", "X-Ms-Access-Tier:Cool", "",
		"--batch_1--", "")
	for _, text := range []string{string(body), strings.ReplaceAll(string(body), "\r\n", "\n"), "preamble\r\n" + string(body) + "epilogue"} {
		parts, err := parseBatch([]byte(text), "batch_1")
		if err != nil || len(parts) != 2 {
			t.Fatalf("%d parts, %v", len(parts), err)
		}
		if p := parts[0]; p.id != "0" || p.method != "DELETE" || p.target != "/devstoreaccount1/c/a%20b" || p.header("X-MS-Date") != "now" {
			t.Errorf("%+v", p)
		}
		if p := parts[1]; p.id != "1" || p.method != "PUT" || p.target != "/c/b?comp=tier" || p.header("x-ms-access-tier") != "Cool" {
			t.Errorf("%+v", p)
		}
	}
}

func TestBrokenBatches(t *testing.T) {
	part := "--b\r\nContent-Type: application/http\r\n\r\nDELETE /c/b HTTP/1.1\r\nx: y\r\n\r\n"
	for _, text := range []string{
		"", "--b--", "--b", "--b\r\n", part, part + "--other--", part + "--b",
		"--b\r\nContent-Type: application/http\r\n\r\n\r\n--b--",
		"--b\r\nContent-Type: text/plain\r\n\r\nDELETE /c/b HTTP/1.1\r\n\r\n--b--",
		"--b\r\n\r\nDELETE /c/b\r\n\r\n--b--",
		"--b\r\n\r\nDELETE c/b HTTP/1.1\r\n\r\n--b--",
		"--b\r\n\r\nDELETE http://elsewhere/c/b HTTP/1.1\r\n\r\n--b--",
		"--b\r\n\r\nDELETE /c/b HTTP/1.1\r\nno colon\r\n\r\n--b--",
		"--b\r\n\r\nDELETE /c/b HTTP/1.1\r\nbad name: x\r\n\r\n--b--",
		"--b\r\n\r\nDELETE /c/b HTTP/1.1\r\nx: a\x00b\r\n\r\n--b--",
	} {
		if parts, err := parseBatch([]byte(text), "b"); err == nil {
			t.Errorf("%q was taken: %+v", text, parts)
		}
	}
	if _, err := parseBatch([]byte(strings.Repeat(part, maxBatchParts+1)+"--b--"), "b"); err == nil {
		t.Error("more parts than a batch may have")
	}
}

func FuzzBatch(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Type: application/http\r\n\r\nDELETE /c/b HTTP/1.1\r\nx: y\r\n\r\n--b--"), "b")
	f.Add([]byte("--b--b--b--"), "b")
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		if boundary == "" {
			return
		}
		parts, err := parseBatch(body, boundary)
		if err == nil && (len(parts) == 0 || len(parts) > maxBatchParts) {
			t.Fatal(len(parts))
		}
	})
}
