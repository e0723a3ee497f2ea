package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestSettingsTakeOver changes host.json and local.settings.json of an app that
// runs: what they say holds from then on, with a worker that was started with it;
// what cannot be said leaves everything as it was, and is told as a failed build.
func TestSettingsTakeOver(t *testing.T) {
	testkit.NoLeaks(t)
	dir := handlerDir(t, "true")
	r := start(t, endtest.New(1), func(o *host.Options) { o.Dir, o.BuildDir, o.Watch = dir, t.TempDir(), true })
	off := func() bool {
		for _, f := range r.Functions() {
			if f.Name == "hello" {
				return f.Disabled
			}
		}
		return false
	}
	hello := func() int {
		code, _ := call(t, r, "GET", "/api/hello/you", "")
		return code
	}
	state := func() (host.BuildState, string) {
		b := r.Status().Build
		if b.Err != nil {
			return b.State, b.Err.Error()
		}
		return b.State, ""
	}
	if off() || hello() != 200 {
		t.Fatal("hello does not run")
	}

	write(t, dir, "local.settings.json", `{"IsEncrypted":false,"Values":{"AzureWebJobs.hello.Disabled":"true"}}`)
	testkit.Eventually(t, limit, off, "the setting has no effect")
	write(t, dir, "local.settings.json", `{"IsEncrypted":false,"Values":{}}`)
	testkit.Eventually(t, limit, func() bool { return !off() && hello() == 200 }, "the setting stays")

	// What the app remembers does not move while it runs.
	for _, name := range []string{"AzureWebJobsStorage", "AzureWebJobsStorage__accountName"} {
		write(t, dir, "local.settings.json", `{"IsEncrypted":false,"Values":{"`+name+`":"another"}}`)
		testkit.Eventually(t, limit, func() bool {
			s, text := state()
			return s == host.BuildFailed && strings.Contains(text, "AzureWebJobsStorage changed, which is read at the start only")
		}, "another account is not told: "+name)
		if hello() != 200 {
			t.Error("what ran does not run on")
		}
		write(t, dir, "local.settings.json", `{"IsEncrypted":false,"Values":{}}`)
		testkit.Eventually(t, limit, func() bool { s, _ := state(); return s == "" }, "the account of before is not taken back")
	}

	// A mistake.
	good := `{"version":"2.0","functionTimeout":"00:03:00","customHandler":{"description":{"defaultExecutablePath":"app"},"enableForwardingHttpRequest":true}}`
	write(t, dir, "host.json", strings.Replace(good, `"functionTimeout"`, `"functionTimeuot"`, 1)[:60])
	testkit.Eventually(t, limit, func() bool {
		s, text := state()
		return s == host.BuildFailed && strings.Contains(text, filepath.Join(dir, "host.json"))
	}, "a host.json that does not parse is not told")
	if hello() != 200 {
		t.Error("what ran does not run on")
	}

	// What is fixed while the app's door is open.
	write(t, dir, "host.json", strings.Replace(good, `"functionTimeout"`, `"extensions":{"http":{"routePrefix":"v1"}},"functionTimeout"`, 1))
	testkit.Eventually(t, limit, func() bool { _, text := state(); return strings.Contains(text, "restart lazuli to apply it") }, "a new prefix is not told")

	write(t, dir, "host.json", good)
	testkit.Eventually(t, limit, func() bool { s, _ := state(); return s == "" && r.Config().FunctionTimeout == 3*time.Minute }, "the mended host.json has no effect")
	if hello() != 200 {
		t.Error("it does not run")
	}
}

// TestGoWorkersCollectLessOften: a Go app's environment says when it collects
// garbage, and the app's settings have the last word.
func TestGoWorkersCollectLessOften(t *testing.T) {
	t.Setenv("GOGC", "") // restored afterwards
	if err := os.Unsetenv("GOGC"); err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{"": "400", "70": "70"} {
		r := start(t, endtest.New(1), func(o *host.Options) {
			if set != "" {
				o.Settings["GOGC"] = set
			}
		})
		if _, body := call(t, r, "GET", "/api/hello?env=GOGC", ""); body != want {
			t.Errorf("GOGC=%q where the settings say %q", body, set)
		}
		r.stop()
	}
}
