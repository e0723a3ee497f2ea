// Package eventhubs runs the official Event Hubs clients against the real
// lazuli binary: the live tests that the Go module ships, and our own tests on
// the JavaScript and Python clients.
package eventhubs

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// The official Go module whose own live tests are run.
const (
	module  = "github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	version = "v2.0.2"
)

// beyond are the tests that need more of Azure than the AMQP port. They wait
// through long retries, so they run beside the others.
var beyond = []string{"TestConsumerClient_UsingWebSockets", "TestConsumerClient_Detaches"}

// liveProject has the hubs and rules that the tests' own resource template
// creates. %s is the address to listen on: the SDK's credential tests use a
// host name without a port, so the port must be 5671.
const liveProject = `
listen: %s
eventHubs:
  amqpPort: 0
  amqpsPort: 5671
  rules:
    - {name: RootManageSharedAccessKey, key: SAS_KEY_VALUE, rights: [Manage]}
    - {name: ListenOnly, key: listen-only-key, rights: [Listen]}
    - {name: SendOnly, key: send-only-key, rights: [Send]}
  hubs:
    eventhub: {partitions: 4}
    linksonly: {partitions: 1}
cosmos: {port: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0, containers: [container]}
`

// address picks a loopback address for one run, so that runs do not meet on
// port 5671. Two of the tests demand that nobody listens on 127.0.0.1:5671.
// Outside Linux there is no other loopback address.
func address(t *testing.T) (string, bool) {
	t.Helper()
	if runtime.GOOS != "linux" {
		lab.Missing(t, "a loopback address beside 127.0.0.1", runtime.GOOS+" has one only")
		return "", false
	}
	return net.IPv4(127, byte(1+rand.IntN(250)), byte(rand.IntN(250)), byte(1+rand.IntN(250))).String(), true
}

// refused is a test that demands that nobody listens on 127.0.0.1:5671.
const refused = "TestConsumerClientUsingCustomEndpoint"

// TestLive runs the module's live tests from a copy of it.
func TestLive(t *testing.T) {
	t.Parallel()
	host, ok := address(t)
	if !ok {
		return
	}
	dir, ok := lab.CopyModule(t, module, version)
	if !ok {
		return
	}
	awaitReceivers(t, dir)
	if !buildable(t, dir) {
		return
	}
	l := lab.Up(t, fmt.Sprintf(liveProject, host))
	env := liveEnv(host, l)
	client := slices.DeleteFunc(liveTests(t, dir), func(name string) bool { return name == refused || slices.Contains(beyond, name) })
	for _, suite := range []struct {
		name, folder string
		tests        []string
		want         int
	}{
		{"azeventhubs", ".", client, 30},
		{"azeventhubs-internal", "./internal", liveTests(t, filepath.Join(dir, "internal")), 8},
		{"azeventhubs-checkpoints", "./checkpoints", []string{"TestBlobStore_.*"}, 7},
		{"azeventhubs-beyond", ".", beyond, len(beyond)},
	} {
		t.Run(suite.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			run := "^(" + strings.Join(suite.tests, "|") + ")$"
			results := lab.RunGoTests(ctx, t, dir, env, "-timeout", "9m", "-run", run, suite.folder)
			if suite.name == "azeventhubs" {
				lab.StandardPorts(t, true)
				results = append(results, lab.RunGoTests(ctx, t, dir, env, "-timeout", "9m", "-run", "^"+refused+"$", suite.folder)...)
			}
			lab.Check(t, suite.name, results, suite.want)
		})
	}
}

// awaitReceivers makes a helper of the module's tests wait for the goroutines that
// it begins. Without that one of them may still log when its test is over, which
// Go answers with a panic, and all tests after it do not run.
func awaitReceivers(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "producer_client_test.go")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const (
		cancel  = "\tdefer cancelPartitionReceiving()\n"
		receive = "\t\tgo func(ctx context.Context, partProps azeventhubs.PartitionProperties) {\n"
	)
	for old, mended := range map[string]string{
		cancel:  cancel + "\tvar receivers sync.WaitGroup\n\tdefer receivers.Wait()\n",
		receive: "\t\treceivers.Add(1)\n" + receive + "\t\t\tdefer receivers.Done()\n",
	} {
		if n := bytes.Count(text, []byte(old)); n != 1 {
			t.Fatalf("%s has the line %q %d times, want it once: is this still needed?", path, old, n)
		}
		text = bytes.Replace(text, []byte(old), []byte(mended), 1)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// buildable compiles the tests; what they import is downloaded here, while the
// network can still be reached.
func buildable(t *testing.T, dir string) bool {
	t.Helper()
	cmd := exec.Command("go", "test", "-count=1", "-run", "^$", ".", "./internal", "./checkpoints")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		lab.Missing(t, "what the tests of "+module+" import", fmt.Sprintf("%v: %s", err, text))
		return false
	}
	return true
}

// liveEnv is what the tests read. The proxy leads nowhere: tests that need Azure
// itself fail fast and never leave this machine.
func liveEnv(host string, l *lab.Lazuli) []string {
	connection := func(rule, key string) string {
		return fmt.Sprintf("Endpoint=sb://%s/;SharedAccessKeyName=%s;SharedAccessKey=%s", host, rule, key)
	}
	return []string{
		"EVENTHUB_NAMESPACE=" + host,
		"EVENTHUB_NAME=eventhub",
		"EVENTHUB_LINKSONLY_NAME=linksonly",
		"EVENTHUB_CONNECTION_STRING=" + connection("RootManageSharedAccessKey", "SAS_KEY_VALUE"),
		"EVENTHUB_CONNECTION_STRING_LISTEN_ONLY=" + connection("ListenOnly", "listen-only-key"),
		"EVENTHUB_CONNECTION_STRING_SEND_ONLY=" + connection("SendOnly", "send-only-key"),
		"CHECKPOINTSTORE_STORAGE_ENDPOINT=https://" + l.Addresses["blob"] + "/devstoreaccount1/",
		"AZURE_SUBSCRIPTION_ID=none",
		"RESOURCE_GROUP=none",
		"AZURE_RECORD_MODE=live", // the test credential is then DefaultAzureCredential
		"AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential",
		"IDENTITY_ENDPOINT=http://" + l.Addresses["identity"] + "/msi/token", // the developer, who owns the project
		"IDENTITY_HEADER=" + l.Tokens["identity"],
		"SSL_CERT_FILE=" + l.CAFile,
		"HTTPS_PROXY=http://127.0.0.1:1",
	}
}

// liveTests lists the tests in a folder that talk to a service: those that
// mention the test parameters themselves or through a helper of theirs.
func liveTests(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{} // function name to text
	function := regexp.MustCompile(`(?m)^func (\w+)\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range bytes.Split(text, []byte("\nfunc "))[1:] {
			if m := function.FindSubmatch(append([]byte("func "), part...)); m != nil {
				bodies[string(m[1])] = string(part)
			}
		}
	}
	live := map[string]bool{"GetConnectionParamsForTest": true}
	for grown := true; grown; {
		grown = false
		for name, body := range bodies {
			if !live[name] && callsAny(body, live) {
				live[name], grown = true, true
			}
		}
	}
	var tests []string
	for name := range live {
		if strings.HasPrefix(name, "Test") {
			tests = append(tests, name)
		}
	}
	return tests
}

// callsAny reports whether the text of a function calls one of the functions.
func callsAny(body string, functions map[string]bool) bool {
	for name := range functions {
		if strings.Contains(body, name+"(") {
			return true
		}
	}
	return false
}
