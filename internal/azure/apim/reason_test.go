package apim

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// named is a writer that takes reason phrases, as the door's is.
type named struct {
	*httptest.ResponseRecorder
	reason string
}

func (n *named) SetReason(text string) { n.reason = text }

// TestReasons: the reason phrase of a policy, and a backend's own, is what callers read
// in the status line; what nobody named is as usual, and keeps its connection.
func TestReasons(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, out, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = out.WriteString("HTTP/1.1 201 Brewed\r\nContent-Length: 3\r\nConnection: close\r\n\r\ntea")
		_ = out.Flush()
	}))
	defer backend.Close()
	const around = `<policies><inbound><base /></inbound><backend><base /></backend><outbound><base /></outbound></policies>`
	with := func(inbound, outbound string) string {
		return strings.Replace(strings.Replace(around, "<inbound><base />", "<inbound><base />"+inbound, 1), "<outbound><base />", "<outbound><base />"+outbound, 1)
	}
	for name, c := range map[string]struct{ document, method, status, body, reason string }{
		"of a policy":         {with(`<return-response><set-status code="418" reason="Short and Stout" /><set-body>no</set-body></return-response>`, ""), "GET", "418 Short and Stout", "no", "Short and Stout"},
		"of one without body": {with(`<return-response><set-status code="204" reason="Gone Quiet" /></return-response>`, ""), "GET", "204 Gone Quiet", "", "Gone Quiet"},
		"of a code of ours":   {with(`<return-response><set-status code="299" reason="So So" /></return-response>`, ""), "GET", "299 So So", "", "So So"},
		"the usual":           {with(`<return-response><set-status code="404" reason="NOT FOUND" /></return-response>`, ""), "GET", "404 Not Found", "", ""},
		"none":                {with(`<return-response><set-status code="404" /></return-response>`, ""), "GET", "404 Not Found", "", ""},
		"of the backend":      {around, "POST", "201 Brewed", "tea", "Brewed"},
		"over the backend's":  {with("", `<set-status code="202" reason="Poured" />`), "GET", "202 Poured", "tea", "Poured"},
		"a number in it":      {with(`<return-response><set-status code="400" reason="@("№ " + 7)" /></return-response>`, ""), "GET", "400 № 7", "", "№ 7"},
	} {
		front, key := newFront(t, backend.URL, c.document)
		conn, err := net.Dial("tcp", strings.TrimPrefix(front.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		body := map[string]string{"POST": "some", "GET": ""}[c.method]
		r, _ := http.NewRequest(c.method, front.URL+"/api/x", strings.NewReader(body))
		r.Header.Set("Ocp-Apim-Subscription-Key", key)
		if err := r.Write(conn); err != nil {
			t.Fatal(err)
		}
		reply, err := http.ReadResponse(bufio.NewReader(conn), r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := io.ReadAll(reply.Body)
		if err != nil || reply.Status != c.status || string(text) != c.body || reply.Close != (c.reason != "") || reply.Header.Get("Date") == "" {
			t.Errorf("%s: %q %q %v, closed %v", name, reply.Status, text, err, reply.Close)
		}
		_ = reply.Body.Close()
		_ = conn.Close()

		// The door's writer is told, and its connection is left alone.
		w := &named{ResponseRecorder: httptest.NewRecorder()}
		direct := httptest.NewRequest(c.method, "/api/x", bytes.NewReader([]byte(body)))
		direct.Header.Set("Ocp-Apim-Subscription-Key", key)
		front.Config.Handler.ServeHTTP(w, direct)
		if w.reason != c.reason || w.Body.String() != c.body {
			t.Errorf("%s: the writer was told %q, and %q", name, w.reason, w.Body)
		}
	}
}
