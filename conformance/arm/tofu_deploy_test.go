//go:build tofu

package arm

import (
	"archive/zip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/conformance/internal/lab"
)

// TestTofuDeploy applies what deploy/ has as it stands, each with one of the two pins:
// the second plan is empty and destroy leaves nothing.
func TestTofuDeploy(t *testing.T) {
	for _, c := range []struct{ name, configuration, pin, plan string }{
		{"telemetry", "telemetry", "5", "consumption"},
		{"telemetry_on_flex", "telemetry", "4", "flex"},
		{"thumbnail", "thumbnail", "5", ""},
		{"solar", "solar", "4", ""},
		{"telemetry_in_containers", "telemetry-containers", "5", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := filepath.Join(lab.Root(), "..")
			r := newRig(t, lab.Up(t, project), filepath.Join(root, "deploy"))
			if err := os.CopyFS(filepath.Join(r.dir, "..", "examples"), os.DirFS(filepath.Join(root, "examples"))); err != nil {
				t.Fatal(err)
			}
			pins := filepath.Join(r.dir, "pins")
			r.dir = filepath.Join(r.dir, c.configuration)
			if c.pin == "5" {
				if err := os.CopyFS(r.dir, os.DirFS(pins)); err != nil {
					t.Fatal(err)
				}
			}
			// Each configuration knows its own code.
			r.env = slices.DeleteFunc(r.env, func(kv string) bool { return strings.HasPrefix(kv, "TF_VAR_code=") })
			r.env = append(r.env, "TF_VAR_project=deployed")
			if c.configuration == "solar" {
				r.env = append(r.env, "TF_VAR_code="+packed(t, filepath.Join(root, "examples", "solar", "app")))
			}
			if c.configuration == "telemetry-containers" {
				r.env = append(r.env, "TF_VAR_image=example.azurecr.io/telemetry:1")
			}
			if c.plan != "" {
				r.env = append(r.env, "TF_VAR_plan="+c.plan)
			}
			r.tofu("init", "-input=false", "-no-color")
			_ = os.Remove(r.record)
			began := time.Now()
			r.tofu("apply", "-auto-approve", "-input=false", "-no-color")
			calls := r.calls()
			t.Logf("apply: %v, of which %d calls of Resource Manager took %v", time.Since(began).Round(time.Second), len(calls), took(calls))
			if all := r.changes(); len(all) > 0 {
				t.Errorf("the second plan would change:\n%s", strings.Join(all, "\n"))
			}
			r.tofu("destroy", "-auto-approve", "-input=false", "-no-color")
			r.destroyed("deployed")
		})
	}
}

// packed is a folder with what lazuli func pack makes of an app.
func packed(t *testing.T, app string) string {
	t.Helper()
	program := os.Getenv("LAZULI_BINARY") // scripts/tofu has built it
	file, dir := filepath.Join(t.TempDir(), "app.zip"), t.TempDir()
	if out, err := exec.CommandContext(t.Context(), program, "func", "pack", "--project", app, "-o", file).CombinedOutput(); err != nil {
		t.Fatalf("func pack: %v\n%s", err, out)
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		if f.Mode().IsDir() {
			continue
		}
		text, err := z.Open(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, f.Mode().Perm())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(to, text)
		if closed := to.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		text.Close()
	}
	return dir
}
