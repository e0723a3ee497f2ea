package app

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestSecondProcessIsToldWhoHoldsTheFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	lock, err := lockData(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lockData(dir)
	if err == nil || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), "--data") {
		t.Errorf("error %v names no owner or no way out", err)
	}
	lock.Close()
	again, err := lockData(dir)
	if err != nil {
		t.Fatalf("after the owner went: %v", err)
	}
	again.Close()
}

// TestDyingOwnerIsWaitedFor: who was killed a moment ago may still have the lock.
func TestDyingOwnerIsWaitedFor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	lock, err := lockData(dir)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(dying/4, func() { lock.Close() })
	next, err := lockData(dir)
	if err != nil {
		t.Fatal(err)
	}
	next.Close()
}

func TestFolderThatIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lockData(filepath.Join(path, "data")); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("error %v", err)
	}
}
