package pyworker

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// TestRequirementsTakeIn: a change of what a line takes in is another environment,
// or has pip look; a line that takes nothing in does neither.
func TestRequirementsTakeIn(t *testing.T) {
	for line, seen := range map[string]bool{
		"-r more.txt": true, "-rmore.txt": true, "--requirement=more.txt": true, "--requirement more.txt": true, "-r more.txt # why": true,
		"-r \\\nmore.txt": true, "-c more.txt": true, "-cmore.txt": true, "--constraint=more.txt": true, "-r 'more file.txt'": true, `-r "more file.txt"`: true,
		`-r more\ file.txt`: true, "-r ${NAME}.txt": true, "-e ./lib": true, "-e lib[a,b]": true, "--editable=./lib": true, "./lib": true, "./lib[a]": true,
		"./a.whl": true, "a.whl": true, "a.whl[b]": true, "--find-links=./lib": true, "-f lib": true,
		"lib/": false, "a @ file:lib": false, "file:lib": false, "--req more.txt": false, "-r file:more.txt": false, "-r more.txt -c more.txt": false,
		"-r 'more file.txt": false, "-r none.txt": false, "./lib ; python_version > '3'": false, "-r https://example.org/more.txt": false, "-e file:lib": false,
	} {
		dir := t.TempDir()
		all := []string{"more.txt", "more file.txt", "lib/pyproject.toml", "lib/code.py", "a.whl"}
		write(t, filepath.Join(dir, "requirements.txt"), line+"\n", 0o600)
		of := func(text string) requirements {
			for _, name := range all {
				write(t, filepath.Join(dir, name), text, 0o600)
			}
			r, err := requirementsOf(dir, func(name string) string { return map[string]string{"NAME": "more"}[name] })
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		a, b := of("a==1\n"), of("a==10\n")
		if (a.key("p") != b.key("p")) != seen || a.unseen == seen {
			t.Errorf("%q: other %v, unseen %v", line, a.key("p") != b.key("p"), a.unseen)
		}
	}
}

// TestRequirementsByName: what stands for itself has pip not look again.
func TestRequirementsByName(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "requirements.txt"), "\ufeff# all\n\nazure-functions\r\nrequests[socks]==2.1 ; python_version > '3' # why\nflask>=1,<2 \\\n  --hash=sha256:ab\n"+
		"a @ https://example.org/a.whl\ngit+https://example.org/a.git@main#egg=a\n-e git+https://example.org/b.git#egg=b\n--index-url https://example.org\n--pre\nb (>=2)\nc~=1\n", 0o600)
	r, err := requirementsOf(dir, none)
	if err != nil || r.unseen {
		t.Errorf("%v, %v", r.unseen, err)
	}
	for _, text := range logicalLines(strings.TrimRight(string(r.text), "\x00")) {
		if parseLine(text).kind == unknown {
			t.Errorf("%q is not known", text)
		}
	}
}

// TestRequirementsAreBounded: what has no end is not read to it.
func TestRequirementsAreBounded(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "requirements.txt"), "-r big.txt\n", 0o600)
	write(t, filepath.Join(dir, "big.txt"), "", 0o600)
	if err := os.Truncate(filepath.Join(dir, "big.txt"), 1<<40); err != nil {
		t.Skip(err) // no sparse files here
	}
	if _, err := requirementsOf(dir, none); err == nil || !strings.Contains(err.Error(), "more than 4 MiB") {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "requirements.txt"), "-r "+dir+"\n", 0o600)
	if _, err := requirementsOf(dir, none); !errors.Is(err, textfile.ErrNotRegular) {
		t.Error(err)
	}
}

// rigWithPip is a rig whose pip counts its calls in a file.
func rigWithPip(t *testing.T) (r *rig, calls func() int) {
	r = newRig(t)
	bin, _, _ := strings.Cut(settingOf(r.app.Env, "PATH"), ":")
	python := filepath.Join(bin, "python3")
	fakePython(t, python, `case "$1 $2" in
"-c "*) echo '{"executable":"`+python+`","version":"3.11.7","ensurepip":true}';;
"-m venv") mkdir -p "$4/bin"; printf '#!/bin/sh\necho call >> `+bin+`/calls\n' > "$4/bin/python"; chmod +x "$4/bin/python";;
esac`)
	return r, func() int {
		text, _ := os.ReadFile(filepath.Join(bin, "calls"))
		return strings.Count(string(text), "call")
	}
}

// TestEnvironmentsInUseStay: from A to B, back to A, whose worker runs, and to C.
func TestEnvironmentsInUseStay(t *testing.T) {
	r, _ := rigWithPip(t)
	at := func(text string, since time.Time) string {
		t.Helper()
		write(t, filepath.Join(r.app.Dir, "requirements.txt"), text, 0o600)
		r.app.Since = since
		p, err := prepare(t.Context(), r.app)
		if err != nil {
			t.Fatal(err)
		}
		return p.Path
	}
	begun := time.Now()
	a, b := at("a\n", begun), at("b\n", begun)
	if at("a\n", begun) != a {
		t.Error("A is made twice")
	}
	at("c\n", begun)
	if !exists(a) {
		t.Error("the environment in which a worker runs is gone")
	}
	later := time.Now().Add(time.Hour) // another host
	at("d\n", later)
	if exists(a) || exists(b) {
		t.Error("environments that nobody uses stay")
	}
}

// TestPipLooksAtWhatIsNotFollowed at each start, in the same environment.
func TestPipLooksAtWhatIsNotFollowed(t *testing.T) {
	r, calls := rigWithPip(t)
	write(t, filepath.Join(r.app.Dir, "requirements.txt"), "lib/\n", 0o600)
	for n := 1; n <= 3; n++ {
		if _, err := prepare(t.Context(), r.app); err != nil || calls() != n {
			t.Errorf("%v, pip was called %d times, want %d", err, calls(), n)
		}
	}
}

// none is an environment without variables.
func none(string) string { return "" }
