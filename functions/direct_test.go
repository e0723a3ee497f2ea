package functions

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// TestDirectRequests: a request that proves itself tells of its invocation alone. The
// head of its response says that it is over, unless there is more to tell.
func TestDirectRequests(t *testing.T) {
	app := New()
	gone := make(chan struct{}, 1)
	app.HTTP("who", HTTPTrigger{Route: "who/{name}"}, func(w http.ResponseWriter, r *http.Request) {
		inv, _ := FromContext(r.Context())
		w.Header().Set("X-Early", "1")
		w.WriteHeader(http.StatusAccepted)
		w.Header().Set("X-Late", "1")
		_, _ = io.WriteString(w, strings.Join([]string{inv.ID, inv.TraceParent, r.PathValue("name"), r.Header.Get(directToken)}, " "))
		switch r.URL.Query().Get("do") {
		case "log":
			slog.InfoContext(r.Context(), "said")
			Logger(r.Context()).Info("said")
		case "large":
			_, _ = io.WriteString(w, strings.Repeat("x", heldBytes))
		case "panic":
			panic("asked to")
		case "wait":
			gone <- struct{}{}
			<-r.Context().Done()
		}
	})
	h := startWorker(t, app)
	if h.init.Capabilities[directCapability] == "" {
		t.Fatal("the worker does not say that it takes such requests")
	}
	id := h.metadata.FunctionMetadataResults[0].FunctionId
	ask := func(query, token, function string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), "GET", h.init.Capabilities["HttpUri"]+"/api/who/x?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{
			forwardedHeader: {"i-" + query}, directToken: {token}, directFunction: {function},
			directTrace: {"trace"}, directParams: {url.Values{"name": {"ann lee"}}.Encode()},
		}
		return r
	}
	for _, tc := range []struct {
		query  string
		code   int
		ended  bool
		answer funcrpc.StatusResult_Status // of the protocol, unless ended
	}{
		{"", 202, true, 0},
		{"do=log", 202, false, funcrpc.StatusResult_Success},
		{"do=large", 202, false, funcrpc.StatusResult_Success},
		{"do=panic", 500, false, funcrpc.StatusResult_Failure},
	} {
		answers := h.unasked()
		resp, err := http.DefaultClient.Do(ask(tc.query, h.init.Capabilities[directCapability], id))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tc.code || (resp.Header.Get(directEnded) != "") != tc.ended || resp.Header.Get("X-Late") != "" {
			t.Errorf("%q: %d %v", tc.query, resp.StatusCode, resp.Header)
		}
		if want := "i-" + tc.query + " trace ann lee "; tc.code == 202 && (!strings.HasPrefix(string(body), want) || resp.Header.Get("X-Early") == "") {
			t.Errorf("%q: body %q, want %q", tc.query, body, want)
		}
		if tc.ended {
			continue
		}
		if got := h.await(answers).GetInvocationResponse(); got.GetInvocationId() != "i-"+tc.query || got.GetResult().GetStatus() != tc.answer {
			t.Errorf("%q: the protocol says %v", tc.query, got)
		}
	}
	http.DefaultClient.CloseIdleConnections()

	// A host that gave up is answered, whether the invocation is there or not.
	r := ask("do=wait", h.init.Capabilities[directCapability], id)
	over := make(chan struct{})
	go func() {
		defer close(over)
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	<-gone
	for _, invocation := range []string{"i-do=wait", "i-unknown"} {
		answer := h.ask("", &funcrpc.StreamingMessage{Content: &funcrpc.StreamingMessage_InvocationCancel{InvocationCancel: &funcrpc.InvocationCancel{
			InvocationId: invocation, GracePeriod: durationOf(0),
		}}})
		if got := answer.GetInvocationResponse().GetInvocationId(); got != invocation {
			t.Errorf("answered %q, want %q", got, invocation)
		}
	}
	<-over
	http.DefaultClient.CloseIdleConnections()

	// Whoever does not prove himself has to have been announced.
	s := &httpSide{token: "secret"}
	s.worker.Store(&worker{})
	for token, want := range map[string]bool{"": false, "guessed": false, "secret": true} {
		if got := s.isDirect(ask("", token, id)); got != want {
			t.Errorf("token %q: %v", token, got)
		}
	}
}

// unasked is where an answer arrives that no message asked for.
func (h *fakeHost) unasked() <-chan *funcrpc.StreamingMessage {
	reply := make(chan *funcrpc.StreamingMessage, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.replies[""] = reply
	return reply
}
