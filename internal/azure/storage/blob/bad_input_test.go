package blob

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Bad input: the documented error each time.

func TestBadNames(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/$root?restype=container", "", nil)
	for path, want := range map[string]string{
		"/ab?restype=container":                              "400 OutOfRangeInput",
		"/" + strings.Repeat("a", 64) + "?restype=container": "400 OutOfRangeInput",
		"/No?restype=container":                              "400 OutOfRangeInput",
		"/Upper?restype=container":                           "400 InvalidResourceName",
		"/-lead?restype=container":                           "400 InvalidResourceName",
		"/trail-?restype=container":                          "400 InvalidResourceName",
		"/two--in?restype=container":                         "400 InvalidResourceName",
		"/un_der?restype=container":                          "400 InvalidResourceName",
		"/b%C3%BCx?restype=container":                        "400 InvalidResourceName",
		"/..?restype=container":                              "400 OutOfRangeInput",
		"/...?restype=container":                             "400 InvalidResourceName",
		"/%2e%2e%2fx?restype=container":                      "400 InvalidResourceName",
		"/$logs?restype=container":                           "201",
		"/$other?restype=container":                          "400 InvalidResourceName",
		"/box/" + strings.Repeat("a", 1024):                  "201",
		"/box/" + strings.Repeat("a", 1025):                  "400 OutOfRangeInput",
		"/box/" + strings.Repeat("%F0%9F%98%80", 1024):       "201",
		"/box/" + strings.Repeat("a/", 254) + "a":            "400 InvalidUri",
		"/box/nul%00byte":                                    "400 InvalidResourceName",
		"/box/bad%FFutf8":                                    "400 InvalidResourceName",
		"/box/bad%zzescape":                                  "400 InvalidUri",
		"/box/%":                                             "400 InvalidUri",
		"/box/../../etc/passwd":                              "201",
		"/box/%2e%2e%2f%2e%2e%2fetc%2fpasswd2":               "201",
		"/box/./here":                                        "201",
		"/box//double//slash":                                "201",
		"/box/trailing.":                                     "201",
		"/box/semi;colon&amp":                                "201",
		"/box/plus+plus":                                     "201",
		"/rootblob":                                          "201",
	} {
		if got := a.raw("PUT", path, "x", block).cell(); got != want {
			t.Errorf("%.80s: %s, want %s", path, got, want)
		}
	}
	names := map[string]bool{}
	list := a.must(200, "GET", "/box?restype=container&comp=list", "", nil).body
	for _, part := range strings.Split(list, "<Name>")[1:] {
		name, _, _ := strings.Cut(part, "</Name>")
		names[name] = true
	}
	for _, name := range []string{"../../etc/passwd", "../../etc/passwd2", "./here", "/double//slash", "semi;colon&amp;amp", "plus+plus"} {
		if !names[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

// raw sends a request with a path that url.Parse would not take, with a SAS in place
// of a signature over it.
func (a *testAccount) raw(method, path, text string, headers h) answer {
	a.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(a.base, "http://"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer c.Close()
	if strings.Contains(path, "restype=container") {
		text = ""
	}
	sas := &http.Request{URL: mustURL("http://x/")}
	accountSAS("rwdlactfxi", "sco", "b", time.Hour)(a, deed{}, sas)
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s /%s%s%s%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n", method, a.name, path, sep, sas.URL.RawQuery, len(text))
	for i := 0; i+1 < len(headers); i += 2 {
		b.WriteString(headers[i] + ": " + headers[i+1] + "\r\n")
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"+text); err != nil {
		a.t.Fatal(err)
	}
	return readAnswer(a.t, bufio.NewReader(c), method)
}

func readAnswer(t testing.TB, r *bufio.Reader, method string) answer {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func TestBadRequests(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/b", "0123456789", block)
	a.must(201, "PUT", "/box/empty", "", block)
	a.must(201, "PUT", "/box/page", "", h{"x-ms-blob-type", "PageBlob", "x-ms-blob-content-length", "1024"})
	a.must(201, "PUT", "/box/log", "", h{"x-ms-blob-type", "AppendBlob"})
	for _, c := range []struct {
		want, method, path, body string
		headers                  h
	}{
		{"400 InvalidQueryParameterValue", "GET", "/box/b?comp=nothing", "", nil},
		{"400 InvalidQueryParameterValue", "GET", "/box?restype=nothing", "", nil},
		{"400 InvalidQueryParameterValue", "GET", "/?comp=nothing", "", nil},
		{"405 UnsupportedHttpVerb", "POST", "/box/b", "", nil},
		{"405 UnsupportedHttpVerb", "PATCH", "/box/b?comp=metadata", "", nil},
		{"501 NotImplemented", "POST", "/box/b?comp=query", "", nil},
		{"400 InvalidQueryParameterValue", "GET", "/box/b?snapshot=x", "", nil},
		{"400 InvalidQueryParameterValue", "GET", "/box/b?versionid=x", "", nil},
		{"404 BlobNotFound", "GET", "/box/b?snapshot=2020-01-01T00:00:00.0000000Z", "", nil},
		{"404 ContainerNotFound", "GET", "/nobox/b", "", nil},

		{"416 InvalidRange", "GET", "/box/b", "", h{"x-ms-range", "bytes=10-"}},
		{"416 InvalidRange", "GET", "/box/empty", "", h{"x-ms-range", "bytes=0-"}},
		{"200", "GET", "/box/b", "", h{"x-ms-range", "bytes=5-2"}},
		{"200", "GET", "/box/b", "", h{"Range", "bytes=0-1,3-4"}},
		{"200", "GET", "/box/b", "", h{"Range", "lines=0-1"}},
		{"206", "GET", "/box/b", "", h{"x-ms-range", "bytes=9-100"}},
		{"400 InvalidHeaderValue", "GET", "/box/b", "", h{"x-ms-range-get-content-md5", "true"}},
		{"206", "GET", "/box/b", "", h{"x-ms-range-get-content-crc64", "true", "x-ms-range", "bytes=0-4"}},

		{"400 MissingRequiredHeader", "PUT", "/box/x", "", nil},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "", h{"x-ms-blob-type", "TextBlob"}},
		{"400 InvalidMd5", "PUT", "/box/x", "x", block.and("Content-MD5", "AAAA")},
		{"400 Md5Mismatch", "PUT", "/box/x", "x", block.and("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "x", block.and("x-ms-content-crc64", "AAAA")},
		{"400 Crc64Mismatch", "PUT", "/box/x", "x", block.and("x-ms-content-crc64", "AAAAAAAAAAA=")},
		{"400 BothCrc64AndMd5HeaderPresent", "PUT", "/box/x", "x", block.and("x-ms-content-crc64", "AAAAAAAAAAA=", "Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")},
		{"400 InvalidMd5", "PUT", "/box/x", "x", block.and("x-ms-blob-content-md5", "no")},
		{"400 InvalidMetadata", "PUT", "/box/x", "x", block.and("x-ms-meta-1bad", "v")},
		{"400 EmptyMetadataKey", "PUT", "/box/x", "x", block.and("x-ms-meta-", "v")},
		{"400 MetadataTooLarge", "PUT", "/box/x", "x", block.and("x-ms-meta-big", strings.Repeat("v", 8193))},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "x", block.and("x-ms-access-tier", "Warm")},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "x", block.and("x-ms-tags", "novalue")},
		{"400 EmptyTagName", "PUT", "/box/x", "x", block.and("x-ms-tags", "=v")},
		{"400 DuplicateTagNames", "PUT", "/box/x", "x", block.and("x-ms-tags", "a=1&a=2")},
		{"400 InvalidTag", "PUT", "/box/x", "x", block.and("x-ms-tags", "a=%21")},
		{"400 TagsTooLarge", "PUT", "/box/x", "x", block.and("x-ms-tags", "a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1")},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "x", block.and("x-ms-structured-body", "XSM/2.0")},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "x", block.and("x-ms-structured-body", structuredName)},
		{"400 InvalidInput", "PUT", "/box/x", "x", block.and("x-ms-structured-body", structuredName, "x-ms-structured-content-length", "1")},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "x", block.and("x-ms-encryption-key", "AAAA", "x-ms-encryption-key-sha256", "x", "x-ms-encryption-algorithm", "AES256")},
		{"501 NotImplemented", "PUT", "/box/x", "x", block.and("x-ms-legal-hold", "true")},

		{"400 MissingRequiredQueryParameter", "PUT", "/box/b?comp=block", "x", nil},
		{"400 InvalidQueryParameterValue", "PUT", "/box/b?comp=block&blockid=!!", "x", nil},
		{"400 InvalidQueryParameterValue", "PUT", "/box/b?comp=block&blockid=", "x", nil},
		{"400 InvalidQueryParameterValue", "PUT", "/box/b?comp=block&blockid=" + strings.Repeat("AAAA", 22), "x", nil},
		{"400 InvalidXmlDocument", "PUT", "/box/b?comp=blocklist", "<BlockList", nil},
		{"400 InvalidXmlDocument", "PUT", "/box/b?comp=blocklist", "<Other />", nil},
		{"400 InvalidXmlDocument", "PUT", "/box/b?comp=blocklist", "<BlockList><Any>AAAA</Any></BlockList>", nil},
		{"400 InvalidXmlDocument", "PUT", "/box/b?comp=blocklist", `<!DOCTYPE x [<!ENTITY a "b">]><BlockList />`, nil},
		{"400 InvalidBlockList", "PUT", "/box/b?comp=blocklist", "<BlockList><Latest>AAAA</Latest></BlockList>", nil},
		{"400 InvalidXmlNodeValue", "PUT", "/box/b?comp=blocklist", "<BlockList><Latest>!</Latest></BlockList>", nil},
		{"400 InvalidQueryParameterValue", "GET", "/box/b?comp=blocklist&blocklisttype=some", "", nil},

		{"400 InvalidHeaderValue", "PUT", "/box/log?comp=appendblock", "", nil},
		{"400 InvalidHeaderValue", "PUT", "/box/log?comp=appendblock", "x", h{"x-ms-blob-condition-appendpos", "-1"}},
		{"409 InvalidBlobType", "PUT", "/box/b?comp=appendblock", "x", nil},
		{"409 InvalidBlobType", "PUT", "/box/log?comp=block&blockid=AAAA", "x", nil},

		{"400 MissingRequiredHeader", "PUT", "/box/x", "", h{"x-ms-blob-type", "PageBlob"}},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "", h{"x-ms-blob-type", "PageBlob", "x-ms-blob-content-length", "100"}},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "", h{"x-ms-blob-type", "PageBlob", "x-ms-blob-content-length", "-512"}},
		{"400 MissingRequiredHeader", "PUT", "/box/page?comp=page", "", h{"x-ms-page-write", "clear"}},
		{"416 InvalidPageRange", "PUT", "/box/page?comp=page", "", h{"x-ms-page-write", "clear", "x-ms-range", "bytes=1-512"}},
		{"400 InvalidHeaderValue", "PUT", "/box/page?comp=page", "short", h{"x-ms-page-write", "update", "x-ms-range", "bytes=0-511"}},
		{"400 InvalidInput", "PUT", "/box/page?comp=page", "", h{"x-ms-page-write", "clear", "x-ms-range", "bytes=0-511", "x-ms-if-sequence-number-le", "-1"}},
		{"409 InvalidBlobType", "PUT", "/box/b?comp=page", "", h{"x-ms-page-write", "clear", "x-ms-range", "bytes=0-511"}},
		{"400 InvalidHeaderValue", "PUT", "/box/page?comp=properties", "", h{"x-ms-sequence-number-action", "double"}},
		{"400 MissingRequiredHeader", "PUT", "/box/page?comp=properties", "", h{"x-ms-sequence-number-action", "max"}},

		{"400 OutOfRangeQueryParameterValue", "GET", "/box?restype=container&comp=list&maxresults=0", "", nil},
		{"400 InvalidQueryParameterValue", "GET", "/box?restype=container&comp=list&maxresults=x", "", nil},
		{"400 InvalidQueryParameterValue", "GET", "/box?restype=container&comp=list&include=everything", "", nil},
		{"400 OutOfRangeInput", "GET", "/box?restype=container&comp=list&marker=!", "", nil},
		{"400 InvalidXmlDocument", "PUT", "/box/b?comp=tags", "<Tags><TagSet><Tag><Key>k</Key></Tag></TagSet></Tags>", nil},
		{"400 InvalidHeaderValue", "PUT", "/box/b?comp=tier", "", h{"x-ms-access-tier", "P10"}},
		{"400 MissingRequiredHeader", "PUT", "/box/b?comp=tier", "", nil},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "", h{"x-ms-copy-source", "not a url"}},
		{"400 InvalidHeaderValue", "PUT", "/box/x", "", h{"x-ms-copy-source", "file:///etc/passwd"}},
		{"404 CannotVerifyCopySource", "PUT", "/box/x", "", h{"x-ms-copy-source", "http://127.0.0.1:1/x"}},
		{"400 InvalidQueryParameterValue", "PUT", "/box/b?comp=copy&copyid=x", "", h{"x-ms-copy-action", "abort"}},
		{"400 InvalidHeaderValue", "DELETE", "/box/b", "", h{"x-ms-delete-snapshots", "some"}},
		{"400 InvalidHeaderValue", "GET", "/box/b", "", h{"x-ms-version", "latest"}},
		{"400 InvalidHeaderValue", "PUT", "/box?restype=container&comp=acl", "", h{"x-ms-blob-public-access", "all"}},
		{"400 InvalidHeaderValue", "POST", "/?comp=batch", "x", h{"Content-Type", "text/plain"}},
		{"400 InvalidInput", "POST", "/?comp=batch", "x", h{"Content-Type", "multipart/mixed; boundary=b"}},
	} {
		if got := a.call(c.method, c.path, c.body, c.headers).cell(); got != c.want {
			t.Errorf("%s %s %v %.40s: %s, want %s", c.method, c.path, c.headers, c.body, got, c.want)
		}
	}
	if r := a.call("GET", "/box/b", "", nil); r.body != "0123456789" {
		t.Errorf("the blob was changed: %q", r.body)
	}
}

// dialogue is a connection on which a test speaks for itself.
type dialogue struct {
	t testing.TB
	c net.Conn
	r *bufio.Reader
}

func (a *testAccount) dialogue() *dialogue {
	a.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(a.base, "http://"))
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		a.t.Fatal(err)
	}
	return &dialogue{a.t, c, bufio.NewReader(c)}
}

func (w *dialogue) write(text string) {
	w.t.Helper()
	if _, err := io.WriteString(w.c, text); err != nil {
		w.t.Fatal(err)
	}
}

// signedHead is the head of a Put Blob with a SAS, and with headers as they are.
func (a *testAccount) signedHead(path string, headers ...string) string {
	sas := &http.Request{URL: mustURL("http://x/")}
	accountSAS("rwdlac", "sco", "b", time.Hour)(a, deed{}, sas)
	return "PUT /" + a.name + path + "?" + sas.URL.RawQuery + " HTTP/1.1\r\nHost: x\r\nx-ms-blob-type: BlockBlob\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
}

func TestBodiesThatLie(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	// Fewer bytes than announced.
	w := a.dialogue()
	w.write(a.signedHead("/box/short", "Content-Length: 10") + "123")
	if err := w.c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if r := readAnswer(t, w.r, "PUT"); r.status != 400 || r.code() != "InvalidInput" {
		t.Errorf("%d %s", r.status, r.code())
	}
	// None announced.
	w = a.dialogue()
	w.write(a.signedHead("/box/chunked", "Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n")
	if r := readAnswer(t, w.r, "PUT"); r.status != 411 || r.code() != "MissingContentLengthHeader" {
		t.Errorf("%d %s", r.status, r.code())
	}
	// Two lengths, and a negative one: net/http refuses them.
	for _, lies := range [][]string{{"Content-Length: 3", "Content-Length: 4"}, {"Content-Length: -1"}, {"Content-Length: x"}} {
		w = a.dialogue()
		w.write(a.signedHead("/box/lies", lies...) + "abcd")
		if r := readAnswer(t, w.r, "PUT"); r.status != 400 {
			t.Errorf("%v: %d", lies, r.status)
		}
	}
	// More in the head than there may be.
	w = a.dialogue()
	w.write(a.signedHead("/box/heads", "x-ms-meta-big: "+strings.Repeat("v", 80<<10), "Content-Length: 0"))
	if r := readAnswer(t, w.r, "PUT"); r.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d", r.status)
	}
	if list := a.must(200, "GET", "/box?restype=container&comp=list&include=uncommittedblobs", "", nil).body; !strings.Contains(list, "<Blobs></Blobs>") {
		t.Error(list)
	}
}

// Whoever waits to be told to send a body is told only when conditions and rights let
// it be a blob.
func TestExpectContinue(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	w := a.dialogue()
	w.write(a.signedHead("/box/new", "Content-Length: 5", "Expect: 100-continue"))
	line, err := w.r.ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q %v", line, err)
	}
	if _, err := w.r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	w.write("hello")
	if r := readAnswer(t, w.r, "PUT"); r.status != 201 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for _, c := range []struct {
		want    string
		headers []string
		path    string
	}{
		{"409 BlobAlreadyExists", []string{"If-None-Match: *"}, "/box/new"},
		{"412 ConditionNotMet", []string{`If-Match: "0x1"`}, "/box/new"},
		{"404 ContainerNotFound", nil, "/nobox/new"},
		{"400 InvalidMetadata", []string{"x-ms-meta-1: v"}, "/box/new"},
	} {
		w := a.dialogue()
		w.write(a.signedHead(c.path, append(c.headers, "Content-Length: 5", "Expect: 100-continue")...))
		if r := readAnswer(t, w.r, "PUT"); r.cell() != c.want {
			t.Errorf("%v: %s, want %s", c.headers, r.cell(), c.want)
		}
	}
	w = a.dialogue()
	w.write("PUT /" + a.name + "/box/new HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	if r := readAnswer(t, w.r, "PUT"); r.status != 401 {
		t.Errorf("without authorization: %d", r.status)
	}
}

// A large body is refused in time, and its client reads why.
func TestRefusalOfALargeBodyIsRead(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	body := bytes.Repeat([]byte("x"), 8<<20)
	r := a.send("PUT", "/"+a.name+"/box/new", bytes.NewReader(body), block.and("If-Match", `"0x1"`), true)
	if r.cell() != "412 ConditionNotMet" {
		t.Errorf("%s", r.cell())
	}
}
