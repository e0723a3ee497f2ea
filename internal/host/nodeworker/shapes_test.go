package nodeworker_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

var update = flag.Bool("update", false, "write the goldens anew")

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// seen is an app that says what it saw, by the vendor's package.
const seen = `
const { app, trigger, output, input } = require('@azure/functions');
const { ResourceFactoryResolver } = require('@azure/functions-extensions-base');
ResourceFactoryResolver.getInstance().registerResourceFactory('AzureStorageBlobs', (data) => Array.isArray(data)
    ? { clients: data.map((d) => d.content.toString()) }
    : { client: data.content.toString(), version: data.version, contentType: data.contentType });

async function shown(v) {
    if (v === undefined) return 'undefined';
    if (v === null || ['boolean', 'number', 'string'].includes(typeof v)) return v;
    if (Buffer.isBuffer(v)) return { buffer: v.toString('hex') };
    if (Array.isArray(v)) return Promise.all(v.map(shown));
    if (typeof v.arrayBuffer === 'function') {
        return {
            method: v.method, url: v.url, headers: Object.fromEntries(v.headers), query: Object.fromEntries(v.query),
            params: v.params, user: v.user && v.user.username, body: Buffer.from(await v.arrayBuffer()).toString('hex'),
        };
    }
    const out = {};
    for (const k of Object.keys(v)) out[k] = await shown(v[k]);
    return out;
}

const other = input.generic({ type: 'something', name: 'other' });
app.generic('in', {
    trigger: trigger.generic({ type: 'somethingTrigger', name: 'data' }), extraInputs: [other],
    handler: async (data, c) => JSON.stringify({
        data: await shown(data), other: await shown(c.extraInputs.get(other)), metadata: await shown(c.triggerMetadata),
        retry: c.retryContext, trace: c.traceContext, invocation: c.invocationId, function: c.functionName,
    }),
});
app.timer('timer', { schedule: '0 0 0 1 1 *', handler: async (data, c) => JSON.stringify({ data, metadata: await shown(c.triggerMetadata) }) });
app.http('http', { handler: async (data) => ({ body: JSON.stringify(await shown(data)) }) });
`

// incoming are values of every kind that a host can send.
func incoming() []struct {
	name string
	data *funcrpc.TypedData
} {
	model := func(content string) *funcrpc.ModelBindingData {
		return &funcrpc.ModelBindingData{Version: "1.0", Source: "AzureStorageBlobs", ContentType: "application/json", Content: []byte(content)}
	}
	return []struct {
		name string
		data *funcrpc.TypedData
	}{
		{"nothing", nil},
		{"empty", &funcrpc.TypedData{}},
		{"string", text("한글 \"q\" \x00")},
		{"string of json", text(`{"Aa": [1, "2"]}`)},
		{"string, empty", text("")},
		{"json", &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: `{"Aa":[1,null]}`}}},
		{"bytes", &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: []byte{0, 1, 0xfe}}}},
		{"bytes, empty", &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{}}},
		{"stream", &funcrpc.TypedData{Data: &funcrpc.TypedData_Stream{Stream: []byte{7}}}},
		{"int", &funcrpc.TypedData{Data: &funcrpc.TypedData_Int{Int: -1 << 53}}},
		{"int 0", &funcrpc.TypedData{Data: &funcrpc.TypedData_Int{}}},
		{"double", &funcrpc.TypedData{Data: &funcrpc.TypedData_Double{Double: 0.1}}},
		{"collection_string", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{String_: []string{"", "a", `{"b":1}`, "3"}}}}},
		{"collection_bytes", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionBytes{CollectionBytes: &funcrpc.CollectionBytes{Bytes: [][]byte{{1}, {}, {2, 3}}}}}},
		{"collection_sint64", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionSint64{CollectionSint64: &funcrpc.CollectionSInt64{Sint64: []int64{1, -2}}}}},
		{"collection_double", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionDouble{CollectionDouble: &funcrpc.CollectionDouble{Double: []float64{1.5, -2}}}}},
		{"collection_string, empty", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionString{CollectionString: &funcrpc.CollectionString{}}}},
		{"model_binding_data", &funcrpc.TypedData{Data: &funcrpc.TypedData_ModelBindingData{ModelBindingData: model("one")}}},
		{"collection_model_binding_data", &funcrpc.TypedData{Data: &funcrpc.TypedData_CollectionModelBindingData{
			CollectionModelBindingData: &funcrpc.CollectionModelBindingData{ModelBindingData: []*funcrpc.ModelBindingData{model("one"), model("two")}},
		}}},
	}
}

// TestIncoming: what the host sends is what the vendor's package gives to a
// function, for every kind of value.
func TestIncoming(t *testing.T) {
	a := run(t, "index.js", map[string]string{"index.js": seen})
	var b strings.Builder
	for _, c := range incoming() {
		resp := a.ok("in", c.data, func(r *funcrpc.InvocationRequest) { r.InvocationId = "id" })
		line(t, &b, c.name, resp.GetReturnValue().GetString_())
	}
	whole := a.ok("in", text("x"), func(r *funcrpc.InvocationRequest) {
		r.InvocationId = "id"
		r.InputData = append(r.InputData, &funcrpc.ParameterBinding{Name: "other", RpcData: &funcrpc.ParameterBinding_Data{Data: text(`{"Id":1}`)}})
		r.TriggerMetadata = map[string]*funcrpc.TypedData{
			"PartitionKey": text("k"), "Number": {Data: &funcrpc.TypedData_Json{Json: "7"}},
			"PropertiesArray": {Data: &funcrpc.TypedData_Json{Json: `[{"Foo":{"Bar":1}}]`}},
		}
		r.TraceContext = &funcrpc.RpcTraceContext{TraceParent: "00-a-b-01", TraceState: "s", Attributes: map[string]string{"k": "v"}}
		r.RetryContext = &funcrpc.RetryContext{RetryCount: 1, MaxRetryCount: 3, Exception: &funcrpc.RpcException{Message: "m", StackTrace: "s", Source: "o"}}
	})
	line(t, &b, "whole request", whole.GetReturnValue().GetString_())
	timer := a.ok("timer", &funcrpc.TypedData{Data: &funcrpc.TypedData_Json{Json: `{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}`}},
		func(r *funcrpc.InvocationRequest) {
			r.TriggerMetadata = map[string]*funcrpc.TypedData{"TimerTrigger": text("now")}
		})
	line(t, &b, "timer", timer.GetReturnValue().GetString_())
	for _, c := range requests() {
		resp := a.ok("http", &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: c.request}})
		line(t, &b, "http: "+c.name, string(resp.GetReturnValue().GetHttp().GetBody().GetBytes()))
	}
	golden(t, "incoming.txt", b.String())
}

// TestMessages: what the triggers of Kafka and Service Bus send, as their own tests
// have it in files, is what the vendor's package gives to a function.
func TestMessages(t *testing.T) {
	a := run(t, "index.js", map[string]string{"index.js": seen})
	var b strings.Builder
	for _, kind := range []string{"kafka", "servicebus"} {
		text, err := os.ReadFile("../../end/" + kind + "/testdata/shapes.json")
		if err != nil {
			t.Fatal(err)
		}
		var shapes []struct {
			Name    string
			Request json.RawMessage
		}
		if err := json.Unmarshal(text, &shapes); err != nil || len(shapes) == 0 {
			t.Fatal(err, len(shapes))
		}
		for _, s := range shapes {
			var sent funcrpc.InvocationRequest
			if err := protojson.Unmarshal(s.Request, &sent); err != nil {
				t.Fatal(err)
			}
			resp := a.ok("in", nil, func(r *funcrpc.InvocationRequest) {
				r.InvocationId, r.InputData, r.TriggerMetadata = "id", sent.InputData, sent.TriggerMetadata
			})
			line(t, &b, kind+": "+s.Name, resp.GetReturnValue().GetString_())
		}
	}
	golden(t, "messages.txt", b.String())
}

func line(t *testing.T, b *strings.Builder, name, object string) {
	t.Helper()
	fmt.Fprintf(b, "%s\n\t%s\n", name, object)
}

func nullable(pairs ...string) map[string]*funcrpc.NullableString {
	out := map[string]*funcrpc.NullableString{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &funcrpc.NullableString{String_: &funcrpc.NullableString_Value{Value: pairs[i+1]}}
	}
	return out
}

func requests() []struct {
	name    string
	request *funcrpc.RpcHttp
} {
	principal := "eyJhdXRoX3R5cCI6ImFhZCJ9" // {"auth_typ":"aad"}
	body := &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: []byte{0, 255}}}
	return []struct {
		name    string
		request *funcrpc.RpcHttp
	}{
		{"POST", &funcrpc.RpcHttp{
			Method: "POST", Url: "http://localhost:7071/api/x?a=1&a=2&e=", Body: body, NullableParams: nullable("id", "7", "rest", "b/c"),
			NullableQuery:   map[string]*funcrpc.NullableString{"a": nullable("", "1,2")[""], "e": {}},
			NullableHeaders: nullable("content-type", "image/png", "x-other", "v"),
		}},
		{"no query", &funcrpc.RpcHttp{Method: "PUT", Url: "http://localhost/api/x?b=%20c", Body: text("text")}},
		{"GET with a body", &funcrpc.RpcHttp{Method: "GET", Url: "http://localhost/api/x", Body: body}},
		{"who", &funcrpc.RpcHttp{Method: "GET", Url: "http://localhost/", NullableHeaders: nullable(
			"x-ms-client-principal", principal, "x-ms-client-principal-id", "i", "x-ms-client-principal-name", "somebody", "x-ms-client-principal-idp", "aad")}},
	}
}

// given is an app that returns values of all kinds.
const given = `
const { app, trigger, output, HttpResponse } = require('@azure/functions');
const values = {
    undefined: undefined, null: null, true: true, string: '한글', empty: '', int: 7, minus: -7, zero: -0, double: 0.5,
    large: 2 ** 53, huge: 1e300, NaN: NaN, Infinity: -Infinity, object: { a: [1, null] }, array: ['a', { b: 1 }],
    buffer: Buffer.from([0, 255]), view: new Uint16Array([1, 256]), arrayBuffer: new Uint8Array([1, 2]).buffer,
    date: new Date(0), function: () => 1, symbol: Symbol('s'), surrogate: '\ud800',
    bigint: 1n, circular: (() => { const c = {}; c.c = c; return c; })(),
};
const out = output.generic({ type: 'something', name: 'out' });
app.generic('names', { trigger: trigger.generic({ type: 'somethingTrigger', name: 'in' }), handler: () => Object.keys(values).join() });
app.generic('give', {
    trigger: trigger.generic({ type: 'somethingTrigger', name: 'in' }), extraOutputs: [out],
    handler: (name, context) => { context.extraOutputs.set(out, values[name]); return values[name]; },
});
const expires = new Date('2026-10-21T07:28:00Z');
const responses = {
    nothing: undefined, empty: {}, body: { body: 'text' }, bytes: { body: Buffer.from([0, 255]) }, json: { jsonBody: { a: 1 } },
    status: { status: 404, body: 'none' }, 'no content': { status: 204, body: 'dropped' },
    headers: { headers: { 'X-A': '1', 'Content-Type': 'text/css' }, body: 'b' },
    cookies: { cookies: [
        { name: 'a', value: '1', path: '/x', maxAge: 60, httpOnly: true, sameSite: 'Lax' },
        { name: 'b', value: '2', expires, secure: true, sameSite: 'None', domain: 'd' },
        { name: 'c', value: '3', sameSite: 'Strict', maxAge: 0, secure: false },
    ] },
    stream: { body: new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('chunk')); c.close(); } }) },
    form: { body: new URLSearchParams({ a: 'b c' }) }, object: new HttpResponse({ status: 201, body: 'of the class' }),
    negotiate: { enableContentNegotiation: true, body: 'n' },
    string: 'a string', number: 7, 'bad status': { status: 99 }, 'bad cookie': { cookies: [{ name: 1, value: 'v' }] },
};
app.http('responses', { handler: () => ({ body: Object.keys(responses).join() }) });
app.http('answer', { handler: (request) => responses[request.query.get('name')] });
`

// TestOutgoing: what a function returns and puts out is what the host receives, for
// every kind of value; what has no form fails the one invocation.
func TestOutgoing(t *testing.T) {
	a := run(t, "index.js", map[string]string{"index.js": given})
	var b strings.Builder
	for name := range strings.SplitSeq(a.ok("names", text("")).GetReturnValue().GetString_(), ",") {
		resp, err := a.invoke("give", text(name))
		if err != nil {
			t.Fatal(name, err)
		}
		outcome(t, &b, name, resp)
	}
	request := func(name string) *funcrpc.TypedData {
		return &funcrpc.TypedData{Data: &funcrpc.TypedData_Http{Http: &funcrpc.RpcHttp{
			Method: "GET", Url: "http://localhost/", NullableQuery: nullable("name", name),
		}}}
	}
	names := a.ok("responses", request("")).GetReturnValue().GetHttp().GetBody().GetBytes()
	for name := range strings.SplitSeq(string(names), ",") {
		resp, err := a.invoke("answer", request(name))
		if err != nil {
			t.Fatal(name, err)
		}
		outcome(t, &b, "http: "+name, resp)
	}
	golden(t, "outgoing.txt", b.String())
	cookie := a.ok("answer", request("cookies")).GetReturnValue().GetHttp().GetCookies()[1]
	if want := timestamppb.New(time.Date(2026, 10, 21, 7, 28, 0, 0, time.UTC)); cookie.GetExpires().GetValue().AsTime() != want.AsTime() {
		t.Errorf("expires %v", cookie.GetExpires())
	}
}

// outcome writes what came back, in one line.
func outcome(t *testing.T, b *strings.Builder, name string, resp *funcrpc.InvocationResponse) {
	t.Helper()
	resp.InvocationId = ""
	if e := resp.GetResult().GetException(); e != nil {
		e.StackTrace = ""
	}
	raw, err := protojson.Marshal(resp)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer // protojson varies its spaces on purpose
	if err := json.Compact(&compact, raw); err != nil {
		t.Fatal(err)
	}
	line(t, b, name, compact.String())
}
