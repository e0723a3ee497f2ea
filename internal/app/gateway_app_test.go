package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// behindHandler lets this test binary be the custom handler of the app behind the
// gateway.
const behindHandler = "-test.run=^TestBehindHandler$"

// TestBehindHandler is the custom handler of TestAppBehindGateway, when a host started
// it. A stream sends its second piece when the caller has asked for it by another call.
func TestBehindHandler(*testing.T) {
	port := os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT")
	if port == "" {
		return
	}
	next := make(chan struct{}, 1)
	server := http.Server{Addr: "127.0.0.1:" + port, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("do") {
		case "stream":
			fmt.Fprintln(w, "first")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-next:
			case <-time.After(time.Minute):
			}
			fmt.Fprintln(w, "second")
		case "next":
			next <- struct{}{}
		default:
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s %s", os.Getenv("WORD"), r.Method, r.Header.Get("X-Stage"), body)
		}
	})}
	_ = server.ListenAndServe()
}

func behindFiles(t *testing.T) map[string]string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	handler, err := json.Marshal(map[string]any{"version": "2.0", "customHandler": map[string]any{
		"description":                 map[string]any{"defaultExecutablePath": self, "arguments": []string{behindHandler}},
		"enableForwardingHttpRequest": true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"host.json":           string(handler),
		"hello/function.json": `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"function"},{"type":"http","direction":"out","name":"$return"}]}`,
	}
}

const behindPolicy = `<policies>
  <inbound>
    <base />
    <set-header name="x-functions-key" exists-action="override"><value>{{function-key}}</value></set-header>
    <set-header name="X-Stage" exists-action="override"><value>@(context.Operation.Id)</value></set-header>
  </inbound>
  <backend><base /></backend>
  <outbound><base /></outbound>
  <on-error><base /></on-error>
</policies>`

// behindProject is the project file of TestAppBehindGateway.
func behindProject(app, key string) string {
	text := strings.Replace(anyPorts, "functions: {port: 0}", "functions: {port: 0, watch: false, apps: {shop: {path: app, enableAuth: true, settings: {WORD: hello}, "+app+"}}}", 1)
	return strings.Replace(text, "gateway: {port: 0}", `gateway:
  port: 0
  namedValues: {function-key: {value: "`+key+`", secret: true}}
  apis:
    shop:
      path: shop
      backend: app:shop/api
      subscriptionRequired: false
      policy: policy.xml
      operations: {ask: {method: POST, urlTemplate: /hello}, watch: {method: GET, urlTemplate: /hello}}`, 1)
}

// through calls the app through the gateway.
func (d *deployed) through(method, path, body string) *http.Response {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, "http://"+d.App.house.Doors.address(instance.Gateway)+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	reply, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		d.t.Fatal(err)
	}
	return reply
}

// answers waits until the app answers through the gateway with a text.
func (d *deployed) answers(status int, want string) {
	d.t.Helper()
	var got string
	d.t.Cleanup(func() {
		if d.t.Failed() {
			d.t.Logf("the last answer: %s", got)
		}
	})
	testkit.Eventually(d.t, 30*time.Second, func() bool {
		reply := d.through("POST", "/shop/hello", "ada")
		defer reply.Body.Close()
		text, _ := io.ReadAll(reply.Body)
		got = fmt.Sprint(reply.StatusCode, " ", string(text))
		return reply.StatusCode == status && strings.Contains(string(text), want)
	}, "the app answers "+want)
}

// TestAppBehindGateway calls a function app of the project through its gateway: the key
// that functions ask for comes by policy, a stream comes piece by piece, and what the
// project file says anew holds after a restart.
func TestAppBehindGateway(t *testing.T) {
	dir := projectIn(t, behindProject("disabled: false", "not-yet-known"))
	files := map[string]string{"policy.xml": behindPolicy}
	for name, text := range behindFiles(t) {
		files["app/"+name] = text
	}
	writeFiles(t, dir, files)
	d := deployedIn(t, dir)
	d.answers(http.StatusUnauthorized, "")
	key := d.App.house.apps()[0].keys.Master()
	d.stop()

	again := func(app string) {
		t.Helper()
		writeFiles(t, dir, map[string]string{config.FileName: behindProject(app, key)})
		d = deployedIn(t, dir)
	}
	again("disabled: false")
	d.answers(http.StatusOK, "hello POST ask ada")
	reply := d.through("GET", "/shop/hello?do=stream", "")
	in := bufio.NewReader(reply.Body)
	if line, err := in.ReadString('\n'); line != "first\n" || reply.StatusCode != http.StatusOK {
		t.Errorf("the stream begins with %d %q, %v", reply.StatusCode, line, err)
	}
	d.through("GET", "/shop/hello?do=next", "").Body.Close()
	if line, err := in.ReadString('\n'); line != "second\n" {
		t.Errorf("the stream goes on with %q, %v", line, err)
	}
	reply.Body.Close()
	none := d.through("DELETE", "/shop/hello", "")
	none.Body.Close()
	if none.StatusCode != http.StatusNotFound {
		t.Errorf("an operation that is not there: %d", none.StatusCode)
	}
	d.stop()

	again("disabled: true")
	d.answers(http.StatusNotFound, "")
	d.stop()
}
