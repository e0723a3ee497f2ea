// Package language says what the host must know of a language whose apps run in
// an interpreter: which files are an app's code, what must be made ready before a
// worker can start, and how it is started. The worker is a program of ours that
// speaks over a pipe (see worker.Pipe).
package language

import (
	"context"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/project"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// Language is one language.
type Language struct {
	Kind project.Kind
	// Code reports whether a file is code of an app, by its path below the app's
	// folder: a change of it starts the worker anew.
	Code func(path string) bool
	// Also returns a report, as Code is, of files that other files of the app name, which
	// may change as these do; nil: there are none.
	Also func(app App) func(path string) bool
	// Looks reports a folder that is looked in for code although folders of its name hold
	// what is made of sources, such as dist; nil: there is none.
	Looks func(dir string) func(folder string) bool
	// Prepare makes ready what an app's workers need and returns how they are
	// started. It is called before the first start and after each change of the
	// code, and is quick when nothing is missing. What it returns must not change
	// under a worker that runs.
	Prepare func(ctx context.Context, app App) (run.Program, error)
	// Warm is how its workers are begun before they are wanted.
	Warm Warmth
	// Alone reports settings with which there can be no second process of an app,
	// not even one that waits; nil: there are none.
	Alone func(setting func(name string) string) bool
}

// Warmth is a way to begin workers before they are wanted.
type Warmth int

// The ways.
const (
	Cold  Warmth = iota
	Spare        // one process waits for its app
	Fork         // workers are forked from a process that has imported the app's packages
)

// App is a function app as a language sees it.
type App struct {
	Dir string // the app's folder
	// Keep is a folder for what is made, which outlives the host. It may not exist.
	Keep string
	// Since is when the host was made: what was prepared from then on may be in use.
	Since time.Time
	// Env is the environment of the app's workers: the process's own, the app's
	// settings, and what the protocol promises.
	Env []string
	// Setting returns an app setting, or "".
	Setting func(name string) string
	// Say tells what is being done, when it takes its time: a line for people.
	Say func(doing string)
}
