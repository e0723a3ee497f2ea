package functions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
)

// given is an input as a host sends it.
func given(name string, d *funcrpc.TypedData) *funcrpc.ParameterBinding {
	return &funcrpc.ParameterBinding{Name: name, RpcData: &funcrpc.ParameterBinding_Data{Data: d}}
}

func bytesData(s string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_Bytes{Bytes: []byte(s)}}
}

func stringData(s string) *funcrpc.TypedData {
	return &funcrpc.TypedData{Data: &funcrpc.TypedData_String_{String_: s}}
}

// storageApp has a function for queues and one for blobs, with every binding of
// storage; what it saw is in seen.
func storageApp(seen *string) *App {
	app := New()
	limit, device, doc := &BlobInput{Path: "limits/{deviceId}"}, &TableInput{Table: "devices", PartitionKey: "p", RowKey: "{deviceId}"}, &CosmosDBInput{Database: "d", Container: "c", ID: "{deviceId}"}
	work, row := &QueueOutput{Queue: "work"}, &TableOutput{Table: "rows", PartitionKey: "p"}
	app.Queue("message", QueueTrigger{Queue: "%Queue%"}, func(ctx context.Context, m Message) error {
		var site struct{ Site string }
		content, err1 := limit.Read(ctx)
		err2 := device.Get(ctx, &site)
		err3 := doc.Get(ctx, &site)
		*seen = fmt.Sprintf("%s %s %d %s %s | %s %v | %s %v | %v", m.Body, m.ID, m.DequeueCount, m.PopReceipt, m.Inserted.Format(time.RFC3339),
			content, err1, site.Site, err2, errors.Is(err3, fs.ErrNotExist))
		return errors.Join(work.Send(ctx, "text", []byte("bytes"), map[string]int{"n": 1}), row.Insert(ctx, map[string]string{"RowKey": "r"}))
	}, limit, work, device, row, doc)
	small := &BlobOutput{Path: "thumbnails/{name}", Connection: "Store"}
	app.Blob("picture", BlobTrigger{Path: "pictures/{day}/{name}", Connection: "Store", EventGrid: true}, func(ctx context.Context, b Blob) error {
		*seen = fmt.Sprintf("%q %s %s %v %s %s", b.Content, b.Container, b.Name, b.Params, b.Properties.Get("ContentType"), b.URI)
		return small.Write(ctx, []byte{0, 255})
	}, small)
	return app
}

func TestStorageBindings(t *testing.T) {
	var seen string
	m := storageApp(&seen).metadata().FunctionMetadataResults
	for i, want := range [][]string{
		{
			`{"name":"message","type":"queueTrigger","direction":"in","queueName":"%Queue%","connection":"AzureWebJobsStorage","dataType":"binary"}`,
			`{"name":"input","type":"blob","direction":"in","path":"limits/{deviceId}","connection":"AzureWebJobsStorage","dataType":"binary"}`,
			`{"name":"output","type":"queue","direction":"out","queueName":"work","connection":"AzureWebJobsStorage"}`,
			`{"name":"input2","type":"table","direction":"in","tableName":"devices","partitionKey":"p","rowKey":"{deviceId}","connection":"AzureWebJobsStorage"}`,
			`{"name":"output2","type":"table","direction":"out","tableName":"rows","partitionKey":"p","connection":"AzureWebJobsStorage"}`,
			`{"name":"input3","type":"cosmosDB","direction":"in","databaseName":"d","containerName":"c","connection":"CosmosDBConnection","id":"{deviceId}"}`,
		},
		{
			`{"name":"blob","type":"blobTrigger","direction":"in","path":"pictures/{day}/{name}","connection":"Store","source":"EventGrid","dataType":"binary"}`,
			`{"name":"output","type":"blob","direction":"out","path":"thumbnails/{name}","connection":"Store","dataType":"binary"}`,
		},
	} {
		if got := strings.Join(m[i].RawBindings, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("bindings of %s\n%s", m[i].Name, got)
		}
	}
}

const (
	sawMessage = `{"deviceId":"7"} m1 3 pop 2026-01-02T03:04:05Z | 40 <nil> | Jeju <nil> | true`
	sawPicture = `"\x00\xff" pictures mon/cat.png map[day:mon name:cat.png] image/png http://x/y`
	wroteWork  = `["text","bytes",{"n":1}]`
)

func TestStorageFunctionsInAWorker(t *testing.T) {
	var seen string
	h := startWorker(t, storageApp(&seen))
	resp := h.invoke("message", &funcrpc.InvocationRequest{
		InvocationId: "i1",
		InputData: []*funcrpc.ParameterBinding{
			given("message", bytesData(`{"deviceId":"7"}`)), given("input", bytesData("40")),
			given("input2", jsonData(`{"Site":"Jeju"}`)), given("input3", &funcrpc.TypedData{}),
		},
		TriggerMetadata: map[string]*funcrpc.TypedData{
			"Id": stringData("m1"), "DequeueCount": jsonData("3"), "PopReceipt": stringData("pop"),
			"InsertionTime": jsonData(`"2026-01-02T03:04:05+00:00"`), "QueueTrigger": stringData("x"),
		},
	})
	if seen != sawMessage {
		t.Errorf("saw  %s\nwant %s", seen, sawMessage)
	}
	got := map[string]string{}
	for _, o := range resp.OutputData {
		got[o.Name] = strings.ReplaceAll(o.GetData().GetJson(), "\n", "")
	}
	if got["output"] != wroteWork || got["output2"] != `[{"RowKey":"r"}]` || len(got) != 2 {
		t.Errorf("outputs %q, %v", got, resp.Result)
	}
	resp = h.invoke("picture", &funcrpc.InvocationRequest{
		InvocationId: "i2", InputData: []*funcrpc.ParameterBinding{given("blob", bytesData("\x00\xff"))},
		TriggerMetadata: map[string]*funcrpc.TypedData{
			"BlobTrigger": stringData("pictures/mon/cat.png"), "Uri": jsonData(`"http://x/y"`), "Properties": jsonData(`{"ContentType":"image/png"}`),
			"day": stringData("mon"), "name": stringData("cat.png"),
		},
	})
	if seen != sawPicture {
		t.Errorf("saw  %s\nwant %s", seen, sawPicture)
	}
	if len(resp.OutputData) != 1 || string(resp.OutputData[0].GetData().GetBytes()) != "\x00\xff" {
		t.Errorf("response %v", resp)
	}
}

func TestStorageFunctionsAsACustomHandler(t *testing.T) {
	var seen string
	h := storageApp(&seen).Handler("api")
	for _, tc := range []struct{ path, body, seen, want string }{
		{
			"/message",
			`{"Data":{"message":"eyJkZXZpY2VJZCI6IjcifQ==","input":"NDA=","input2":"{\"Site\":\"Jeju\"}","input3":null},"Metadata":{"Id":"\"m1\"","DequeueCount":"3","PopReceipt":"\"pop\"","InsertionTime":"\"2026-01-02T03:04:05+00:00\""}}`,
			sawMessage, `{"Outputs":{"output":` + wroteWork + `,"output2":[{"RowKey":"r"}]},"Logs":[],"ReturnValue":null}`,
		},
		{
			"/picture",
			`{"Data":{"blob":"AP8="},"Metadata":{"BlobTrigger":"\"pictures/mon/cat.png\"","Uri":"\"http://x/y\"","Properties":"{\"ContentType\":\"image/png\"}","day":"\"mon\"","name":"\"cat.png\""}}`,
			sawPicture, `{"Outputs":{"output":"AP8="},"Logs":[],"ReturnValue":null}`,
		},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", tc.path, strings.NewReader(tc.body)))
		if seen != tc.seen || w.Body.String() != tc.want {
			t.Errorf("%s: %d\nsaw  %s\nwant %s\nsaid %s\nwant %s", tc.path, w.Code, seen, tc.seen, w.Body, tc.want)
		}
	}
}

// TestStorageFailures: what a handler does wrong with an output or an input.
func TestStorageFailures(t *testing.T) {
	blob, queue, in := &BlobOutput{Path: "c/b"}, &QueueOutput{Queue: "q"}, &TableInput{Table: "t"}
	for name, tc := range map[string]struct {
		handle func(context.Context) error
		want   string
	}{
		"twice":    {func(ctx context.Context) error { _ = blob.Write(ctx, nil); _ = blob.Write(ctx, nil); return nil }, "output blob c/b: written twice"},
		"binary":   {func(ctx context.Context) error { return queue.Send(ctx, "ok", []byte{255}) }, "output queue q: message 1: the bytes are not text in UTF-8"},
		"shape":    {func(ctx context.Context) error { var v struct{}; return in.Get(ctx, &v) }, "input table t: json: cannot unmarshal array into Go value of type struct {}"},
		"foreign":  {func(ctx context.Context) error { _, err := (&BlobInput{Path: "x/y"}).Read(ctx); return err }, "functions: BlobInput.Read: function f is not registered with the input blob x/y"},
		"no run":   {func(context.Context) error { _, err := (&BlobInput{}).Read(context.Background()); return err }, "functions: BlobInput.Read outside an invocation: pass the handler's context"},
		"no run 2": {func(context.Context) error { return blob.Write(context.Background(), nil) }, "functions: BlobOutput.Write outside an invocation: pass the handler's context"},
		"no run 3": {func(context.Context) error { return in.Get(context.Background(), nil) }, "functions: TableInput.Get outside an invocation: pass the handler's context"},
	} {
		t.Run(name, func(t *testing.T) {
			app := New()
			app.Timer("f", TimerTrigger{Schedule: "* * * * * *"}, func(ctx context.Context, _ TimerInfo) error { return tc.handle(ctx) }, blob, queue, in)
			w := httptest.NewRecorder()
			app.Handler("api").ServeHTTP(w, httptest.NewRequest("POST", "/f", strings.NewReader(`{"Data":{"timer":{},"input":[]}}`)))
			if got := strings.TrimSpace(w.Body.String()); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
