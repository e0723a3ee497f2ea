package telemetry

import (
	"fmt"
	"strings"
	"testing"
)

const goStack = `goroutine 38 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
github.com/lazuli-dev/lazuli/functions.(*call).invoke.func1()
	/src/lazuli/functions/invocation.go:142 +0x4d
panic({0x8a3f60?, 0xc000160018?})
	/usr/local/go/src/runtime/panic.go:792 +0x132
main.median(...)
	/src/app/enrich.go:88
main.(*Enricher).window(0xc0001, {0xc0002, 0x7, 0x7})
	/src/app/enrich.go:61 +0x1a5
example.com/shop/stats.Mean({0x1, 0x2})
	/src/app/stats/mean.go:5 +0x11
golang.org/x/sync/errgroup.(*Group).Go.func1()
	/root/go/pkg/mod/golang.org/x/sync@v0.1.0/errgroup/errgroup.go:78 +0x56
net/http.HandlerFunc.ServeHTTP(0x1, {0x1, 0x2})
	/usr/local/go/src/net/http/server.go:2220 +0x29
github.com/lazuli-dev/lazuli/functions.(*call).run(0xc0001)
	/src/lazuli/functions/invocation.go:110 +0x29
created by github.com/lazuli-dev/lazuli/functions.(*worker).invoke in goroutine 12
	/src/lazuli/functions/worker_handle.go:158 +0x2d4
`

func show(frames []Frame) string {
	var b strings.Builder
	for _, f := range frames {
		mark := "user"
		if f.Runtime {
			mark = "rt"
		}
		fmt.Fprintf(&b, "%s %s %s:%s %s\n", mark, f.Name, f.File, f.Line, f.Source)
	}
	return b.String()
}

func TestFrames(t *testing.T) {
	for name, c := range map[string]struct{ stack, want, top string }{
		"go": {goStack, `user main.median /src/app/enrich.go:88 
user main.(*Enricher).window /src/app/enrich.go:61 
user example.com/shop/stats.Mean /src/app/stats/mean.go:5 
rt golang.org/x/sync/errgroup.(*Group).Go.func1 /root/go/pkg/mod/golang.org/x/sync@v0.1.0/errgroup/errgroup.go:78 
rt net/http.HandlerFunc.ServeHTTP /usr/local/go/src/net/http/server.go:2220 
rt github.com/lazuli-dev/lazuli/functions.(*call).run /src/lazuli/functions/invocation.go:110 
rt github.com/lazuli-dev/lazuli/functions.(*worker).invoke in goroutine 12 /src/lazuli/functions/worker_handle.go:158 
`, "/src/app/enrich.go:88"},
		"python": {`Traceback (most recent call last):
  File "/usr/lib/python3.13/http/server.py", line 436, in handle_one_request
    method()
  File "/app/s.py", line 12, in do_POST
    self.enrich(json.loads(body))
  File "/app/s.py", line 7, in enrich
    return samples[7]
           ~~~~~~~^^^
IndexError: list index out of range`, `user enrich /app/s.py:7 return samples[7]
user do_POST /app/s.py:12 self.enrich(json.loads(body))
rt handle_one_request /usr/lib/python3.13/http/server.py:436 method()
`, "/app/s.py:7"},
		"node": {`TypeError: Cannot read properties of undefined (reading 'length')
    at median (/app/enrich.js:88:14)
    at /app/index.js:3:1
    at async Server.<anonymous> (file:///app/index.mjs:9:2)
    at Layer.handle (/app/node_modules/express/lib/layer.js:95:5)
    at node:internal/main:1:2`, `user median /app/enrich.js:88 
user  /app/index.js:3 
user async Server.<anonymous> /app/index.mjs:9 
rt Layer.handle /app/node_modules/express/lib/layer.js:95 
rt  node:internal/main:1 
`, "/app/enrich.js:88"},
		"dotnet": {`   at Shop.Enrich.Median(Double[] s) in /src/Enrich.cs:line 88
   at System.Linq.Enumerable.First()`, `user Shop.Enrich.Median(Double[] s) /src/Enrich.cs:88 
rt System.Linq.Enumerable.First() : 
`, "/src/Enrich.cs:88"},
		"none": {"", "", ""},
	} {
		if got := show(Frames(c.stack)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		if got := TopFrame(c.stack); got != c.top {
			t.Errorf("%s: top frame %q", name, got)
		}
	}
}

func TestTraceOf(t *testing.T) {
	lines := strings.Split("listening\n127.0.0.1 - POST /f\n----------\nTraceback (most recent call last):\n  File \"/app/s.py\", line 7, in f\n    x\nNameError: x", "\n")
	if got := TraceOf(lines); TopFrame(got) != "/app/s.py:7" {
		t.Errorf("python: %q", got)
	}
	if got := TraceOf(strings.Split("ready\nTypeError: x\n    at f (/app/a.js:2:1)", "\n")); got != "TypeError: x\n    at f (/app/a.js:2:1)" {
		t.Errorf("node: %q", got)
	}
	if got := TraceOf([]string{"nothing", "here"}); got != "" {
		t.Errorf("none: %q", got)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(goStack)
	f.Add("Traceback (most recent call last):\n  File \"x\", line 1")
	f.Fuzz(func(_ *testing.T, s string) {
		Frames(s)
		TraceOf(strings.Split(s, "\n"))
		generalise(s)
	})
}

func TestGeneralise(t *testing.T) {
	for in, want := range map[string]string{
		`missing field "irradiance" in event 4,668`: `missing field "irradiance" in event #`,
		"index out of range [7] with length 7":      "index out of range [#] with length #",
		"dial tcp 127.0.0.1:8081: refused":          "dial tcp #: refused",
		"id 7b3f8a2c-0d11-4e2a-9c1b-000000000001":   "id #",
		"took 1.5s at 2026-11-29T06:51:45":          "took # at #",
		"device-001 is off":                         "device-# is off",
		"sha256 differs":                            "sha256 differs",
	} {
		if got := generalise(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
