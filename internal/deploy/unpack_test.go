package deploy

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// file is an entry of a zip of the tests.
type file struct {
	name, text string
	mode       fs.FileMode // 0: 0644
	windows    bool        // made where modes are not known
}

func zipped(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if f.mode == 0 {
			f.mode = 0o644
		}
		if !f.windows {
			h.SetMode(f.mode)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack unpacks into a folder beside another one, which must stay as it is.
func unpack(t testing.TB, text []byte, l Limits) (dir string, err error) {
	t.Helper()
	around := t.TempDir()
	dir = filepath.Join(around, "app")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(around, "app.zip"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	err = Unpack(context.Background(), filepath.Join(around, "app.zip"), dir, l)
	beside, rerr := os.ReadDir(around)
	if rerr != nil || len(beside) != 2 {
		t.Errorf("beside the app's folder: %v, %v", beside, rerr)
	}
	return dir, err
}

func TestUnpack(t *testing.T) {
	dir, err := unpack(t, zipped(t,
		file{name: "host.json", text: "{}"}, file{name: "bin/", mode: fs.ModeDir | 0o755}, file{name: "bin/handler", text: "#!", mode: 0o4755},
		file{name: `win\a.txt`, text: "a", windows: true}, file{name: "./x/./한글.txt", text: "x"}, file{name: "bin/link", text: "handler", mode: fs.ModeSymlink | 0o777},
		file{name: "top", text: "x", mode: fs.ModeSymlink | 0o777},
	), PackageLimits())
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{
		"host.json": 0o644, "bin/handler": 0o755, "win/a.txt": 0o755, "x/한글.txt": 0o644, "bin/link": 0o755,
	} {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if err := CheckUnpacked(dir); err != nil {
		t.Error(err)
	}
}

func TestHostilePackages(t *testing.T) {
	link := fs.ModeSymlink | 0o777
	small := Limits{Files: 4, Bytes: 100, Free: 100}
	for name, c := range map[string]struct {
		files []file
		raw   []byte
		want  string
	}{
		"above":               {files: []file{{name: "../evil"}}, want: "leads out"},
		"above, inside":       {files: []file{{name: "a/../../evil"}}, want: "leads out"},
		"above, by backslash": {files: []file{{name: `..\evil`}}, want: "leads out"},
		"from the root":       {files: []file{{name: "/etc/evil"}}, want: "leads out"},
		"dots in the middle":  {files: []file{{name: "a/../b"}}, want: "leads out"},
		"no name":             {files: []file{{name: ""}}, want: "empty"},
		"control characters":  {files: []file{{name: "a\x00b"}}, want: "control"},
		"not UTF-8":           {files: []file{{name: "a\xff"}}, want: "UTF-8"},
		"a name too long":     {files: []file{{name: strings.Repeat("x", 3000)}}, want: "too long"},
		"twice":               {files: []file{{name: "a"}, {name: "./a"}}, want: "there already"},
		"a file as a folder":  {files: []file{{name: "a"}, {name: "a/b"}}, want: "there already"},
		"a link out":          {files: []file{{name: "l", text: "../..", mode: link}}, want: "leads out"},
		"a link to the root":  {files: []file{{name: "l", text: "/etc", mode: link}}, want: "leads out"},
		"a link to nothing":   {files: []file{{name: "l", text: "a", mode: link}}, want: "leads nowhere"},
		"links in a circle":   {files: []file{{name: "l", text: "m", mode: link}, {name: "m", text: "l", mode: link}}, want: "leads nowhere"},
		"links that add up":   {files: []file{{name: "d/x"}, {name: "l", text: "d", mode: link}, {name: "m", text: "l/../..", mode: link}}, want: "leads out"},
		"a file by a link":    {files: []file{{name: "l", text: "d", mode: link}, {name: "d/x"}, {name: "l/evil"}}, want: "there already"},
		"a link twice":        {files: []file{{name: "a"}, {name: "l", text: "a", mode: link}, {name: "l", text: "a", mode: link}}, want: "there already"},
		"a very long link":    {files: []file{{name: "l", text: strings.Repeat("x", 5000), mode: link}}, want: "5000 bytes"},
		"a device":            {files: []file{{name: "d", mode: fs.ModeDevice | 0o644}}, want: "neither"},
		"too many":            {files: []file{{name: "1"}, {name: "2"}, {name: "3"}, {name: "4"}, {name: "5"}}, want: "5 files; 4 are the most"},
		"too much":            {files: []file{{name: "a", text: strings.Repeat("x", 101)}}, want: "unpacks to more"},
		"too much in all":     {files: []file{{name: "a", text: strings.Repeat("x", 60)}, {name: "b", text: strings.Repeat("x", 60)}}, want: "unpacks to more"},
		"no zip":              {raw: []byte("hello"), want: "no zip file"},
		"nothing":             {raw: []byte{}, want: "no zip file"},
		"encrypted":           {raw: changed(zipped(t, file{name: "a"}), "PK\x01\x02", 8, 1), want: "encrypted"},
		"another compression": {raw: changed(zipped(t, file{name: "a"}), "PK\x01\x02", 10, 99), want: "cannot be read"},
		"a wrong sum":         {raw: changed(zipped(t, file{name: "a", text: "hello"}), "PK\x01\x02", 16, 7), want: "cannot be read"},
		"cut off":             {raw: zipped(t, file{name: "a", text: strings.Repeat("hello", 100)})[:60], want: "no zip file"},
	} {
		text := c.raw
		if c.files != nil {
			text = zipped(t, c.files...)
		}
		_, err := unpack(t, text, small)
		if err == nil || !strings.Contains(err.Error(), c.want) || !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// changed changes a byte behind a mark.
func changed(text []byte, mark string, at int, to byte) []byte {
	out := slices.Clone(text)
	out[bytes.Index(out, []byte(mark))+at] = to
	return out
}

// TestBomb: what unpacks to very much more than its own size is refused while it
// unpacks, and before where it says so.
func TestBomb(t *testing.T) {
	bomb, limits := zipped(t, file{name: "zeros", text: string(make([]byte, 2<<20))}), PackageLimits()
	limits.Free = 1 << 20
	if _, err := unpack(t, bomb, limits); !fault.Is(err, fault.TooLarge) {
		t.Errorf("%v", err)
	}
	liar := slices.Clone(bomb)
	at := bytes.Index(liar, []byte("PK\x01\x02")) + 24 // the size it says
	copy(liar[at:], []byte{10, 0, 0, 0})
	if _, err := unpack(t, liar, limits); err == nil {
		t.Error("a zip that lies of its sizes was unpacked")
	}
}

// TestUnpackEnds: an unpacking that nobody waits for any more ends.
func TestUnpackEnds(t *testing.T) {
	around := t.TempDir()
	if err := os.WriteFile(filepath.Join(around, "app.zip"), zipped(t, file{name: "a"}), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Unpack(ctx, filepath.Join(around, "app.zip"), t.TempDir(), PackageLimits()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCheckUnpacked(t *testing.T) {
	for want, files := range map[string][]file{
		"": {{name: "host.json"}, {name: "a/host.json"}},
		"but in the folder app: zip what is in that folder": {{name: "app/host.json"}},
		"there is no host.json":                             {{name: "a/host.json"}, {name: "b/host.json"}},
	} {
		dir, err := unpack(t, zipped(t, files...), PackageLimits())
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckUnpacked(dir); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// FuzzUnpack: whatever a zip says, nothing is written beside the folder, and what is
// in it stays within the limits.
func FuzzUnpack(f *testing.F) {
	link := fs.ModeSymlink | 0o777
	f.Add(zipped(f, file{name: "host.json", text: "{}"}, file{name: "a/b", text: "x", mode: 0o755}))
	f.Add(zipped(f, file{name: "../a"}, file{name: "/b"}, file{name: `c\..\d`}))
	f.Add(zipped(f, file{name: "l", text: "a", mode: link}, file{name: "a/x", text: "y"}))
	f.Fuzz(func(t *testing.T, text []byte) {
		limits := Limits{Files: 20, Bytes: 1 << 16, Free: 1 << 16}
		dir, err := unpack(t, text, limits)
		if err != nil {
			return
		}
		var sum int64
		werr := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			switch {
			case info.Mode().IsRegular():
				sum += info.Size()
			case info.Mode()&fs.ModeSymlink != 0:
				real, err := filepath.EvalSymlinks(path)
				base, berr := filepath.EvalSymlinks(dir)
				if err != nil || berr != nil || real != base && !strings.HasPrefix(real, base+string(filepath.Separator)) {
					t.Errorf("%s leads to %s (%v)", path, real, err)
				}
			}
			return nil
		})
		if werr != nil || sum > limits.Bytes {
			t.Errorf("%d bytes, %v", sum, werr)
		}
	})
}
