package table

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// batchBody is a batch with one change set of those requests, each a request line,
// headers, an empty line and a body. Lines end in CRLF.
func batchBody(requests ...string) string {
	b := "--batch_b\r\nContent-Type: multipart/mixed; boundary=changeset_c\r\n\r\n"
	for i, r := range requests {
		b += fmt.Sprintf("--changeset_c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: %d\r\n\r\n%s\r\n", i+1, strings.ReplaceAll(r, "\n", "\r\n"))
	}
	return b + "--changeset_c--\r\n--batch_b--\r\n"
}

const batchType = "multipart/mixed; boundary=batch_b"

func (l *lab) batch(body string) reply {
	l.t.Helper()
	return l.send("POST", "/$batch", body, "Content-Type", batchType)
}

var guids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// TestBatchOnTheWire is a whole reply, byte by byte: parsers of SDKs are picky.
func TestBatchOnTheWire(t *testing.T) {
	l := newLab(t)
	l.make("Batch")
	at := "/devstoreaccount1/Batch"
	r := l.batch(batchBody(
		"POST "+l.url+"/Batch?$format=application%2Fjson HTTP/1.1\nContent-Type: application/json\nPrefer: return-no-content\n\n{\"PartitionKey\":\"p\",\"RowKey\":\"1\"}",
		"PATCH "+l.url+"/Batch(PartitionKey='p',RowKey='2')?$format=application%2Fjson%3Bodata%3Dfullmetadata HTTP/1.1\nContent-Type: application/json\n\n{\"A\":1}",
		"POST "+at+" HTTP/1.1\nContent-Type: application/json\n\n{\"PartitionKey\":\"p\",\"RowKey\":\"3\"}",
		"POST "+at+"(PartitionKey='p',RowKey='4') HTTP/1.1\nX-HTTP-Method: MERGE\nContent-Type: application/json\nContent-Length: 7\n\n{\"A\":1}",
	))
	want := `--batchresponse_ID
Content-Type: multipart/mixed; boundary=changesetresponse_ID

--changesetresponse_ID
Content-Type: application/http
Content-Transfer-Encoding: binary

HTTP/1.1 204 No Content
Content-ID: 1
X-Content-Type-Options: nosniff
Cache-Control: no-cache
Preference-Applied: return-no-content
DataServiceVersion: 3.0;
Location: http://HOST/devstoreaccount1/Batch(PartitionKey='p',RowKey='1')
DataServiceId: http://HOST/devstoreaccount1/Batch(PartitionKey='p',RowKey='1')
ETag: W/"datetime'TIME'"


--changesetresponse_ID
Content-Type: application/http
Content-Transfer-Encoding: binary

HTTP/1.1 204 No Content
Content-ID: 2
X-Content-Type-Options: nosniff
Cache-Control: no-cache
DataServiceVersion: 3.0;
ETag: W/"datetime'TIME'"


--changesetresponse_ID
Content-Type: application/http
Content-Transfer-Encoding: binary

HTTP/1.1 204 No Content
Content-ID: 3
X-Content-Type-Options: nosniff
Cache-Control: no-cache
DataServiceVersion: 3.0;
Location: http://HOST/devstoreaccount1/Batch(PartitionKey='p',RowKey='3')
DataServiceId: http://HOST/devstoreaccount1/Batch(PartitionKey='p',RowKey='3')
ETag: W/"datetime'TIME'"


--changesetresponse_ID
Content-Type: application/http
Content-Transfer-Encoding: binary

HTTP/1.1 204 No Content
Content-ID: 4
X-Content-Type-Options: nosniff
Cache-Control: no-cache
DataServiceVersion: 3.0;
ETag: W/"datetime'TIME'"


--changesetresponse_ID--
--batchresponse_ID--`
	got := strings.ReplaceAll(guids.ReplaceAllString(plain(r.body), "ID"), "\r", "")
	if r.status != http.StatusAccepted || got != want || !strings.HasPrefix(r.header.Get("Content-Type"), "multipart/mixed; boundary=batchresponse_") {
		t.Errorf("%d %s\n got %s\nwant %s", r.status, r.header.Get("Content-Type"), got, want)
	}
	if all := l.send("GET", "/Batch()?$select=RowKey", "", "Accept", "application/json;odata=nometadata").body; all != `{"value":[{"RowKey":"1"},{"RowKey":"2"},{"RowKey":"3"},{"RowKey":"4"}]}` {
		t.Errorf("then there are %s", all)
	}
}

func TestBatchFailures(t *testing.T) {
	l := newLab(t)
	l.make("Batch")
	l.make("Other")
	at := "/devstoreaccount1/Batch"
	insert := func(key string) string {
		return "POST " + at + " HTTP/1.1\nContent-Type: application/json\n\n{\"PartitionKey\":\"p\",\"RowKey\":\"" + key + "\"}"
	}
	l.send("PUT", "/Batch(PartitionKey='p',RowKey='there')", "{}")
	for name, c := range map[string]struct {
		requests []string
		status   string
		code     string
		message  string
	}{
		"exists":        {[]string{insert("a"), insert("b"), insert("there")}, "409 Conflict", "EntityAlreadyExists", "2:The specified entity"},
		"condition":     {[]string{insert("a"), "PUT " + at + "(PartitionKey='p',RowKey='there') HTTP/1.1\nIf-Match: W/\"datetime'2020-01-01T00%3A00%3A00Z'\"\n\n{}"}, "412 Precondition Failed", "UpdateConditionNotSatisfied", "1:The update"},
		"no table":      {[]string{"POST /devstoreaccount1/None HTTP/1.1\n\n{\"PartitionKey\":\"p\",\"RowKey\":\"r\"}"}, "404 Not Found", "TableNotFound", "0:The table"},
		"two tables":    {[]string{insert("a"), "POST /devstoreaccount1/Other HTTP/1.1\n\n{\"PartitionKey\":\"p\",\"RowKey\":\"r\"}"}, "400 Bad Request", "InvalidInput", "1:One of"},
		"bad entity":    {[]string{insert("a"), "POST " + at + " HTTP/1.1\n\n{"}, "400 Bad Request", "InvalidInput", "1:One of"},
		"bad address":   {[]string{"PUT " + at + "(PartitionKey='p' HTTP/1.1\n\n{}"}, "400 Bad Request", "InvalidInput", "0:One of"},
		"a query":       {[]string{insert("a"), "GET " + at + "() HTTP/1.1\n\n"}, "400 Bad Request", "InvalidInput", "1:One of"},
		"a table made":  {[]string{"POST /devstoreaccount1/Tables HTTP/1.1\n\n{\"TableName\":\"abc\"}"}, "400 Bad Request", "InvalidInput", "0:One of"},
		"a batch":       {[]string{"POST /devstoreaccount1/$batch HTTP/1.1\n\n"}, "400 Bad Request", "InvalidInput", "0:One of"},
		"no If-Match":   {[]string{"DELETE " + at + "(PartitionKey='p',RowKey='there') HTTP/1.1\n\n"}, "400 Bad Request", "MissingRequiredHeader", "0:"},
		"other account": {[]string{"PUT /other/Batch(PartitionKey='p',RowKey='there') HTTP/1.1\n\n{}"}, "404 Not Found", "ResourceNotFound", "0:"},
	} {
		t.Run(name, func(t *testing.T) {
			r := l.batch(batchBody(c.requests...))
			if r.status != 202 || strings.Count(r.body, "HTTP/1.1 ") != 1 || !strings.Contains(r.body, "HTTP/1.1 "+c.status) ||
				!strings.Contains(r.body, `"code":"`+c.code+`"`) || !strings.Contains(r.body, `"value":"`+c.message) {
				t.Errorf("%d %s\nwant %s %s %s", r.status, r.body, c.status, c.code, c.message)
			}
			if all := l.send("GET", "/Batch()?$select=RowKey", "", "Accept", "application/json;odata=nometadata").body; all != `{"value":[{"RowKey":"there"}]}` {
				t.Errorf("then there are %s", all)
			}
		})
	}
}

// TestBatchQuery is a batch of one query, which .NET sends.
func TestBatchQuery(t *testing.T) {
	l := newLab(t)
	l.make("Batch")
	l.send("PUT", "/Batch(PartitionKey='p',RowKey='r')", `{"A":1}`)
	one := func(request string) string {
		return "--batch_b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" + strings.ReplaceAll(request, "\n", "\r\n") + "\r\n--batch_b--\r\n"
	}
	r := l.batch(one("GET " + l.url + "/Batch(PartitionKey='p',RowKey='r')?$select=A HTTP/1.1\nAccept: application/json;odata=nometadata\n\n"))
	if r.status != 202 || !strings.Contains(r.body, "HTTP/1.1 200 OK") || !strings.Contains(r.body, "\r\n\r\n{\"A\":1}\r\n--batchresponse_") {
		t.Errorf("%d %s", r.status, r.body)
	}
	r = l.batch(one("GET " + l.url + "/Batch()?$filter=A%20eq%201 HTTP/1.1\nAccept: application/json;odata=nometadata\n\n"))
	if !strings.Contains(r.body, `"RowKey":"r"`) {
		t.Errorf("query: %s", r.body)
	}
	r = l.batch(one("GET " + l.url + "/Batch(PartitionKey='p',RowKey='x') HTTP/1.1\n\n"))
	if !strings.Contains(r.body, "HTTP/1.1 404 Not Found") || !strings.Contains(r.body, "ResourceNotFound") {
		t.Errorf("absent: %s", r.body)
	}
	r = l.batch(one("DELETE " + l.url + "/Batch(PartitionKey='p',RowKey='r') HTTP/1.1\nIf-Match: *\n\n"))
	if !strings.Contains(r.body, "HTTP/1.1 400 Bad Request") {
		t.Errorf("a change outside of a change set: %s", r.body)
	}
}

func TestBrokenBatches(t *testing.T) {
	l := newLab(t)
	good := batchBody("PUT /devstoreaccount1/Batch(PartitionKey='p',RowKey='r') HTTP/1.1\n\n{}")
	for name, body := range map[string]string{
		"empty": "", "no boundary": "x", "not closed": strings.TrimSuffix(good, "--batch_b--\r\n"), "change set not closed": strings.Replace(good, "--changeset_c--\r\n", "", 1),
		"two parts":      strings.Replace(good, "--batch_b--", "--batch_b\r\nContent-Type: application/http\r\n\r\n\r\n--batch_b--", 1),
		"no request":     strings.Replace(good, "PUT", "", 1),
		"not http":       strings.Replace(good, "application/http", "text/plain", 1),
		"broken header":  strings.Replace(good, "Content-Transfer-Encoding: binary", "nonsense", 1),
		"empty set":      "--batch_b\r\nContent-Type: multipart/mixed; boundary=changeset_c\r\n\r\n--changeset_c--\r\n--batch_b--\r\n",
		"HTTP/2 request": strings.Replace(good, "HTTP/1.1", "HTTP/2", 1),
	} {
		wantReply(t, name, l.batch(body), 400, "InvalidInput")
	}
	wantReply(t, "not multipart", l.send("POST", "/$batch", good, "Content-Type", "application/json"), 400, "InvalidInput")
	wantReply(t, "wrong key", l.sendAs(false, "POST", "/$batch", "x", "Content-Type", batchType, "Authorization", "SharedKeyLite devstoreaccount1:AAAA"), 403, "AuthenticationFailed")
	wantReply(t, "too large", l.batch(strings.Repeat("x", maxBody+1)), 413, "RequestBodyTooLarge")
}

// TestBatchOfLineFeeds: some clients write bare line feeds.
func TestBatchOfLineFeeds(t *testing.T) {
	l := newLab(t)
	l.make("Batch")
	body := strings.ReplaceAll(batchBody("PUT /devstoreaccount1/Batch(PartitionKey='p',RowKey='r') HTTP/1.1\nContent-Type: application/json\n\n{\"A\":1}"), "\r\n", "\n")
	if r := l.batch(body); !strings.Contains(r.body, "HTTP/1.1 204") {
		t.Errorf("%d %s", r.status, r.body)
	}
}
