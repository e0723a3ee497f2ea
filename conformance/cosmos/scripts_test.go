package cosmos

import (
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// How many tests our own suites have; a suite must not shrink unseen.
const (
	jsTests     = 31
	pythonTests = 27
	javaTests   = 45
)

// scriptsProject needs no particular port.
const scriptsProject = `
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
`

// scriptEnv tells a suite where the account is and whom to trust.
func scriptEnv(t *testing.T, l *lab.Lazuli) []string {
	t.Helper()
	return []string{
		"COSMOS_ENDPOINT=https://" + l.LocalHost(t, "cosmos") + "/",
		"COSMOS_KEY=" + emulatorKey,
		"NODE_EXTRA_CA_CERTS=" + l.CAFile,
		"SSL_CERT_FILE=" + l.CAFile,
	}
}

// TestJavaScript runs our tests on @azure/cosmos.
func TestJavaScript(t *testing.T) {
	l := lab.Up(t, scriptsProject)
	if results, ok := lab.RunNode(t, "cosmos-js", filepath.Join(lab.Root(), "cosmos", "js"), scriptEnv(t, l)); ok {
		lab.Check(t, "cosmos-js", results, jsTests)
	}
}

// TestPython runs our tests on azure-cosmos.
func TestPython(t *testing.T) {
	l := lab.Up(t, scriptsProject)
	if results, ok := lab.RunPython(t, "cosmos-python", filepath.Join(lab.Root(), "cosmos", "python"), 1, scriptEnv(t, l)); ok {
		lab.Check(t, "cosmos-python", results, pythonTests)
	}
}

// TestJava runs our tests on azure-cosmos for Java, in gateway mode. It trusts
// what /_explorer/emulator.pem serves.
func TestJava(t *testing.T) {
	l := lab.Up(t, scriptsProject)
	if results, ok := lab.RunJava(t, "cosmos-java", filepath.Join(lab.Root(), "cosmos", "java"), scriptEnv(t, l)); ok {
		lab.Check(t, "cosmos-java", results, javaTests)
	}
}
