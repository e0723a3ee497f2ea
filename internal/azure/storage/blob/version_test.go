package blob

import (
	"context"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// TestVersionsAskedWrongly: ids of versions that are none, are another blob's or are
// empty, ranges and conditions on a version. None of it reaches the blob itself.
func TestVersionsAskedWrongly(t *testing.T) {
	a := newAccount(t, nil)
	if err := a.store.SetRetention(context.Background(), objectstore.Retention{Versions: true}); err != nil {
		t.Fatal(err)
	}
	a.container()
	first := a.must(201, "PUT", "/box/b", "0123456789", block)
	a.must(201, "PUT", "/box/b", "now", block)
	other := a.must(201, "PUT", "/box/other", "other", block)
	id, foreign, etag := first.header.Get("X-Ms-Version-Id"), other.header.Get("X-Ms-Version-Id"), first.header.Get("Etag")
	if id == "" || foreign == "" || id == foreign {
		t.Fatalf("versions %q and %q", id, foreign)
	}
	of := func(version string) string { return "/box/b?versionid=" + strings.ReplaceAll(version, ":", "%3A") }
	for _, c := range []struct {
		want, method, path, body string
		headers                  h
	}{
		{"200", "GET", of(id), "", nil},
		{"404 BlobNotFound", "GET", of(foreign), "", nil},
		{"404 BlobNotFound", "DELETE", of(foreign), "", nil},
		{"400 InvalidQueryParameterValue", "GET", of(""), "", nil},
		{"400 InvalidQueryParameterValue", "DELETE", of(""), "", nil},
		{"400 InvalidQueryParameterValue", "DELETE", of("x"), "", nil},
		{"400 InvalidQueryParameterValue", "DELETE", of("../" + id), "", nil},
		{"400 InvalidQueryParameterValue", "GET", of(id) + "&snapshot=" + strings.ReplaceAll(id, ":", "%3A"), "", nil},
		{"400 InvalidQueryParameterValue", "PUT", of(id), "new", block},

		{"206", "GET", of(id), "", h{"x-ms-range", "bytes=8-20"}},
		{"416 InvalidRange", "GET", of(id), "", h{"x-ms-range", "bytes=10-"}},
		{"200", "GET", of(id), "", h{"If-Match", etag}},
		{"412 ConditionNotMet", "GET", of(id), "", h{"If-Match", `"0x1"`}},
		{"304 ConditionNotMet", "GET", of(id), "", h{"If-None-Match", etag}},
		{"412 ConditionNotMet", "DELETE", of(id), "", h{"If-Match", `"0x1"`}},
	} {
		if got := a.call(c.method, c.path, c.body, c.headers).cell(); got != c.want {
			t.Errorf("%s %s %v: %s, want %s", c.method, c.path, c.headers, got, c.want)
		}
	}
	if got := a.must(200, "GET", "/box/b", "", nil).body; got != "now" {
		t.Errorf("the blob is %q", got)
	}
	if got := a.must(200, "GET", of(id), "", nil).body; got != "0123456789" {
		t.Errorf("the version is %q", got)
	}
}
