package queue

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func newRequest(method, uri string) *http.Request { return httptest.NewRequest(method, uri, nil) }

// BenchmarkPutGetDelete: the handler over memory, without sockets and signatures.
func BenchmarkPutGetDelete(b *testing.B) {
	a := newAccount(b)
	a.send("PUT", "/jobs", "")
	do := func(method, uri, body string) string {
		h := httptest.NewRequest(method, "/"+accountName+uri, strings.NewReader(body))
		h.Header.Set("Authorization", "Bearer owner")
		w := httptest.NewRecorder()
		a.service.ServeHTTP(w, h)
		if w.Code >= 300 {
			b.Fatal(w.Code, w.Body)
		}
		return w.Body.String()
	}
	for b.Loop() {
		do("POST", "/jobs/messages", "<QueueMessage><MessageText>x</MessageText></QueueMessage>")
		got := do("GET", "/jobs/messages", "")
		do("DELETE", "/jobs/messages/"+between(got, "<MessageId>", "<")+"?popreceipt="+escape(between(got, "<PopReceipt>", "<")), "")
	}
}
