package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestVersions(t *testing.T) {
	for text, want := range map[string]version{
		"v1.2.3":            {"1.2.3", "1.2.3", "1.2.3"},
		"1.2.3":             {"1.2.3", "1.2.3", "1.2.3"},
		"v2.0.0-rc.1":       {"2.0.0-rc.1", "2.0.0rc1", "2.0.0-rc.1"},
		"v1.2.3-4-gdeadbee": {"v1.2.3-4-gdeadbee", "0.0.0.dev0+v1.2.3.4.gdeadbee", "0.0.0-dev.v1.2.3.4.gdeadbee"},
		"0012345-dirty":     {"0012345-dirty", "0.0.0.dev0+0012345.dirty", "0.0.0-dev.0012345.dirty"},
	} {
		if have := parseVersion(text); have != want {
			t.Errorf("%s: %+v, want %+v", text, have, want)
		}
	}
}

func TestUnknownTarget(t *testing.T) {
	if _, err := choose("linux/amd64,plan9/386"); err == nil || !strings.Contains(err.Error(), "windows/arm64") {
		t.Errorf("%v; want the targets that there are", err)
	}
}

// TestPackagesAreTheSame: what is packed twice from the same has the same bytes.
func TestPackagesAreTheSame(t *testing.T) {
	b := build{target: targets[0], version: parseVersion("v1.2.3"), time: time.Unix(1_700_000_000, 0).UTC(), program: []byte("a program"), texts: []file{{name: "LICENSE", body: []byte("MIT")}}}
	for _, pack := range []func(build) (file, error){archive, wheel, npmProgram} {
		first, err := pack(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := pack(b)
		if err != nil || again.name != first.name || !bytes.Equal(first.body, again.body) {
			t.Errorf("%s differs: %v", first.name, err)
		}
	}
}

// released is what there is to install on this machine, built once.
func released(t *testing.T) (folder string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	folder = filepath.Join(t.TempDir(), "dist")
	// As `make dist` does: this test may have the race detector in it, which packs ten times slower.
	t.Log(command(t, filepath.Join("..", ".."), "go", "run", "./internal/release", "-version", "v1.2.3", "-only", "host", "-out", folder))
	return folder
}

// TestInstalled installs the wheel and the packages of npm from the disk, with
// no registry, and runs what was installed.
func TestInstalled(t *testing.T) {
	folder := released(t)
	t.Run("checksums", func(t *testing.T) { checkSums(t, folder) })
	t.Run("bill of materials", func(t *testing.T) { checkBOM(t, folder) })
	t.Run("archive", func(t *testing.T) {
		to := t.TempDir()
		command(t, to, "tar", "-xzf", only(t, folder, "lazuli_1.2.3_*.tar.gz"))
		works(t, only(t, to, "*/lazuli"))
		only(t, to, "*/THIRD_PARTY_LICENSES")
	})
	t.Run("wheel", func(t *testing.T) {
		need(t, "python3")
		venv := filepath.Join(t.TempDir(), "venv")
		command(t, "", "python3", "-m", "venv", venv)
		command(t, "", filepath.Join(venv, "bin", "pip"), "install", "--quiet", "--no-index", "--disable-pip-version-check", only(t, folder, "*.whl"))
		works(t, filepath.Join(venv, "bin", "lazuli"))
	})
	t.Run("npm", func(t *testing.T) {
		need(t, "npm")
		to := t.TempDir()
		command(t, to, "npm", "init", "-y")
		command(t, to, "npm", "install", "--offline", "--no-audit", "--no-fund", only(t, folder, "lazuli-linux-*.tgz"), only(t, folder, "lazuli-1.2.3.tgz"))
		works(t, filepath.Join(to, "node_modules", ".bin", "lazuli"))
	})
}

// need fails in CI, and skips elsewhere, where a tool is missing.
func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", tool)
	}
	t.Skipf("%s is not installed", tool)
}

func only(t *testing.T, folder, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%s: %v, %v; want one", pattern, paths, err)
	}
	return paths[0]
}

func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// works runs a program that was installed: its version, and a pipeline that it
// starts, which a signal to the command ends in order.
func works(t *testing.T, program string) {
	t.Helper()
	if out := command(t, "", program, "--version"); !strings.Contains(out, "lazuli 1.2.3") {
		t.Errorf("version %q", out)
	}
	project := t.TempDir()
	settings := "eventHubs: {amqpPort: 0, amqpsPort: 0}\ncosmos: {port: 0}\nportal: {port: 0}\nidentity: {port: 0}\nstorage: {blobPort: 0, queuePort: 0, tablePort: 0}\n"
	if err := os.WriteFile(filepath.Join(project, "lazuli.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	var out safeBuffer
	cmd := exec.CommandContext(t.Context(), program, "up", project)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(out.String(), "ready in"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) || len(ended) > 0 {
			_ = cmd.Process.Kill()
			t.Fatalf("not ready:\n%s", out.String())
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil || !strings.Contains(out.String(), "stopped") {
		t.Errorf("end: %v\n%s", err, out.String())
	}
}

func checkSums(t *testing.T, folder string) {
	text, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 5 {
		t.Errorf("%d checksums, want those of archive, wheel, two packages of npm and the bill of materials", len(lines))
	}
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		body, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || fmt.Sprintf("%x", sha256.Sum256(body)) != sum {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func checkBOM(t *testing.T, folder string) {
	text, err := os.ReadFile(only(t, folder, "*.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc bom
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, c := range doc.Components {
		has[c.Name] = c.Version != ""
	}
	for _, name := range []string{"std", "github.com/cockroachdb/pebble/v2", "google.golang.org/grpc", "svelte"} {
		if !has[name] {
			t.Errorf("%s with its version is missing among %d components", name, len(doc.Components))
		}
	}
	if doc.Metadata.Component.Version != "1.2.3" || doc.Spec != "1.6" {
		t.Errorf("%+v", doc.Metadata)
	}
}

// TestContainerfile: what the description of the image copies is what is built.
func TestContainerfile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "COPY dist/linux/${TARGETARCH}/lazuli /lazuli"; !strings.Contains(string(text), want) {
		t.Errorf("no %q", want)
	}
}
