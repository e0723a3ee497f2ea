package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

var shellBlock = regexp.MustCompile("(?ms)^```(sh|sh fails)\n(.*?)^```")

// TestDocuments runs every shell block of the README and the guides, in their
// order, against the example project. A block marked "fails" must fail.
//
// Three things differ from a reader's terminal: the program is built before,
// the ports are free ones, and the line that starts the project is left out,
// because the test has started it.
func TestDocuments(t *testing.T) {
	for _, page := range []string{"README.md", "docs/workshop.md", "docs/connecting.md"} {
		t.Run(page, func(t *testing.T) {
			p := up(t, project(t, freePorts, true))
			text, err := os.ReadFile(filepath.Join("..", "..", page))
			if err != nil {
				t.Fatal(err)
			}
			blocks := shellBlock.FindAllStringSubmatch(string(text), -1)
			if len(blocks) == 0 {
				t.Fatal("no shell block")
			}
			for _, b := range blocks {
				runBlock(t, p, b[2], b[1] == "sh fails")
			}
			testkit.Eventually(t, 10*time.Second, func() bool {
				return page == "docs/connecting.md" || strings.Contains(p.output.String(), "Cosmos DB Change Feed triggered with")
			}, "the change feed did not wake the second function:\n%s", p.output)
		})
	}
}

func runBlock(t *testing.T, p *process, block string, mustFail bool) {
	t.Helper()
	const start = "go run ./cmd/lazuli up examples/telemetry\n"
	block = strings.ReplaceAll(block, start, "")
	block = strings.ReplaceAll(block, "go run ./cmd/lazuli", build().lazuli+" --project "+p.info.Dir)
	block = strings.ReplaceAll(block, "localhost:7071", p.info.Addresses["functions/telemetry"])
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", block)
	cmd.Env = p.cmd.Env
	out, err := cmd.CombinedOutput()
	switch {
	case mustFail && err == nil:
		t.Errorf("should fail, but did not:\n%s\n%s", block, out)
	case !mustFail && err != nil:
		t.Errorf("%v:\n%s\n%s", err, block, out)
	}
}
