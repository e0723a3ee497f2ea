package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/fault"
	engine "github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// TestCodes: every code of the engine is one of the protocol.
func TestCodes(t *testing.T) {
	for _, c := range engine.Codes() {
		if !storage.Known(string(c)) {
			t.Errorf("%s has no status and no text", c)
		}
	}
}

// TestBadInput: the documented error for each thing that can be wrong, and never
// another status than that of the code.
func TestBadInput(t *testing.T) {
	a := newAccount(t)
	if got := a.send("PUT", "/jobs", ""); got.status != 201 {
		t.Fatal(got)
	}
	const text = "<QueueMessage><MessageText>x</MessageText></QueueMessage>"
	const id = "/jobs/messages/00000000-0000-4000-8000-000000000000"
	for _, c := range []struct {
		method, uri, body string
		status            int
		code              string
	}{
		{"PUT", "/ab", "", 400, "OutOfRangeInput"},
		{"PUT", "/" + strings.Repeat("a", 64), "", 400, "OutOfRangeInput"},
		{"PUT", "/a--b", "", 400, "InvalidResourceName"},
		{"PUT", "/-ab", "", 400, "InvalidResourceName"},
		{"PUT", "/ab-", "", 400, "InvalidResourceName"},
		{"PUT", "/a_b", "", 400, "InvalidResourceName"},
		{"PUT", "/%EB%B0%95%EC%8A%A4", "", 400, "InvalidResourceName"},
		{"PUT", "/a%2Fb", "", 400, "InvalidResourceName"},
		{"PUT", "/a%00b", "", 400, "InvalidResourceName"},
		{"PUT", "/../x", "", 400, "InvalidUri"},
		{"GET", "//messages", "", 400, "InvalidUri"},
		{"GET", "/jobs/other", "", 400, "InvalidUri"},
		{"GET", "/jobs/messages/a/b", "", 400, "InvalidUri"},
		{"PUT", "/jobs?comp=nonsense", "", 400, "InvalidQueryParameterValue"},
		{"PUT", "/jobs?restype=container", "", 400, "InvalidQueryParameterValue"},
		{"GET", "/?comp=properties", "", 400, "InvalidQueryParameterValue"},
		{"GET", "/?comp=list&include=all", "", 400, "InvalidQueryParameterValue"},
		{"GET", "/?comp=list&maxresults=0", "", 400, "OutOfRangeQueryParameterValue"},
		{"GET", "/?comp=list&maxresults=x", "", 400, "InvalidQueryParameterValue"},
		{"POST", "/jobs", "", 405, "UnsupportedHttpVerb"},
		{"PATCH", "/jobs/messages", "", 405, "UnsupportedHttpVerb"},
		{"BREW", "/jobs/messages", "", 405, "UnsupportedHttpVerb"},
		{"PUT", "/jobs?comp=metadata&timeout=%zz", "", 400, "InvalidUri"},
		{"PUT", "/none?comp=metadata", "", 404, "QueueNotFound"},

		{"POST", "/jobs/messages", "", 400, "InvalidXmlDocument"},
		{"POST", "/jobs/messages", "<Other/>", 400, "InvalidXmlDocument"},
		{"POST", "/jobs/messages", "<QueueMessage/>", 400, "MissingRequiredXmlNode"},
		{"POST", "/jobs/messages", "<QueueMessage><MessageText>\x01</MessageText></QueueMessage>", 400, "InvalidXmlDocument"},
		{"POST", "/jobs/messages", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><QueueMessage><MessageText>&e;</MessageText></QueueMessage>", 400, "InvalidXmlDocument"},
		{"POST", "/jobs/messages", "<QueueMessage><MessageText>" + strings.Repeat("&lt;", 65537) + "</MessageText></QueueMessage>", 413, "RequestBodyTooLarge"},
		{"POST", "/jobs/messages", strings.Repeat("<", maxBody+1), 413, "RequestBodyTooLarge"},
		{"POST", "/jobs/messages?messagettl=0", text, 400, "InvalidQueryParameterValue"},
		{"POST", "/jobs/messages?messagettl=-2", text, 400, "InvalidQueryParameterValue"},
		{"POST", "/jobs/messages?messagettl=99999999999999999999", text, 400, "OutOfRangeQueryParameterValue"},
		{"POST", "/jobs/messages?messagettl=5&visibilitytimeout=5", text, 400, "InvalidQueryParameterValue"},
		{"POST", "/jobs/messages?visibilitytimeout=604801", text, 400, "OutOfRangeQueryParameterValue"},
		{"POST", "/jobs/messages?visibilitytimeout=-1", text, 400, "OutOfRangeQueryParameterValue"},
		{"POST", "/none/messages", text, 404, "QueueNotFound"},
		{"GET", "/jobs/messages?numofmessages=0", "", 400, "OutOfRangeQueryParameterValue"},
		{"GET", "/jobs/messages?numofmessages=33", "", 400, "OutOfRangeQueryParameterValue"},
		{"GET", "/jobs/messages?numofmessages=1.5", "", 400, "InvalidQueryParameterValue"},
		{"GET", "/jobs/messages?visibilitytimeout=0", "", 400, "OutOfRangeQueryParameterValue"},
		{"GET", "/jobs/messages?peekonly=true&numofmessages=33", "", 400, "OutOfRangeQueryParameterValue"},
		{"GET", "/none/messages", "", 404, "QueueNotFound"},
		{"GET", "/none/messages?peekonly=true", "", 404, "QueueNotFound"},
		{"GET", "/jobs/messages?peekonly=yes", "", 400, "InvalidQueryParameterValue"},
		{"POST", "/jobs/messages", "<QueueMessage><MessageText>a<b>c</b></MessageText></QueueMessage>", 400, "InvalidXmlDocument"},
		{"POST", "/jobs/messages", "<QueueMessage><MessageText>a</MessageText><MessageText>b</MessageText></QueueMessage>", 400, "InvalidXmlDocument"},
		{"PUT", id, text, 400, "MissingRequiredQueryParameter"},
		{"PUT", id + "?popreceipt=x", text, 400, "MissingRequiredQueryParameter"},
		{"PUT", id + "?popreceipt=x&visibilitytimeout=1", text, 404, "MessageNotFound"},
		{"PUT", id + "?popreceipt=x&visibilitytimeout=604801", text, 400, "OutOfRangeQueryParameterValue"},
		{"DELETE", id, "", 400, "MissingRequiredQueryParameter"},
		{"DELETE", id + "?popreceipt=x", "", 404, "MessageNotFound"},
		{"DELETE", "/jobs/messages/not-a-guid?popreceipt=x", "", 404, "MessageNotFound"},
		{"PUT", "/jobs?comp=acl", "<SignedIdentifiers><SignedIdentifier><Id>" + strings.Repeat("x", 65) + "</Id></SignedIdentifier></SignedIdentifiers>", 400, "InvalidXmlDocument"},
		{"PUT", "/jobs?comp=acl", "<SignedIdentifiers><SignedIdentifier><Id>x</Id><AccessPolicy><Start>soon</Start></AccessPolicy></SignedIdentifier></SignedIdentifiers>", 400, "InvalidXmlNodeValue"},
		{"PUT", "/?restype=service&comp=properties", "<Other/>", 400, "InvalidXmlDocument"},
		{"POST", "/?restype=service&comp=userdelegationkey", "<KeyInfo><Expiry>2099-01-01</Expiry></KeyInfo>", 400, "InvalidXmlNodeValue"},
	} {
		got := a.send(c.method, c.uri, c.body)
		if got.status != c.status || got.code() != c.code {
			t.Errorf("%s %s %.60s: %d %s, want %d %s", c.method, c.uri, c.body, got.status, got.code(), c.status, c.code)
		}
		if !strings.Contains(got.body, "<Code>"+c.code+"</Code>") && c.method != "HEAD" {
			t.Errorf("%s %s: the body is %q", c.method, c.uri, got.body)
		}
	}
	if names := a.store.Names(); !slices.Equal(names, []string{"jobs"}) {
		t.Errorf("there are queues %q", names)
	}
}

// TestLyingLength: a body that ends too soon changes nothing.
func TestLyingLength(t *testing.T) {
	a := newAccount(t)
	a.send("PUT", "/jobs", "")
	host := strings.TrimSuffix(strings.TrimPrefix(a.url, "http://"), "/"+accountName)
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /%s/jobs/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer owner\r\nContent-Length: 500\r\n\r\n<QueueMessage><MessageText>x</MessageText></QueueMessage>", accountName)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	var answer [1 << 12]byte
	n, _ := c.Read(answer[:]) // the server may close without a word
	if got := string(answer[:n]); n > 0 && !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("%q", got)
	}
	if got := a.send("HEAD", "/jobs?comp=metadata", ""); got.header.Get("x-ms-approximate-messages-count") != "0" {
		t.Errorf("%v", got.header)
	}
}

// TestWire: what replies look like to the byte where clients look.
func TestWire(t *testing.T) {
	a := newAccount(t)
	got := a.send("PUT", "/jobs", "", "x-ms-meta-myKey", "v", "x-ms-meta-Empty", "", "x-ms-client-request-id", "mine")
	if got.status != 201 || got.header.Get("x-ms-version") != "2024-08-04" || got.header.Get("x-ms-client-request-id") != "mine" ||
		got.header.Get("Server") != "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0" || len(got.header.Get("x-ms-request-id")) != 36 {
		t.Errorf("create: %d %v", got.status, got.header)
	}
	if got = a.send("PUT", "/jobs", "", "x-ms-meta-Empty", "", "x-ms-meta-mykey", "v"); got.status != 204 {
		t.Errorf("create again: %d", got.status)
	}
	list := a.send("GET", "/?comp=list&include=metadata&prefix=j&maxresults=7", "")
	want := storage.XMLHeader + `<EnumerationResults ServiceEndpoint="` + a.url + `/"><Prefix>j</Prefix><MaxResults>7</MaxResults>` +
		`<Queues><Queue><Name>jobs</Name><Metadata><myKey>v</myKey><Empty /></Metadata></Queue></Queues><NextMarker /></EnumerationResults>`
	if !sameMetadataOrder(list.body, want) {
		t.Errorf("list: %s\nwant: %s", list.body, want)
	}
	if got = a.send("GET", "/jobs/messages", ""); got.body != storage.XMLHeader+"<QueueMessagesList />" || got.header.Get("Content-Type") != "application/xml" {
		t.Errorf("empty: %s %v", got.body, got.header)
	}
	if got = a.send("POST", "/jobs/messages?messagettl=-1", "<QueueMessage><MessageText/></QueueMessage>"); !strings.Contains(got.body, "<ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>") ||
		strings.Contains(got.body, "MessageText") {
		t.Errorf("put: %s", got.body)
	}
	if got = a.send("GET", "/jobs/messages?peekonly=TRUE", ""); !strings.Contains(got.body, "<DequeueCount>0</DequeueCount><MessageText></MessageText>") ||
		strings.Contains(got.body, "PopReceipt") || strings.Contains(got.body, "TimeNextVisible") {
		t.Errorf("peek: %s", got.body)
	}
	keepText(t, a)
}

// sameMetadataOrder: clients of Go write the headers of a request in the order of
// their names.
func sameMetadataOrder(got, want string) bool {
	return got == want || got == strings.Replace(want, "<myKey>v</myKey><Empty />", "<Empty /><myKey>v</myKey>", 1)
}

// keepText: an update without a body keeps the text.
func keepText(t *testing.T, a *account) {
	t.Helper()
	a.send("DELETE", "/jobs/messages", "")
	a.send("POST", "/jobs/messages", "<QueueMessage><MessageText> kept </MessageText></QueueMessage>")
	got := a.send("GET", "/jobs/messages?visibilitytimeout=604800", "").body
	id, receipt := between(got, "<MessageId>", "</MessageId>"), between(got, "<PopReceipt>", "</PopReceipt>")
	raw := strings.ReplaceAll(receipt, "=", "%3D") // a + is sent as it is
	updated := a.send("PUT", "/jobs/messages/"+id+"?visibilitytimeout=0&popreceipt="+raw, "")
	if updated.status != 204 || updated.header.Get("x-ms-popreceipt") == "" || updated.header.Get("x-ms-time-next-visible") == "" {
		t.Errorf("update: %d %s %v", updated.status, updated.body, updated.header)
	}
	if got = a.send("GET", "/jobs/messages", "").body; !strings.Contains(got, "<DequeueCount>2</DequeueCount><MessageText> kept </MessageText>") {
		t.Errorf("after the update: %s", got)
	}
}

func between(s, a, b string) string {
	_, s, _ = strings.Cut(s, a)
	s, _, _ = strings.Cut(s, b)
	return s
}

func TestPreflightAndRefusal(t *testing.T) {
	a := newAccount(t)
	a.send("PUT", "/?restype=service&comp=properties", "<StorageServiceProperties><Cors><CorsRule><AllowedOrigins>http://app.example</AllowedOrigins><AllowedMethods>GET</AllowedMethods>"+
		"<AllowedHeaders>*</AllowedHeaders><ExposedHeaders>x-ms-*</ExposedHeaders><MaxAgeInSeconds>9</MaxAgeInSeconds></CorsRule></Cors></StorageServiceProperties>")
	got := a.send("OPTIONS", "/jobs/messages", "", "Authorization", "", "Origin", "http://app.example", "Access-Control-Request-Method", "GET")
	if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != "http://app.example" || got.header.Get("Access-Control-Max-Age") != "9" {
		t.Errorf("preflight: %d %v", got.status, got.header)
	}
	got = a.send("OPTIONS", "/jobs/messages", "", "Authorization", "", "Origin", "http://other.example", "Access-Control-Request-Method", "GET")
	if got.status != 403 || got.code() != "CorsPreflightFailure" {
		t.Errorf("preflight of another: %d %s", got.status, got.code())
	}
	got = a.send("GET", "/?comp=list", "", "Origin", "http://app.example")
	if !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "x-ms-request-id") {
		t.Errorf("list: %v", got.header)
	}
	w, h := newRecorder(), newRequest("GET", "/"+accountName+"/jobs")
	a.service.Refuse(w, h, fault.New(fault.Forbidden, "account", "192.0.2.1 may not come in"))
	if w.Code != 403 || w.Header().Get("x-ms-error-code") != "AuthorizationFailure" || !a.service.AllowsOrigin(&http.Request{Method: "GET", Header: http.Header{"Origin": {"http://app.example"}}}) {
		t.Errorf("refused: %d %s", w.Code, w.Body)
	}
}

// TestKinds: queues come and go by the catalogue, too, and both ways are one.
func TestKinds(t *testing.T) {
	a, ctx := newAccount(t), context.Background()
	id := resource.ID{Account: a.id, Type: resource.Queues, Name: "jobs"}
	changed := a.exists.Watch(id)
	a.send("PUT", "/jobs", "", "x-ms-meta-a", "1")
	select {
	case <-changed:
	case <-time.After(10 * time.Second):
		t.Error("the catalogue does not know of the queue")
	}
	if !a.exists.Exists(id) || !slices.Equal(a.exists.List(a.id, resource.Queues), []string{"jobs"}) {
		t.Error("the catalogue does not know of the queue")
	}
	if err := a.exists.Ensure(ctx, id, nil); err != nil {
		t.Error(err)
	}
	if err := a.exists.Ensure(ctx, id, json.RawMessage(`{"metadata":[{"Name":"B","Value":"2"}]}`)); err != nil {
		t.Error(err)
	}
	if got := a.send("HEAD", "/jobs?comp=metadata", ""); got.header.Get("x-ms-meta-B") != "2" || got.header.Get("x-ms-meta-a") != "" {
		t.Errorf("%v", got.header)
	}
	if err := a.exists.Ensure(ctx, resource.ID{Account: a.id, Type: resource.Queues, Name: "Bad"}, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bad name: %v", err)
	}
	if err := a.exists.Ensure(ctx, id, json.RawMessage(`{`)); !fault.Is(err, fault.Invalid) {
		t.Errorf("bad properties: %v", err)
	}
	changed = a.exists.Watch(id)
	a.send("DELETE", "/jobs", "")
	<-changed
	if a.exists.Exists(id) {
		t.Error("it is still there")
	}
	if err := a.exists.Remove(ctx, id); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

// TestEvents: each request is told of once, with what came of it.
func TestEvents(t *testing.T) {
	a := newAccount(t)
	a.send("PUT", "/jobs", "")
	a.send("POST", "/jobs/messages", "<QueueMessage><MessageText>x</MessageText></QueueMessage>")
	a.send("GET", "/none/messages", "")
	a.mu.Lock()
	defer a.mu.Unlock()
	var got []string
	for _, e := range a.events {
		got = append(got, fmt.Sprintf("%d %s %s %d %s %d %v", e.Account, e.Operation, e.Container, e.Status, e.Code, e.Items, e.RequestBytes > 0))
	}
	want := []string{"3 queue.create jobs 201  0 false", "3 message.put jobs 201  1 true", "3 message.get none 404 QueueNotFound 0 false"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
