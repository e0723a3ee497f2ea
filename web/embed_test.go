package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

// TestAddresses: pages answer 200, what is none 404, both with the start page;
// an asset that there is not is no page.
func TestAddresses(t *testing.T) {
	h := handlerOf(fstest.MapFS{
		"index.html":     {Data: []byte("<!doctype html>start")},
		"pages.txt":      {Data: []byte("hubs\ndata\n")},
		"assets/a-1.js":  {Data: []byte("a")},
		"assets/a-1.css": {Data: []byte("a{}")},
	})
	for _, c := range []struct {
		address, kind string
		status        int
	}{
		{"/", "text/html; charset=utf-8", 200},
		{"/hubs", "text/html; charset=utf-8", 200},
		{"/hubs/default/a%2Fb/events?q=x", "text/html; charset=utf-8", 200},
		{"/hubz", "text/html; charset=utf-8", 404},
		{"/%25", "text/html; charset=utf-8", 404},
		{"/pages.txt", "text/html; charset=utf-8", 404},
		{"/assets/a-1.css", "text/css; charset=utf-8", 200},
		{"/assets/gone.js", "text/plain; charset=utf-8", 404},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.address, nil))
		if w.Code != c.status || w.Header().Get("Content-Type") != c.kind {
			t.Errorf("%s: %d %s, want %d %s", c.address, w.Code, w.Header().Get("Content-Type"), c.status, c.kind)
		}
	}
}
