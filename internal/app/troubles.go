package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// When the disk counts as nearly full, and how often it is asked.
const (
	littleRoom = 1 << 30
	hardlyRoom = 200 << 20
	askDisk    = 10 * time.Second
)

// troubles knows what is wrong with the data folder, whatever is stored in it.
type troubles struct {
	e     *env
	free  func(dir string) (int64, error)
	asked time.Time
	left  int64 // bytes; -1: the system does not say
	stale *stale
}

func newTroubles(e *env) *troubles {
	return &troubles{e: e, free: vfs.Free, left: -1, stale: newStale(&e.Config, e.Log.With("component", "project"))}
}

// report tells of what is wrong now. It is called by one goroutine.
func (t *troubles) report(report func(portal.Trouble)) {
	if now := time.Now(); now.Sub(t.asked) >= askDisk {
		t.asked = now
		var err error
		if t.left, err = t.free(t.e.Config.DataDir()); err != nil {
			t.left = -1
		}
	}
	if t.left >= 0 && t.left < littleRoom {
		state := "warn"
		if t.left < hardlyRoom {
			state = "bad"
		}
		report(portal.Trouble{
			Kind: "disk-low", Subject: t.e.Config.DataDir(), To: "/settings", State: state,
			Detail: fmt.Sprintf("less than %d MiB are left on the disk of %s", (t.left>>20)/64*64+64, t.e.Config.DataDir()),
		})
	}
	t.stale.report(report)
	for _, thing := range t.e.undeclared() {
		report(portal.Trouble{
			Kind: "undeclared", Subject: thing.Word + " " + thing.Scope, To: pageOf(thing.Scope), State: "warn",
			Detail: "it holds " + thing.Holds, Command: thing.Command,
		})
	}
	if err := t.e.Storage.kv.Err(); err != nil {
		report(portal.Trouble{Kind: "log-failed", Subject: "Cosmos DB", To: "/data", State: "bad", Detail: err.Error()})
	}
	for _, u := range t.e.Counts.Unstored() {
		report(portal.Trouble{
			Kind: "log-failed", Subject: u.Hub, To: "/hubs", State: "bad", Detail: u.Err.Error(), Since: u.Since, Count: u.Count,
		})
	}
}

// pageOf is the list in which something stands.
func pageOf(scope string) string {
	if strings.HasPrefix(scope, "eventHubs/") {
		return "/hubs"
	}
	return "/data"
}
