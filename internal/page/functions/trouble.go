package functions

import (
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// fresh is for how long a look at all functions holds: several ask at a tick.
const fresh = 500 * time.Millisecond

// watch is the last look at what fails.
type watch struct {
	mu      sync.Mutex // guards the fields below
	at      time.Time
	failing []portal.Trouble
}

// failing are the functions that fail now.
func (p page) failing() []portal.Trouble {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	now := time.Now()
	if now.Sub(p.watch.at) < fresh {
		return p.watch.failing
	}
	p.watch.at, p.watch.failing = now, p.look(now)
	return p.watch.failing
}

func (p page) look(now time.Time) (out []portal.Trouble) {
	for _, a := range p.Apps() {
		app := a.Host.Name()
		add := func(name, detail, tab string, count int64) {
			line, _, _ := strings.Cut(detail, "\n")
			out = append(out, portal.Trouble{
				Kind: "function-failing", Subject: app + "/" + name, Detail: line, State: stateBad, Count: count,
				To: "/functions/" + url.PathEscape(app) + "/" + url.PathEscape(name) + "/" + tab,
			})
		}
		for _, info := range a.Host.Functions() {
			c := p.Counts.Function(app, info.Name)
			health := c.Health(now, back)
			switch {
			case state(info, health) != stateBad:
			case info.Err != nil:
				add(info.Name, info.Err.Error(), "overview", 0)
			default:
				add(info.Name, health.Why, "failures", c.Failures.Load())
			}
		}
		for _, b := range a.Host.Status().Broken {
			add(b.Name, b.Err.Error(), "overview", 0)
		}
	}
	return out
}

// troubles reports the functions that fail.
func (p page) troubles(report func(portal.Trouble)) {
	for _, t := range p.failing() {
		report(t)
	}
	p.breakerTroubles(report)
}

// appTroubles reports the apps that do not run, or whose code does not build.
func (p page) appTroubles(report func(portal.Trouble)) {
	for _, a := range p.Apps() {
		s := a.Host.Status()
		if b := buildOf(s); b.State == string(host.BuildFailed) {
			report(portal.Trouble{
				Kind: "build-failed", Subject: a.Host.Name(), Detail: firstMistake(b), State: stateBad,
				To: "/functions/" + url.PathEscape(a.Host.Name()), Since: s.Build.Since,
			})
		}
		if s.Worker.State == worker.Waiting || s.Worker.State == worker.Failing {
			line, _, _ := strings.Cut(s.Worker.LastError, "\n")
			report(portal.Trouble{
				Kind: "worker-lost", Subject: a.Host.Name(), Detail: line, State: appStates[s.Worker.State],
				To: "/functions/" + url.PathEscape(a.Host.Name()), Since: s.Worker.Since, Count: int64(s.Worker.Failures),
			})
		}
	}
}

// firstMistake is the line of a build's error that names a place, else the first.
func firstMistake(b Build) string {
	for line := range strings.SplitSeq(b.Error, "\n") {
		if mistake.MatchString(line) {
			return line
		}
	}
	line, _, _ := strings.Cut(b.Error, "\n")
	return line
}

// appsFailing counts the apps that do not run, or whose code does not build.
func (p page) appsFailing() int {
	apps := map[string]bool{}
	p.appTroubles(func(t portal.Trouble) { apps[t.Subject] = true })
	return len(apps)
}
