package tracecontext

import (
	"strings"
	"testing"
)

const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

func TestChild(t *testing.T) {
	c := Child(parent)
	if !Valid(c) || Trace(c) != "4bf92f3577b34da6a3ce929d0e0e4736" || Span(c) == Span(parent) || !strings.HasSuffix(c, "-00") {
		t.Errorf("%s of %s", c, parent)
	}
	a, b := Child(""), Child("no context")
	if !Valid(a) || !Valid(b) || Trace(a) == Trace(b) || !strings.HasSuffix(a, "-01") {
		t.Errorf("%s, %s", a, b)
	}
}

func TestValid(t *testing.T) {
	for text, want := range map[string]bool{
		parent: true, "": false, parent + "0": false, strings.ToUpper(parent): false,
		strings.Replace(parent, "4bf9", "4-f9", 1): false, strings.Replace(parent, "-00f0", "000f0", 1): false,
	} {
		if Valid(text) != want || (Trace(text) != "") != want || (Span(text) != "") != want {
			t.Errorf("%q: %v", text, Valid(text))
		}
	}
}

func BenchmarkChild(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = Child(parent)
	}
}
