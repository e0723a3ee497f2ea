package binding

import (
	"strings"
	"testing"
)

// TestNotes: a property that nobody asked for is told by the name that it has, what a
// kind ignores with its reason, and what says nothing is passed over.
func TestNotes(t *testing.T) {
	b, err := Parse([]byte(`{"name":"b","type":"t","direction":"in","path":"p","Konnection":"c","where":"west","nothing":null,"empty":"",
		"cardinality":"one","dataType":"binary","sdkBinding":false,"properties":{"supportsDeferredBinding":"false"},"off":false}`))
	if err != nil {
		t.Fatal(err)
	}
	b.Text("path")
	b.Text("connection")
	b.Ignored("where", "there is one place")
	b.Ignored("absent", "it is never told")
	if err := b.Unmet(); err != nil {
		t.Error(err)
	}
	var got []string
	for _, n := range b.Notes() {
		got = append(got, n.Property+": "+n.Why)
	}
	want := []string{
		"where: there is one place", "dataType: a binding of type t has no such property here",
		"Konnection: a binding of type t has no such property here; did you mean connection?", "off: a binding of type t has no such property here",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	if b.Text("path") != "p" || len(b.Notes()) != 0 {
		t.Error("reading afterwards, or telling twice")
	}
}

// TestUnmet: a kind that hands over values refuses to be asked for a type of an SDK.
func TestUnmet(t *testing.T) {
	for _, ask := range []string{`"properties":{"SupportsDeferredBinding":true}`, `"sdkBinding":true`, `"properties":"all"`} {
		b, err := Parse([]byte(`{"name":"b","type":"eventHubTrigger",` + ask + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Unmet(); err == nil || !strings.Contains(err.Error(), "not types of an SDK") {
			t.Errorf("%s: %v", ask, err)
		}
		b.Heeds("properties", "sdkBinding")
		if err := b.Unmet(); err != nil {
			t.Errorf("%s, which is heeded: %v", ask, err)
		}
	}
}
