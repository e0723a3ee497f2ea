package app

import (
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
)

// Pending is something that is waited for: a build, a program that does not
// answer yet.
type Pending struct {
	What  string // "building function app plant"
	Since time.Time
	Doing string // the step that it is at; may be ""
}

// Pending is what is waited for now, the longest wait first. It may be called
// while the application runs.
func (a *App) Pending() []Pending {
	var all []Pending
	for _, waits := range a.house.Given.Pending {
		if p, ok := waits(); ok {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b Pending) int { return a.Since.Compare(b.Since) })
	return all
}

// pending is what the app waits for.
func (a *functionApp) pending() (Pending, bool) {
	st := a.host.Status()
	switch {
	case st.Build.State == host.Building:
		if st.Build.Doing != "" {
			return Pending{"preparing function app " + a.name, st.Build.Since, st.Build.Doing}, true
		}
		return Pending{What: "building function app " + a.name, Since: st.Build.Since}, true
	case st.Build.State == host.BuildFailed || st.Worker.State != worker.Starting:
		return Pending{}, false
	case st.Kind == "custom":
		return Pending{What: "waiting until the custom handler of function app " + a.name + " listens on the port in FUNCTIONS_CUSTOMHANDLER_PORT", Since: st.Worker.Since}, true
	}
	return Pending{What: "starting the worker of function app " + a.name, Since: st.Worker.Since}, true
}

// waiting is a wait that begins and ends.
type waiting struct {
	what string

	mu    sync.Mutex
	since time.Time // guarded by mu; zero: nothing is waited for
}

func (w *waiting) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Now()
}

func (w *waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Time{}
}

func (w *waiting) pending() (Pending, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Pending{What: w.what, Since: w.since}, !w.since.IsZero()
}
