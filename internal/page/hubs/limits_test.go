package hubs

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhatIsSentIsBounded: properties and the content type count as the body
// does, and lines times count is so many events.
func TestWhatIsSentIsBounded(t *testing.T) {
	l := newLab(t)
	long := strings.Repeat("x", 2*maxEvent)
	for body, want := range map[string]int{
		fmt.Sprintf(`{"body":"x","properties":{"a":%q}}`, long):                     413,
		fmt.Sprintf(`{"body":"x","contentType":%q}`, long):                          413,
		fmt.Sprintf(`{"body":"x","count":5,"properties":{%q:1}}`, long):             413,
		`{"body":"` + strings.Repeat(`x\n`, 11) + `","lines":true,"count":1000000}`: 413,
		`{"body":"` + strings.Repeat(`x\n`, maxLines+1) + `","lines":true}`:         413,
	} {
		if code, got := l.Do("POST", orders+"/events", body); code != want || got["error"] == "" {
			t.Errorf("%.60s: %d %.200v, want %d", body, code, got, want)
		}
	}
}
