package blob

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The table of conditions over HTTP, cell by cell: of a blob that is there, of
// readers and writers.
func TestConditionTable(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	put := a.must(201, "PUT", "/box/b", "x", block.and("x-ms-tags", "k=v"))
	etag := put.header.Get("ETag")
	written, err := http.ParseTime(put.header.Get("Last-Modified"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) string { return written.Add(d).UTC().Format(http.TimeFormat) }
	for _, c := range []struct {
		name        string
		headers     h
		read, write string
	}{
		{"If-Match holds", h{"If-Match", etag}, "200", "200"},
		{"If-Match without quotes", h{"If-Match", strings.Trim(etag, `"`)}, "200", "200"},
		{"If-Match any", h{"If-Match", "*"}, "200", "200"},
		{"If-Match fails", h{"If-Match", `"0x1"`}, "412", "412 ConditionNotMet"},
		{"If-Unmodified-Since holds", h{"If-Unmodified-Since", at(0)}, "200", "200"},
		{"If-Unmodified-Since fails", h{"If-Unmodified-Since", at(-time.Second)}, "412", "412 ConditionNotMet"},
		{"If-None-Match holds", h{"If-None-Match", `"0x1"`}, "200", "200"},
		{"If-None-Match fails", h{"If-None-Match", etag}, "304", "412 ConditionNotMet"},
		{"If-None-Match any", h{"If-None-Match", "*"}, "400", "412 ConditionNotMet"},
		{"If-Modified-Since holds", h{"If-Modified-Since", at(-time.Second)}, "200", "200"},
		{"If-Modified-Since fails", h{"If-Modified-Since", at(0)}, "304", "412 ConditionNotMet"},
		{"If-Match decides over If-Unmodified-Since", h{"If-Match", etag, "If-Unmodified-Since", at(-time.Hour)}, "412", "200"},
		{"If-None-Match decides over If-Modified-Since", h{"If-None-Match", `"0x1"`, "If-Modified-Since", at(time.Hour)}, "200", "200"},
		{"either of two is enough for a reader", h{"If-None-Match", etag, "If-Modified-Since", at(-time.Hour)}, "200", "412 ConditionNotMet"},
		{"412 before 304", h{"If-Match", `"0x1"`, "If-None-Match", etag}, "412", "400 MultipleConditionHeadersNotSupported"},
		{"several ETags", h{"If-Match", `"0x1", ` + etag}, "200", "400 MultipleConditionHeadersNotSupported"},
		{"a mixture", h{"If-Match", etag, "If-Modified-Since", at(-time.Hour)}, "200", "400 MultipleConditionHeadersNotSupported"},
		{"another mixture", h{"If-None-Match", `"0x1"`, "If-Unmodified-Since", at(time.Hour)}, "200", "400 MultipleConditionHeadersNotSupported"},
		{"tags hold", h{"x-ms-if-tags", `k = 'v'`}, "200", "200"},
		{"tags fail", h{"x-ms-if-tags", `k <> 'v'`}, "412", "412 ConditionNotMet"},
		{"tags are no expression", h{"x-ms-if-tags", `k is v`}, "400", "400 InvalidHeaderValue"},
		{"a time is none", h{"If-Modified-Since", "yesterday"}, "400", "400 InvalidHeaderValue"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			r := a.call(method, "/box/b", "", c.headers)
			if got := r.cell()[:3]; got != c.read {
				t.Errorf("%s: %s answers %s, want %s", c.name, method, r.cell(), c.read)
			}
			if r.status == 304 && r.body != "" {
				t.Errorf("%s: a 304 with a body", c.name)
			}
		}
		// A lease is a write, and changes neither ETag nor time.
		r := a.call("PUT", "/box/b?comp=lease", "", c.headers.and("x-ms-lease-action", "acquire", "x-ms-lease-duration", "15", "x-ms-proposed-lease-id", leaseA))
		if got := strings.Replace(r.cell(), "201", "200", 1); got != c.write {
			t.Errorf("%s: a write answers %s, want %s", c.name, r.cell(), c.write)
		}
		a.call("PUT", "/box/b?comp=lease", "", h{"x-ms-lease-action", "release", "x-ms-lease-id", leaseA})
	}
}

// Of a blob that is not there, and of one that is to be made.
func TestConditionsOfAbsentBlobs(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.refused(404, "BlobNotFound", "GET", "/box/none", "", h{"If-Match", "*"})
	a.refused(404, "BlobNotFound", "PUT", "/box/none?comp=metadata", "", h{"If-Match", "*"})
	a.refused(412, "ConditionNotMet", "PUT", "/box/none", "x", block.and("If-Match", "*"))
	a.refused(412, "ConditionNotMet", "PUT", "/box/none", "x", block.and("If-Match", `"0x1"`))
	a.must(201, "PUT", "/box/new", "x", block.and("If-None-Match", "*"))
	a.refused(409, "BlobAlreadyExists", "PUT", "/box/new", "x", block.and("If-None-Match", "*"))
	a.refused(409, "BlobAlreadyExists", "PUT", "/box/new?comp=blocklist", "<BlockList />", h{"If-None-Match", "*"})
	a.refused(409, "BlobAlreadyExists", "PUT", "/box/new", "", h{"x-ms-copy-source", a.url() + "/box/new", "If-None-Match", "*"})
	a.refused(404, "ContainerNotFound", "PUT", "/nobox/new", "x", block.and("If-Match", "*"))
}

// The order of the checks: container, blob, conditions, existence, lease, state.
func TestConditionsComeBeforeLeases(t *testing.T) {
	a := newAccount(t, nil)
	a.container()
	a.must(201, "PUT", "/box/b", "x", block)
	acquireA(a, "/box/b?")
	a.refused(412, "ConditionNotMet", "PUT", "/box/b", "x", block.and("If-Match", `"0x1"`))
	a.refused(409, "BlobAlreadyExists", "PUT", "/box/b", "x", block.and("If-None-Match", "*"))
	a.refused(412, "LeaseIdMissing", "PUT", "/box/b?comp=appendblock", "x", nil)
}
