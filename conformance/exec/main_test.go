// Package exec runs programs that are written for Azure, with its host names, its
// ports and DefaultAzureCredential, under `lazuli exec`.
package exec

import (
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }
