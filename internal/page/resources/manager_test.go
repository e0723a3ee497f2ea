package resources

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// memory is an identity.Store.
type memory struct{ text []byte }

func (m *memory) Load() ([]byte, error)  { return m.text, nil }
func (m *memory) Save(text []byte) error { m.text = text; return nil }

// lab is the page over a Resource Manager in memory with shelves, in which are boxes.
type lab struct {
	*portaltest.Lab
	t      *testing.T
	m      *arm.Manager
	who    *identity.Identity
	shelf  string // the id of one, with a box b in it
	broken error  // of the next delete of a shelf
	gone   []string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	testkit.NoLeaks(t)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "kv"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // it is one
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{t: t}
	if l.who, err = identity.Open(identity.Options{Store: &memory{}, GroupExists: func(string) bool { return true }}); err != nil {
		t.Fatal(err)
	}
	ok := func(context.Context, *arm.Call) error { return nil }
	remove := func(_ context.Context, c *arm.Call) error {
		if l.broken != nil {
			return l.broken
		}
		l.gone = append(l.gone, c.ID.Name())
		return nil
	}
	l.m, err = arm.Open(arm.Options{
		DB: db, Space: db.Space(kv.Resources), Subscription: l.who.Subscription(), Tenant: l.who.Tenant(), Group: identity.Group, Location: "here", Log: testkit.Discard(),
		Providers: []arm.Provider{{Types: []arm.Type{
			{Name: "Toys.X/shelves", Tracked: true, Put: ok, Delete: remove},
			{Name: "Toys.X/shelves/boxes", Put: ok, Delete: remove},
		}}},
	})
	if err == nil {
		err = l.m.Recover(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	group := "/subscriptions/" + l.who.Subscription() + "/resourceGroups/play"
	l.shelf = group + "/providers/Toys.X/shelves/S"
	if _, err := l.m.PutGroup(l.call(group, `{"location":"West Europe","tags":{"a":"b"}}`), false); err != nil {
		t.Fatal(err)
	}
	for _, x := range [][2]string{{l.shelf, `{"location":"westeurope","kind":"wooden","tags":{"c":"d"}}`}, {l.shelf + "/boxes/b", `{"properties":{"n":1}}`}} {
		if _, err := l.m.Put(t.Context(), l.call(x[0], x[1])); err != nil {
			t.Fatal(err)
		}
	}
	l.Lab = portaltest.Serve(t, nil, ManagerPages(ManagerConfig{Manager: l.m, Who: l.who, Caller: arm.Caller{ObjectID: "o", Name: "the portal"}, Log: testkit.Discard()})...)
	return l
}

func (l *lab) call(id, body string) *arm.Call {
	l.t.Helper()
	i, err := arm.ParseID(id)
	if err != nil {
		l.t.Fatal(err)
	}
	b, err := arm.ParseBody([]byte(body))
	if err != nil {
		l.t.Fatal(err)
	}
	return &arm.Call{ID: i, Body: b, Header: http.Header{}}
}

func (l *lab) about(id string) (int, map[string]any) {
	l.t.Helper()
	return l.Do("GET", "/api/manager/resource?id="+url.QueryEscape(id), "")
}

// remove asks for a delete, and returns status and answer as a text.
func (l *lab) remove(id, name string) string {
	l.t.Helper()
	code, b := l.Do("POST", "/api/manager/delete", fmt.Sprintf(`{"id":%q,"name":%q}`, id, name))
	return fmt.Sprint(code, " ", b)
}

func (l *lab) lock(at, level string) {
	l.t.Helper()
	if _, err := l.m.Put(l.t.Context(), l.call(at+"/providers/Microsoft.Authorization/locks/careful", `{"properties":{"level":"`+level+`"}}`)); err != nil {
		l.t.Fatal(err)
	}
}

// TestRows: groups and what is in them come as rows.
func TestRows(t *testing.T) {
	l := newLab(t)
	_, list := l.Do("GET", "/api/lists/resources", "")
	text := fmt.Sprint(list)
	for _, want := range []string{"play", identity.Group, "Toys.X/shelves", "wooden", "westeurope", "c:d"} {
		if !strings.Contains(text, want) {
			t.Errorf("the list lacks %s: %s", want, text)
		}
	}
}

// TestAbout: what a resource is, what is in it, and who may do what with it.
func TestAbout(t *testing.T) {
	l := newLab(t)
	if _, err := l.who.Assign(identity.DeveloperName, "Reader", l.shelf); err != nil {
		t.Fatal(err)
	}
	code, b := l.about(strings.ToLower(l.shelf))
	inner, _ := b["inner"].([]any)
	access, _ := b["access"].([]any)
	if code != 200 || b["name"] != "S" || b["id"] != l.shelf || b["kind"] != "wooden" || b["group"] != "play" || len(inner) != 1 || b["fixed"] != "" {
		t.Errorf("the shelf: %d %v", code, b)
	}
	if len(inner) == 1 && inner[0].(map[string]any)["id"] != l.shelf+"/boxes/b" { //nolint:forcetypeassert // Inner
		t.Errorf("in it: %v", inner)
	}
	if text := fmt.Sprint(access); !strings.Contains(text, "Reader") || !strings.Contains(text, "inherited:false") {
		t.Errorf("access: %v", access)
	}
	if json, _ := b["json"].(string); !strings.Contains(json, "\n  \"location\": \"westeurope\"") {
		t.Errorf("its JSON: %s", json)
	}
	group, _, _ := strings.Cut(l.shelf, "/providers/")
	if code, b := l.about(group); code != 200 || len(b["inner"].([]any)) != 1 || b["fixed"] != "" { //nolint:forcetypeassert // About
		t.Errorf("the group: %d %v", code, b)
	}
	own := "/subscriptions/" + l.who.Subscription() + "/resourceGroups/" + identity.Group
	if code, b := l.about(own); code != 200 || b["fixed"] != "own" {
		t.Errorf("the own group: %d %v", code, b)
	}
	for id, want := range map[string]int{
		"": 400, "nonsense": 400, l.shelf + "x": 404, group + "x": 404, group + "/providers/Toys.X/shelves": 400, group + "/providers/Toys.Y/shelves/S": 400,
		strings.Replace(l.shelf, l.who.Subscription(), "00000000-0000-0000-0000-000000000001", 1): 404,
	} {
		if code, b := l.about(id); code != want {
			t.Errorf("%s: %d %v, want %d", id, code, b, want)
		}
	}
}

// TestDelete: the name must be given, locks and failures hold, what is in a thing goes
// with it, and all of it is in the activity log.
func TestDelete(t *testing.T) {
	l := newLab(t)
	has := func(got string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s, without %s", got, w)
			}
		}
	}
	has(l.remove(l.shelf, "other"), "400", `is not the name`)
	has(l.remove(l.shelf+"x", "Sx"), "404")
	l.lock(l.shelf, "CanNotDelete")
	has(l.remove(l.shelf, "S"), "409", "lock")
	if _, err := l.m.Delete(t.Context(), l.call(l.shelf+"/providers/Microsoft.Authorization/locks/careful", "")); err != nil {
		t.Fatal(err)
	}
	l.broken = fault.New(fault.Conflict, "shelf", "somebody stands on it")
	has(l.remove(l.shelf, "S"), "409", "somebody stands on it")
	if code, _ := l.about(l.shelf); code != 200 {
		t.Error("a shelf whose delete failed is gone")
	}
	l.broken = errors.New("the wall fell")
	has(l.remove(l.shelf, "S"), "500")
	l.broken = nil
	has(l.remove(l.shelf, "S"), "200", l.shelf)
	if strings.Join(l.gone, " ") != "b S" {
		t.Errorf("what went: %v, want the box and then the shelf", l.gone)
	}
	if code, _ := l.about(l.shelf); code != 404 {
		t.Error("a deleted shelf is there")
	}
	group, _, _ := strings.Cut(l.shelf, "/providers/")
	own := "/subscriptions/" + l.who.Subscription() + "/resourceGroups/" + identity.Group
	if got := l.remove(own, identity.Group); strings.HasPrefix(got, "200") {
		t.Errorf("the own group is deleted: %s", got)
	}
	has(l.remove(group, "play"), "200")
	code, b := l.Do("GET", "/api/manager/activity?id="+url.QueryEscape(l.shelf), "")
	events, _ := b["events"].([]any)
	if code != 200 || len(events) != 4 { // three refusals and the delete; the two wrong ones never got there
		t.Fatalf("the activity of the shelf: %d %v", code, b)
	}
	has(fmt.Sprint(events[0]), "the portal", "Toys.X/shelves/delete", "status:204")
	has(fmt.Sprint(events[3]), "status:409", "Lock")
	if code, b := l.Do("GET", "/api/manager/activity", ""); code != 200 || len(b["events"].([]any)) < 5 { //nolint:forcetypeassert // Activity
		t.Errorf("all activity: %d %v", code, b)
	}
}
