package items

import (
	"context"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/docstore"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Progress is how a task says how far it is.
type Progress interface {
	Of(total int64)
	Add(n int64)
	Say(text string)
	Result(url string)
}

// Task is work that goes on when the page that began it is closed.
type Task struct {
	Kind    string // export, import
	Subject string // what it works on
	To      string // the address of the page that shows it
	Run     func(ctx context.Context, p Progress) error
}

// Started is a task that runs now.
type Started struct {
	Task string `json:"task"` // its id
}

const (
	keptFiles = 20 // exports that are kept
	keptHours = 24 // and how long
	// longestImport is how old the file of an import under way may be.
	longestImport = keptHours * time.Hour
)

// start begins a task about a container.
func (p page) start(w http.ResponseWriter, r *http.Request, c *docstore.Container, kind string, run func(context.Context, Progress) error) error {
	id, err := p.Start(Task{
		Kind: kind, Subject: idOf(r.PathValue("account"), c), Run: run,
		To: "/data/" + strings.Join([]string{r.PathValue("account"), c.Database().ID(), c.ID(), "items"}, "/"),
	})
	if err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusAccepted, Started{id})
	return nil
}

// create makes a file of the folder of exports, readable by this user alone.
func (p page) create(pattern string) (*os.File, error) {
	if err := os.MkdirAll(p.Folder, 0o700); err != nil {
		return nil, err
	}
	p.tidy(longestImport)
	return os.CreateTemp(p.Folder, pattern)
}

// importName is what the names of files look like that are to be imported.
var importName = regexp.MustCompile(`^import-\d+$`)

// tidy deletes exports that nobody will fetch any more, and imports that are as
// old as the one given: a crash has left them.
func (p page) tidy(left time.Duration) {
	files, err := os.ReadDir(p.Folder)
	if err != nil {
		return // there is nothing to tidy
	}
	type old struct {
		name string
		time time.Time
	}
	var all []old
	for _, f := range files {
		info, err := f.Info()
		switch {
		case err != nil: // it is gone
		case exportName.MatchString(f.Name()):
			all = append(all, old{f.Name(), info.ModTime()})
		case importName.MatchString(f.Name()) && time.Since(info.ModTime()) >= left:
			_ = os.Remove(filepath.Join(p.Folder, f.Name())) // the next start tries again
		}
	}
	slices.SortFunc(all, func(a, b old) int { return b.time.Compare(a.time) })
	for i, f := range all {
		if i >= keptFiles || time.Since(f.time) > keptHours*time.Hour {
			_ = os.Remove(filepath.Join(p.Folder, f.name)) // the next export tries again
		}
	}
}

// exportName is what the names of finished exports look like.
var exportName = regexp.MustCompile(`^[\pL\pN._-]+-\d{8}-\d{6}-\d+\.(ndjson|csv)$`)

// fileName is the pattern of an export's name.
func fileName(container, format string) string {
	name := regexp.MustCompile(`[^\pL\pN._-]+`).ReplaceAllString(container, "_")
	if len(name) > 60 {
		name = strings.ToValidUTF8(name[:60], "")
	}
	if name = strings.TrimLeft(name, ".-"); name == "" {
		name = "items"
	}
	return name + "-" + time.Now().UTC().Format("20060102-150405") + "-*." + format
}

// getExport serves GET /api/exports/{file}.
func (p page) getExport(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	if !exportName.MatchString(name) {
		return fault.New(fault.NotFound, "export "+name, "there is no such file")
	}
	f, err := os.Open(filepath.Join(p.Folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "export "+name, "it is gone; the last %d exports are kept for %d hours", keptFiles, keptHours)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	kind := portal.NDJSON
	if strings.HasSuffix(name, ".csv") {
		kind = "text/csv; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}
