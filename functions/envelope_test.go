package functions

import (
	"context"
	"errors"
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
		`{"Data":{"message":"AA==","input":"AA==","input2":[{"a":1}]},"Metadata":{"DequeueCount":"x"}}`,
		`{"Data":{"x":"AA=="},"Metadata":{"SequenceNumber":"\"x\"","EnqueuedTimeUtc":"never"}}`,
	} {
		f.Add(s)
	}
	app := New()
	limits, settings := &BlobInput{Path: "c/limits"}, &TableInput{Table: "settings"}
	app.HTTP("http", HTTPTrigger{}, func(w http.ResponseWriter, r *http.Request) { _ = r.ParseForm() }, testOutput())
	app.EventHub("many", testTrigger, func(_ context.Context, events []Event) error {
		for _, e := range events {
			e.Properties.Map()
			e.Properties.Get("x")
		}
		return nil
	})
	app.EventHubEach("one", testTrigger, func(context.Context, Event) error { return nil })
	app.CosmosDB("docs", CosmosDBTrigger{Database: "d", Container: "c"}, func(context.Context, []Document) error { return nil })
	app.Queue("queue", QueueTrigger{Queue: "q"}, func(ctx context.Context, m Message) error {
		var v any
		_, _ = limits.Read(ctx)
		return errors.Join(m.Decode(&v), settings.Get(ctx, &v))
	}, limits, settings)
	app.Blob("blob", BlobTrigger{Path: "c/{x}"}, func(context.Context, Blob) error { return nil })
	h := app.Handler("api")
	f.Fuzz(func(t *testing.T, body string) {
		for _, name := range []string{"http", "many", "one", "docs", "queue", "blob"} {
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
