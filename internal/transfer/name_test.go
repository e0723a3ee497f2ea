package transfer

import (
	"crypto/md5"
	"encoding/base64"
	"strings"
	"testing"
)

// TestLocalName: what a blob's name may be as a path, and on Windows.
func TestLocalName(t *testing.T) {
	for name, want := range map[string]struct{ unix, windows bool }{
		"a": {true, true}, "a/b.txt": {true, true}, "한글/x": {true, true}, "...": {true, false}, "a.": {true, false}, "a ": {true, false},
		"": {}, "/etc/passwd": {}, "../x": {}, "a/../../x": {}, "..": {}, ".": {}, "a/./b": {}, "a//b": {}, "a/": {}, "a\x00b": {},
		`..\x`: {true, false}, `C:\x`: {true, false}, "C:x": {true, false}, "a:stream": {true, false}, "what?": {true, false}, "a\x01": {true, false},
		"CON": {true, false}, "con.txt": {true, false}, "dir/NUL": {true, false}, "nul .txt": {true, false}, "COM1": {true, false}, "lpt9.log": {true, false},
		"COM¹": {true, false}, "COM10": {true, true}, "COMPUTER": {true, true}, "LPT": {true, true}, "console": {true, true}, "CONIN$": {true, false},
		strings.Repeat("x", 255): {true, true}, strings.Repeat("x", 256): {},
	} {
		if _, err := localName(name, false); (err == nil) != want.unix {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := localName(name, true); (err == nil) != want.windows {
			t.Errorf("%q on Windows: %v", name, err)
		}
	}
}

// TestBlobName: what a file may be called as a blob.
func TestBlobName(t *testing.T) {
	for rel, ok := range map[string]bool{"a/b": true, "한글": true, `a\b`: false, "a\xff": false, strings.Repeat("x/", 512) + "y": false, "": false} {
		if _, err := blobName("", rel); (err == nil) != ok {
			t.Errorf("%q: %v", rel, err)
		}
	}
}

func TestParsePlace(t *testing.T) {
	for text, want := range map[string]Place{
		"-":                      {Std: true},
		"a/b":                    {},
		"a/b/":                   {Slash: true},
		"blob://":                {Blob: true},
		"blob:///c":              {Blob: true, Container: "c"},
		"blob:///c/":             {Blob: true, Container: "c", Slash: true},
		"blob://acc/c/a b?%20#x": {Blob: true, Account: "acc", Container: "c", Name: "a b?%20#x"},
		"blob://acc/c//x":        {Blob: true, Account: "acc", Container: "c", Name: "/x"},
		"blob://acc/c/dir/":      {Blob: true, Account: "acc", Container: "c", Name: "dir/", Slash: true},
	} {
		want.Text = text
		if got, err := ParsePlace(text); err != nil || got != want {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "blob:/x", "BLOB://x/y", "blob:////x"} {
		if p, err := ParsePlace(text); err == nil {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

// TestBlockID: ids of a blob have one length, whoever's they are, and say the place
// and the bytes.
func TestBlockID(t *testing.T) {
	seen := map[string]bool{}
	for _, length := range []int{0, 5, 20, 36, 64, 100} {
		id := blockID(7, md5.Sum([]byte("x")), length)
		raw, err := base64.StdEncoding.DecodeString(id)
		if err != nil || len(raw) != min(max(length, blockIDBytes), longestBlockID) {
			t.Error(length, len(raw), err)
		}
	}
	for _, id := range []string{blockID(0, md5.Sum(nil), 0), blockID(1, md5.Sum(nil), 0), blockID(0, md5.Sum([]byte("y")), 0)} {
		if seen[id] {
			t.Error("twice:", id)
		}
		seen[id] = true
	}
	if size := int64(blockSize(5 << 40)); size*mostBlocks < 5<<40 || size > 4000<<20 {
		t.Error(size)
	}
}
