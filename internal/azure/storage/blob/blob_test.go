package blob

import (
	"strings"
	"testing"
)

func TestPutAndGet(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	r := a.must(201, "PUT", "/box/dir/a%20b", "hello", block.and("x-ms-meta-Some_Name", "v", "x-ms-meta-empty", "", "x-ms-blob-content-type", "text/plain"))
	for _, name := range []string{"ETag", "Last-Modified", "x-ms-request-id", "x-ms-version", "Content-MD5"} {
		if r.header.Get(name) == "" {
			t.Errorf("the answer has no %s", name)
		}
	}
	if got := r.header.Get("Server"); got != "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0" {
		t.Errorf("Server: %s", got)
	}
	g := a.must(200, "GET", "/box/dir/a%20b", "", nil)
	if g.body != "hello" || g.header.Get("Content-Type") != "text/plain" || g.header.Get("ETag") != r.header.Get("ETag") {
		t.Errorf("%q %v", g.body, g.header)
	}
	if got := g.header.Get("Content-MD5"); got != "XUFAKrxLKna5cZ2REBfFkg==" {
		t.Errorf("Content-MD5: %s", got)
	}
	if v, ok := g.header["X-Ms-Meta-Empty"]; !ok || v[0] != "" {
		t.Error("the empty value is lost")
	}
	p := a.must(206, "GET", "/box/dir/a%20b", "", h{"x-ms-range", "bytes=1-3", "Range", "bytes=0-0"})
	if p.body != "ell" || p.header.Get("Content-Range") != "bytes 1-3/5" || p.header.Get("Content-MD5") != "" || p.header.Get("x-ms-blob-content-md5") == "" {
		t.Errorf("%q %v", p.body, p.header)
	}
	head := a.must(200, "HEAD", "/box/dir/a%20b", "", nil)
	if head.header.Get("Content-Length") != "5" || head.header.Get("x-ms-blob-type") != "BlockBlob" {
		t.Errorf("%v", head.header)
	}
	list := a.must(200, "GET", "/box?restype=container&comp=list&include=metadata", "", nil)
	if !strings.Contains(list.body, "<Some_Name>v</Some_Name><empty />") || !strings.Contains(list.body, "<Name>dir/a b</Name>") {
		t.Error(list.body)
	}
	a.must(202, "DELETE", "/box/dir/a%20b", "", nil)
	a.refused(404, "BlobNotFound", "GET", "/box/dir/a%20b", "", nil)
}
