package exec

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// How many tests our suites have; one must not shrink unseen.
const tests = 7

// The application of the suites: it may read, and nothing else.
const (
	readerID     = "6b0a5c1e-8f8a-4c55-9d3c-0a4b7f7f2a11"
	readerSecret = "only-for-reading"
)

const project = `
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  namespaces:
    contoso-evhns: {hubs: {orders: {partitions: 1}}}
    fabrikam-evhns: {hubs: {orders: {partitions: 1}}}
cosmos:
  port: 0
  accounts:
    contoso-cosmos: {databases: {shop: {containers: {orders: {partitionKey: /id}}}}}
    fabrikam-cosmos: {databases: {shop: {containers: {orders: {partitionKey: /id}}}}}
portal: {port: 0}
storage:
  blobPort: 0
  queuePort: 0
  tablePort: 0
  accounts:
    contososa: {containers: [deployments]}
    fabrikamsa: {containers: [deployments]}
identity:
  port: 0
  applications:
    reader: {clientId: ` + readerID + `, secret: ` + readerSecret + `}
  assignments:
    - {principal: "application:reader", role: Azure Event Hubs Data Receiver, scope: eventHubs/contoso-evhns}
    - {principal: "application:reader", role: Cosmos DB Built-in Data Reader, scope: cosmos/contoso-cosmos}
    - {principal: "application:reader", role: Storage Blob Data Reader, scope: storage/contososa}
`

// begin starts a lazuli and returns a runner inside it.
func begin(t *testing.T, flags ...string) (lab.Runner, bool) {
	t.Helper()
	l := lab.Up(t, project)
	_, port, err := net.SplitHostPort(l.Addresses["identity"])
	if err != nil {
		t.Fatal(err)
	}
	r, ok := l.Inside(t, flags...)
	r.Env = append(r.Env, "READER_AUTHORITY=https://localhost:"+port, "READER_ID="+readerID, "READER_SECRET="+readerSecret, "GUIDE="+filepath.Join(lab.Root(), "..", "docs", "storage.md"))
	return r, ok
}

// TestPython runs the official clients in a network of their own.
func TestPython(t *testing.T) {
	r, ok := begin(t, "--network", "private")
	if !ok {
		return
	}
	if results, ok := r.RunPython(t, "exec-python", filepath.Join(lab.Root(), "exec", "python"), 1); ok {
		lab.Check(t, "exec-python", results, tests)
	}
}

// TestJavaScript runs the official clients in the machine's network.
func TestJavaScript(t *testing.T) {
	r, ok := begin(t)
	if !ok {
		return
	}
	if results, ok := r.RunNode(t, "exec-js", filepath.Join(lab.Root(), "exec", "js")); ok {
		lab.Check(t, "exec-js", results, tests)
	}
}

// TestJava runs the official clients in the machine's network.
func TestJava(t *testing.T) {
	r, ok := begin(t, "--network", "host")
	if !ok {
		return
	}
	if results, ok := r.RunJava(t, "exec-java", filepath.Join(lab.Root(), "exec", "java")); ok {
		lab.Check(t, "exec-java", results, tests)
	}
}

// TestGo builds a program with the official clients, which are those of lazuli's
// own module, and runs it.
func TestGo(t *testing.T) {
	r, ok := begin(t)
	if !ok {
		return
	}
	program := filepath.Join(t.TempDir(), "program")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, filepath.Join(lab.Root(), "exec", "testdata", "program.go"))
	build.Dir = filepath.Dir(lab.Root())
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lab.Check(t, "exec-go", r.RunProgram(t, program), tests)
}

// TestCurl knows nothing of SDKs.
func TestCurl(t *testing.T) {
	r, ok := begin(t)
	if !ok {
		return
	}
	curl, ok := lab.Tool(t, "curl")
	if !ok {
		return
	}
	script := `for row in "curl 401 contoso-cosmos.documents.azure.com/" "sign-in 200 login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"; do
	set -- $row
	code=$("$0" -sS -o /dev/null -w '%{http_code}' "https://$3")
	test "$code" = "$2" && passed=true || passed=false
	printf '{"name":"%s","passed":%s,"output":"%s"}\n' "$1" "$passed" "$code"
done`
	lab.Check(t, "exec-curl", r.RunProgram(t, "/bin/sh", "-c", script, curl), 2)
}
