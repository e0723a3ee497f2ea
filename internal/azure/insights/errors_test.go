package insights

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestEveryKindHasAStatus walks all kinds, so that a new one is not forgotten.
func TestEveryKindHasAStatus(t *testing.T) {
	for _, k := range fault.Kinds() {
		if e, known := errorOf[k]; !known || e.status == 0 || e.code == "" {
			t.Errorf("no status for %v", k)
		}
	}
}
