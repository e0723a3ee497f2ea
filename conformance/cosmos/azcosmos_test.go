package cosmos

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// The official Go module whose own emulator tests are run, and how many those
// are.
const (
	azcosmosModule  = "github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	azcosmosVersion = "v1.4.1"
	azcosmosTests   = 26
)

// azcosmosProject is what the module's tests expect of an emulator: they have
// the ports, the location's URL and the consistency level written into them.
const azcosmosProject = `
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos:
  port: 8081
  computePort: 8903
  strictGateway: true
  consistency: Strong
  endpoint: https://127.0.0.1:8081/
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
`

// TestAzcosmos runs the emulator tests that ship inside azcosmos, from a copy
// of the module, against the real binary.
func TestAzcosmos(t *testing.T) {
	const why = "azcosmos's tests connect to it"
	lab.NeedPort(t, 8081, why)
	lab.NeedPort(t, 8903, why)
	dir, ok := lab.CopyModule(t, azcosmosModule, azcosmosVersion)
	if !ok {
		return
	}
	names := emulatorTests(t, dir)
	lazuli := lab.Up(t, azcosmosProject)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	// The token test verifies the certificate; the others do not.
	env := []string{"EMULATOR=true", "SSL_CERT_FILE=" + lazuli.CAFile}
	results := lab.RunGoTests(ctx, t, dir, env, "-run", "^("+strings.Join(names, "|")+")$", ".")
	lab.Check(t, "azcosmos", results, azcosmosTests)
}

// emulatorTests lists the tests in the module's emulator_*_test.go files.
func emulatorTests(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "emulator_*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}
