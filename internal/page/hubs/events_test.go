package hubs

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/broker"
)

// TestMessages holds what the page stores against what it shows.
func TestMessages(t *testing.T) {
	for body, kind := range map[string]string{`{"a":1}`: "application/json", "plain": "", strings.Repeat("ä", 20_000): ""} {
		e, err := decode(&broker.Record{Sequence: 3, Key: "k", Body: encode([]byte(body))})
		if err != nil {
			t.Fatal(err)
		}
		if e.Sequence != 3 || e.Key != "k" || e.Size != len(body) || e.Binary || !strings.HasPrefix(body, e.Body) || e.Cut != (len(e.Body) < len(body)) {
			t.Errorf("%.20q became %+v", body, e)
		}
		if strings.Contains(string(e.System), "application/json") != (kind != "") {
			t.Errorf("system properties of %.20q: %s", body, e.System)
		}
	}
}
