package functions

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzEnvelope feeds a custom handler invocations of every kind of function:
// any text is answered, and a broken one never reaches a handler as a panic.
func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{
		`{"Data":{"x":"[\"eyJhIjoxfQ==\"]"},"Metadata":{"SequenceNumberArray":"[7]","EnqueuedTimeUtcArray":["2026-01-02T03:04:05Z"]}}`,
		`{"Data":{"x":"\"[{\\\"id\\\":\\\"1\\\"}]\""},"Metadata":{"RetryContext":{"RetryCount":2}}}`,
		`{"Data":{"x":{"Url":"http://h/p?q=1","Method":"POST","Headers":{"Content-Type":["multipart/x"]},"Body":"aGk="}}}`,
		`{"Data":{"x":{"Url":"%zz","Method":"\n"}}}`, `{"Data":{"x":null}}`, `{"Data":{}}`, `{`, `null`,
		`{"Data":{"x":"AA=="},"Metadata":{"SequenceNumber":"\"x\"","EnqueuedTimeUtc":"never"}}`,
	} {
		f.Add(s)
	}
	app := New()
	app.HTTP("http", func(w http.ResponseWriter, r *http.Request) { _ = r.ParseForm() }, testOutput())
	app.EventHub("many", func(_ context.Context, events []Event) (Documents, error) {
		for _, e := range events {
			e.Properties.Map()
			e.Properties.Get("x")
		}
		return nil, nil
	}, Hub("h"), Connection("c"))
	app.EventHubEach("one", func(context.Context, Event) (Documents, error) { return nil, nil }, Hub("h"), Connection("c"))
	app.CosmosDB("docs", func(context.Context, []Document) error { return nil }, Database("d"), Container("c"), Connection("c"))
	h := app.Handler("api")
	f.Fuzz(func(t *testing.T, body string) {
		for _, name := range []string{"http", "many", "one", "docs"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", "/"+name, strings.NewReader(body)))
			if strings.HasPrefix(w.Body.String(), "panic:") {
				t.Errorf("%s: %s", name, w.Body)
			}
		}
	})
}

// FuzzRoute checks that no template or path makes routing panic, and that a
// template without parameters matches itself.
func FuzzRoute(f *testing.F) {
	for _, s := range []string{"health", "devices/{id}", "orders/{n:int?}", "files/{*path}", "{a}/{b:guid}", "a//b", "{", "{}", "{*x:int}"} {
		f.Add(s, "devices/12")
	}
	f.Fuzz(func(t *testing.T, template, path string) {
		r, err := parseRoute(template)
		if err != nil {
			return
		}
		r.match(path)
		if _, ok := r.match(template); !ok && !strings.Contains(template, "{") && template == strings.Trim(template, "/") {
			t.Errorf("%q does not match itself", template)
		}
	})
}
