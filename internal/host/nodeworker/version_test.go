package nodeworker

import "testing"

func TestSatisfies(t *testing.T) {
	for _, c := range []struct {
		version, asked string
		want           bool
	}{
		{"4.16.5", "^4.0.0", true},
		{"4.16.5", "^4.16.5", true},
		{"4.16.4", "^4.16.5", false},
		{"5.0.0", "^4.0.0", false},
		{"3.9.9", "^4.0.0", false},
		{"0.3.1", "^0.3.0", true},
		{"0.4.0", "^0.3.0", false},
		{"0.0.3", "^0.0.3", true},
		{"0.0.4", "^0.0.3", false},
		{"1.2.9", "~1.2.3", true},
		{"1.3.0", "~1.2.3", false},
		{"1.2.3", "1.2.3", true},
		{"1.2.4", "=1.2.3", false},
		{"1.2.3", "latest", true},
		{"1.2.3", ">=2", true},
		{"1.2.3-beta.1", "^2.0.0", true},
		{"0.0.0", "^0.0.0", true},
	} {
		if got := satisfies(c.version, c.asked); got != c.want {
			t.Errorf("%s of %s: %v", c.version, c.asked, got)
		}
	}
}
