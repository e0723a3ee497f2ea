package cosmos

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Every hdr constant is used as a key of http.Header without canonicalising,
// so each must be canonical already.
func TestHeaderNamesAreCanonical(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "header.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "hdr") {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if canonical := http.CanonicalHeaderKey(name); canonical != name {
			t.Errorf("%s = %q, canonical is %q", spec.Names[0].Name, name, canonical)
		}
		found++
		return true
	})
	if found < 50 {
		t.Errorf("found only %d header names", found)
	}
}

func TestPageLimit(t *testing.T) {
	for _, tt := range []struct {
		header string
		want   int // items; 0 is an error
	}{
		{"", defaultPageItems},
		{"-1", dynamicPageItems},
		{"5", 5},
		{"2000000", dynamicPageItems},
		{"0", 0},
		{"-2", 0},
		{"many", 0},
		{"99999999999999999999", 0},
		{" 5", 0},
	} {
		h := http.Header{}
		if tt.header != "" {
			h.Set("x-ms-max-item-count", tt.header)
		}
		got, err := readPageLimit(h)
		if tt.want == 0 {
			if err == nil {
				t.Errorf("%q: no error", tt.header)
			}
			continue
		}
		if err != nil || got.items != tt.want || got.bytes != pageBytes {
			t.Errorf("%q: %+v, %v; want %d items", tt.header, got, err, tt.want)
		}
	}
}

func TestFlag(t *testing.T) {
	for value, want := range map[string]bool{"True": true, "true": true, "1": true, "False": false, "": false} {
		got, err := flag(http.Header{hdrIsUpsert: {value}}, hdrIsUpsert)
		if got != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", value, got, err, want)
		}
	}
	if _, err := flag(http.Header{hdrIsUpsert: {"perhaps"}}, hdrIsUpsert); err == nil {
		t.Error("a flag that is no boolean must be refused, not read as false")
	}
}

// FuzzHeaders feeds arbitrary values to every header parser that needs no
// store: none may panic, and what a session token demands must survive being
// written again.
func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{"", "-1", "100", "True", "0:-1#57", "0:1#5#1=4,0:-1#57", "feed-1z", "0:", "#", ",", `"57"`, "*", "Tue, 01 Nov 1994 08:12:31 GMT", "05C1", "\x00\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		h := http.Header{hdrMaxItemCount: {v}, hdrIsUpsert: {v}, hdrOfferThroughput: {v}, hdrActivityID: {v}}
		if limit, err := readPageLimit(h); err == nil && (limit.items < 1 || limit.items > dynamicPageItems) {
			t.Errorf("page of %d items", limit.items)
		}
		_, _ = flag(h, hdrIsUpsert)
		_, _ = readOfferHeaders(h)
		_, _ = readOfferHeaders(http.Header{hdrAutopilot: {v}})
		if id := activityID(h); len(id) != 36 {
			t.Errorf("activity id %q", id)
		}
		if lsn, err := parseSessionToken(v); err == nil {
			again, err := parseSessionToken(string(appendSessionToken(nil, lsn)))
			if err != nil || again != lsn {
				t.Errorf("token %q: LSN %d became %d, %v", v, lsn, again, err)
			}
		}
		if after, err := parseListToken(v); err == nil && after != 0 {
			if again, err := parseListToken(listToken(after)); err != nil || again != after {
				t.Errorf("list token %q: %d became %d, %v", v, after, again, err)
			}
		}
		if a, err := parsePath(v); err == nil && a.item && a.kind != kindAccount && a.link == "" {
			t.Errorf("path %q names an item without a link", v)
		}
	})
}
