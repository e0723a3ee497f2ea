package app

import (
	"slices"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/config"
)

// TestEndpointIsAName: clients go on under the name that the account tells
// them, so the door must know it.
func TestEndpointIsAName(t *testing.T) {
	cfg := config.Default(t.TempDir())
	if got := hostNames(cfg); len(got) != 0 {
		t.Errorf("by default %q", got)
	}
	cfg.HostNames = []string{"lazuli"}
	cfg.Cosmos.Endpoint = "https://documents.example.org:8081/"
	if got := hostNames(cfg); !slices.Equal(got, []string{"lazuli", "documents.example.org"}) {
		t.Errorf("got %q", got)
	}
}
