package app

import (
	"path/filepath"
	"testing"
)

// TestExampleDashboards holds the dashboards of the examples against the
// reader, and demands that there are some.
func TestExampleDashboards(t *testing.T) {
	folders, err := filepath.Glob("../../examples/*/" + dashboardsFolder)
	if err != nil || len(folders) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	for _, f := range folders {
		boards, err := readDashboards(f)
		if err != nil {
			t.Error(err)
		}
		for _, b := range boards {
			for i, tile := range b.Tiles {
				if tile.Title["en"] == "" || tile.Title["ko"] == "" {
					t.Errorf("%s: tiles[%d] has no title in English and Korean", b.Name, i)
				}
			}
		}
	}
	if boards, err := readDashboards(t.TempDir() + "/none"); err != nil || boards != nil {
		t.Errorf("a project without dashboards: %v, %v", boards, err)
	}
}
