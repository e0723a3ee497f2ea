package textfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestReadPath(t *testing.T) {
	out, dir := t.TempDir(), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for path, text := range map[string]string{filepath.Join(out, "far"): "far", at("text"): "text", at("full"): "12345678", at("long"): "123456789"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(at("folder"), 0o700), os.Truncate(at("long"), 1<<40)); err != nil {
		t.Skip(err) // no sparse files here
	}
	for to, from := range map[string]string{"text": "near", filepath.Join(out, "far"): "leads out", "nothing": "dangling"} {
		if err := os.Symlink(to, at(from)); err != nil {
			t.Skip(err)
		}
	}
	for name, want := range map[string]error{
		"text": nil, "full": nil, "near": nil, "long": TooLargeError(8), "folder": ErrNotRegular, "missing": fs.ErrNotExist, "folder/none": fs.ErrNotExist,
		"leads out": ErrLink, "dangling": ErrLink,
	} {
		text, err := ReadPath(at(name), 8)
		if !errors.Is(err, want) || (err == nil) != (len(text) > 0) {
			t.Errorf("%s: %q, %v; want %v", name, text, err, want)
		}
		var path *fs.PathError
		if err != nil && (!errors.As(err, &path) || path.Path != at(name)) {
			t.Errorf("%s: the error names another: %v", name, err)
		}
	}
	for name, want := range map[string]error{"text": nil, "near": nil, "leads out": nil, "long": TooLargeError(8), "folder": ErrNotRegular, "dangling": fs.ErrNotExist} {
		if text, err := ReadFollowed(at(name), 8); !errors.Is(err, want) || (err == nil) != (len(text) > 0) {
			t.Errorf("followed, %s: %q, %v; want %v", name, text, err, want)
		}
	}
}
