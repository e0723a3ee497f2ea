package nodeapps

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

func TestHelloNode(t *testing.T) {
	a, ok := up(t, "../../examples/hello-node")
	if !ok {
		return
	}
	for path, want := range map[string]string{
		"/api/hello/you": "Hello, you!", "/api/hello?name=me": "Hello, me!", "/api/hello": "Hello, world!",
	} {
		if got := a.Get(t, path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := a.Call(t, http.MethodPost, "/api/hello", `{"name":"JSON"}`); got.Text != "Hello, JSON!" {
		t.Error(got.Text)
	}
	a.Call(t, http.MethodPost, "/admin/functions/tick", "{}", "Content-Type", "application/json")
	a.Says(t, "five minutes have passed")
	events := filepath.Join(t.TempDir(), "events.ndjson")
	write(t, events, "{\"temperature\": 41.5}\n{\"temperature\": 20}\n")
	a.Run(t, "send", "readings", "--file", events, "--partition-key", "k")
	a.Says(t, "2 readings, 1 of them hot")
}

// named is a block of the guide that is the content of a file, and block one of
// commands or of what they say.
var (
	named = regexp.MustCompile("(?m)^<!-- file: (.+) -->\n```[a-z]+\n((?s:.*?))^```$")
	block = regexp.MustCompile("(?m)^```(sh|text)\n((?s:.*?))^```$")
)

// free is what `lazuli func start` runs with, on ports that are free.
const free = `
eventHubs: {amqpPort: 0, amqpsPort: 0, autoCreate: true}
cosmos: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
portal: {port: 0}
identity: {port: 0}
functions: {port: 0, apps: {app: {path: DIR}}}
`

// TestGuide does what the guide says, in an empty folder, in the order in which it
// says it; only the ports are free ones.
func TestGuide(t *testing.T) {
	if _, ok := up(t, "apps/fine"); !ok { // there are Node, npm and a registry
		return
	}
	guide, err := os.ReadFile("../../docs/functions-node.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, m := range named.FindAllSubmatch(guide, -1) {
		write(t, filepath.Join(dir, string(m[1])), string(m[2]))
	}
	var a lab.App
	answers, done := "", map[string]int{}
	for _, m := range block.FindAllSubmatch(guide, -1) {
		for line := range strings.Lines(string(m[2])) {
			line = strings.TrimSpace(line)
			program, rest, _ := strings.Cut(line, " ")
			switch {
			case string(m[1]) == "text":
				done["text"]++
				if !strings.Contains(answers, line) {
					a.Says(t, line)
				}
			case line == "lazuli func start":
				a = lab.App{Lazuli: lab.Up(t, strings.ReplaceAll(free, "DIR", dir)), Name: "app", Dir: dir}
				lab.Eventually(t, func() bool { return a.Call(t, http.MethodGet, "/api/hello", "").StatusCode == http.StatusOK }, "it runs", a.Said)
			case program == "curl":
				answers += a.Get(t, strings.TrimPrefix(rest, "localhost:7071"))
				done[program]++
			case program == "lazuli":
				a.Run(t, strings.Fields(rest)...)
				done[program]++
			default:
				t.Errorf("what is %q?", line)
			}
		}
	}
	if done["curl"] != 1 || done["lazuli"] != 1 || done["text"] != 3 {
		t.Errorf("of the guide was done: %v", done)
	}
}
