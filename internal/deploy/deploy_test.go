package deploy

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files below a new folder; a name that ends in * may be run.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	for name, text := range files {
		name, exec := strings.CutSuffix(name, "*")
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if exec {
			mode = 0o755
		}
		if err := os.WriteFile(at, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// names lists a zip, with a * behind what may be run.
func names(t *testing.T, file string) []string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var all []string
	for _, f := range z.File {
		name := f.Name
		if f.Mode()&0o111 != 0 {
			name += "*"
		}
		all = append(all, name)
	}
	return all
}

const (
	hostFile = `{"version": "2.0"}`
	custom   = `{"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": "bin/handler"}}}`
)

// program is the head of a program for linux/amd64, or for another machine.
func program(machine byte) string {
	head := make([]byte, 64)
	copy(head, "\x7fELF\x02\x01\x01")
	head[16], head[18], head[20], head[52] = 2, machine, 1, 64
	return string(head)
}

func TestPack(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
		note  string
		err   string
	}{
		"python": {
			files: map[string]string{
				"host.json": hostFile, "function_app.py": "", "requirements.txt": "azure-functions", "local.settings.json": "{}", ".venv/pyvenv.cfg": "", ".venv/x.py": "",
				"__pycache__/function_app.pyc": "", "lib/__pycache__/x.pyc": "", "lib/x.py": "", ".git/HEAD": "", "tests/t.py": "", ".funcignore": "tests\n*.md\n!keep.md\n", "a.md": "", "keep.md": "",
			},
			want: []string{"function_app.py", "host.json", "keep.md", "lib/x.py", "requirements.txt"}, note: "deploy with --build-remote true",
		},
		"python with packages": {
			files: map[string]string{"host.json": hostFile, "function_app.py": "", ".python_packages/lib/site-packages/azure/functions/__init__.py": ""},
			want:  []string{".python_packages/lib/site-packages/azure/functions/__init__.py", "function_app.py", "host.json"}, note: "go along",
		},
		"node": {
			files: map[string]string{
				"host.json": hostFile, "package.json": `{"main": "src/{index,functions/*}.js", "dependencies": {"@azure/functions": "^4"}}`, "src/functions/a.js": "",
				"node_modules/@azure/functions/package.json": "{}", "node_modules/.bin/x*": "#!",
			},
			want: []string{"host.json", "node_modules/.bin/x*", "node_modules/@azure/functions/package.json", "package.json", "src/functions/a.js"},
		},
		"node without packages": {
			files: map[string]string{"host.json": hostFile, "package.json": `{"dependencies": {"@azure/functions": "^4"}}`},
			err:   "node_modules has not @azure/functions, which package.json asks for; run npm install first",
		},
		"typescript not built": {
			files: map[string]string{
				"host.json": hostFile, "package.json": `{"main": "dist/*.js", "dependencies": {"@azure/functions": "^4"}}`, "src/a.ts": "", "node_modules/@azure/functions/package.json": "{}",
			},
			err: "no file is what \"main\" of package.json names: dist/*.js; of an app in TypeScript, run npm run build first",
		},
		"custom": {
			files: map[string]string{"host.json": custom, "bin/handler": program(62), "hello/function.json": "{}"},
			want:  []string{"bin/handler*", "hello/function.json", "host.json"},
		},
		"custom, a script":       {files: map[string]string{"host.json": custom, "bin/handler": "#!/bin/sh\n"}, want: []string{"bin/handler*", "host.json"}},
		"custom, not built":      {files: map[string]string{"host.json": custom}, err: "bin/handler, is not in the zip; build it for linux/amd64 first"},
		"custom, another system": {files: map[string]string{"host.json": custom, "bin/handler": "MZ.."}, err: "it is not an ELF file"},
		"custom, another machine": {
			files: map[string]string{"host.json": custom, "bin/handler": program(183)}, err: "it is for EM_AARCH64; build it for linux/amd64",
		},
		"custom, on the path": {
			files: map[string]string{"host.json": strings.Replace(custom, "bin/handler", "python3", 1)}, want: []string{"host.json"}, note: "Azure has to have it on its PATH",
		},
		"secrets asked for": {
			files: map[string]string{"host.json": hostFile, "function_app.py": "", "local.settings.json": "{}", ".funcignore": "*\n!local.settings.json\n"},
			err:   "it asks for local.settings.json, which is never packed",
		},
		"no host.json":      {files: map[string]string{"function_app.py": ""}, err: "there is no host.json"},
		"host.json ignored": {files: map[string]string{"host.json": hostFile, "function_app.py": "", ".funcignore": "*.json"}, err: "host.json would not be in the zip"},
		"bad ignore":        {files: map[string]string{"host.json": hostFile, "function_app.py": "", ".funcignore": "a\n[z-a]\n"}, err: `line 2: "[z-a]"`},
		"no app":            {files: map[string]string{"host.json": hostFile}, err: "no function app found"},
	} {
		out := filepath.Join(t.TempDir(), "out.zip")
		packed, err := Pack(t.Context(), tree(t, c.files), out)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %q", name, err, c.err)
			}
			if left, _ := os.ReadDir(filepath.Dir(out)); len(left) > 0 {
				t.Errorf("%s: %v is left behind", name, left)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, names(t, out)); diff != "" || packed.Files != len(c.want) {
			t.Errorf("%s: %s", name, diff)
		}
		if c.note != "" && !slices.ContainsFunc(packed.Notes, func(n string) bool { return strings.Contains(n, c.note) }) {
			t.Errorf("%s: %q", name, packed.Notes)
		}
	}
}

// TestSameBytes: neither the time, nor the place, nor the zip of last time changes it.
func TestSameBytes(t *testing.T) {
	files := map[string]string{"host.json": hostFile, "function_app.py": "x", "b/c.txt": "y", "b.txt": "z"}
	first, second := tree(t, files), tree(t, files)
	var zips [][]byte
	for _, at := range []struct{ dir, out string }{{first, "one.zip"}, {first, "one.zip"}, {second, "two.zip"}} {
		out := filepath.Join(at.dir, at.out) // in the folder itself
		if _, err := Pack(t.Context(), at.dir, out); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		zips = append(zips, text)
	}
	if !bytes.Equal(zips[0], zips[1]) || !bytes.Equal(zips[0], zips[2]) {
		t.Error("the zips differ")
	}
}

// TestLinks: a link stands for what it leads to, which must be of the app.
func TestLinks(t *testing.T) {
	files := map[string]string{"host.json": hostFile, "function_app.py": "", "lib/a.txt": "a"}
	for target, want := range map[string]string{"lib": "link/a.txt", "lib/a.txt": "link", ".": "a zip would have no end", "nowhere": "leads nowhere", os.TempDir(): "leads out of the app's folder"} {
		dir := tree(t, files)
		if err := os.Symlink(target, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out.zip")
		_, err := Pack(t.Context(), dir, out)
		if err != nil && !strings.Contains(err.Error(), want) || err == nil && !slices.Contains(names(t, out), want) {
			t.Errorf("%s: %v, want %q", target, err, want)
		}
		if err := os.WriteFile(filepath.Join(dir, ignoreFile), []byte("/link"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Pack(t.Context(), dir, out); err != nil || slices.ContainsFunc(names(t, out), func(n string) bool { return strings.HasPrefix(n, "link") }) {
			t.Errorf("%s, ignored: %v", target, err)
		}
	}
}

func TestIgnore(t *testing.T) {
	for text, c := range map[string]struct{ out, in string }{
		"a":            {"a x/a", "ab x/ab"},
		"/a":           {"a", "x/a"},
		"a/b":          {"a/b", "x/a/b"},
		"a/":           {"a:", "a x/a"},
		"*.txt":        {"x.txt y/x.txt", "x.txt2"},
		"a/*.txt":      {"a/x.txt", "a/b/x.txt x.txt"},
		"**/a":         {"a x/a x/y/a", "xa"},
		"a/**":         {"a/x a/x/y", "a"},
		"a/**/b":       {"a/b a/x/b a/x/y/b", "ab"},
		"?":            {"a x/b", "ab"},
		"[ab].c":       {"a.c b.c", "c.c"},
		"[!ab].c":      {"c.c", "a.c"},
		`\#x`:          {"#x", "x"},
		`\!x`:          {"!x", "x"},
		"# a":          {"", "a"},
		"a  ":          {"a", "ab"},
		"*\n!b":        {"a", "b"},
		"*\n!b\nb":     {"a b", ""},
		"한글*":          {"한글.txt", "한.txt"},
		"a.b":          {"a.b", "axb"},
		"[":            {"[", "a"},
		"a\r\nb\r\n\n": {"a b", "c"},
	} {
		g, err := parseIgnore(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		for want, list := range map[bool]string{true: c.out, false: c.in} {
			for _, name := range strings.Split(list, " ") {
				name, folder := strings.CutSuffix(name, ":")
				if name != "" && g.match(name, folder) != want {
					t.Errorf("%q: %q stays out: %v", text, name, !want)
				}
			}
		}
	}
}

// FuzzIgnore: no text makes the reader of .funcignore fail but by saying so.
func FuzzIgnore(f *testing.F) {
	f.Add("a/**/[!x]?\\*\n!b/\n# c", "a/b/c")
	f.Add("**", "x")
	f.Fuzz(func(t *testing.T, text, name string) {
		g, err := parseIgnore(text)
		if err == nil {
			g.match(name, true)
			g.asks(name)
		}
	})
}
