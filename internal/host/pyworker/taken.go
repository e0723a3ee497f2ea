package pyworker

import (
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/language"
)

// lookAgain is how long it is believed which files the requirements take in.
const lookAgain = time.Second

// taken reports whether a file is one that the app's requirements take in, whatever it is
// called: `-r deps/base.in`. Those above the app's folder are not looked at.
func taken(app language.App) func(path string) bool {
	t := &takenFiles{app: app}
	return t.has
}

type takenFiles struct {
	app language.App

	mu     sync.Mutex        // guards what follows
	looked time.Time         // when the stamps were compared last
	stamps map[string]string // of the files by their whole paths; "" of one that is missing
}

func (t *takenFiles) has(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.looked) >= lookAgain || t.stamps == nil {
		t.refresh()
		t.looked = time.Now()
	}
	_, ok := t.stamps[filepath.Join(t.app.Dir, path)]
	return ok
}

// refresh reads the requirements when one of their files changed. mu is held.
func (t *takenFiles) refresh() {
	same := t.stamps != nil
	for path, before := range t.stamps {
		same = same && stampAt(path) == before
	}
	if same {
		return
	}
	// What is wrong with them is told when they are installed.
	r, _ := requirementsOf(t.app.Dir, func(name string) string { return settingOf(t.app.Env, name) })
	t.stamps = map[string]string{filepath.Join(t.app.Dir, requirementsFile): ""}
	for path := range r.seen {
		t.stamps[path] = ""
	}
	for path := range t.stamps {
		t.stamps[path] = stampAt(path)
	}
}

func stampAt(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return stampOf(path, info)
}
