package insights

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kql"
	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
	"github.com/lazuli-dev/lazuli/internal/telemetry/live"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const (
	labKey   = "11111111-2222-3333-4444-555555555555"
	labApp   = "99999999-2222-3333-4444-555555555555"
	otherKey = "21111111-2222-3333-4444-555555555555"
	labToken = "a good token"
)

// lab is a service with two components, the second of which takes tokens alone.
type lab struct {
	*Service
	t      testing.TB
	mu     sync.Mutex
	got    []*item.Item // of the first; guarded by mu
	room   int          // for as many; -1: any
	closed bool         // what is asked for, or sent to no key, needs a token
	live   *live.Component
}

func newLab(t testing.TB) *lab {
	l := &lab{t: t, room: -1, live: &live.Component{}}
	l.Service = &Service{Components: l, Access: l, Log: testkit.Discard()}
	return l
}

func (l *lab) ByKey(key string) (*Component, bool) {
	switch key {
	case labKey:
		return &Component{Name: "first", AppID: labApp, Key: labKey, Put: l.put, Live: l.live, Tables: func() kql.Tables { return noTables{} }, TokensOnly: func() bool { return false }}, true
	case otherKey:
		return &Component{Name: "second", Key: otherKey, Put: l.put, Live: l.live, Tables: func() kql.Tables { return noTables{} }, TokensOnly: func() bool { return true }}, true
	}
	return nil, false
}

func (l *lab) Default() (*Component, bool) { return l.ByKey(labKey) }

// noTables is a component that has nothing.
type noTables struct{}

func (noTables) Table(string) (kql.Table, bool) { return nil, false }
func (noTables) Names() []string                { return nil }

func (l *lab) May(token string, _ Right, _ *Component) error {
	switch token {
	case labToken:
		return nil
	case "another":
		return fault.New(fault.Forbidden, "", "it may not")
	}
	return fault.New(fault.Unauthorized, "", "who is it")
}

func (*lab) Key(key string) bool { return key == "the key" }
func (l *lab) Open() bool        { return !l.closed }

func (l *lab) At(place string) ([]*Component, error) {
	if at, ok := PlaceOf(place); ok && (at.App == labApp || at.App == "first" || at.Workspace == labApp) {
		c, _ := l.ByKey(labKey)
		return []*Component{c}, nil
	}
	return nil, notThere(place)
}

func (l *lab) put(items ...*item.Item) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(items)
	if l.room >= 0 {
		n = min(n, l.room)
		l.room -= n
	}
	l.got = append(l.got, items[:n]...)
	return n
}

// send posts a body and returns status, reply and headers.
func (l *lab) send(path, body string, headers ...string) (int, string, http.Header) {
	l.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for n := 0; n < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return w.Code, string(bytes.TrimSpace(text)), w.Result().Header
}
