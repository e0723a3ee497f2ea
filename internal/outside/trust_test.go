package outside

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/localca"
	"software.sslmate.com/src/go-pkcs12"
)

// authority is a local one, and a certificate of it for names.
func authority(t *testing.T, names ...string) ([]byte, tls.Certificate) {
	t.Helper()
	ca, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(names...)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(read(t, ca.Path())), cert
}

// variablesOf are the variables of a room, by name.
func variablesOf(t *testing.T, w World, environ ...string) (*Room, map[string]string) {
	t.Helper()
	r, err := Variables(w, environ)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	set := map[string]string{}
	for _, v := range r.Set() {
		if set[v.Name] = v.Value; v.Note == "" {
			t.Errorf("%s has no note", v.Name)
		}
	}
	return r, set
}

// TestTrustKeepsWhatIsTrusted: the machine's authorities, and those of a file
// that somebody named, are trusted beside ours.
func TestTrustKeepsWhatIsTrusted(t *testing.T) {
	ca, _ := authority(t, "x")
	other, _ := authority(t, "y")
	theirs := filepath.Join(t.TempDir(), "theirs.pem")
	if err := os.WriteFile(theirs, other, 0o600); err != nil {
		t.Fatal(err)
	}
	_, set := variablesOf(t, World{Authority: ca}, "NODE_EXTRA_CA_CERTS="+theirs, "SSL_CERT_FILE="+theirs, "CURL_CA_BUNDLE=/not/there", "JAVA_TOOL_OPTIONS=-Dmine=1", "PYTHONPATH=/mine")
	for name, want := range map[string]int{"SSL_CERT_FILE": 2, "NODE_EXTRA_CA_CERTS": 2, "REQUESTS_CA_BUNDLE": 50, "CURL_CA_BUNDLE": 50} {
		text := read(t, set[name])
		if !strings.Contains(text, strings.TrimSpace(string(ca))) {
			t.Errorf("%s is without our authority", name)
		}
		if n := strings.Count(text, "BEGIN CERTIFICATE"); n < want {
			t.Errorf("%s has %d certificates, want %d or more", name, n, want)
		}
	}
	if !strings.HasPrefix(set["JAVA_TOOL_OPTIONS"], "-Dmine=1 -Djavax.net.ssl.trustStore=") || !strings.HasSuffix(set["PYTHONPATH"], string(filepath.ListSeparator)+"/mine") {
		t.Errorf("%q, %q", set["JAVA_TOOL_OPTIONS"], set["PYTHONPATH"])
	}
	_, file, _ := strings.Cut(set["JAVA_TOOL_OPTIONS"], "trustStore=")
	file, _, _ = strings.Cut(file, " ")
	certs, err := pkcs12.DecodeTrustStore([]byte(read(t, file)), storePassword)
	if err != nil || len(certs) < 50 {
		t.Fatalf("trust store: %d, %v", len(certs), err)
	}
	block, _ := pem.Decode(ca)
	if !slices.Equal(certs[0].Raw, block.Bytes) {
		t.Error("the trust store is without our authority")
	}
}

// TestNestedVariables: in a room within a room the inner one's files count.
func TestNestedVariables(t *testing.T) {
	outer, _ := authority(t, "x")
	inner, _ := authority(t, "y")
	r, _ := variablesOf(t, World{Authority: outer}, "PYTHONPATH=/mine")
	_, set := variablesOf(t, World{Authority: inner}, r.env.list()...)
	if n := len(filepath.SplitList(set["PYTHONPATH"])); n != 2 {
		t.Error(set["PYTHONPATH"])
	}
	for _, name := range []string{"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"} {
		if !strings.Contains(read(t, set[name]), strings.TrimSpace(string(inner))) {
			t.Errorf("%s is without the inner authority", name)
		}
	}
}

// TestProxies: what goes through a proxy would be looked up in the real Azure.
func TestProxies(t *testing.T) {
	ca, _ := authority(t, "x")
	w := World{Authority: ca, Names: twoNames}
	for _, tc := range []struct{ environ, want string }{
		{"https_proxy=http://p", "localhost,127.0.0.1,::1," + strings.Join(twoNames, ",")},
		{"HTTP_PROXY=http://p NO_PROXY=intern", "intern,localhost,127.0.0.1,::1," + strings.Join(twoNames, ",")},
		{"HTTP_PROXY=http://p NO_PROXY=*", ""},
		{"X=1", ""},
	} {
		_, set := variablesOf(t, w, strings.Fields(tc.environ)...)
		if set["NO_PROXY"] != tc.want || set["no_proxy"] != tc.want {
			t.Errorf("%s: %q", tc.environ, set["NO_PROXY"])
		}
	}
}

// TestEnvironment: what is set replaces, what is stray goes, all else stays.
func TestEnvironment(t *testing.T) {
	ca, _ := authority(t, "x")
	w := World{Authority: ca, Set: []Variable{{"A", "new", "note"}}, Unset: []string{"B", "ABSENT"}}
	r, _ := variablesOf(t, w, "A=old", "B=1", "C=x=y", "=C:=windows", "D=", "EMPTY")
	got := r.env.list()
	for _, want := range []string{"A=new", "C=x=y", "=C:=windows", "D="} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if slices.Contains(got, "B=1") || !slices.Equal(r.Unset(), []string{"B"}) {
		t.Errorf("B is there; unset: %v", r.Unset())
	}
	dir := r.folder.dir
	r.Close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", dir, err)
	}
}

// TestPythonsFolder: an empty element of PYTHONPATH is the current folder.
func TestPythonsFolder(t *testing.T) {
	ca, _ := authority(t, "x")
	separator := string(filepath.ListSeparator)
	for was, want := range map[string]string{
		"": "", "/x": "/x", separator + "/x": separator + "/x", "/x" + separator: "/x" + separator, "/x" + separator + separator + "/y": "/x" + separator + separator + "/y",
	} {
		r, set := variablesOf(t, World{Authority: ca}, pythonPath+"="+was)
		_, got, _ := strings.Cut(set[pythonPath], separator)
		_, again := variablesOf(t, World{Authority: ca}, r.env.list()...)
		_, nested, _ := strings.Cut(again[pythonPath], separator)
		if got != want || nested != want {
			t.Errorf("%q: %q, in a room in a room %q", was, got, nested)
		}
	}
}

// TestPythonImportsFromHere runs a script that is elsewhere, in a folder that an
// empty element means.
func TestPythonImportsFromHere(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		notRun(t, "Python", err)
		return
	}
	ca, _ := authority(t, "x")
	here, script := pythonWorld(t), filepath.Join(t.TempDir(), "script.py")
	if err := os.WriteFile(script, []byte("import uses\nprint(uses.__name__)\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, _ := variablesOf(t, World{Authority: ca}, append(os.Environ(), pythonPath+"="+string(filepath.ListSeparator)+"/x")...)
	cmd := exec.CommandContext(t.Context(), python, script)
	cmd.Dir, cmd.Env = here, r.env.list()
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "uses" {
		t.Errorf("%v\n%s", err, out)
	}
}

// pythonWorld is a folder with a certifi and a sitecustomize of the user's.
func pythonWorld(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"certifi/__init__.py": "from .core import contents, where\n", "certifi/core.py": "def where(): return 'theirs'\ndef contents(): return 'theirs'\n",
		"sitecustomize.py": "import sys\nsys.mine = True\n", "uses.py": "from certifi import where\nwhere_at_import = where()\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestPython runs a Python, when the machine has one: certifi gives our bundle,
// the user's sitecustomize runs, and the path is as it would be.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		notRun(t, "Python", err)
		return
	}
	ca, _ := authority(t, "x")
	mine := pythonWorld(t)
	r, _ := variablesOf(t, World{Authority: ca}, append(os.Environ(), "PYTHONPATH="+mine)...)
	program := `
import sys, certifi, uses, certifi.core
assert sys.mine, "the user's sitecustomize did not run"
assert sys.modules["sitecustomize"].__file__.startswith(sys.argv[1]), sys.modules["sitecustomize"]
assert sys.path[1].startswith(sys.argv[1]) and not any("lazuli-exec" in p for p in sys.path), sys.path
for where in (certifi.where(), uses.where_at_import, certifi.core.where()):
    assert "lazuli-exec" in where, where
assert open(certifi.where()).read() == certifi.contents() and "BEGIN CERTIFICATE" in certifi.contents()
print("fine")`
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", program, mine)
	cmd.Env = r.env.list()
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "fine" {
		t.Errorf("%v\n%s", err, out)
	}
	cmd = exec.CommandContext(ctx, python, "-I", "-c", `import sys; assert not hasattr(sys, "mine"); print("fine")`)
	cmd.Env = r.env.list()
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "fine" {
		t.Errorf("-I: %v\n%s", err, out)
	}
}

// notRun says loudly that the machine lacks what a test is about.
func notRun(t *testing.T, what string, why error) {
	t.Helper()
	os.Stderr.WriteString("NOT RUN on this machine: " + t.Name() + ": " + what + ": " + why.Error() + "\n")
}
