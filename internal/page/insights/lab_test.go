package insights

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
	"github.com/lazuli-dev/lazuli/internal/telemetry/store"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// lab is the pages over stores in memory.
type lab struct {
	t      *testing.T
	mux    *http.ServeMux
	stores map[string]*store.Store
	live   map[string]*live.Component
	last   error // of the last refusal
	past   past
}

// past is what was asked, in memory.
type past []Asked

func (p *past) Add(component, text string, rows int, _ time.Duration, err error) {
	a := Asked{ID: component, Text: text, Rows: rows}
	if err != nil {
		a.Error = err.Error()
	}
	*p = append(*p, a)
}
func (p *past) All() []Asked { return *p }
func (p *past) Remove(id string) error {
	n := len(*p)
	*p = slices.DeleteFunc(*p, func(a Asked) bool { return a.ID == id })
	if len(*p) == n {
		return fault.New(fault.NotFound, id, "it is not there")
	}
	return nil
}

// newLab opens components that take telemetry until the test ends.
func newLab(t *testing.T, names ...string) *lab {
	testkit.NoLeaks(t)
	l := &lab{t: t, mux: http.NewServeMux(), stores: map[string]*store.Store{}, live: map[string]*live.Component{}}
	var all []Component
	for _, name := range names {
		s, err := store.Open(store.Options{FS: vfs.NewMem(), Dir: "data/" + name, Component: store.Component{AppName: name}})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Run(context.Background()) }()
		t.Cleanup(func() {
			s.Close()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		l.stores[name], l.live[name] = s, &live.Component{}
		all = append(all, Component{Name: name, AppID: "id of " + name, Tables: func() kql.Tables { return store.Tables(s) }, Live: l.live[name]})
	}
	for _, page := range Pages(Config{Components: func() ([]Component, error) { return all, nil }, Past: &l.past}) {
		for _, r := range page.Routes {
			l.mux.HandleFunc(r.Pattern, func(w http.ResponseWriter, q *http.Request) {
				if l.last = r.Serve(w, q); l.last != nil {
					w.WriteHeader(http.StatusTeapot)
				}
			})
		}
	}
	return l
}

// put has a component keep items.
func (l *lab) put(name string, items ...*item.Item) {
	l.t.Helper()
	s := l.stores[name]
	if n := s.Put(items...); n != len(items) {
		l.t.Fatalf("%d of %d items were taken", n, len(items))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Flush(ctx); err != nil {
		l.t.Fatal(err)
	}
}

// call asks and reads the answer into v. A refusal is the error.
func (l *lab) call(method, address, body string, v any) error {
	l.t.Helper()
	r := httptest.NewRequest(method, address, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	l.last = nil
	l.mux.ServeHTTP(w, r)
	if l.last != nil {
		return l.last
	}
	if w.Code != http.StatusOK {
		l.t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		l.t.Fatalf("%s: %v in %s", address, err, w.Body)
	}
	return nil
}

// get asks for what must be there.
func (l *lab) get(address string, v any) {
	l.t.Helper()
	if err := l.call(http.MethodGet, address, "", v); err != nil {
		l.t.Fatalf("%s: %v", address, err)
	}
}

// refused asks for what must be refused.
func (l *lab) refused(address string, kind fault.Kind) string {
	l.t.Helper()
	err := l.call(http.MethodGet, address, "", &struct{}{})
	if err == nil || kind != 0 && fault.KindOf(err) != kind {
		l.t.Fatalf("%s: %v, want %v", address, err, kind)
	}
	return err.Error()
}

var someday = time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)

// after is an item of operation op, so many milliseconds after someday.
func after(ms int, op, parent string, body item.Body, properties ...item.Property) *item.Item {
	return &item.Item{
		Time: someday.Add(time.Duration(ms) * time.Millisecond), Role: "shop", RoleInstance: "one",
		Operation: item.Operation{ID: op, ParentID: parent, Name: "GET /buy"}, Properties: properties, Body: body,
	}
}
