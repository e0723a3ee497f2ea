package app

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/broker"
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

// TestPortalMessages holds what the portal stores against what it shows.
func TestPortalMessages(t *testing.T) {
	for body, kind := range map[string]string{`{"a":1}`: "application/json", "plain": "", strings.Repeat("ä", 20_000): ""} {
		e, err := messageCodec{}.Decode(&broker.Record{Sequence: 3, Key: "k", Body: messageCodec{}.Encode([]byte(body), kind)})
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
