package table

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// What SDKs other than Go's send, and what a person may send by mistake.

const star = "*"

func (l *lab) make(name string) {
	l.t.Helper()
	if r := l.send("POST", "/Tables", `{"TableName":"`+name+`"}`, "Prefer", "return-no-content"); r.status != 204 {
		l.t.Fatalf("make %s: %+v", name, r)
	}
}

func wantReply(t testing.TB, what string, r reply, status int, code string) {
	t.Helper()
	if r.status != status || r.header.Get("X-Ms-Error-Code") != code {
		t.Errorf("%s: %d %s, want %d %s\n%s", what, r.status, r.header.Get("X-Ms-Error-Code"), status, code, r.body)
	}
	if code != "" && !strings.Contains(r.body, `"code":"`+code+`"`) {
		t.Errorf("%s: the body is %s", what, r.body)
	}
}

var (
	stamps = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d(:|%3A)\d\d(:|%3A)\d\d\.\d{7}Z`)
	urls   = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
)

// plain replaces what differs from run to run.
func plain(s string) string {
	return urls.ReplaceAllString(stamps.ReplaceAllString(s, "TIME"), "http://HOST")
}

func TestMetadataLevels(t *testing.T) {
	l := newLab(t)
	l.make("Things")
	body := `{"PartitionKey":"p q","RowKey":"o''k","I":1,"D":2.0,"L@odata.type":"Edm.Int64","L":"3","T@odata.type":"Edm.DateTime","T":"2024-01-31T12:00:00Z",` +
		`"G@odata.type":"Edm.Guid","G":"C9DA6455-213D-42C9-9A79-3E9149A57833","B@odata.type":"Edm.Binary","B":"AP8=","F@odata.type":"Edm.Double","F":"NaN","S":"é","O":true,"N":null}`
	wantReply(t, "insert", l.send("POST", "/Things", body, "Prefer", "return-no-content"), 204, "")
	path := "/Things(PartitionKey='p%20q',RowKey='o%27%27%27%27k')"
	const (
		keys  = `"PartitionKey":"p q","RowKey":"o''k",`
		etag  = `"odata.etag":"W/\"datetime'TIME'\"",`
		bare  = `"I":1,"D":2.0,"L":"3","T":"2024-01-31T12:00:00Z","G":"c9da6455-213d-42c9-9a79-3e9149a57833","B":"AP8=","F":"NaN","S":"é","O":true}`
		typed = `"I":1,"D":2.0,"L@odata.type":"Edm.Int64","L":"3","T@odata.type":"Edm.DateTime","T":"2024-01-31T12:00:00Z","G@odata.type":"Edm.Guid",` +
			`"G":"c9da6455-213d-42c9-9a79-3e9149a57833","B@odata.type":"Edm.Binary","B":"AP8=","F@odata.type":"Edm.Double","F":"NaN","S":"é","O":true}`
		address = `Things(PartitionKey='p%20q',RowKey='o''''k')`
		meta    = `{"odata.metadata":"http://HOST/devstoreaccount1/$metadata#Things/@Element",`
		full    = meta + `"odata.type":"devstoreaccount1.Things","odata.id":"http://HOST/devstoreaccount1/` + address + `",` + etag +
			`"odata.editLink":"` + address + `",` + keys + `"Timestamp@odata.type":"Edm.DateTime","Timestamp":"TIME",` + typed
		minimal = meta + etag + keys + `"Timestamp":"TIME",` + typed
		none    = `{` + keys + `"Timestamp":"TIME",` + bare
	)
	for _, c := range []struct{ accept, format, want, media string }{
		{"application/json;odata=nometadata", "", none, "nometadata"},
		{"application/json;odata=minimalmetadata", "", minimal, "minimalmetadata"},
		{"application/json; odata=fullmetadata; streaming=true", "", full, "fullmetadata"},
		{"application/json", "", minimal, "minimalmetadata"},
		{star + "/" + star, "", minimal, "minimalmetadata"},
		{"text/html, application/json;odata=nometadata", "", none, "nometadata"},
		{"application/atom+xml", "application%2Fjson%3Bodata%3Dfullmetadata", full, "fullmetadata"},
		{"application/json;odata=fullmetadata", "application/json;odata=nometadata", none, "nometadata"},
	} {
		query := ""
		if c.format != "" {
			query = "?$format=" + c.format
		}
		r := l.send("GET", path+query, "", "Accept", c.accept)
		if plain(r.body) != c.want || r.header.Get("Content-Type") != "application/json;odata="+c.media+";streaming=true;charset=utf-8" {
			t.Errorf("Accept %s $format %s: %s\n got %s\nwant %s", c.accept, c.format, r.header.Get("Content-Type"), plain(r.body), c.want)
		}
		if !regexp.MustCompile(`^W/"datetime'TIME'"$`).MatchString(plain(r.header.Get("ETag"))) {
			t.Errorf("ETag %s", r.header.Get("ETag"))
		}
	}
	for accept, code := range map[string]string{
		"application/atom+xml": "AtomFormatNotSupported", "application/json;odata=verbose": "JsonVerboseFormatNotSupported", "text/html": "MediaTypeNotSupported",
		"application/json;odata=all": "MediaTypeNotSupported",
	} {
		wantReply(t, accept, l.send("GET", path, "", "Accept", accept), 415, code)
	}
	list := l.send("GET", "/Things()?$select=I,L", "", "Accept", "application/json;odata=minimalmetadata")
	if want := `{"odata.metadata":"http://HOST/devstoreaccount1/$metadata#Things","value":[{` + etag + `"I":1,"L@odata.type":"Edm.Int64","L":"3"}]}`; plain(list.body) != want {
		t.Errorf("list\n got %s\nwant %s", plain(list.body), want)
	}
	for accept, want := range map[string]string{
		"nometadata":      `{"value":[{"TableName":"Things"}]}`,
		"minimalmetadata": `{"odata.metadata":"http://HOST/devstoreaccount1/$metadata#Tables","value":[{"TableName":"Things"}]}`,
		"fullmetadata": `{"odata.metadata":"http://HOST/devstoreaccount1/$metadata#Tables","value":[{"odata.type":"devstoreaccount1.Tables",` +
			`"odata.id":"http://HOST/devstoreaccount1/Tables('Things')","odata.editLink":"Tables('Things')","TableName":"Things"}]}`,
	} {
		if r := l.send("GET", "/Tables", "", "Accept", "application/json;odata="+accept); plain(r.body) != want {
			t.Errorf("tables with %s: %s", accept, plain(r.body))
		}
	}
}

func TestPreferences(t *testing.T) {
	l := newLab(t)
	for i, c := range []struct {
		prefer, applied string
		status          int
	}{{"", "", 201}, {"return-content", "return-content", 201}, {"return-no-content", "return-no-content", 204}} {
		name := fmt.Sprintf("Table%d", i)
		made := l.send("POST", "/Tables", `{"TableName":"`+name+`"}`, "Prefer", c.prefer)
		in := l.send("POST", "/"+name, `{"PartitionKey":"p","RowKey":"r"}`, "Prefer", c.prefer)
		for what, r := range map[string]reply{"/Tables('" + name + "')": made, "/" + name + "(PartitionKey='p',RowKey='r')": in} {
			if r.status != c.status || r.header.Get("Preference-Applied") != c.applied || r.header.Get("Location") != l.url+what ||
				(r.body != "") != (c.status == 201) || (r.header.Get("DataServiceId") != "") != (c.status == 204) {
				t.Errorf("prefer %q: %+v", c.prefer, r)
			}
		}
		if etag := in.header.Get("ETag"); !strings.HasPrefix(etag, `W/"datetime'`) {
			t.Errorf("ETag %q", etag)
		}
	}
}

// TestMethods: MERGE, PATCH and both as POST do the same; an ETag counts with its
// colons escaped or not.
func TestMethods(t *testing.T) {
	l := newLab(t)
	l.make("Methods")
	path := "/Methods(PartitionKey='p',RowKey='r')"
	for _, method := range []string{"MERGE", "PATCH"} {
		for _, override := range []bool{false, true} {
			wantReply(t, "upsert", l.send("PUT", path, `{"A":1}`), 204, "")
			etag := l.send("GET", path, "").header.Get("ETag")
			headers := []string{"If-Match", strings.ReplaceAll(etag, "%3A", ":")}
			verb := method
			if override {
				verb, headers = "POST", append(headers, "X-HTTP-Method", method)
			}
			r := l.send(verb, path, `{"PartitionKey":"p","RowKey":"r","B":2}`, headers...)
			wantReply(t, method, r, 204, "")
			if r.header.Get("ETag") == etag {
				t.Error("the ETag stood still")
			}
			wantReply(t, method, l.send(verb, path, `{"B":3}`, headers...), 412, "UpdateConditionNotSatisfied")
			if got := l.send("GET", path+"?$select=A,B", "", "Accept", "application/json;odata=nometadata").body; got != `{"A":1,"B":2}` {
				t.Errorf("after %s: %s", method, got)
			}
		}
	}
	wantReply(t, "delete as POST", l.send("POST", path, "", "X-HTTP-Method", "DELETE", "If-Match", star), 204, "")
	wantReply(t, "unknown", l.send("POST", path, "", "X-HTTP-Method", "GET"), 400, "XMethodIncorrectValue")
	wantReply(t, "not POST", l.send("PUT", path, `{}`, "X-HTTP-Method", "MERGE"), 400, "XMethodNotUsingPost")
	wantReply(t, "get one table", l.send("GET", "/Tables('methods')", "", "Accept", "application/json;odata=nometadata"), 200, "")
	wantReply(t, "get no table", l.send("GET", "/Tables('none')", ""), 404, "ResourceNotFound")
}

func TestBadInput(t *testing.T) {
	l := newLab(t)
	l.make("Bad")
	wantReply(t, "good", l.send("PUT", "/Bad(PartitionKey='p',RowKey='r')", `{"A":1}`), 204, "")
	big := strings.Repeat("x", maxBody+1)
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
		headers            []string
	}{
		{"POST", "/Bad", `{"PartitionKey":"p"}`, 400, "PropertiesNeedValue", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":null}`, 400, "PropertiesNeedValue", nil},
		{"POST", "/Bad", `{"PartitionKey":1,"RowKey":"r"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A":{}}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A":[1]}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A":1,"A":2}`, 400, "DuplicatePropertiesSpecified", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A":01}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A":"\ud800"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", "{\"PartitionKey\":\"p\",\"RowKey\":\"x\",\"A\":\"\xff\"}", 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x"} x`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x"`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `[]`, 400, "InvalidInput", nil},
		{"POST", "/Bad", ``, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","a b":1}`, 400, "PropertyNameInvalid", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","` + strings.Repeat("n", 256) + `":1}`, 400, "PropertyNameTooLong", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A":"` + strings.Repeat("x", 33<<10) + `"}`, 400, "PropertyValueTooLarge", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"` + strings.Repeat("x", 1025) + `"}`, 400, "KeyValueTooLarge", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"a#b"}`, 400, "OutOfRangeInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":"Edm.Decimal","A":"1"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":1,"A":"1"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":"Edm.Int64","A":"9223372036854775808"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":"Edm.Int32","A":3000000000}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":"Edm.Guid","A":"1"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":"Edm.Binary","A":"!"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":"Edm.Boolean","A":"yes"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":"Edm.DateTime","A":"0001-01-01T00:00:00Z"}`, 400, "OutOfRangeInput", nil},
		{"POST", "/Bad", `{"PartitionKey":"p","RowKey":"x","A@odata.type":"Edm.DateTime","A":"today"}`, 400, "InvalidInput", nil},
		{"POST", "/Bad", `<entry/>`, 415, "AtomFormatNotSupported", []string{"Content-Type", "application/atom+xml"}},
		{"POST", "/Bad", `x`, 415, "MediaTypeNotSupported", []string{"Content-Type", "text/plain"}},
		{"POST", "/Bad", big, 413, "RequestBodyTooLarge", nil},
		{"POST", "/Tables", `{"TableName":"tables"}`, 400, "InvalidInput", nil},
		{"POST", "/Tables", `{"TableName":7}`, 400, "InvalidInput", nil},
		{"POST", "/Tables", `{"Name":"abc"}`, 400, "InvalidInput", nil},
		{"POST", "/Tables", `{}`, 400, "InvalidInput", nil},
		{"PUT", "/Bad(PartitionKey='p',RowKey='r')", `{"RowKey":"other"}`, 400, "InvalidInput", nil},
		{"PUT", "/Bad(PartitionKey='p',RowKey='r')", `{}`, 400, "InvalidInput", []string{"If-Match", "abc"}},
		{"PUT", "/Bad(PartitionKey='p',RowKey='r')", `{}`, 400, "InvalidInput", []string{"If-Match", `W/"datetime'2020-13-01T00%3A00%3A00Z'"`}},
		{"DELETE", "/Bad(PartitionKey='p',RowKey='r')", ``, 400, "MissingRequiredHeader", nil},
		{"GET", "/Bad(PartitionKey='p')", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad(PartitionKey='p',RowKey='r'", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad(PartitionKey='p',RowKey='r')x", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad(PartitionKey='p',RowKey='r',RowKey='r')", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad(PartitionKey=p,RowKey='r')", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad(PartitionKey='%FF',RowKey='r')", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad(PartitionKey='p%00',RowKey='r')", ``, 404, "ResourceNotFound", nil},
		{"GET", "/..%2F..%2Fetc%2Fpasswd()", ``, 404, "TableNotFound", nil},
		{"GET", "/Bad()?$filter=A%20eq", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad()?$filter=length(A)%20eq%201", ``, 501, "NotImplemented", nil},
		{"GET", "/Bad()?$orderby=A", ``, 501, "NotImplemented", nil},
		{"GET", "/Bad()?$top=0", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad()?$top=x", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad()?$select=,", ``, 400, "InvalidInput", nil},
		{"GET", "/Bad()?NextPartitionKey=zzz", ``, 400, "InvalidQueryParameterValue", nil},
		{"GET", "/Bad?comp=nothing", ``, 400, "InvalidQueryParameterValue", nil},
		{"GET", "/?comp=properties", ``, 400, "InvalidQueryParameterValue", nil},
		{"GET", "/", ``, 405, "MethodNotAllowed", nil},
		{"PUT", "/Tables", `{}`, 405, "MethodNotAllowed", nil},
		{"PUT", "/Bad", `{}`, 405, "MethodNotAllowed", nil},
		{"GET", "/$batch", ``, 405, "MethodNotAllowed", nil},
		{"PUT", "/?restype=service&comp=properties", `<x>`, 400, "InvalidXmlDocument", nil},
	} {
		what := c.method + " " + c.path + " " + c.body[:min(len(c.body), 90)]
		wantReply(t, what, l.send(c.method, c.path, c.body, c.headers...), c.status, c.code)
	}
	r := l.send("GET", "/Bad()?$filter=A%20eq", "")
	if !strings.Contains(r.body, "$filter: position 5") {
		t.Errorf("the place of a mistake is not told: %s", r.body)
	}
	if got := l.send("GET", "/Bad()?$select=A", "", "Accept", "application/json;odata=nometadata").body; got != `{"value":[{"A":1}]}` {
		t.Errorf("bad input changed the table: %s", got)
	}
}

// TestJSONTypes is how values without a type are understood.
func TestJSONTypes(t *testing.T) {
	l := newLab(t)
	l.make("Types")
	body := ` {"odata.metadata":"x","Timestamp":"yesterday","RowKey":"r","PartitionKey":"","A":-2147483648,"B":2147483648,"C":1e2,"D":-0.5,"E":"\u0041\ud83d\ude00\/\n",` +
		`"F":"5","F@odata.type":"Edm.Int64","G":7,"G@odata.type":"Edm.Double","H@odata.type":"Edm.Double","H":"-Infinity","I@odata.type":"Edm.Int64","I":8,` +
		`"J":"true","J@odata.type":"Edm.Boolean","K@odata.type":"Edm.Boolean","K":"False","L":"12","L@odata.type":"Edm.Int32"} `
	wantReply(t, "insert", l.send("POST", "/Types()", body), 201, "")
	want := `"A":-2147483648,"B":2147483648.0,"C":100.0,"D":-0.5,"E":"A😀/\n","F@odata.type":"Edm.Int64","F":"5","G":7.0,` +
		`"H@odata.type":"Edm.Double","H":"-Infinity","I@odata.type":"Edm.Int64","I":"8","J":true,"K":false,"L":12}`
	if r := l.send("GET", "/Types(RowKey='r',PartitionKey='')", ""); !strings.HasSuffix(r.body, want) {
		t.Errorf("\n got %s\nwant %s", r.body, want)
	}
}

// TestContinuation: pages join, also when the first row key is empty, and without
// NextRowKey.
func TestContinuation(t *testing.T) {
	l := newLab(t)
	l.make("Pages")
	for _, key := range []string{"a", "b", "c"} {
		for _, row := range []string{"", "1"} {
			wantReply(t, "upsert", l.send("PUT", "/Pages(PartitionKey='"+key+"',RowKey='"+row+"')", "{}"), 204, "")
		}
	}
	var got []string
	query := "?$top=1&$select=PartitionKey,RowKey"
	for more := ""; ; {
		r := l.send("GET", "/Pages()"+query+more, "", "Accept", "application/json;odata=nometadata")
		got = append(got, strings.TrimSuffix(strings.TrimPrefix(r.body, `{"value":[`), "]}"))
		p, row := r.header.Get("X-Ms-Continuation-NextPartitionKey"), r.header.Get("X-Ms-Continuation-NextRowKey")
		if p == "" {
			break
		}
		more = "&NextPartitionKey=" + p + "&NextRowKey=" + row
	}
	if len(got) != 6 || got[0] != `{"PartitionKey":"a","RowKey":""}` || got[5] != `{"PartitionKey":"c","RowKey":"1"}` {
		t.Errorf("pages %v", got)
	}
	r := l.send("GET", "/Pages()?$select=PartitionKey&NextPartitionKey="+nextText("c"), "", "Accept", "application/json;odata=nometadata")
	if r.body != `{"value":[{"PartitionKey":"c"},{"PartitionKey":"c"}]}` {
		t.Errorf("without NextRowKey: %s", r.body)
	}
	l.make("Pages2")
	r = l.send("GET", "/Tables?$top=1", "", "Accept", "application/json;odata=nometadata")
	more := r.header.Get("X-Ms-Continuation-NextTableName")
	r = l.send("GET", "/Tables?$top=1&NextTableName="+more, "", "Accept", "application/json;odata=nometadata")
	if r.body != `{"value":[{"TableName":"Pages2"}]}` || r.header.Get("X-Ms-Continuation-NextTableName") != "" {
		t.Errorf("second page of tables %s", r.body)
	}
}

func TestEventsTellWhatWasDone(t *testing.T) {
	l := newLab(t)
	l.make("Events")
	l.send("POST", "/Events", `{"PartitionKey":"p","RowKey":"r"}`)
	l.send("GET", "/Events(PartitionKey='p',RowKey='x')", "")
	l.mu.Lock()
	defer l.mu.Unlock()
	var got []string
	for _, e := range l.events {
		got = append(got, fmt.Sprint(e.Operation, " ", e.Container, " ", e.Status, " ", e.Code, " ", e.Items))
		if e.RequestID == "" || e.Account != l.account.ID || e.Start.IsZero() {
			t.Errorf("event %+v", e)
		}
	}
	want := "[table.create Events 204  0 entity.insert Events 201  1 entity.get Events 404 ResourceNotFound 0]"
	if fmt.Sprint(got) != want {
		t.Errorf("events %v\nwant %s", got, want)
	}
}

func TestPreflightAndOrigins(t *testing.T) {
	l := newLab(t)
	ask := []string{"Origin", "https://app.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "x-ms-date"}
	wantReply(t, "without a rule", l.sendAs(false, "OPTIONS", "/Tables", "", ask...), 403, "CorsPreflightFailure")
	rules := `<StorageServiceProperties><Cors><CorsRule><AllowedOrigins>https://app.example</AllowedOrigins><AllowedMethods>GET</AllowedMethods>` +
		`<AllowedHeaders>x-ms-*</AllowedHeaders><ExposedHeaders>x-ms-*</ExposedHeaders><MaxAgeInSeconds>5</MaxAgeInSeconds></CorsRule></Cors></StorageServiceProperties>`
	wantReply(t, "rules", l.send("PUT", "/?restype=service&comp=properties", rules), 202, "")
	if r := l.sendAs(false, "OPTIONS", "/Tables", "", ask...); r.status != 200 || r.header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Errorf("preflight %+v", r)
	}
	r, _ := http.NewRequest("GET", "/", nil)
	r.Header.Set("Origin", "https://app.example")
	if !l.svc.AllowsOrigin(r) {
		t.Error("the door is not told of the rule")
	}
}
