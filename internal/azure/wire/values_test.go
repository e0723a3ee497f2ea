package wire

import (
	"fmt"
	"net/http"
	"testing"
)

// TestValues: values stay what they were, however many there are, and adding to one
// changes no other.
func TestValues(t *testing.T) {
	var v Values
	h := http.Header{}
	for n := range 40 {
		h[fmt.Sprint(n)] = v.Of(fmt.Sprint("v", n))
	}
	h.Add("3", "more")
	for n := range 40 {
		if got := h[fmt.Sprint(n)]; got[0] != fmt.Sprint("v", n) || (len(got) == 2) != (n == 3) {
			t.Errorf("%d: %q", n, got)
		}
	}
}
