package functions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeysAreKept: clients have their keys in their settings, so a restart must
// not change them.
func TestKeysAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "app.json")
	first, err := OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, created, err := first.set(functionScope("Hello"), "mine", "abc"); err != nil || !created {
		t.Fatal(created, err)
	}
	if _, _, err := first.set(hostScope, "_master", "changed"); err != nil {
		t.Fatal(err)
	}
	again, err := OpenKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.Master() != "changed" || again.Host() != first.Host() || again.scopes[functionScope("hello")]["mine"] != "abc" {
		t.Errorf("read again: %+v", again.scopes)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if ok, err := again.delete(functionScope("hello"), "mine"); !ok || err != nil {
		t.Error(ok, err)
	}
	if last, err := OpenKeys(path); err != nil || len(last.scopes[functionScope("hello")]) != 0 {
		t.Errorf("deleted, and read again: %v", err)
	}
}

// TestUnwrittenKeysAreNotInForce: what a restart would forget must not open
// anything now.
func TestUnwrittenKeysAreNotInForce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k, err := OpenKeys(filepath.Join(dir, "app.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the folder was
		t.Fatal(err)
	}
	host, master := k.Host(), k.Master()
	_, _, e1 := k.set(hostScope, "new", "x")
	_, _, e2 := k.set(hostScope, "default", "x")
	_, _, e3 := k.set(hostScope, "_master", "x")
	_, e4 := k.delete(hostScope, "default")
	for i, err := range []error{e1, e2, e3, e4} {
		if err == nil {
			t.Errorf("change %d was taken", i)
		}
	}
	if k.Host() != host || k.Master() != master || len(k.list(hostScope)) != 1 {
		t.Errorf("in force: %v", k.list(hostScope))
	}
}

func TestDamagedKeysAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.json")
	for _, text := range []string{"", "{", "{}", "[]"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeys(path); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
