package eventhubs

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// How many tests our own suites have; a suite must not shrink unseen.
const (
	jsTests     = 26
	pythonTests = 25
	javaTests   = 23
	rheaTests   = 7
	protonTests = 6
)

// atOnce is how many Python tests run together: the client spends most of a test
// asleep, polling.
const atOnce = 8

// scriptsProject has a hub for every test of a suite: prefix1, prefix2, …
func scriptsProject(prefix string) string {
	var hubs strings.Builder
	for n := range 40 {
		fmt.Fprintf(&hubs, "    %s%d: {partitions: 4, consumerGroups: [second]}\n", prefix, n)
	}
	return `
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  rules:
    - {name: RootManageSharedAccessKey, key: SAS_KEY_VALUE, rights: [Manage]}
    - {name: ListenOnly, key: listen-only-key, rights: [Listen]}
    - {name: SendOnly, key: send-only-key, rights: [Send]}
  hubs:
` + hubs.String() + `
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
`
}

// scriptEnv tells a suite where the namespace is: the plain port, as with the
// vendor's emulator.
func scriptEnv(t *testing.T, l *lab.Lazuli) []string {
	t.Helper()
	connection := func(rule, key string) string { return hubConnection(t, l, rule, key) }
	_, tlsPort, err := net.SplitHostPort(l.Addresses["amqps"])
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"EVENTHUB_ADDRESS=" + l.LocalHost(t, "amqp"),
		"EVENTHUB_CONNECTION_STRING=" + connection("RootManageSharedAccessKey", "SAS_KEY_VALUE"),
		"EVENTHUB_CONNECTION_STRING_LISTEN_ONLY=" + connection("ListenOnly", "listen-only-key"),
		"EVENTHUB_CONNECTION_STRING_SEND_ONLY=" + connection("SendOnly", "send-only-key"),
		"EVENTHUB_TLS_PORT=" + tlsPort,
		"NODE_EXTRA_CA_CERTS=" + l.CAFile,
		"EVENTHUB_CA_FILE=" + l.CAFile,
	}
}

// hubConnection leads to the namespace as to the vendor's emulator.
func hubConnection(t *testing.T, l *lab.Lazuli, rule, key string) string {
	t.Helper()
	return fmt.Sprintf("Endpoint=sb://%s;SharedAccessKeyName=%s;SharedAccessKey=%s;UseDevelopmentEmulator=true", l.LocalHost(t, "amqp"), rule, key)
}

// TestJavaScript runs our tests on @azure/event-hubs.
func TestJavaScript(t *testing.T) {
	t.Parallel()
	app, dir, ok := readingApp(t, "js39", "node", nodeHandler)
	if !ok {
		return
	}
	l := lab.Up(t, scriptsProject("js")+app)
	env := append(scriptEnv(t, l), storageEnv(l, dir)...)
	if results, ok := lab.RunNode(t, "eventhubs-js", filepath.Join(lab.Root(), "eventhubs", "js"), env); ok {
		lab.Check(t, "eventhubs-js", results, jsTests)
	}
}

// TestPython runs our tests on azure-eventhub.
func TestPython(t *testing.T) {
	t.Parallel()
	app, dir, ok := readingApp(t, "py39", "python3", pythonHandler)
	if !ok {
		return
	}
	l := lab.Up(t, scriptsProject("py")+app)
	env := append(scriptEnv(t, l), storageEnv(l, dir)...)
	env = append(env, "FAR_FUNCTION_SEEN="+filepath.Join(farHost(t, l, "py38", "python3", pythonHandler), "seen"))
	if results, ok := lab.RunPython(t, "eventhubs-python", filepath.Join(lab.Root(), "eventhubs", "python"), atOnce, env); ok {
		lab.Check(t, "eventhubs-python", results, pythonTests)
	}
}

// TestJava runs our tests on azure-messaging-eventhubs, and on the JMS client of
// Apache Qpid in the same JVM.
func TestJava(t *testing.T) {
	t.Parallel()
	l := lab.Up(t, scriptsProject("java"))
	if results, ok := lab.RunJava(t, "eventhubs-java", filepath.Join(lab.Root(), "eventhubs", "java"), scriptEnv(t, l)); ok {
		lab.Check(t, "eventhubs-java", results, javaTests)
	}
}

// TestRhea and TestProton run AMQP clients that know nothing of Event Hubs.
func TestRhea(t *testing.T) {
	t.Parallel()
	l := lab.Up(t, scriptsProject("rhea"))
	if results, ok := lab.RunNode(t, "eventhubs-rhea", filepath.Join(lab.Root(), "eventhubs", "rhea"), scriptEnv(t, l)); ok {
		lab.Check(t, "eventhubs-rhea", results, rheaTests)
	}
}

func TestProton(t *testing.T) {
	t.Parallel()
	l := lab.Up(t, scriptsProject("proton"))
	if results, ok := lab.RunPython(t, "eventhubs-proton", filepath.Join(lab.Root(), "eventhubs", "proton"), atOnce, scriptEnv(t, l)); ok {
		lab.Check(t, "eventhubs-proton", results, protonTests)
	}
}
