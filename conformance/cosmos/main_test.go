package cosmos

import (
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// emulatorKey is the well-known key of the vendor's emulators.
const emulatorKey = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
