package app

import "testing"

// TestRoom: the collector is given room unless somebody has said how it runs.
func TestRoom(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	if room := giveRoom(); len(room) != roomy {
		t.Errorf("%d bytes of room, want %d", len(room), roomy)
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "100")
			if room := giveRoom(); room != nil {
				t.Errorf("%d bytes of room where %s is set", len(room), name)
			}
		})
	}
}
