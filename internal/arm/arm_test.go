package arm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// shelf is an engine with one type of thing, boxes, in which are lids.
type shelf struct {
	mu    sync.Mutex
	boxes map[string]bool // by key of the id
	drawn int             // serial numbers
	fail  error           // of the next Put
	stop  bool            // Put and Delete end in the middle, as in a crash
}

var errCrash = errors.New("crash")

func (s *shelf) provider() Provider {
	hook := func(do func(id ID)) func(context.Context, *Call) error {
		return func(_ context.Context, c *Call) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.fail != nil {
				return s.fail
			}
			do(c.ID)
			c.Keep(func() any { s.drawn++; return fmt.Sprint("number ", s.drawn) }, "properties", "serial")
			if s.stop {
				panic(errCrash)
			}
			return nil
		}
	}
	put := func(id ID) { s.boxes[id.Key()] = true }
	remove := func(id ID) { delete(s.boxes, id.Key()) }
	get := func(_ context.Context, c *Call) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.boxes[c.ID.Key()] {
			return fault.New(fault.NotFound, c.ID.Name(), "there is none")
		}
		return nil
	}
	return Provider{Types: []Type{
		{Name: "Toys.X/boxes", Tracked: true, Long: true, Put: hook(put), Get: get, Delete: hook(remove), Refuse: []Refusal{{Path: "properties.round", Unless: []any{false}, Why: "boxes have corners"}}},
		{Name: "Toys.X/boxes/lids", Put: hook(put), Get: get, Delete: hook(remove), Secret: []string{"properties.key"}},
		{Name: "Toys.X/notes", Tracked: true},
	}}
}

const sub = "/subscriptions/11111111-1111-1111-1111-111111111111"

func manager(t *testing.T, fs vfs.FS, s *shelf) (*Manager, *kv.DB) {
	t.Helper()
	db, err := kv.Open(kv.Options{Dir: "db", FS: fs, Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(Options{
		DB: db, Space: db.Space(kv.Resources), Subscription: strings.TrimPrefix(sub, "/subscriptions/"), Tenant: "t", Providers: []Provider{s.provider()},
		Group: "own", Location: "here", Log: testkit.Discard(),
	})
	if err == nil {
		err = m.Recover(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return m, db
}

func call(id, body string) *Call {
	i, err := ParseID(sub + id)
	if err != nil {
		panic(err)
	}
	b, err := ParseBody([]byte(body))
	if err != nil {
		panic(err)
	}
	return &Call{ID: i, Body: b, Header: http.Header{}}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return FailureOf(err).Code
}

const box = "/resourceGroups/g/providers/Toys.X/boxes/A"

func withGroup(t *testing.T, m *Manager) {
	t.Helper()
	if _, err := m.PutGroup(call("/resourceGroups/g", `{"location":"West Europe"}`), false); err != nil {
		t.Fatal(err)
	}
}

// What was sent is there when the store is opened anew; ids are found without case and
// told with the case of the PUT.
func TestBodiesAreKept(t *testing.T) {
	fs, s := vfs.NewMem(), &shelf{boxes: map[string]bool{}}
	m, db := manager(t, fs, s)
	withGroup(t, m)
	body := `{"location":"westeurope","tags":{"a":"b"},"properties":{"n":1.50,"deep":{"list":[1,"x",null]}}}`
	out, err := m.Put(t.Context(), call(box, body))
	if err != nil || out.Status != 200 || out.Operation == "" {
		t.Fatal(out, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	m, db = manager(t, fs, s)
	defer db.Close()
	got, tag, err := m.Get(t.Context(), call(strings.ToLower(box), ""))
	if err != nil || tag != out.ETag || got.Text("id") != sub+box || got.Text("name") != "A" {
		t.Fatal(got, tag, err)
	}
	if n := got.Get("properties", "n"); fmt.Sprint(n) != "1.50" || !strings.Contains(string(got.JSON()), `"list":[1,"x",null]`) {
		t.Errorf("kept as %s", got.JSON())
	}
	if o, found, err := m.Operation(out.Operation); err != nil || !found || o.Status != "Succeeded" {
		t.Errorf("the operation after a restart: %v %v %v", o, found, err)
	}
}

// A crash in the middle of making something leaves nothing of it; a change in the middle
// is made, with what the type had made once; one in the middle of deleting leaves nothing.
func TestCrashInTheMiddle(t *testing.T) {
	fs, s := vfs.NewMem(), &shelf{boxes: map[string]bool{}}
	crash := func(do func(m *Manager)) {
		m, db := manager(t, fs, s)
		s.stop = true
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no crash")
				}
			}()
			do(m)
		}()
		s.stop = false
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	m, db := manager(t, fs, s)
	withGroup(t, m)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	crash(func(m *Manager) { _, _ = m.Put(t.Context(), call(box, `{"location":"westeurope"}`)) })
	m, db = manager(t, fs, s)
	if _, _, err := m.Get(t.Context(), call(box, "")); codeOf(err) != "ResourceNotFound" || len(s.boxes) != 0 {
		t.Errorf("after a crash while making: %v, %v", err, s.boxes)
	}
	first, err := m.Put(t.Context(), call(box, `{"location":"westeurope"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	crash(func(m *Manager) {
		_, _ = m.Put(t.Context(), call(box, `{"location":"westeurope","properties":{"colour":"red"}}`))
	})
	m, db = manager(t, fs, s)
	serial := first.Body.Text("properties", "serial")
	got, _, err := m.Get(t.Context(), call(box, ""))
	if err != nil || serial == "" || got.Text("properties", "serial") != serial || got.Text("properties", "colour") != "red" {
		t.Errorf("after a crash while changing: %v, %v, was %s", got, err, serial)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	crash(func(m *Manager) { _, _ = m.Delete(t.Context(), call(box, "")) })
	m, db = manager(t, fs, s)
	defer db.Close()
	if all, err := m.All("Toys.X/boxes"); err != nil || len(all) != 0 || len(s.boxes) != 0 {
		t.Errorf("after a crash while deleting: %v %v %v", all, err, s.boxes)
	}
}

func TestRefusals(t *testing.T) {
	s := &shelf{boxes: map[string]bool{}}
	m, db := manager(t, vfs.NewMem(), s)
	defer db.Close()
	withGroup(t, m)
	put := func(id, body string) string { _, err := m.Put(t.Context(), call(id, body)); return codeOf(err) }
	for _, c := range []struct{ id, body, want string }{
		{"/resourceGroups/none/providers/Toys.X/boxes/A", `{"location":"x"}`, "ResourceGroupNotFound"},
		{box, `{}`, "LocationRequired"},
		{box, `{"location":"x","properties":{"round":true}}`, "PropertyNotServed"},
		{box, `{"location":"x","tags":{"a":1}}`, "InvalidTagValue"},
		{box + "/lids/L", `{}`, "ParentResourceNotFound"},
		{"/resourceGroups/g/providers/Toys.X/balls/A", `{}`, "InvalidResourceType"},
		{"/resourceGroups/g/providers/Toys.Y/balls/A", `{}`, "InvalidResourceNamespace"},
		{box, `{"location":"West Europe","properties":{"round":false}}`, ""},
		{box, `{"location":"elsewhere"}`, "InvalidResourceLocation"},
		{box, `{"location":"westeurope"}`, ""},
		{box + "/lids/L", `{"properties":{"key":"secret"}}`, ""},
	} {
		if got := put(c.id, c.body); got != c.want {
			t.Errorf("PUT %s %s: %q, want %q", c.id, c.body, got, c.want)
		}
	}
	if lid, _, err := m.Get(t.Context(), call(box+"/lids/L", "")); err != nil || lid.Has("properties", "key") {
		t.Errorf("a secret is shown: %v %v", lid, err)
	}
	c := call(box, `{"location":"westeurope"}`)
	c.Header.Set("If-Match", `W/"other"`)
	if _, err := m.Put(t.Context(), c); codeOf(err) != "PreconditionFailed" {
		t.Errorf("another ETag: %v", err)
	}
}

func TestLocks(t *testing.T) {
	s := &shelf{boxes: map[string]bool{}}
	m, db := manager(t, vfs.NewMem(), s)
	defer db.Close()
	withGroup(t, m)
	if _, err := m.Put(t.Context(), call(box, `{"location":"x"}`)); err != nil {
		t.Fatal(err)
	}
	lock := box + "/providers/Microsoft.Authorization/locks/l"
	for _, level := range []string{"CanNotDelete", "ReadOnly"} {
		if _, err := m.Put(t.Context(), call(lock, `{"properties":{"level":"`+level+`"}}`)); err != nil {
			t.Fatal(err)
		}
		_, err := m.Put(t.Context(), call(box, `{"location":"x"}`))
		if got := codeOf(err); (got == "ScopeLocked") != (level == "ReadOnly") {
			t.Errorf("%s: PUT %q", level, got)
		}
		if _, err := m.Delete(t.Context(), call(box, "")); codeOf(err) != "ScopeLocked" {
			t.Errorf("%s: DELETE %v", level, err)
		}
		if _, err := m.DeleteGroup(t.Context(), call("/resourceGroups/g", "")); codeOf(err) != "ScopeLocked" {
			t.Errorf("%s: DELETE of the group %v", level, err)
		}
	}
	if _, err := m.Delete(t.Context(), call(lock, "")); err != nil {
		t.Fatal(err)
	}
	if _, err := m.DeleteGroup(t.Context(), call("/resourceGroups/g", "")); err != nil || len(s.boxes) != 0 || m.GroupExists("g") {
		t.Errorf("the group is left: %v %v", err, s.boxes)
	}
}

// Two applies of one thing make one, and a group that goes meanwhile leaves nothing.
func TestTwoAtOnce(t *testing.T) {
	s := &shelf{boxes: map[string]bool{}}
	m, db := manager(t, vfs.NewMem(), s)
	defer db.Close()
	for range 20 {
		withGroup(t, m)
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				if n == 4 {
					_, _ = m.DeleteGroup(context.Background(), call("/resourceGroups/g", ""))
					return
				}
				_, err := m.Put(context.Background(), call(box, `{"location":"x"}`))
				if code := codeOf(err); code != "" && code != "ResourceGroupNotFound" {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if !m.GroupExists("g") && len(s.boxes) != 0 {
			t.Fatalf("the group is gone, and left %v", s.boxes)
		}
		if m.GroupExists("g") {
			if _, err := m.DeleteGroup(t.Context(), call("/resourceGroups/g", "")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A type that refuses to make something leaves nothing, and what was before.
func TestPutThatFails(t *testing.T) {
	s := &shelf{boxes: map[string]bool{}}
	m, db := manager(t, vfs.NewMem(), s)
	defer db.Close()
	withGroup(t, m)
	s.fail = fault.New(fault.Conflict, "box", "no room")
	if _, err := m.Put(t.Context(), call(box, `{"location":"x"}`)); codeOf(err) != "Conflict" {
		t.Fatal(err)
	}
	if _, there := m.Body(call(box, "").ID); there {
		t.Error("it is kept")
	}
	s.fail = nil
	if _, err := m.Put(t.Context(), call(box, `{"location":"x","tags":{"a":"1"}}`)); err != nil {
		t.Fatal(err)
	}
	s.fail = fault.New(fault.Invalid, "box", "no")
	if _, err := m.Patch(t.Context(), call(box, `{"tags":{"a":"2"}}`)); codeOf(err) != "BadRequest" {
		t.Fatal(err)
	}
	if b, _ := m.Body(call(box, "").ID); b.Text("tags", "a") != "1" {
		t.Errorf("changed all the same: %v", b)
	}
}

// Every kind of fault has a status, and none that clients repeat for what is the
// client's mistake.
func TestFailures(t *testing.T) {
	for _, k := range fault.Kinds() {
		f := FailureOf(fault.New(k, "x", "y"))
		if f.Status == 0 || f.Code == "" {
			t.Errorf("%v has no status or no code", k)
		}
		ours := k == fault.Internal || k == fault.Unavailable
		if (f.Status >= 500) != ours {
			t.Errorf("%v is %d", k, f.Status)
		}
	}
}

func TestMerge(t *testing.T) {
	b, err := ParseBody([]byte(`{"a":{"b":1,"c":2},"d":[1]}`))
	if err != nil {
		t.Fatal(err)
	}
	patch, err := ParseBody([]byte(`{"a":{"b":null,"e":{"f":3}},"d":[2]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(b.Merge(patch).JSON()); got != `{"a":{"c":2,"e":{"f":3}},"d":[2]}` {
		t.Error(got)
	}
	if got := string(b.JSON()); got != `{"a":{"b":1,"c":2},"d":[1]}` {
		t.Errorf("the old one is now %s", got)
	}
}

// FuzzID: an id that is taken is told in a form that means the same.
func FuzzID(f *testing.F) {
	for _, s := range []string{
		"", "/", sub, sub + box, sub + box + "/lids", sub + box + "/providers/Microsoft.Authorization/locks/l", "/providers/P/T/N",
		"/subscriptions/S/resourceGroups/G", sub + "/providers/P", "//a//", sub + "/resourceGroups/g/providers/P/a/b%2Fc%25", "/subscriptions",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseID(text)
		if err != nil {
			return
		}
		again, err := ParseID(id.String())
		if err != nil || again.Key() != id.Key() || again.String() != id.String() {
			t.Fatalf("%q is %q, and that %q (%v)", text, id, again, err)
		}
		if !slices.Equal(again.Types, id.Types) || !slices.Equal(again.Names, id.Names) {
			t.Fatalf("%q: %v %v", text, id, again)
		}
		_ = scopesOf(id)
	})
}

// FuzzBody: a body that is taken is JSON again, and copies share nothing.
func FuzzBody(f *testing.F) {
	f.Add(`{"a":{"b":[1,2.50,null]}}`)
	f.Add(``)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		b, err := ParseBody([]byte(text))
		if err != nil {
			return
		}
		if !json.Valid(b.JSON()) {
			t.Fatal("no JSON")
		}
		c := b.Clone()
		c.Set(1, "a", "b", "c")
		c.Default(2, "x")
		_ = b.Merge(c).JSON()
	})
}
