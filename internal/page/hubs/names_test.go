package hubs

import "testing"

// TestNames: hubs are found by the palette.
func TestNames(t *testing.T) {
	l := newLab(t)
	if code, got := l.Do("GET", "/api/names?q=ord", ""); code != 200 || got["names"].([]any)[0].(map[string]any)["id"] != "default/Orders" {
		t.Errorf("names: %d %v", code, got)
	}
}
