package outside

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

var twoNames = []string{"one.servicebus.windows.net", "one.documents.azure.com"}

// TestHostsFileKeepsTheRest: whatever a hosts file holds, our block comes, is
// replaced and goes, and no other byte changes.
func TestHostsFileKeepsTheRest(t *testing.T) {
	for _, before := range []string{
		"", "127.0.0.1 localhost\n", "127.0.0.1 localhost", "127.0.0.1\tlocalhost\r\n\r\n# end\r\n", "# BEGIN lazuli\n# not ours\n",
	} {
		file := filepath.Join(t.TempDir(), "hosts")
		if err := os.WriteFile(file, []byte(before), 0o640); err != nil {
			t.Fatal(err)
		}
		want := before
		if before != "" && before[len(before)-1] != '\n' {
			want += "\n" // a line must end before ours begin
		}
		for _, block := range []string{Block(twoNames, "127.0.0.1"), Block(twoNames[:1], "127.0.0.1", "::1")} {
			for _, changes := range []bool{true, false} {
				if changed, err := WriteHosts(file, block); err != nil || changed != changes {
					t.Fatalf("%q: changed %v, %v", before, changed, err)
				}
			}
			if got := read(t, file); got != want+block {
				t.Errorf("%q became %q", before, got)
			}
		}
		// what somebody adds after the block stays, too
		if err := os.WriteFile(file, append([]byte(read(t, file)), "10.0.0.1 other\n"...), 0o640); err != nil {
			t.Fatal(err)
		}
		if changed, err := WriteHosts(file, ""); err != nil || !changed {
			t.Fatal(changed, err)
		}
		if got := read(t, file); got != want+"10.0.0.1 other\n" {
			t.Errorf("%q came back as %q", before, got)
		}
		info, err := os.Stat(file)
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		left, err := os.ReadDir(filepath.Dir(file))
		if err != nil || len(left) != 1 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// TestHostsFileThroughALink: a link stays one.
func TestHostsFileThroughALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "hosts")
	if err := errors.Join(os.WriteFile(real, []byte("127.0.0.1 localhost\n"), 0o644), os.Symlink(real, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteHosts(link, Block(twoNames, "127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 || len(missingNames([]byte(read(t, real)), twoNames)) > 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestHostsFileThatIsTorn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts")
	torn := "127.0.0.1 localhost\n" + hostsBegin + "\n127.0.0.1 x\n"
	if err := os.WriteFile(file, []byte(torn), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteHosts(file, ""); err == nil || read(t, file) != torn {
		t.Errorf("lines of unknown owner went: %v\n%s", err, read(t, file))
	}
}

func TestMissingNames(t *testing.T) {
	hosts := []byte("127.0.0.1 a B # c\n10.0.0.1 d\n::1 e\nrubbish f\n# 127.0.0.1 g\n")
	if got := missingNames(hosts, []string{"a", "b", "c", "d", "E", "f", "g"}); !slices.Equal(got, []string{"c", "d", "f", "g"}) {
		t.Error(got)
	}
}

func TestHostsAddresses(t *testing.T) {
	for listener, want := range map[string][]string{
		"127.0.0.1:5671": {"127.0.0.1"}, "0.0.0.0:5671": {"127.0.0.1"}, "[::]:5671": {"127.0.0.1", "::1"}, "[::1]:5671": {"::1"},
		"192.0.2.7:5671": {"192.0.2.7"}, "": {"127.0.0.1"},
	} {
		if got := HostsAddresses(listener); !slices.Equal(got, want) {
			t.Errorf("%q: %v", listener, got)
		}
	}
}

func TestFilesFirst(t *testing.T) {
	for in, want := range map[string]string{
		"passwd: files\nhosts: mymachines resolve [!UNAVAIL=return] files dns\n": "passwd: files\nhosts: files mymachines resolve [!UNAVAIL=return] files dns\n",
		"hosts:\n":                "hosts: files \n",
		"hosts:  files dns\n":     "",
		"# hosts: dns\npasswd: x": "",
	} {
		got, changed := filesFirst(in)
		if changed != (want != "") || changed && got != want {
			t.Errorf("%q: %q, %v", in, got, changed)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
