package functionstest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions"
	"github.com/lazuli-dev/lazuli/functions/functionstest"
)

func TestEventsArriveAsGiven(t *testing.T) {
	var got []functions.Event
	app := functions.New()
	keep := func(_ context.Context, events []functions.Event) error {
		got = append(got, events...)
		return nil
	}
	app.EventHub("many", functions.EventHubTrigger{Hub: "h"}, keep)
	app.EventHubEach("one", functions.EventHubTrigger{Hub: "h"}, func(ctx context.Context, e functions.Event) error {
		return keep(ctx, []functions.Event{e})
	})
	want := functions.Event{
		Body: []byte{0, 255, '"'}, PartitionKey: "42", PartitionID: "1", SequenceNumber: 9, Offset: "900",
		EnqueuedTime: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		Properties:   functions.Properties(`{"a":"b"}`), SystemProperties: functions.Properties(`{}`),
	}
	if _, err := functionstest.Events(app, "many", want); err != nil {
		t.Fatal(err)
	}
	if _, err := functionstest.Event(app, "one", want); err != nil {
		t.Fatal(err)
	}
	if want := []functions.Event{want, want}; !reflect.DeepEqual(want, got) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestHTTPAndFailures(t *testing.T) {
	app := functions.New()
	app.HTTP("echo", functions.HTTPTrigger{Route: "echo/{id}"}, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.PathValue("id")+r.URL.Query().Get("q")+string(content))
	})
	app.CosmosDB("broken", functions.CosmosDBTrigger{Database: "d", Container: "c"},
		func(context.Context, []functions.Document) error { panic("no") })

	r := httptest.NewRequest("POST", "/api/echo/7?q=8", strings.NewReader("9"))
	r.SetPathValue("id", "7")
	res, err := functionstest.HTTP(app, "echo", r, "id")
	if err != nil {
		t.Fatal(err)
	}
	if content, _ := io.ReadAll(res.Response.Body); res.Response.StatusCode != http.StatusTeapot || string(content) != "789" {
		t.Errorf("response %d %s", res.Response.StatusCode, content)
	}
	var failure *functionstest.Failure
	if _, err := functionstest.Changes(app, "broken"); !errors.As(err, &failure) || !strings.HasPrefix(failure.Message, "panic: no\ngoroutine") {
		t.Errorf("failure %v", err)
	}
	if _, err := functionstest.Changes(app, "missing"); err == nil || errors.As(err, &failure) {
		t.Errorf("unknown function: %v", err)
	}
}
