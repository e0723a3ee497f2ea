//go:build unix

package main

import (
	"encoding/json"
	"fmt"
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

// TestDocuments follows the guides as a reader does: in an empty folder, with
// the program on the PATH and nothing of the repository. It runs every shell
// block, in their order, and writes the blocks that are a file. A block marked
// "fails" must fail, one marked with a tool runs where that tool is installed.
// TestTranslationsKeepStep (docs) demands the same blocks of the Korean guides.
//
// Go finds no network and no modules, so what is written must build by itself.
//
// Two things differ from a reader's terminals: the ports are free ones, and what
// `lazuli up` starts runs in the background until the page ends.
func TestDocuments(t *testing.T) {
	for page, want := range map[string]string{ // what the log says in the end
		"workshop.md":              "Cosmos DB Change Feed triggered with",
		"functions.md":             "changed",
		"functions-python.md":      "stored 5 readings",
		"connecting.md":            "",
		"stream.md":                "stream job runs",
		"dashboards.md":            "",
		"project-file.md":          "",
		"names.md":                 "",
		"identity.md":              "",
		"storage.md":               "",
		"scaling.md":               "",
		"functions-storage.md":     "Executed 'Functions.keep' (Succeeded",
		"functions-node.md":        "5 readings came",
		"functions-custom.md":      "receipt of 7 written",
		"functions-reliability.md": "order 7 was shipped before",
	} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "import azure.functions") && !packagesFor(t, page, "python3", "-m", "pip", "download", "-q", "--no-deps", "-d", t.TempDir(), "azure-functions") {
				return
			}
			if strings.Contains(string(text), "require('@azure/functions')") && !packagesFor(t, page, "npm", "view", "@azure/functions", "version") {
				return
			}
			r := newReader(t)
			r.follow(string(text))
			if want != "" {
				testkit.Eventually(t, 30*time.Second, func() bool { return strings.Contains(r.running.output.String(), want) }, "%q in the log:\n%s", want, r.running.output)
			}
		})
	}
}

// packagesFor reports whether a command succeeds, which reaches the registry of packages
// that a page needs; with CI set it must.
func packagesFor(t *testing.T, page string, command ...string) bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
	if err == nil {
		return true
	}
	if os.Getenv("CI") != "" {
		t.Errorf("no packages: %q: %v: %s", command, err, out)
	}
	fmt.Fprintf(os.Stderr, "NOT RUN on this machine, which reaches no packages by %s: docs/%s (%v)\n", command[0], page, err)
	return false
}

// TestReadme does the same with the README, whose first commands are for a
// clone: they are done here with what they build.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	there := strings.NewReplacer("\nmake run\n", "\nlazuli init telemetry --example telemetry\nlazuli up telemetry\n", "bin/lazuli ", "lazuli ")
	r.follow(there.Replace(string(text)))
	testkit.Eventually(t, 30*time.Second, func() bool { return strings.Contains(r.running.output.String(), "stream job runs") }, "no job:\n%s", r.running.output)
}

// reader is somebody with an empty folder and lazuli on the PATH.
type reader struct {
	t       *testing.T
	dir     string
	path    string // the PATH
	running *process
}

func newReader(t *testing.T) *reader {
	t.Helper()
	b := build()
	if b.err != nil {
		t.Fatal(b.err)
	}
	bin := t.TempDir()
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", filepath.Join(bin, "none"))
	if err := os.Symlink(b.lazuli, filepath.Join(bin, "lazuli")); err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, dir: t.TempDir(), path: bin + string(os.PathListSeparator) + os.Getenv("PATH")}
}

// step is a block of a page: a file to write, or commands.
var step = regexp.MustCompile("(?ms)^(?:<!-- file: (\\S+) -->\n)?```([a-z]+)( fails| keytool| namespaces)?\n(.*?)^```")

func (r *reader) follow(text string) {
	r.t.Helper()
	if !strings.Contains(text, "\nlazuli up") && !strings.Contains(text, "\nlazuli func start") {
		r.commands("lazuli init telemetry --example telemetry\nlazuli up telemetry\n", "") // for pages that speak of any project
	}
	for _, m := range step.FindAllStringSubmatch(text, -1) {
		file, language, mark, body := m[1], m[2], strings.TrimSpace(m[3]), m[4]
		switch {
		case strings.Contains(file, "/dashboards/"):
			r.write(file, body)
			r.awaitDashboard(strings.TrimSuffix(filepath.Base(file), ".json"))
		case file != "":
			r.write(file, body)
		case language == "sh":
			r.commands(body, mark)
		}
	}
}

func (r *reader) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// awaitDashboard waits until a dashboard that was saved while everything runs is
// shown without a mistake, and those that were there too.
func (r *reader) awaitDashboard(name string) {
	r.t.Helper()
	testkit.Eventually(r.t, 10*time.Second, func() bool {
		req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://"+r.running.info.Addresses["portal"]+"/api/dashboards", nil)
		if err != nil {
			r.t.Fatal(err)
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
		shown := false
		for _, b := range list {
			shown = shown || b.Name == name
			if b.Problems != 0 {
				return false
			}
		}
		return shown && len(list) > 1
	}, "dashboard %s does not show beside the example's", name)
}

// commands runs the lines of a block together, but for those that start a
// project.
func (r *reader) commands(block, mark string) {
	r.t.Helper()
	lines := ""
	for line := range strings.Lines(block) {
		line = strings.Replace(line, "lazuli func start", "lazuli up", 1) // they run the same app
		dir, starts := strings.CutPrefix(strings.TrimSpace(line), "lazuli up")
		if !starts {
			lines += line
			continue
		}
		r.shell(lines, mark)
		lines = ""
		if r.running != nil {
			if err := r.running.stop(); err != nil {
				r.t.Fatal(err)
			}
		}
		r.running = up(r.t, filepath.Join(r.dir, strings.TrimSpace(dir)), "--any-port")
	}
	r.shell(lines, mark)
}

func (r *reader) shell(lines, mark string) {
	r.t.Helper()
	if strings.TrimSpace(lines) == "" {
		return
	}
	mustFail := mark == "fails"
	switch {
	case mark == "namespaces":
		if says := r.run("lazuli exec -- true"); strings.Contains(says, "lazuli hosts --write") {
			fmt.Fprintf(os.Stderr, "NOT RUN on this machine, which allows no namespaces (%s):\n%s", strings.TrimSpace(says), lines)
			return
		}
	case mark != "" && !mustFail:
		if _, err := exec.LookPath(mark); err != nil {
			if os.Getenv("CI") != "" {
				r.t.Error(err)
			}
			r.t.Logf("not run: %v:\n%s", err, lines)
			return
		}
	}
	out, err := r.start(lines)
	switch {
	case mustFail && err == nil:
		r.t.Errorf("should fail, but did not:\n%s\n%s", lines, out)
	case !mustFail && err != nil:
		r.t.Errorf("%v:\n%s\n%s", err, lines, out)
	}
}

// run returns what a command says, whatever comes of it.
func (r *reader) run(line string) string {
	out, _ := r.start(line) // its words are what is asked for
	return out
}

// start runs lines in the reader's shell.
func (r *reader) start(lines string) (string, error) {
	cmd := exec.CommandContext(r.t.Context(), "sh", "-euc", r.addressed(lines))
	cmd.Dir, cmd.Env = r.dir, os.Environ()
	if r.running != nil {
		cmd.Env = r.running.cmd.Env
	}
	cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], "PATH="+r.path, "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// addressed replaces the usual addresses by those of what runs.
func (r *reader) addressed(lines string) string {
	if r.running == nil {
		return lines
	}
	for usual, name := range map[string]string{"localhost:8080": "portal", "lazuli.example.org:8080": "portal", "localhost:8081": "cosmos"} {
		lines = strings.ReplaceAll(lines, usual, r.running.info.Addresses[name])
	}
	for name, address := range r.running.info.Addresses {
		if strings.HasPrefix(name, "functions/") {
			lines = strings.ReplaceAll(lines, "localhost:7071", address)
		}
	}
	return lines
}
