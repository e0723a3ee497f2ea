package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
)

// TestExampleDashboards holds the dashboards of the examples against the
// reader, and demands that there are some.
func TestExampleDashboards(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/" + dashboard.FolderName + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b, problems := dashboard.Parse(f, text)
		for _, p := range problems {
			t.Error(p)
		}
		for i, tile := range b.Tiles {
			if tile.Title["en"] == "" || tile.Title["ko"] == "" {
				t.Errorf("%s: tiles[%d] has no title in English and Korean", b.Name, i)
			}
		}
	}
}
