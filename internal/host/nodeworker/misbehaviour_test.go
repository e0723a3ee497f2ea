package nodeworker_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

const careless = `
const { app, trigger } = require('@azure/functions');
const wait = (ms) => new Promise((r) => setTimeout(r, ms));
const does = {
    wait: () => wait(60000),
    exit: async () => { await wait(20); process.exit(3); },
    later: async () => { setTimeout(() => { throw new Error('in a timer'); }, 20); await wait(60000); },
    floating: async () => { (async () => { await wait(20); throw new Error('floating'); })(); await wait(60000); },
    nothing: async () => { Promise.reject(); await wait(60000); },
    flood: () => { process.stdout.write('x'.repeat(5 << 20)); return 'flooded'; },
    log: (c) => { c.log('l'.repeat(17 << 20)); return 'logged'; },
    text: () => { throw new Error('e'.repeat(17 << 20)); },
    header: () => ({ headers: { x: 'h'.repeat(17 << 20) } }),
    age: () => ({ cookies: [{ name: 'c', value: 'v', maxAge: NaN }] }),
    memory: () => { const all = []; for (;;) all.push(new Array(10000).fill(all.length + 0.5)); },
    large: () => 'x'.repeat(20 << 20),
};
app.generic('f', { trigger: trigger.generic({ type: 'xTrigger', name: 'x' }), handler: (x, c) => does[x](c) });
app.http('h', { handler: (r, c) => does[r.query.get('does')](c) });
`

// TestWorkerEnds: what ends the process fails the invocation that did it, with the
// reason and place; others are lost, which is not their fault.
func TestWorkerEnds(t *testing.T) {
	for does, want := range map[string]string{
		"exit":     "process.exit(3) was called at index.js:6:49; it ends the worker of all functions",
		"later":    "an error was thrown that nobody caught (index.js:7:51): in a timer",
		"floating": "a promise was rejected and nobody handled it (index.js:8:66): floating",
		"nothing":  "a promise was rejected and nobody handled it: it failed with undefined and no reason",
	} {
		t.Run(does, func(t *testing.T) {
			a := run(t, "", map[string]string{"index.js": careless})
			var bystander sync.WaitGroup
			bystander.Go(func() {
				if resp, err := a.invoke("f", text("wait")); !worker.IsLost(err) {
					t.Errorf("the other: %v %v", resp, err)
				}
			})
			testkit.Eventually(t, limit, func() bool { a.mu.Lock(); defer a.mu.Unlock(); return a.count == 1 }, "the other runs")
			resp, err := a.invoke("f", text(does))
			if got := resp.GetResult().GetException().GetMessage(); err != nil || !strings.HasPrefix(got, want) {
				t.Errorf("%q %v\n%s", got, err, a.said())
			}
			bystander.Wait()
			exit := a.Stop(t.Context())
			if code := map[string]int{"exit": 3}[does]; exit.Code != max(code, 1) {
				t.Errorf("%+v", exit)
			}
			if does != "exit" && !strings.Contains(a.said(), "Worker System Critical "+want) {
				t.Errorf("not logged:\n%s", a.said())
			}
		})
	}
}

// TestOutOfMemory: a function for which Node has no memory ends the process; its invocation
// is lost, and that is why the process ended.
func TestOutOfMemory(t *testing.T) {
	a := run(t, "", map[string]string{"index.js": careless}, "languageWorkers__node__arguments", "--max-old-space-size=64")
	if got := a.ok("f", text("flood")).GetReturnValue().GetString_(); got != "flooded" {
		t.Errorf("before: %q", got)
	}
	if resp, err := a.invoke("f", text("memory")); !worker.IsLost(err) {
		t.Errorf("%v %v", resp, err)
	}
	if exit := a.Stop(t.Context()); exit.Code == 0 {
		t.Errorf("%+v", exit)
	}
	testkit.Eventually(t, limit, func() bool { return strings.Contains(a.said(), "heap out of memory") }, "the reason is in the log:\n%s", a.said())
}

// TestMuch: output without a line's end and answers of many megabytes pass.
func TestMuch(t *testing.T) {
	a := run(t, "", map[string]string{"index.js": careless})
	if got := a.ok("f", text("flood")).GetReturnValue().GetString_(); got != "flooded" {
		t.Errorf("%q", got)
	}
	if got := a.ok("f", text("large")).GetReturnValue().GetString_(); len(got) != 20<<20 {
		t.Errorf("%d bytes", len(got))
	}
	many := make([]string, 10000)
	for i := range many {
		many[i] = strings.Repeat("y", i%1000)
	}
	resp, err := a.invoke("f", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{String_: many}}})
	if err != nil || resp.GetResult().GetException() == nil {
		t.Errorf("%v %v", resp, err)
	}
}

// TestUnsendable: an answer that the wire cannot carry fails its invocation, with the
// reason, and long texts are cut; all else runs on.
func TestUnsendable(t *testing.T) {
	a := run(t, "", map[string]string{"index.js": careless})
	pid := a.Info().PID
	if got := a.ok("f", text("log")).GetReturnValue().GetString_(); got != "logged" || !strings.Contains(a.said(), "(16777216 more characters were cut)") {
		t.Errorf("%q", got)
	}
	fails := func(function string, data *funcrpc.TypedData, want string) {
		t.Helper()
		resp, err := a.invoke(function, data)
		if got := resp.GetResult().GetException().GetMessage(); err != nil || !strings.Contains(got, want) {
			t.Errorf("%v, %d characters, not %q", err, len(got), want)
		}
	}
	fails("f", text("text"), "(16777216 more characters were cut)")
	get := func(does string) *funcrpc.TypedData {
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: &funcrpc.RpcHttp{
			Method: "GET", Url: "http://localhost/?does=" + does, NullableQuery: nullable("does", does),
		}}}
	}
	fails("h", get("header"), "at most 16777216 fit")
	fails("h", get("age"), "maxAge of the cookie c is NaN")
	if got := a.ok("f", text("log")).GetReturnValue().GetString_(); got != "logged" || a.Info().PID != pid {
		t.Errorf("%q", got)
	}
}

// TestOddRetries: a policy that cannot be is its function's failure, with its place.
func TestOddRetries(t *testing.T) {
	_, err := launch(t, folder(t, "", map[string]string{"index.js": `
const { app } = require('@azure/functions');
app.timer('odd', { schedule: '0 * * * * *', retry: { strategy: 'fixedDelay', maxRetryCount: 1e20, delayInterval: { hours: 1 } }, handler: () => {} });
`}), worker.Timeouts{})
	if want := "function odd: index.js:3:5: the retry policy of odd has the maxRetryCount 100000000000000000000"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, not %q", err, want)
	}
}

// TestEndless: an app that never ends loading is given up.
func TestEndless(t *testing.T) {
	dir := folder(t, "", map[string]string{"index.js": "while (true);"})
	begun := time.Now()
	_, err := launch(t, dir, worker.Timeouts{Init: time.Second})
	if err == nil || !strings.Contains(err.Error(), "init") || time.Since(begun) > time.Minute {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

// TestStopsInTime: what an app leaves running does not hold up its end.
func TestStopsInTime(t *testing.T) {
	a := run(t, "", map[string]string{"index.js": careless + "setInterval(() => {}, 10); app.hook.appTerminate(() => wait(60000));"})
	begun := time.Now()
	if exit := a.Stop(t.Context()); exit.Code != 0 || time.Since(begun) > 50*time.Second {
		t.Errorf("%+v after %v", exit, time.Since(begun))
	}
}
