package blob

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestStaticWebsite(t *testing.T) {
	a := newAccount(t, nil)
	page := func(method, host, path string, headers h) answer {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, a.base+path, nil)
		noError(t, err)
		req.Host = host
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := a.http.Do(req)
		noError(t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		noError(t, err)
		return answer{resp.StatusCode, resp.Header, string(text)}
	}
	const host = "devstoreaccount1.z1.web.localhost"
	if r := page("GET", host, "/", nil); r.status != 404 || r.header.Get("Content-Type") != "text/html" {
		t.Errorf("not enabled: %d %s", r.status, r.body)
	}
	a.must(201, "PUT", "/$web?restype=container", "", nil)
	a.must(202, "PUT", "/?restype=service&comp=properties", "<StorageServiceProperties><StaticWebsite><Enabled>true</Enabled>"+
		"<IndexDocument>index.html</IndexDocument><ErrorDocument404Path>404.html</ErrorDocument404Path></StaticWebsite></StorageServiceProperties>", nil)
	for name, text := range map[string]string{"index.html": "home", "sub/index.html": "below", "404.html": "lost", "a b.txt": "plain"} {
		a.must(201, "PUT", "/$web/"+strings.ReplaceAll(name, " ", "%20"), text, block.and("x-ms-blob-content-type", "text/html"))
	}
	for path, want := range map[string]string{"/": "200 home", "/index.html": "200 home", "/sub/": "200 below", "/a%20b.txt": "200 plain", "/none": "404 lost", "/sub": "404 lost", "/../x": "404 lost"} {
		for _, at := range []string{host, "devstoreaccount1.web.localhost:10000"} {
			if r := page("GET", at, path, nil); strings.TrimSpace(r.cell()[:3]+" "+r.body) != want {
				t.Errorf("%s%s: %s %q, want %s", at, path, r.cell(), r.body, want)
			}
		}
	}
	if r := page("GET", host, "/", h{"Range", "bytes=1-2"}); r.status != 206 || r.body != "om" {
		t.Errorf("%d %q", r.status, r.body)
	}
	if r := page("HEAD", host, "/", nil); r.status != 200 || r.header.Get("Content-Length") != "4" {
		t.Errorf("%d %v", r.status, r.header)
	}
	if r := page("PUT", host, "/x", nil); r.status != 405 {
		t.Errorf("%d", r.status)
	}
	if r := page("GET", "devstoreaccount1.blob.localhost", "/$web/index.html", nil); r.status != 401 {
		t.Errorf("the blob service opens $web: %d", r.status)
	}
}
