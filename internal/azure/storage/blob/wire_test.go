package blob

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// The form of a batch's answer: what JavaScript and Go split it by.
func TestBatchOnTheWire(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/one", "x", block)
	part := func(id, line string) string {
		return "--b_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: " + id + "\r\n\r\n" + line + "\r\nContent-Length: 0\r\n"
	}
	signed := func(path string) string {
		req, _ := http.NewRequest("DELETE", a.base+"/"+a.name+path, nil)
		req.URL.Opaque = "/" + a.name + path
		a.signBare(req)
		return "DELETE /" + a.name + path + " HTTP/1.1\r\nx-ms-date: " + map[string][]string(req.Header)["x-ms-date"][0] + "\r\nAuthorization: " + req.Header.Get("Authorization")
	}
	body := part("0", signed("/box/one")) + "\r\n" + part("1", signed("/box/none")) + "\r\n" + part("2", "DELETE /"+a.name+"/box/one HTTP/1.1") + "\r\n--b_1--\r\n"
	r := a.must(202, "POST", "/?comp=batch", body, h{"Content-Type", "multipart/mixed; boundary=b_1"})
	mark, ok := strings.CutPrefix(r.header.Get("Content-Type"), "multipart/mixed; boundary=batchresponse_")
	if !ok || strings.ContainsAny(mark, `"=`) {
		t.Fatalf("%s", r.header.Get("Content-Type"))
	}
	for _, want := range []string{
		"--batchresponse_" + mark + "\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nHTTP/1.1 202 Accepted\r\n",
		"Content-ID: 1\r\n\r\nHTTP/1.1 404 Not Found\r\n", "x-ms-error-code: BlobNotFound\r\n", "<Code>BlobNotFound</Code>",
		"Content-ID: 2\r\n\r\nHTTP/1.1 401 Unauthorized\r\n", "\r\n--batchresponse_" + mark + "--",
	} {
		if !strings.Contains(r.body, want) {
			t.Errorf("there is no %q in\n%s", want, r.body)
		}
	}
	// JavaScript takes the account in the path for a container.
	a.must(202, "POST", "/?restype=container&comp=batch", part("0", signed("/box/none"))+"\r\n--b_1--\r\n", h{"Content-Type", "multipart/mixed; boundary=b_1"})
	mixed := part("0", "DELETE /"+a.name+"/box/a HTTP/1.1") + "\r\n" + part("1", "PUT /"+a.name+"/box/a?comp=tier HTTP/1.1\r\nx-ms-access-tier: Cool") + "\r\n--b_1--\r\n"
	a.refused(400, "AllBatchSubRequestsShouldBeSameApi", "POST", "/?comp=batch", mixed, h{"Content-Type", "multipart/mixed; boundary=b_1"})
	reads := part("0", "GET /"+a.name+"/box/a HTTP/1.1") + "\r\n--b_1--\r\n"
	a.refused(400, "InvalidInput", "POST", "/?comp=batch", reads, h{"Content-Type", "multipart/mixed; boundary=b_1"})
}

// signBare signs as SDKs do the requests of a batch: without a version.
func (a *testAccount) signBare(req *http.Request) {
	a.sign(req)
	delete(req.Header, "x-ms-version")
	date := map[string][]string(req.Header)["x-ms-date"][0]
	text := req.Method + "\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:" + date + "\n/" + a.name + req.URL.Opaque
	req.Header["Authorization"] = []string{"SharedKey " + a.name + ":" + hmacOf("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", text)}
}

func TestCORS(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/blob", "x", block)
	preflight := h{"Origin", "https://a.example", "Access-Control-Request-Method", "GET"}
	if r := a.anonymous("OPTIONS", "/box/blob", "", preflight); r.cell() != "403 CorsPreflightFailure" {
		t.Errorf("%s", r.cell())
	}
	a.must(202, "PUT", "/?restype=service&comp=properties", "<StorageServiceProperties><Cors><CorsRule><AllowedOrigins>https://a.example</AllowedOrigins>"+
		"<AllowedMethods>GET</AllowedMethods><AllowedHeaders>*</AllowedHeaders><ExposedHeaders>x-ms-*</ExposedHeaders><MaxAgeInSeconds>9</MaxAgeInSeconds></CorsRule></Cors></StorageServiceProperties>", nil)
	if r := a.anonymous("OPTIONS", "/box/blob", "", preflight); r.status != 200 || r.header.Get("Access-Control-Allow-Origin") != "https://a.example" {
		t.Errorf("%s %v", r.cell(), r.header)
	}
	r := a.must(200, "GET", "/box/blob", "", h{"Origin", "https://a.example"})
	if r.header.Get("Access-Control-Allow-Origin") != "https://a.example" || !strings.Contains(r.header.Get("Access-Control-Expose-Headers"), "x-ms-blob-type") {
		t.Errorf("%v", r.header)
	}
	if r := a.must(200, "GET", "/box/blob", "", h{"Origin", "https://b.example"}); r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", r.header)
	}
}

// A customer's key is demanded again, and known by its hash alone.
func TestCustomersKeys(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	keyOf := func(c string) h {
		raw := []byte(strings.Repeat(c, 32))
		sum := sha256.Sum256(raw)
		return h{"x-ms-encryption-key", base64.StdEncoding.EncodeToString(raw), "x-ms-encryption-key-sha256", base64.StdEncoding.EncodeToString(sum[:]), "x-ms-encryption-algorithm", "AES256"}
	}
	r := a.must(201, "PUT", "/box/b", "secret", block.and(keyOf("k")...))
	if r.header.Get("x-ms-encryption-key-sha256") != keyOf("k")[3] {
		t.Errorf("%v", r.header)
	}
	for _, method := range []string{"GET", "HEAD"} {
		a.refused(409, "BlobUsesCustomerSpecifiedEncryption", method, "/box/b", "", nil)
		a.refused(409, "BlobUsesCustomerSpecifiedEncryption", method, "/box/b", "", keyOf("o"))
		a.must(200, method, "/box/b", "", keyOf("k"))
	}
	a.refused(409, "BlobUsesCustomerSpecifiedEncryption", "PUT", "/box/b?comp=metadata", "", nil)
	a.refused(409, "BlobUsesCustomerSpecifiedEncryption", "PUT", "/box/b?comp=snapshot", "", nil)
	a.must(200, "PUT", "/box/b?comp=metadata", "", keyOf("k"))
	a.must(201, "PUT", "/box/open", "x", block)
	a.refused(409, "BlobUsesCustomerSpecifiedEncryption", "GET", "/box/open", "", keyOf("k"))
}

func TestAnonymousReaders(t *testing.T) {
	a := newAccount(t, nil)
	a.must(201, "PUT", "/box?restype=container", "", h{"x-ms-blob-public-access", "blob"})
	a.must(201, "PUT", "/box/b", "x", block)
	if r := a.anonymous("GET", "/box/b", "", nil); r.status != 200 || r.body != "x" {
		t.Errorf("%s", r.cell())
	}
	if r := a.anonymous("GET", "/box/none", "", nil); r.cell() != "404 ResourceNotFound" {
		t.Errorf("%s", r.cell())
	}
	if r := a.anonymous("GET", "/box?restype=container&comp=list", "", nil); r.status != 401 {
		t.Errorf("%s", r.cell())
	}
	a.must(200, "PUT", "/box?restype=container&comp=acl", "", nil) // without a level it is private again
	if r := a.anonymous("GET", "/box/b", "", nil); r.status != 401 {
		t.Errorf("%s", r.cell())
	}
}

// Names of metadata keep their case, through lists and headers.
func TestNamesKeepTheirCase(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/b", "x", block.and("x-ms-meta-OwnerId", "", "x-ms-meta-sequenceNumber", "7"))
	w := a.dialogue()
	sas := &http.Request{URL: mustURL("http://x/")}
	accountSAS("r", "o", "b", time.Hour)(a, deed{}, sas)
	w.write("GET /" + a.name + "/box/b?" + sas.URL.RawQuery + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	text, err := io.ReadAll(w.r)
	noError(t, err)
	for _, want := range []string{"x-ms-meta-OwnerId: \r\n", "x-ms-meta-sequenceNumber: 7\r\n", "x-ms-blob-type: BlockBlob\r\n", "\r\nETag: \"0x"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

// Listings: snapshots before their blob, uncommitted blobs when asked for, and nothing
// lost where pages meet.
func TestListIncludes(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/a", "1", block)
	for range 3 {
		a.must(201, "PUT", "/box/a?comp=snapshot", "", nil)
	}
	a.must(201, "PUT", "/box/b?comp=block&blockid=AAAA", "x", nil)
	a.must(202, "PUT", "/box/c", "", h{"x-ms-copy-source", a.url() + "/box/a"})
	var seen []string
	for marker := ""; ; {
		r := a.must(200, "GET", "/box?restype=container&comp=list&include=snapshots%2Cuncommittedblobs,copy&maxresults=2&marker="+marker, "", nil)
		for _, b := range strings.Split(r.body, "<Blob>")[1:] {
			name := answer{body: b}.node("Name")
			if snap := (answer{body: b}).node("Snapshot"); snap != "" {
				name += "@"
			}
			if (answer{body: b}).node("CopyStatus") != "" {
				name += "+"
			}
			seen = append(seen, name)
		}
		if marker = r.node("NextMarker"); marker == "" {
			if !strings.Contains(r.body, "<NextMarker />") {
				t.Errorf("no NextMarker in %s", r.body)
			}
			break
		}
	}
	if got := strings.Join(seen, " "); got != "a@ a@ a@ a b c+" {
		t.Errorf("%s", got)
	}
	r := a.must(200, "GET", "/box?restype=container&comp=list&prefix=a&delimiter=%2F", "", nil)
	if !strings.Contains(r.body, "<Prefix>a</Prefix>") || !strings.Contains(r.body, "<Delimiter>/</Delimiter>") || !strings.Contains(r.body, `ServiceEndpoint="`+a.url()+`/" ContainerName="box"`) {
		t.Errorf("%s", r.body)
	}
}

func TestInterceptAndEvents(t *testing.T) {
	rehearsal := &wire.Intercept{}
	a := newAccount(t, func(c *Config) { c.Intercept = rehearsal })
	a.container()
	<-a.events
	rehearsal.Add(wire.Rule{Operation: "blob.put", Refuse: storage.Fail("ServerBusy").WithHeader("Retry-After", "2")})
	if r := a.refused(503, "ServerBusy", "PUT", "/box/b", "x", block); r.header.Get("Retry-After") != "2" {
		t.Errorf("%v", r.header)
	}
	if e := <-a.events; e.Operation != "blob.put" || e.Status != 503 || e.Code != "ServerBusy" {
		t.Errorf("%+v", e)
	}
	a.must(201, "PUT", "/box/b", "hello", block)
	if e := <-a.events; e.Container != "box" || e.Blob != "b" || e.RequestBytes != 5 || e.Status != 201 || e.Account == 0 || e.RequestID == "" {
		t.Errorf("%+v", e)
	}
	a.must(200, "GET", "/box/b", "", nil)
	if e := <-a.events; e.ResponseBytes != 5 || e.Operation != "blob.get" {
		t.Errorf("%+v", e)
	}
}

// zeros is a body of n bytes that nobody holds.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	m := min(int64(len(p)), z.n)
	clear(p[:m])
	z.n -= m
	return int(m), nil
}

// Content passes through: a blob of 64 MiB costs little memory, in and out.
func TestContentIsNotHeld(t *testing.T) {
	dir := t.TempDir()
	db, err := kv.Open(kv.Options{Dir: filepath.Join(dir, "db"), Log: testkit.Discard()})
	noError(t, err)
	defer db.Close()
	engine, err := objectstore.Open(objectstore.Options{DB: db, Dir: filepath.Join(dir, "blobs"), Log: testkit.Discard()})
	noError(t, err)
	defer engine.Close()
	exists, err := resource.Open(resource.NewMem())
	noError(t, err)
	noError(t, exists.Register(Kinds(engine, nil)...))
	a := serveAccount(t, engine, exists, &testClock{}, "devstoreaccount1", nil)
	a.container()
	const size = 64 << 20
	before := allocated()
	sas := &http.Request{URL: mustURL("http://x/")}
	accountSAS("rwc", "o", "b", time.Hour)(a, deed{}, sas)
	req, err := http.NewRequestWithContext(t.Context(), "PUT", a.url()+"/box/large?"+sas.URL.RawQuery, &zeros{size})
	noError(t, err)
	req.ContentLength = size
	req.Header.Set("x-ms-blob-type", "BlockBlob")
	resp, err := a.http.Do(req)
	noError(t, err)
	resp.Body.Close()
	if resp.StatusCode != 201 {
		t.Fatal(resp.Status)
	}
	resp, err = a.http.Get(a.url() + "/box/large?" + sas.URL.RawQuery)
	noError(t, err)
	n, err := io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if err != nil || n != size {
		t.Errorf("%d bytes, %v", n, err)
	}
	if grown := allocated() - before; grown > 16<<20 {
		t.Errorf("%d MiB were allocated for a blob of 64 MiB", grown>>20)
	}
}

func allocated() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.TotalAlloc)
}

// A signature that only creates does not overwrite.
func TestCreatingSignatures(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/old", "x", block)
	call := func(letters, method, path, query, text string, headers h) answer {
		t.Helper()
		sas := &http.Request{URL: mustURL("http://x/?" + query)}
		accountSAS(letters, "o", "b", time.Hour)(a, deed{}, sas)
		return a.send(method, "/"+a.name+path+"?"+sas.URL.RawQuery, strings.NewReader(text), headers, false)
	}
	for _, c := range []struct {
		want, letters, path, query string
		headers                    h
	}{
		{"201", "c", "/box/new", "", block},
		{"403 UnauthorizedBlobOverwrite", "c", "/box/new", "", block},
		{"403 UnauthorizedBlobOverwrite", "c", "/box/old", "", block},
		{"403 UnauthorizedBlobOverwrite", "c", "/box/old", "comp=block&blockid=AAAA", nil},
		{"201", "c", "/box/blocks", "comp=block&blockid=AAAA", nil},
		{"201", "w", "/box/old", "", block},
		{"403 AuthorizationPermissionMismatch", "w", "/box/old", "", block.and("x-ms-tags", "a=b")},
		{"201", "wt", "/box/old", "", block.and("x-ms-tags", "a=b")},
	} {
		if got := call(c.letters, "PUT", c.path, c.query, "x", c.headers).cell(); got != c.want {
			t.Errorf("%s %s?%s: %s, want %s", c.letters, c.path, c.query, got, c.want)
		}
	}
}

// What is asked beside an operation's own right: of tokens by an action of its own.
func TestRightsBeside(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/b", "x", block)
	snap := a.must(201, "PUT", "/box/b?comp=snapshot", "", nil).header.Get("x-ms-snapshot")
	for _, c := range []struct {
		method, path string
		headers      h
	}{
		{"PUT", "/box/new", block.and("x-ms-tags", "a=b")},
		{"GET", "/box?restype=container&comp=list&include=tags", nil},
		{"DELETE", "/box/b?deletetype=permanent&snapshot=" + snap, nil},
	} {
		if r := a.anonymous(c.method, c.path, "", c.headers.and("Authorization", "Bearer contributor")); r.cell() != "403 AuthorizationPermissionMismatch" {
			t.Errorf("%s %s: %s", c.method, c.path, r.cell())
		}
		if r := a.anonymous(c.method, c.path, "", c.headers.and("Authorization", "Bearer owner")); r.status >= 300 {
			t.Errorf("%s %s: the owner is answered %s", c.method, c.path, r.cell())
		}
	}
}

// The secondary endpoint reads, and writes nothing.
func TestSecondary(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/b", "x", block)
	path := "/" + a.name + "-secondary/box/b"
	if r := a.send("GET", path, strings.NewReader(""), nil, true); r.status != 200 || r.body != "x" {
		t.Errorf("%s", r.cell())
	}
	if r := a.send("PUT", path, strings.NewReader("y"), block, true); r.cell() != "403 InsufficientAccountPermissions" {
		t.Errorf("%s", r.cell())
	}
	a.refused(400, "MissingRequiredQueryParameter", "GET", "/?comp=properties", "", nil)
}
