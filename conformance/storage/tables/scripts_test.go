package tables

import (
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// How many tests our own suites have; a suite must not shrink unseen.
const (
	jsTests     = 10
	pythonTests = 8
)

// project needs no particular port.
const project = `
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
`

// The account that every emulator has, with its well-known key.
const (
	account = "devstoreaccount1"
	key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// env tells a suite where the account is.
func env(t *testing.T, l *lab.Lazuli) []string {
	t.Helper()
	return []string{"TABLES_ENDPOINT=http://" + l.Addresses["table"] + "/" + account, "TABLES_ACCOUNT=" + account, "TABLES_KEY=" + key}
}

// TestJavaScript runs our tests on @azure/data-tables.
func TestJavaScript(t *testing.T) {
	l := lab.Up(t, project)
	if results, ok := lab.RunNode(t, "tables-js", filepath.Join(lab.Root(), "storage", "tables", "js"), env(t, l)); ok {
		lab.Check(t, "tables-js", results, jsTests)
	}
}

// TestPython runs our tests on azure-data-tables.
func TestPython(t *testing.T) {
	l := lab.Up(t, project)
	if results, ok := lab.RunPython(t, "tables-python", filepath.Join(lab.Root(), "storage", "tables", "python"), 1, env(t, l)); ok {
		lab.Check(t, "tables-python", results, pythonTests)
	}
}
