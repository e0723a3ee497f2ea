package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Missing notes that something cannot be run here and why. It is an error only
// with CI=true.
func Missing(t *testing.T, what, why string) {
	t.Helper()
	line := fmt.Sprintf("%s: %s not available: %s\n", t.Name(), what, strings.Join(strings.Fields(why), " "))
	if os.Getenv("CI") == "true" {
		t.Error(line)
		return
	}
	note(t, line)
}

// NotAllowed notes that this machine forbids something and what is therefore not
// run. It is no error anywhere: a container has its reasons.
func NotAllowed(t *testing.T, what, why string) {
	t.Helper()
	note(t, fmt.Sprintf("%s: %s not allowed: %s\n", t.Name(), what, strings.Join(strings.Fields(why), " ")))
}

// note adds a line to what is told at the end.
func note(t *testing.T, line string) {
	t.Helper()
	t.Log(line)
	f, err := os.OpenFile(filepath.Join(Root(), "out", "not-run.txt"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line); err != nil {
		t.Fatal(err)
	}
}

// Tool returns the path of a program, or false after Missing.
func Tool(t *testing.T, name string) (string, bool) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name, err.Error())
		return "", false
	}
	return path, true
}
