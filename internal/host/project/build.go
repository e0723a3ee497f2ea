package project

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// maxBuildOutput bounds how much of the compiler's output an error carries.
const maxBuildOutput = 8 << 10

// Build compiles the program in dir to the file out. A failed build returns
// the compiler's own messages, which name file and line.
func Build(ctx context.Context, dir, out string, env []string) error {
	tool, err := exec.LookPath("go")
	if err != nil {
		return fault.New(fault.Unavailable, dir, "the Go toolchain is not on the PATH; install Go, or give a worker built elsewhere with \"binary\" in the project file")
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		return fault.Wrap(fault.Unavailable, out, err, "make the build folder")
	}
	args := []string{"build", "-buildvcs=false", "-o", out}
	if _, err := os.Stat(filepath.Join(dir, "vendor", "modules.txt")); err == nil {
		args = append(args, "-trimpath") // what is vendored is then compiled once for all apps of this machine
	}
	cmd := exec.CommandContext(ctx, tool, append(args, ".")...)
	cmd.Dir, cmd.Env = dir, env
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		text := strings.TrimSpace(output.String())
		if len(text) > maxBuildOutput {
			text = text[:maxBuildOutput] + "\n..."
		}
		if strings.Contains(text, "go.mod file not found") {
			text += "\n`lazuli func init` in an empty folder writes a module that has all it needs; move the app's files there"
		}
		return fault.New(fault.Invalid, dir, "go build failed\n%s", text)
	}
	return fault.Wrap(fault.Unavailable, dir, err, "go build could not run")
}
