package nodeworker

import (
	"os"
	"path/filepath"
	"testing"
)

// TestBuilt: where what runs is made elsewhere its folder is watched, and where it is made
// here the sources are.
func TestBuilt(t *testing.T) {
	for _, c := range []struct {
		main       string
		typescript bool
		looks      bool
	}{
		{"dist/src/functions/*.js", false, true},
		{"./dist/index.js", false, true},
		{"dist/index.js", true, false},
		{"index.js", false, false},
		{"", false, false},
	} {
		dir := t.TempDir()
		files := map[string]string{packageFile: `{"main": "` + c.main + `"}`}
		if c.typescript {
			files[compilerFile] = "{}"
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		looks := built(dir)
		if got := looks != nil && looks("dist") && !looks("bin"); got != c.looks {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
