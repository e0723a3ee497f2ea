package functions

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

func httpRequest(id string, h *funcrpc.RpcHttp) *funcrpc.InvocationRequest {
	return &funcrpc.InvocationRequest{InvocationId: id, InputData: []*funcrpc.ParameterBinding{{
		Name: "req", RpcData: &funcrpc.ParameterBinding_Data{Data: &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: h}}},
	}}}
}

func TestHTTPRequestAndResponse(t *testing.T) {
	var seen map[string]any
	app := New()
	app.HTTP("device", HTTPTrigger{Route: "/devices/{id}/", Methods: []string{"PUT"}, Auth: AuthAnonymous}, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		inv, _ := FromContext(r.Context())
		seen = map[string]any{
			"method": r.Method, "host": r.Host, "uri": r.RequestURI, "q": r.URL.Query().Get("q"), "id": r.PathValue("id"),
			"agent": r.UserAgent(), "empty": r.Header.Values("X-Empty"), "body": string(content), "invocation": inv.ID,
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Add("X-Many", "1")
		w.Header().Add("X-Many", "2")
		http.SetCookie(w, &http.Cookie{Name: "s", Value: "v", Path: "/", HttpOnly: true, MaxAge: 60, SameSite: http.SameSiteLaxMode})
		w.WriteHeader(http.StatusCreated)
		w.Header().Set("X-Late", "ignored")
		fmt.Fprint(w, `{"ok":true}`)
	})
	h := startWorker(t, app)

	if got := h.metadata.FunctionMetadataResults[0].RawBindings; got[0] != `{"name":"req","type":"httpTrigger","direction":"in","authLevel":"anonymous","methods":["put"],"route":"devices/{id}"}` || got[1] != `{"name":"$return","type":"http","direction":"out"}` {
		t.Errorf("bindings %q", got)
	}
	resp := h.invoke("device", httpRequest("i1", &funcrpc.RpcHttp{
		Method: "PUT", Url: "http://localhost:7071/api/devices/d%201?q=x%20y",
		NullableHeaders: map[string]*funcrpc.NullableString{"user-agent": nullable("curl"), "x-empty": {}, "host": nullable("gateway.test")},
		NullableParams:  map[string]*funcrpc.NullableString{"id": nullable("d 1")},
		Body:            &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: []byte("\x00binary")}},
	}))
	want := map[string]any{
		"method": "PUT", "host": "gateway.test", "uri": "/api/devices/d%201?q=x%20y", "q": "x y", "id": "d 1",
		"agent": "curl", "empty": []string{""}, "body": "\x00binary", "invocation": "i1",
	}
	same(t, "request", want, seen)
	got := resp.ReturnValue.GetHttp()
	if got.GetStatusCode() != "201" || string(got.Body.GetBytes()) != `{"ok":true}` {
		t.Errorf("response %v", got)
	}
	same(t, "headers", map[string]string{"Content-Type": "application/json", "X-Many": "1, 2"}, got.Headers)
	c := got.Cookies[0]
	if c.Name != "s" || c.Path.GetValue() != "/" || !c.HttpOnly.GetValue() || c.MaxAge.GetValue() != 60 || c.SameSite != funcrpc.RpcHttpCookie_Lax {
		t.Errorf("cookie %v", c)
	}
}

func TestHTTPWithOutput(t *testing.T) {
	events := testOutput()
	app := New()
	app.HTTP("save", HTTPTrigger{}, func(w http.ResponseWriter, r *http.Request) {
		var doc map[string]any
		if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := events.Upsert(r.Context(), doc); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}, events)
	h := startWorker(t, app)
	resp := h.invoke("save", httpRequest("i1", &funcrpc.RpcHttp{
		Method: "POST", Url: "/api/save",
		Body: &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: `{"id":"1"}`}},
	}))
	if got := strings.Join(strings.Fields(resp.OutputData[0].GetData().GetJson()), ""); got != `[{"id":"1"}]` || resp.ReturnValue.GetHttp().GetStatusCode() != "204" {
		t.Errorf("response %v", resp)
	}
	if resp := h.invoke("save", httpRequest("i2", &funcrpc.RpcHttp{Method: "POST", Url: "/api/save"})); len(resp.OutputData) != 0 || resp.ReturnValue.GetHttp().GetStatusCode() != "400" {
		t.Errorf("response to an empty body %v", resp)
	}
}

func TestResponseBufferFollowsNetHTTP(t *testing.T) {
	w := &responseBuffer{header: http.Header{}}
	w.WriteHeader(http.StatusEarlyHints)
	if _, err := w.Write([]byte("<html>")); err != nil {
		t.Fatal(err)
	}
	w.WriteHeader(http.StatusTeapot)
	h, err := w.rpc()
	if err != nil || h.StatusCode != "200" || h.Headers["Content-Type"] != "text/html; charset=utf-8" {
		t.Errorf("response %v, %v", h, err)
	}
	w = &responseBuffer{header: http.Header{}}
	w.WriteHeader(http.StatusNotModified)
	if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrBodyNotAllowed) {
		t.Errorf("write after 304: %v", err)
	}
}

func TestRoutes(t *testing.T) {
	for _, tc := range []struct {
		template, path string
		want           map[string]string // nil: no match
	}{
		{"health", "health", map[string]string{}},
		{"health", "HEALTH/", map[string]string{}},
		{"health", "health/x", nil},
		{"devices/{id}", "devices/d1", map[string]string{"id": "d1"}},
		{"devices/{id}", "devices", nil},
		{"devices/{id?}", "devices", map[string]string{}},
		{"orders/{n:int}", "orders/12", map[string]string{"n": "12"}},
		{"orders/{n:int}", "orders/x", nil},
		{"orders/{n:int?}", "orders", map[string]string{}},
		{"files/{*path}", "files/a/b.txt", map[string]string{"path": "a/b.txt"}},
		{"files/{*path}", "files", map[string]string{"path": ""}},
		{"{*all}", "", map[string]string{"all": ""}},
		{"", "", map[string]string{}},
	} {
		r, err := parseRoute(tc.template)
		if err != nil {
			t.Errorf("%s: %v", tc.template, err)
			continue
		}
		got, ok := r.match(tc.path)
		if !ok {
			got = nil
		}
		same(t, tc.template+" on "+tc.path, tc.want, got)
	}
	for template, want := range map[string]string{
		"a//b": "an empty segment", "a/{b": "whole segment", "x{b}": "whole segment", "{*r}/x": "must be the last segment",
		"{a?}/x": "must be the last segment", "{a}/{A}": "appears twice", "{}": "not a parameter name",
	} {
		if _, err := parseRoute(template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", template, err, want)
		}
	}
}

func TestTimeSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "00:00:00", 90 * time.Second: "00:01:30", 1500 * time.Millisecond: "00:00:01.5000000", 50*time.Hour + time.Second: "2.02:00:01",
	} {
		if got := timeSpan(d); got != want {
			t.Errorf("timeSpan(%v) = %s, want %s", d, got, want)
		}
	}
}
