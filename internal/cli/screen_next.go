package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/app"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// next suggests commands, each of which works on what runs here.
func (p screen) next(sum app.Summary) {
	fmt.Fprintf(p.w, "\n  Try next, in another terminal\n")
	for _, h := range suggestions(sum) {
		fmt.Fprintf(p.w, "    %s %s\n", selfCommand(), h+named(sum))
	}
	fmt.Fprintln(p.w)
}

func suggestions(sum app.Summary) []string {
	var all []string
	if hub, ok := hubHint(sum); ok {
		all = append(all, "send "+hub+" --count 5", "tail "+hub+" --from-start")
	}
	if db, container, ok := containerHint(sum); ok {
		all = append(all, fmt.Sprintf("query 'SELECT TOP 10 * FROM c ORDER BY c._ts DESC' --db %s --container %s", shellWord(db), shellWord(container)))
	}
	if function, ok := functionHint(sum); ok {
		all = append(all, "func run "+function)
	}
	return append(all, "env --shell")
}

// named is the --project that commands need to reach this instance and not
// another that runs, or "".
func named(sum app.Summary) string {
	all, err := instance.All()
	if err != nil || len(all) < 2 {
		return ""
	}
	return " --project " + shellWord(sum.Info.Dir)
}

// shellWord is the text as one word of a shell.
func shellWord(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") == "" && s != "" {
		return s
	}
	return shellQuote(s)
}

// watchers returns the functions with the trigger.
func watchers(sum app.Summary, trigger string) (all []app.FunctionSummary) {
	for _, a := range sum.Apps {
		for _, f := range a.Functions {
			if f.Trigger == trigger && f.Err == nil {
				all = append(all, f)
			}
		}
	}
	return all
}

// comesHere says whether what the function waits for comes to be here on first use: it
// does not where its connection leads to another namespace, or where it is disabled.
func comesHere(f app.FunctionSummary) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, f.Host) && !strings.Contains(f.On, " ")
}

// hubHint is the hub to try: one that a function waits for, any, or a new one
// where hubs come to be on first use.
func hubHint(sum app.Summary) (hub string, ok bool) {
	var hubs []string
	for _, h := range sum.Hubs {
		if h.Namespace == "" {
			hubs = append(hubs, h.Name)
		}
	}
	for _, f := range watchers(sum, app.TriggerEventHub) {
		if at := slices.IndexFunc(hubs, func(h string) bool { return strings.EqualFold(h, f.On) }); at >= 0 {
			return hubs[at], true
		}
		if sum.AutoCreate && comesHere(f) {
			return f.On, true
		}
	}
	if len(hubs) > 0 {
		return hubs[0], true
	}
	return "my_hub", sum.AutoCreate
}

// leases is where functions keep positions by default; a container of that name
// has nothing to show, also when no function runs.
const leases = "leases"

// containerHint is the container to query: one that a function watches, or any
// that holds documents of the user's.
func containerHint(sum app.Summary) (db, container string, ok bool) {
	var seen []string
	for _, f := range watchers(sum, app.TriggerCosmos) {
		seen = append(seen, f.On)
	}
	for _, first := range []bool{true, false} {
		for _, d := range sum.Databases {
			if d.Account != "" {
				continue
			}
			for _, c := range d.Containers {
				path := d.Name + "/" + c
				if c == leases || sum.Positions[path] || first && !slices.Contains(seen, path) {
					continue
				}
				return d.Name, c, true
			}
		}
	}
	return "", "", false
}

// functionHint is an HTTP function that can be run with nothing given.
func functionHint(sum app.Summary) (name string, ok bool) {
	for _, a := range sum.Apps {
		for _, f := range a.Functions {
			methods, route, isHTTP := strings.Cut(f.On, " /")
			plain := strings.Contains(methods, "GET") || strings.HasPrefix(methods, "any")
			if f.Trigger == app.TriggerHTTP && f.Err == nil && isHTTP && plain && !strings.ContainsAny(route, "{ ") {
				return f.Name, true
			}
		}
	}
	return "", false
}

// selfCommand is how this program is called from the folder it was called in,
// for hints that can be pasted.
func selfCommand() string {
	exe, err := os.Executable()
	if err != nil {
		return "lazuli"
	}
	if tmp, err := filepath.EvalSymlinks(os.TempDir()); err == nil {
		if rel, err := filepath.Rel(tmp, exe); err == nil && filepath.IsLocal(rel) && strings.HasPrefix(rel, "go-build") {
			return "go run ./cmd/lazuli" // `go run` builds into the temporary folder
		}
	}
	if said := os.Getenv("LAZULI_COMMAND"); said != "" {
		return said // by the launcher of the npm package
	}
	for _, name := range []string{filepath.Base(exe), "lazuli"} {
		if found, err := exec.LookPath(name); err == nil && sameFile(found, exe) {
			return name
		}
	}
	short := shortPath(exe)
	if !strings.ContainsRune(short, filepath.Separator) {
		short = "." + string(filepath.Separator) + short
	}
	return shellWord(short)
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
