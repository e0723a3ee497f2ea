//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh( fails| keytool)?\n(.*?)^```")

// TestDocuments runs every shell block of the README and the guides, in their
// order, against the example project. A block marked "fails" must fail, one
// marked with a tool runs in a folder of its own where that tool is installed.
//
// Three things differ from a reader's terminal: the program is built before,
// the ports are free ones, and the line that starts the project is left out,
// because the test has started it.
func TestDocuments(t *testing.T) {
	example, err := os.ReadFile(filepath.Join("..", "..", "examples", "telemetry", "dashboards", "telemetry.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"README.md", "docs/workshop.md", "docs/connecting.md", "docs/stream.md", "docs/dashboards.md"} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", page))
			if err != nil {
				t.Fatal(err)
			}
			dir := project(t, freePorts, true)
			writeDashboard(t, dir, "telemetry.json", example)
			p := up(t, dir)
			for _, m := range jsonBlock.FindAllSubmatch(text, -1) {
				followDashboard(t, p, dir, m[1])
			}
			blocks := shellBlock.FindAllStringSubmatch(string(text), -1)
			if len(blocks) == 0 {
				t.Fatal("no shell block")
			}
			for _, b := range blocks {
				runBlock(t, p, b[2], strings.TrimSpace(b[1]))
			}
			testkit.Eventually(t, 10*time.Second, func() bool {
				return !strings.Contains(string(text), "send telemetry_events --count") || strings.Contains(p.output.String(), "Cosmos DB Change Feed triggered with")
			}, "the change feed did not wake the second function:\n%s", p.output)
		})
	}
}

var jsonBlock = regexp.MustCompile("(?ms)^```json\n(.*?)^```")

// followDashboard saves a dashboard of the page beside that of the example while
// the project runs, as the page says, and waits until it shows.
func followDashboard(t *testing.T, p *process, dir string, text []byte) {
	t.Helper()
	var board struct{ Name string }
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	writeDashboard(t, dir, board.Name+".json", text)
	testkit.Eventually(t, 10*time.Second, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.info.Addresses["portal"]+"/api/dashboards", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		var list []struct {
			Name     string
			Problems int
		}
		if json.NewDecoder(res.Body).Decode(&list) != nil {
			return false
		}
		sound := 0
		for _, b := range list {
			if (b.Name == board.Name || b.Name == "telemetry") && b.Problems == 0 {
				sound++
			}
		}
		return sound == 2
	}, "dashboard %s does not show beside the example's", board.Name)
}

func writeDashboard(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	folder := filepath.Join(dir, "dashboards")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func runBlock(t *testing.T, p *process, block, mark string) {
	t.Helper()
	dir, mustFail := filepath.Join("..", ".."), mark == "fails"
	if mark != "" && !mustFail {
		if _, err := exec.LookPath(mark); err != nil {
			if os.Getenv("CI") != "" {
				t.Error(err)
			}
			t.Logf("not run: %v:\n%s", err, block)
			return
		}
		dir = t.TempDir()
	}
	const start = "go run ./cmd/lazuli up examples/telemetry\n"
	block = strings.ReplaceAll(block, start, "")
	block = strings.ReplaceAll(block, "go run ./cmd/lazuli", build().lazuli+" --project "+p.info.Dir)
	block = strings.ReplaceAll(block, "localhost:7071", p.info.Addresses["functions/telemetry"])
	block = strings.ReplaceAll(block, "localhost:8080", p.info.Addresses["portal"])
	block = strings.ReplaceAll(block, "lazuli.example.org:8080", p.info.Addresses["portal"])
	block = strings.ReplaceAll(block, "localhost:8081", p.info.Addresses["cosmos"])
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", block)
	cmd.Dir = dir
	cmd.Env = p.cmd.Env
	out, err := cmd.CombinedOutput()
	switch {
	case mustFail && err == nil:
		t.Errorf("should fail, but did not:\n%s\n%s", block, out)
	case !mustFail && err != nil:
		t.Errorf("%v:\n%s\n%s", err, block, out)
	}
}
