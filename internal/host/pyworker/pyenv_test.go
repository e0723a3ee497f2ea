package pyworker

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPyenvChoice: what pyenv chooses by is in the key, and nothing else.
func TestPyenvChoice(t *testing.T) {
	root, project := t.TempDir(), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shim := filepath.Join(root, "shims", "python3")
	write(shim, "#!/usr/bin/env bash\nexport PYENV_ROOT=\""+root+"\"\nexec pyenv exec python3 \"$@\"\n")
	if _, ok := pyenvChoice(shim, nil); ok {
		t.Error("a shim without versions is taken for pyenv's")
	}
	write(filepath.Join(root, "versions", "3.11.9", "bin", "python3"), "")
	write(filepath.Join(root, "version"), "3.11.9\n")
	t.Chdir(project)
	env := []string{"PATH=/usr/bin", "HOME=/root"}
	last, ok := pyenvChoice(shim, env)
	if again, _ := pyenvChoice(shim, []string{"HOME=/", "PATH=/usr/bin"}); !ok || again != last {
		t.Fatalf("%v, and it is not the same:\n%s\n%s", ok, last, again)
	}
	for _, change := range []struct {
		what string
		do   func()
	}{
		{"another global version", func() { write(filepath.Join(root, "version"), "3.12.3\n") }},
		{"another version is installed", func() { write(filepath.Join(root, "versions", "3.12.3", "bin", "python3"), "") }},
		{"a version above the folder", func() { write(filepath.Join(project, ".python-version"), "3.11.9\n") }},
		{"a version of the folder", func() {
			write(filepath.Join(project, "app", ".python-version"), "3.11.9\n")
			t.Chdir(filepath.Join(project, "app"))
		}},
		{"a version of the shell", func() { env = append(env, "PYENV_VERSION=3.12.3") }},
		{"a folder of the shell", func() { env = append(env, "PYENV_DIR="+project) }},
		{"another PATH", func() { env[0] = "PATH=/usr/local/bin:/usr/bin" }},
		{"a plugin", func() { write(filepath.Join(root, "plugins", "virtualenv", "x"), "") }},
	} {
		change.do()
		now, ok := pyenvChoice(shim, env)
		if !ok || now == last {
			t.Errorf("%s does not show", change.what)
		}
		last = now
	}
	other := filepath.Join(t.TempDir(), "bin", "python3")
	write(other, "#!/bin/sh\nexec /usr/bin/python3 \"$@\"\n")
	if _, ok := pyenvChoice(other, env); ok {
		t.Error("a script of its own is taken for pyenv's")
	}
}
