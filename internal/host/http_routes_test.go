package host_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestHandlerOfRoutes: a server that knows nothing of functions is one by the profile or
// the routes of host.json, and gets requests as they came.
func TestHandlerOfRoutes(t *testing.T) {
	testkit.NoLeaks(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path, _ := json.Marshal(exe)
	begin := func(dir, profile, handler string) *rig {
		write(t, dir, "host.json", `{"version":"2.0",`+profile+`"customHandler":{"description":{"defaultExecutablePath":`+string(path)+`}`+handler+`}}`)
		return start(t, endtest.New(1), func(o *host.Options) {
			o.Dir, o.BuildDir = dir, t.TempDir()
			o.Settings["RAW_HANDLER"] = "1"
		})
	}
	r := begin(t.TempDir(), `"configurationProfile":"mcp-custom-handler",`, "")
	if code, body := call(t, r, "PATCH", "/echo/a%2Fb?c=d", "", "http-handler1"); code != 200 || body != "PATCH /echo/a%2Fb?c=d" {
		t.Errorf("%d %q", code, body)
	}
	routes := `,"enableForwardingHttpRequest":true,"http":{"defaultAuthorizationLevel":"anonymous","routes":[{"route":"echo/{id}"},{"route":"  "},{"route":"x","authorizationLevel":"admin"}]}`
	r = begin(t.TempDir(), "", routes)
	if got := len(r.Functions()); got != 2 {
		t.Errorf("%d functions of two routes", got)
	}
	if broken := r.Status().Broken; len(broken) != 1 || broken[0].Name != "http-handler2" || !strings.Contains(broken[0].Err.Error(), "the route of http-handler2 is empty") {
		t.Errorf("%v", broken)
	}
	both := t.TempDir()
	write(t, both, "f/function.json", `{"bindings":[`+echo+`]}`)
	write(t, both, "host.json", `{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":`+string(path)+`}`+routes+`}}`)
	h, err := host.New(host.Options{Name: "both", Dir: both, BuildDir: t.TempDir(), Listen: testkit.Loopback, Log: testkit.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	testkit.Eventually(t, limit, func() bool {
		return strings.Contains(h.Status().Worker.LastError, "and there are function.json files too; take one of the two away")
	}, "the reason: %+v", h.Status().Worker)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
