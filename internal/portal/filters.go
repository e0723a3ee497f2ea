package portal

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// Limits of filters that are kept.
const (
	maxFilters    = 200 // of all pages
	maxFilterName = 80  // characters
	maxFilterText = 4 << 10
	maxFilterFile = 2 << 20
)

// Filter is a filter that somebody saved.
type Filter struct {
	Page string `json:"page"` // hubs, logs, functions, …: whose fields it names
	Name string `json:"name"`
	Q    string `json:"q"`
}

// FilterList is the answer to all of /api/filters: those of a page, by their
// names.
type FilterList struct {
	Filters []Filter `json:"filters"`
}

// Filters are the filters of a project. They are in its data folder and not in
// the browser, so that another browser, and another port, has them too. What is
// saved is on the disk when the answer comes.
type Filters struct {
	path string

	mu  sync.Mutex // guards all and the file
	all []Filter   // by page and name
	bad error      // why the file cannot be read: it is not written over
}

// OpenFilters reads the filters in a file that may be missing.
func OpenFilters(path string) *Filters {
	f := &Filters{path: path}
	text, err := textfile.ReadPath(path, maxFilterFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f
	case err == nil:
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		err = d.Decode(&f.all)
	}
	if err != nil {
		f.all, f.bad = nil, fault.Wrap(fault.Conflict, path, err, "the saved filters cannot be read; mend the file or move it away, then start lazuli again")
	}
	return f
}

// Of returns the filters of a page.
func (f *Filters) Of(page string) ([]Filter, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []Filter{}
	for _, one := range f.all {
		if one.Page == page {
			out = append(out, one)
		}
	}
	return out, f.bad
}

var filterPage = regexp.MustCompile(`^[a-z][a-z-]{0,31}$`)

func (one Filter) check() error {
	switch {
	case !filterPage.MatchString(one.Page):
		return fault.New(fault.Invalid, "page", "%q is no page's name", one.Page)
	case one.Name == "" || one.Name != strings.TrimSpace(one.Name) || !utf8.ValidString(one.Name) || strings.ContainsFunc(one.Name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fault.New(fault.Invalid, "name", "a filter's name is a line of text without spaces at its ends")
	case utf8.RuneCountInString(one.Name) > maxFilterName:
		return fault.New(fault.TooLarge, "name", "more than %d characters", maxFilterName)
	case one.Q == "" || !utf8.ValidString(one.Q):
		return fault.New(fault.Invalid, "q", "there is nothing to save")
	case len(one.Q) > maxFilterText:
		return fault.New(fault.TooLarge, "q", "more than %d bytes", maxFilterText)
	}
	return nil
}

// Save keeps a filter, in place of one of its name.
func (f *Filters) Save(one Filter) error {
	if err := one.check(); err != nil {
		return err
	}
	return f.change(func(all []Filter) ([]Filter, error) {
		i, there := find(all, one)
		if there {
			all[i].Q = one.Q
			return all, nil
		}
		if len(all) >= maxFilters {
			return nil, fault.New(fault.TooLarge, "filters", "%d are saved, which is the most; delete one first", maxFilters)
		}
		return slices.Insert(all, i, one), nil
	})
}

// Remove deletes a filter.
func (f *Filters) Remove(page, name string) error {
	return f.change(func(all []Filter) ([]Filter, error) {
		i, there := find(all, Filter{Page: page, Name: name})
		if !there {
			return nil, fault.New(fault.NotFound, "filter "+name, "there is none of this name")
		}
		return slices.Delete(all, i, i+1), nil
	})
}

func find(all []Filter, one Filter) (int, bool) {
	return slices.BinarySearchFunc(all, one, func(a, b Filter) int {
		return cmp.Or(strings.Compare(a.Page, b.Page), strings.Compare(a.Name, b.Name))
	})
}

// change writes what make makes of a copy of all filters; then it holds.
func (f *Filters) change(make func([]Filter) ([]Filter, error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bad != nil {
		return f.bad
	}
	all, err := make(slices.Clone(f.all))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	dir, name := filepath.Split(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(fault.Unavailable, "filters", err, "they cannot be kept")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "filters", err, "they cannot be kept")
	}
	defer root.Close()
	if err := textfile.Replace(root, name, append(text, '\n'), 0o600); err != nil {
		return fault.Wrap(fault.Unavailable, "filters", err, "they cannot be kept")
	}
	f.all = all
	return nil
}

// listFilters serves GET /api/filters?page=….
func (s *Server) listFilters(w http.ResponseWriter, r *http.Request) error {
	return s.writeFilters(w, r.URL.Query().Get("page"))
}

func (s *Server) writeFilters(w http.ResponseWriter, page string) error {
	all, err := s.cfg.Filters.Of(page)
	if err != nil {
		return err
	}
	WriteJSON(w, http.StatusOK, FilterList{all})
	return nil
}

// saveFilter serves PUT /api/filters.
func (s *Server) saveFilter(w http.ResponseWriter, r *http.Request) error {
	var one Filter
	if err := ReadJSON(w, r, 4*maxFilterText, &one); err != nil {
		return err
	}
	if err := s.cfg.Filters.Save(one); err != nil {
		return err
	}
	return s.writeFilters(w, one.Page)
}

// removeFilter serves DELETE /api/filters?page=…&name=….
func (s *Server) removeFilter(w http.ResponseWriter, r *http.Request) error {
	page := r.URL.Query().Get("page")
	if err := s.cfg.Filters.Remove(page, r.URL.Query().Get("name")); err != nil {
		return err
	}
	return s.writeFilters(w, page)
}
