package broker

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// Each call that changes a file while a hub is made fails once: the hub is
// refused or there, nothing else is harmed, and asking again makes it.
func TestEnsureHubOnFailingDisk(t *testing.T) {
	hit := true
	for nth := 1; hit; nth++ {
		hit = false
		t.Run(fmt.Sprintf("call=%d", nth), func(t *testing.T) {
			var armed atomic.Bool
			var calls atomic.Int64
			mem := vfs.NewMem()
			b := start(t, Options{FS: vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
				if _, changes := vfs.ChangeName(op.Kind); changes && armed.Load() && calls.Add(1) == int64(nth) {
					return syscall.ENOSPC
				}
				return nil
			}))})
			b.ensure(HubConfig{Name: "first", Partitions: 1})
			appendTo(t, b.partition("first", 0), "", "kept")
			armed.Store(true)
			_, err := b.Namespace(1).EnsureHub(HubConfig{Name: "second", Partitions: 1})
			armed.Store(false)
			hit = calls.Load() >= int64(nth)
			if err != nil && !fault.Is(err, fault.Unavailable) {
				t.Fatalf("got %v, want unavailable", err)
			}
			b.ensure(HubConfig{Name: "second", Partitions: 1})
			appendTo(t, b.partition("second", 0), "", "works")
			b.stop()
			b = start(t, Options{FS: mem})
			want(t, "hubs", describe(t, b), "first(0:[kept])second(0:[works])")
		})
	}
}

func TestReadOnlyFolder(t *testing.T) {
	fs := vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if _, changes := vfs.ChangeName(op.Kind); changes {
			return syscall.EROFS
		}
		return nil
	}))
	_, err := Open(Options{FS: fs, Dir: dir})
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "data: read-only file system") {
		t.Errorf("got %v", err)
	}
}

// What all partitions of a hub suffer from is said once.
func TestOneErrorForAllPartitions(t *testing.T) {
	var none atomic.Bool
	b := start(t, Options{FS: vfs.WithFaults(vfs.NewMem(), vfs.InjectorFunc(func(op vfs.Op) error {
		if _, changes := vfs.ChangeName(op.Kind); changes && none.Load() {
			return syscall.EMFILE
		}
		return nil
	}))})
	none.Store(true)
	_, err := b.Namespace(1).EnsureHub(HubConfig{Name: "h", Partitions: 8})
	none.Store(false)
	if !errors.Is(err, syscall.EMFILE) || strings.Count(err.Error(), syscall.EMFILE.Error()) != 1 {
		t.Errorf("got %v", err)
	}
}
