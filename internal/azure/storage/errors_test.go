package storage

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestKindCodes: every kind of fault has a code that is known.
func TestKindCodes(t *testing.T) {
	for _, kind := range fault.Kinds() {
		code, ok := kindCodes[kind]
		if !ok || !Known(code) {
			t.Errorf("%v: %q", kind, code)
		}
		e := FromFault(fault.Wrap(kind, "queue q", errors.New("/var/secret"), "it failed"))
		if e.Status < 400 || e.Code != code {
			t.Errorf("%v: %+v", kind, e)
		}
		if kind == fault.Internal && strings.Contains(e.Error(), "secret") {
			t.Errorf("%v tells the client %s", kind, e)
		}
	}
	if e := Fail("NoSuchCode"); e.Status != http.StatusInternalServerError || e.Code != "InternalError" {
		t.Errorf("%+v", e)
	}
}

func failed(t *testing.T, s Service, method string, err error) *http.Response {
	t.Helper()
	e := newEndpoint(t, s, newAccess())
	w := httptest.NewRecorder()
	h := httptest.NewRequest(method, "/"+testAccount+"/x", nil)
	h.Header.Set("X-Ms-Client-Request-Id", "mine")
	h.Header.Set("X-Ms-Version", "2019-02-02")
	r, bad := e.Begin(w, h)
	if bad != nil {
		t.Fatal(bad)
	}
	e.WriteError(w, r, err)
	return w.Result()
}

func TestErrorShapes(t *testing.T) {
	bad := OutOfRange("numofmessages", "<99>", 1, 32)
	r := failed(t, Queue, http.MethodGet, bad) //nolint:bodyclose // of a recorder
	var x struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
		Name    string `xml:"QueryParameterName"`
		Value   string `xml:"QueryParameterValue"`
		Min     string `xml:"MinimumAllowed"`
		Max     string `xml:"MaximumAllowed"`
	}
	if err := xml.NewDecoder(r.Body).Decode(&x); err != nil {
		t.Fatal(err)
	}
	id := r.Header.Get("x-ms-request-id")
	if x.Code != "OutOfRangeQueryParameterValue" || x.Value != "<99>" || x.Name != "numofmessages" || x.Min != "1" || x.Max != "32" ||
		!strings.HasPrefix(x.Message, codes[x.Code].text+"\nRequestId:"+id+"\nTime:20") || r.StatusCode != 400 ||
		r.Header.Get("Content-Type") != "application/xml" || r.Header.Get("x-ms-error-code") != x.Code ||
		r.Header.Get("x-ms-version") != "2019-02-02" || r.Header.Get("x-ms-client-request-id") != "mine" ||
		r.Header.Get("Server") != "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0" {
		t.Errorf("%+v %v", x, r.Header)
	}

	r = failed(t, Table, http.MethodGet, Fail("EntityAlreadyExists")) //nolint:bodyclose // as above
	var j struct {
		Error struct {
			Code    string
			Message struct{ Lang, Value string }
		} `json:"odata.error"`
	}
	if err := json.NewDecoder(r.Body).Decode(&j); err != nil {
		t.Fatal(err)
	}
	if j.Error.Code != "EntityAlreadyExists" || !strings.HasPrefix(j.Error.Message.Value, "The specified entity already exists.\nRequestId:") ||
		j.Error.Message.Lang != "en-US" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json;odata=") {
		t.Errorf("%+v %v", j, r.Header)
	}

	for _, r := range []*http.Response{failed(t, Blob, http.MethodHead, Fail("BlobNotFound")), failed(t, Blob, http.MethodGet, Fail("NotModified"))} { //nolint:bodyclose // as above
		if r.ContentLength > 0 || r.Header.Get("x-ms-error-code") == "" {
			t.Errorf("%d has a body: %v", r.StatusCode, r.Header)
		}
	}
}
