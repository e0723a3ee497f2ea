//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestFullDisk runs lazuli on a small file system, in a mount namespace of its
// own, until that is full: clients get errors, nothing acknowledged is lost,
// and with space again a restart goes on.
func TestFullDisk(t *testing.T) {
	dir := project(t, freePorts, false)
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	ns := newSmallDisk(t, disk, "48m")

	p := ns.up(t, dir, disk)
	book := &ledger{events: map[string]string{}, docs: map[string]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	fillDisk(ctx, t, p, book)
	if ctx.Err() != nil {
		t.Fatalf("the disk did not fill within a minute; output:\n%s", tailOf(p))
	}
	if strings.Contains(p.output.String(), "goroutine ") {
		t.Errorf("a full disk gave a stack trace:\n%s", tailOf(p))
	}
	p.kill()

	if err := os.Remove(ns.path("ballast")); err != nil {
		t.Fatal(err)
	}
	p = ns.up(t, dir, disk)
	t.Logf("acknowledged before the disk was full: %d events, %d documents", len(book.events), len(book.docs))
	checkEvents(t, p, book)
	checkDocs(t, p, book)
	before := len(book.events)
	for n := 0; len(book.events) == before && n < 30; n++ {
		again, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		sendEvents(again, p, book, fmt.Sprintf("after-%d", n))
		cancel()
	}
	if len(book.events) == before {
		t.Errorf("with space again, no event was accepted:\n%s", tailOf(p))
	}
}

// fillDisk sends and writes until both services refuse or ctx ends.
func fillDisk(ctx context.Context, t *testing.T, p *process, book *ledger) {
	t.Helper()
	for round := 0; ctx.Err() == nil; round++ {
		before := len(book.events)
		slice, cancel := context.WithTimeout(ctx, 3*time.Second)
		sendEvents(slice, p, book, fmt.Sprintf("fill-%d", round))
		writeDocs(slice, p, book, 0)
		cancel()
		if len(book.events) == before {
			return
		}
	}
}

// smallDisk is a mount namespace that holds a file system of a few megabytes,
// kept by a sleeping process.
type smallDisk struct {
	keeper *exec.Cmd
	mount  string
}

// newSmallDisk makes the namespace with a tmpfs at dir and a ballast file in
// it, whose removal makes room.
func newSmallDisk(t *testing.T, dir, size string) *smallDisk {
	t.Helper()
	script := fmt.Sprintf("mount -t tmpfs -o size=%s,mode=0700 tmpfs %[2]q && dd if=/dev/zero of=%[2]q/ballast bs=1M count=16 status=none && touch %[2]q/up && exec sleep 600", size, dir)
	ns := &smallDisk{keeper: exec.Command("unshare", "--map-root-user", "--user", "--mount", "sh", "-c", script), mount: dir}
	out := &syncBuffer{}
	ns.keeper.Stdout, ns.keeper.Stderr = out, out
	if err := ns.keeper.Start(); err != nil {
		t.Skipf("needs the unshare command: %v", err)
	}
	exited := make(chan struct{})
	go func() { ns.keeper.Wait(); close(exited) }()
	t.Cleanup(func() { ns.keeper.Process.Kill(); <-exited })
	testkit.Eventually(t, 10*time.Second, func() bool {
		select {
		case <-exited:
			t.Skipf("this machine allows no mount namespace: %s", out)
		default:
		}
		_, err := os.Stat(ns.path("up"))
		return err == nil
	}, "no small disk: %s", out)
	return ns
}

// path reaches a file of the small disk from outside its namespace.
func (d *smallDisk) path(name string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root", d.keeper.Process.Pid), d.mount, name)
}

// up starts lazuli inside the namespace with its data on the small disk.
func (d *smallDisk) up(t *testing.T, dir, disk string) *process {
	t.Helper()
	p := &process{t: t, output: &syncBuffer{}, ended: make(chan struct{})}
	p.cmd = exec.Command("nsenter", "--target", fmt.Sprint(d.keeper.Process.Pid), "--user", "--mount", "--preserve-credentials", "--",
		build().lazuli, "up", dir, "--data", filepath.Join(disk, "data"), "--log-format", "text")
	p.launch(filepath.Join(dir, "run"))
	p.waitReady(d.path(filepath.Join("data", "run.json")))
	return p
}
