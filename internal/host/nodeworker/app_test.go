package nodeworker_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// hello registers a function of a name.
func hello(name string) string {
	return "require('@azure/functions').app.timer('" + name + "', { schedule: '0 0 0 1 1 *', handler: () => {} });\n"
}

// TestEntryFiles: main names a file, a file without its end, a folder or a pattern,
// of modules of both kinds; without it the entry is index.js.
func TestEntryFiles(t *testing.T) {
	esm := "import { app } from '@azure/functions';\nawait null;\napp.timer('m', { schedule: '0 0 0 1 1 *', handler: () => {} });\n"
	for name, c := range map[string]struct {
		main  string
		files map[string]string
		want  string
	}{
		"a file":         {"src/app.js", map[string]string{"src/app.js": hello("a")}, "a"},
		"without an end": {"./src/app", map[string]string{"src/app.js": hello("a")}, "a"},
		"a folder":       {"src", map[string]string{"src/index.js": hello("a")}, "a"},
		"none":           {"", map[string]string{"index.js": hello("a")}, "a"},
		"a pattern": {"src/{app.js,functions/*.js}", map[string]string{
			"src/app.js": hello("a"), "src/functions/b.js": hello("b"), "src/functions/c.mjs": hello("no"), "src/functions/deep/d.js": hello("no"),
		}, "a b"},
		"any depth":      {"dist/**/*.{js,cjs}", map[string]string{"dist/a.js": hello("a"), "dist/x/y/b.cjs": hello("b"), "dist/node_modules/c.js": hello("no")}, "a b"},
		"a module":       {"app.mjs", map[string]string{"app.mjs": esm}, "m"},
		"modules":        {"src/*.js", map[string]string{"src/package.json": `{"type": "module"}`, "src/app.js": esm, "src/b.js": esm[:len("import { app } from '@azure/functions';\n")]}, "m"},
		"common in esm":  {"src/*.cjs", map[string]string{"src/package.json": `{"type": "module"}`, "src/app.cjs": hello("a")}, "a"},
		"no functions":   {"", map[string]string{"index.js": "require('@azure/functions')"}, ""},
		"brackets, once": {"src/[ab]pp.js", map[string]string{"src/app.js": hello("a"), "src/cpp.js": hello("no")}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			a := run(t, c.main, c.files)
			if got := strings.Join(slices.Sorted(maps.Keys(a.functions)), " "); got != c.want {
				t.Errorf("functions %q, want %q", got, c.want)
			}
		})
	}
}

// TestDeclared: bindings, retry policies and ids are what the vendor's package says.
func TestDeclared(t *testing.T) {
	a := run(t, "src/one.js", map[string]string{"src/one.js": `
const { app, output } = require('@azure/functions');
app.eventHub('many', {
    connection: 'EH', eventHubName: 'telemetry', cardinality: 'many', return: output.cosmosDB({ databaseName: 'd', containerName: 'c', connection: 'C' }),
    retry: { strategy: 'exponentialBackoff', maxRetryCount: 4, minimumInterval: { seconds: 2 }, maximumInterval: { minutes: 1 } }, handler: () => {},
});
app.timer('fixed', { schedule: '0 * * * * *', retry: { strategy: 'fixedDelay', maxRetryCount: -1, delayInterval: { hours: 1 } }, handler: () => {} });
app.http('plain', { handler: () => {} });
`})
	many := a.functions["many"]
	if b := many.Trigger(); !b.Is("eventHubTrigger") || !b.Many || b.Text("eventHubName") != "telemetry" || b.Text("connection") != "EH" {
		t.Errorf("trigger %s", b.Raw)
	}
	if out := many.Outputs(); len(out) != 1 || out[0].Name != binding.Return || !out[0].Is("cosmosDB") {
		t.Errorf("outputs %+v", out)
	}
	if diff := cmp.Diff(&binding.Retry{Max: 4, Exponential: true, Minimum: 2 * time.Second, Maximum: time.Minute}, many.Retry); diff != "" {
		t.Error(diff)
	}
	if r := a.functions["fixed"].Retry; r == nil || r.Max != -1 || r.Delay != time.Hour {
		t.Errorf("retry %+v", r)
	}
	m := a.functions["plain"].Metadata
	if m.GetFunctionId() != "plain" || m.GetScriptFile() != "one.js" || m.GetLanguage() != "node" || m.GetDirectory() == "" {
		t.Errorf("metadata %v", m)
	}
	if b := a.functions["plain"].Trigger(); strings.Join(b.Texts("methods"), " ") != "GET POST" || b.Text("authLevel") != "anonymous" {
		t.Errorf("trigger %s", b.Raw)
	}
}

// TestHooks: hooks see and change invocations and logs, in order, and hear of start
// and end.
func TestHooks(t *testing.T) {
	marks := filepath.Join(t.TempDir(), "marks")
	a := run(t, "", map[string]string{"index.js": `
const { app, trigger } = require('@azure/functions');
const fs = require('fs');
app.hook.appStart(async (c) => { await null; c.hookData.x = 1; fs.appendFileSync(process.env.MARKS, 'start\n'); });
app.hook.appTerminate(async () => { await new Promise((r) => setTimeout(r, 20)); fs.appendFileSync(process.env.MARKS, 'terminate\n'); });
const first = app.hook.preInvocation((c) => { c.hookData.seen = ['pre ' + c.invocationContext.functionName]; c.inputs = [c.inputs[0] + ' changed']; });
app.hook.preInvocation(async (c) => {
    await null;
    const handler = c.functionHandler;
    c.functionHandler = async (...args) => 'wrapped ' + await handler(...args);
});
app.hook.postInvocation((c) => {
    c.hookData.seen.push(c.error ? 'failed ' + c.error.message : 'post');
    if (c.error?.message === 'forgiven') { c.error = null; c.result = 'forgiven'; }
    else if (!c.error) { c.result = [c.result, ...c.hookData.seen].join('; '); }
    c.invocationContext.log('from the hook');
});
app.hook.log((c) => { if (c.category === 'user') { c.message = c.message + ' (' + (c.invocationContext?.functionName ?? 'nobody') + ')'; if (c.message.includes('louder')) c.level = 'error'; } });
app.hook.preInvocation(() => { throw new Error('disposed'); }).dispose();
app.generic('f', { trigger: trigger.generic({ type: 'xTrigger', name: 'x' }), handler: (x, c) => {
    c.log('said', { a: 1 }); c.warn('%s louder', 'said');
    if (x.startsWith('bad')) throw new Error(x.split(' ')[1]);
    return x;
} });
`}, "MARKS", marks)
	if got, want := a.ok("f", text("in")).GetReturnValue().GetString_(), "wrapped in changed; pre f; post"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := a.ok("f", text("bad forgiven")).GetReturnValue().GetString_(); got != "forgiven" {
		t.Errorf("%q", got)
	}
	resp, err := a.invoke("f", text("bad guilty"))
	if err != nil || resp.GetResult().GetException().GetMessage() != "guilty" {
		t.Errorf("%v %v", resp, err)
	}
	said := a.said()
	for _, want := range []string{
		"f-1 Function.f.User User Information said { a: 1 } (f)\n", "f-1 Function.f.User User Error said louder (f)\n", "f-1 Function.f.User User Information from the hook (f)\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	exit := a.Stop(t.Context())
	got, err := os.ReadFile(marks)
	if err != nil || string(got) != "start\nterminate\n" || exit.Code != 0 {
		t.Errorf("%q %v %+v", got, err, exit)
	}
}

// TestLogs: levels, what is printed, and what is logged when nobody runs.
func TestLogs(t *testing.T) {
	a := run(t, "", map[string]string{"index.js": `
const { app, trigger } = require('@azure/functions');
console.log('while it loads');
app.generic('f', { trigger: trigger.generic({ type: 'xTrigger', name: 'x' }), handler: (x, c) => {
    for (const level of ['trace', 'debug', 'info', 'warn', 'error']) c[level]('a ' + level);
    console.error('printed 한글');
    setTimeout(() => c.log('late'), 50);
} });
`})
	a.ok("f", text(""))
	testkit.Eventually(t, limit, func() bool { return strings.Contains(a.said(), "f-1 Function.f.User User Information late") }, "a late log")
	said := a.said()
	for _, want := range []string{
		"User Trace a trace", "User Debug a debug", "User Information a info", "User Warning a warn", "User Error a error",
		"f-1 Worker System Warning Warning: Unexpected call to 'log' on the context object after function execution has completed.",
		"while it loads", "printed 한글",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}

// TestErrors: what a function throws is told with its type and stack, whatever it
// is; the worker lives on.
func TestErrors(t *testing.T) {
	a := run(t, "", map[string]string{"src/f.js": "", "index.js": `
const { app, trigger } = require('@azure/functions');
class Broken extends TypeError { name = 'Broken'; }
const thrown = {
    error: () => { throw new Broken('it broke'); },
    async: async () => { await null; throw new Error('late', { cause: new Error('root') }); },
    undefined: () => Promise.reject(undefined), null: () => { throw null; }, string: () => { throw 'text'; },
    object: () => { throw { code: 7 }; }, number: () => { throw 0; }, symbol: () => { throw Symbol('s'); },
    circular: () => { const c = {}; c.c = c; throw c; }, silent: () => { throw new Error(); },
    likeness: () => { throw { message: 'm', stack: 'at somewhere', name: 'Foreign' }; },
};
app.generic('f', { trigger: trigger.generic({ type: 'xTrigger', name: 'x' }), handler: (x) => thrown[x]() });
`})
	got := map[string][2]string{}
	for _, name := range []string{"error", "async", "undefined", "null", "string", "object", "number", "symbol", "circular", "silent", "likeness"} {
		resp, err := a.invoke("f", text(name))
		e := resp.GetResult().GetException()
		if err != nil || resp.GetResult().GetStatus() != funcrpc.StatusResult_Failure || !e.GetIsUserException() {
			t.Fatalf("%s: %v %v", name, resp, err)
		}
		got[name] = [2]string{e.GetType(), e.GetMessage()}
		switch stack := e.GetStackTrace(); {
		case strings.Contains(stack, "invoke.js"):
			t.Errorf("%s: our own part in the stack %s", name, stack)
		case name == "error" && !strings.Contains(stack, "index.js:5:"), name == "async" && !strings.Contains(stack, "caused by Error: root"):
			t.Errorf("%s: stack %s", name, stack)
		}
	}
	want := map[string][2]string{
		"error": {"Broken", "it broke"}, "async": {"Error", "late"}, "string": {"string", "text"}, "object": {"object", `{"code":7}`},
		"undefined": {"", "it failed with undefined and no reason; throw an Error to give one"},
		"null":      {"", "it failed with null and no reason; throw an Error to give one"},
		"number":    {"number", "0"}, "symbol": {"symbol", "Symbol(s)"}, "circular": {"object", "<ref *1> { c: [Circular *1] }"},
		"silent": {"Error", "Error"}, "likeness": {"Foreign", "m"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if resp, err := a.invoke("f", text("error")); err != nil || resp == nil {
		t.Error("the worker has gone: ", err)
	}
}

// TestRefusedApps: an app that cannot run says what is wrong, where, and what to do.
func TestRefusedApps(t *testing.T) {
	for name, c := range map[string]struct {
		main  string
		files map[string]string
		want  []string
	}{
		"syntax":         {"", map[string]string{"index.js": "const a = 1;\nconst b = ;\n"}, []string{"index.js:2: SyntaxError: Unexpected token ';'"}},
		"syntax, module": {"src/a.mjs", map[string]string{"src/a.mjs": "import './b.mjs';\n", "src/b.mjs": "\n\nlet a = ;\n"}, []string{"src/b.mjs:3: SyntaxError: Unexpected token ';'"}},
		"thrown":         {"src/*.js", map[string]string{"src/a.js": hello("a"), "src/b.js": "\nnope();"}, []string{"src/b.js:2:1: ReferenceError: nope is not defined"}},
		"no error":       {"", map[string]string{"index.js": "throw 'text';"}, []string{"index.js: text"}},
		"in a module":    {"a.mjs", map[string]string{"a.mjs": "import './b.mjs'", "b.mjs": "\nawait null; throw new RangeError('r')"}, []string{"b.mjs:2:19: RangeError: r"}},
		"no export":      {"a.mjs", map[string]string{"a.mjs": "import { nope } from './b.mjs'", "b.mjs": "export const a = 1"}, []string{"a.mjs:1: SyntaxError: The requested module './b.mjs' does not provide an export named 'nope'"}},
		"no package":     {"", map[string]string{"index.js": "\nrequire('left-pad-of-none');"}, []string{"index.js:2:1: Error: Cannot find module 'left-pad-of-none'\nthe package is not in node_modules: run npm install left-pad-of-none in "}},
		"no file":        {"src/gone.js", nil, []string{`package.json: "main" is "src/gone.js", and no file is so called`}},
		"no match":       {"dist/*.js", nil, []string{`package.json: "main" is "dist/*.js", and no file is so called`}},
		"twice":          {"src/*.js", map[string]string{"src/a.js": hello("same"), "src/b.js": hello("same")}, []string{`src/b.js:1:33: a function named "same" has already been registered, at src/a.js:1:33; give each its own name`}}, // told of the second alone, which this rig takes for the app
		"start hook":     {"", map[string]string{"index.js": "const { app } = require('@azure/functions');\napp.hook.appStart(() => { throw new Error('not today') });"}, []string{"index.js:2:33: Error: not today"}},
		"unknown hook":   {"", map[string]string{"index.js": "require('@azure/functions-core').registerHook('x', () => {})"}, []string{`RangeError: Unrecognized hook "x"`}},
		"exit":           {"", map[string]string{"index.js": "\nprocess.exit(4)"}, []string{"process.exit(4) was called at index.js:2:9"}},
		"rejected":       {"", map[string]string{"index.js": "require('@azure/functions');\n(async () => { throw new Error('nobody waits') })(); const until = Date.now() + 100; while (Date.now() < until);"}, []string{"a promise was rejected and nobody handled it (index.js:2:22): nobody waits"}},
		"older, by file": {"", map[string]string{"package.json": `{}`, "hello/function.json": "{}", "hello/index.js": ""}, []string{"hello/function.json declares a function in the older way (programming model v3), which does not run here", "https://aka.ms/AzFuncNodeV4", "func start"}},
		"older, by sdk":  {"", map[string]string{"package.json": `{"dependencies": {"@azure/functions": "^3.5.0"}}`}, []string{"it asks for @azure/functions ^3.5.0, the package of the older programming model v3"}},
		"older beside":   {"", map[string]string{"index.js": "", "hello/function.json": "{}"}, []string{"hello/function.json declares a function in the older way"}},
		"no json":        {"", map[string]string{"package.json": "{\n\"main\": }"}, []string{"package.json", "line 2: invalid character"}},
		"untyped":        {"", map[string]string{"package.json": "{\n\"main\": 7}"}, []string{"package.json", "line 2: json: cannot unmarshal number"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := launch(t, folder(t, c.main, c.files), worker.Timeouts{})
			if err == nil {
				t.Fatalf("it runs, with %v", slices.Sorted(maps.Keys(a.functions)))
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nlacks %q", err, want)
				}
			}
		})
	}
}

// TestRegisteredLate: functions are registered while the app starts, and not later.
func TestRegisteredLate(t *testing.T) {
	a := run(t, "", map[string]string{"index.js": `
const { app, trigger } = require('@azure/functions');
const t = trigger.generic({ type: 'xTrigger', name: 'x' });
app.generic('f', { trigger: t, handler: () => { app.generic('g', { trigger: t, handler: () => {} }); } });
`})
	resp, err := a.invoke("f", text(""))
	if err != nil || resp.GetResult().GetException().GetMessage() != "A function can only be registered during app startup." {
		t.Errorf("%v %v", resp, err)
	}
	if r, err := a.Invoke(t.Context(), &funcrpc.InvocationRequest{InvocationId: "x", FunctionId: "nobody"}, nil); err != nil || r.GetResult().GetException().GetMessage() != "no function has the id nobody" {
		t.Errorf("%v %v", r, err)
	}
}

// TestEnvironment: an app sees its settings and that it runs on Node, and not how we
// speak with it.
func TestEnvironment(t *testing.T) {
	a := run(t, "", map[string]string{"index.js": `
const { app, trigger } = require('@azure/functions');
app.generic('f', { trigger: trigger.generic({ type: 'xTrigger', name: 'x' }), handler: () => JSON.stringify({
    runtime: process.env.FUNCTIONS_WORKER_RUNTIME, greeting: process.env.GREETING, dir: process.cwd() === __dirname,
    ours: Object.keys(process.env).filter((k) => k.startsWith('LAZULI_') && k !== 'LAZULI_BINARY'), args: process.execArgv,
    host: require('@azure/functions-core').hostVersion,
}) });
`}, "GREETING", "hello", nodeArguments, "--stack-trace-limit=20 --no-warnings")
	var got map[string]any
	if err := json.Unmarshal([]byte(a.ok("f", text("")).GetReturnValue().GetString_()), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"runtime": "node", "greeting": "hello", "dir": true, "ours": []any{}, "args": []any{"--stack-trace-limit=20", "--no-warnings"}, "host": "4.0.0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

const nodeArguments = "languageWorkers__node__arguments"
