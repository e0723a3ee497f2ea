package host

import "testing"

// TestOwner: a host is the same after a restart, and none of two in folders of one
// name, in a copy of the data, or of another app.
func TestOwner(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	of := func(name, dir, buildDir string) string {
		t.Helper()
		owner, err := ownerOf(name, dir, buildDir)
		if err != nil {
			t.Fatal(err)
		}
		return owner
	}
	mine := of("app", "/site", first)
	if again := of("app", "/site", first); again != mine {
		t.Errorf("%s, after a restart %s", mine, again)
	}
	for what, other := range map[string]string{
		"another machine's":   of("app", "/site", second),
		"a copy of the data":  of("app", "/copy", first),
		"another app's":       of("other", "/site", first),
		"one that saves none": of("app", "/site", ""),
	} {
		if other == mine {
			t.Errorf("%s is %s too", what, other)
		}
	}
}
