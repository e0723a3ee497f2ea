package outside

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"
)

// followEvery is how soon a program finds a name that is new: a tool that makes
// an account calls it by its name at once.
const followEvery = 20 * time.Millisecond

// follow adds to the program's hosts file the names that come while it runs,
// until ctx ends. Lines are added at the end, in one write, so that a reader sees
// whole names; none goes, as no program minds a name that nobody answers for.
func (w World) follow(ctx context.Context, hosts, address string) {
	known := map[string]bool{}
	for _, name := range w.all() {
		known[strings.ToLower(name)] = true
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		names, below := w.Later()
		isKnown := func(name string) bool { return known[strings.ToLower(name)] }
		names, below = slices.DeleteFunc(names, isKnown), slices.DeleteFunc(below, isKnown)
		if text := marked(lines(names, address) + lines(below, local)); text != "" && appended(hosts, text) == nil {
			for _, name := range append(names, below...) {
				known[strings.ToLower(name)] = true
			}
		}
	}
}

// appended adds text to a file's end.
func appended(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}
