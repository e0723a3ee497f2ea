package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// TestAddresses: pages answer 200, what is none 404, both with the start page;
// an asset that there is not is no page.
func TestAddresses(t *testing.T) {
	h := handlerOf(fstest.MapFS{
		"index.html":     {Data: []byte("<!doctype html><head></head>start")},
		"pages.txt":      {Data: []byte("hubs assets/a-1.js assets/a-1.css\ndata\n/\n")},
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

// TestHead: the head names the files of the address's page, of no other, and of
// nothing where there is no page; each answer has its own tag.
func TestHead(t *testing.T) {
	h := handlerOf(fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html><head></head>start")},
		"pages.txt":  {Data: []byte("/ assets/start-1.js\nhubs assets/a-1.js assets/a-1.css\n")},
	})
	const script, style = `<link rel="modulepreload" crossorigin href="/assets/a-1.js">`, `<link rel="stylesheet" crossorigin href="/assets/a-1.css">`
	tags := map[string]bool{}
	for _, c := range []struct {
		address string
		named   []string
	}{
		{"/", []string{`href="/assets/start-1.js"`}},
		{"/index.html", []string{`href="/assets/start-1.js"`}},
		{"/hubs/default/a?q=x", []string{script, style}},
		{"/hubz", nil},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.address, nil))
		body := w.Body.String()
		for _, link := range c.named {
			if !strings.Contains(body, link) {
				t.Errorf("%s: %s is not named in %s", c.address, link, body)
			}
		}
		if n := strings.Count(body, "<link"); n != len(c.named) {
			t.Errorf("%s: %d links, want %d: %s", c.address, n, len(c.named), body)
		}
		tags[w.Header().Get("ETag")] = true
	}
	if len(tags) != 3 {
		t.Errorf("%d tags of 3 different answers: %v", len(tags), tags)
	}
}
