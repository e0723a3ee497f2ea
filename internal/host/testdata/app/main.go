// Command app is the function app of the host's tests. Events tell it how to
// behave: an event with "do" panics, exits, hangs or fails.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"

	"github.com/lazuli-dev/lazuli/functions"
)

type reading struct {
	ID          string  `json:"id"`
	Device      string  `json:"deviceId"`
	Temperature float64 `json:"temperature"`
	Do          string  `json:"do,omitempty"`
}

func main() {
	app := functions.New()
	out := &functions.CosmosDBOutput{Database: "db", Container: "events", Connection: "Cosmos"}
	process := process(out)
	app.EventHub("process", functions.EventHubTrigger{Hub: "%HubName%", Connection: "Hub"}, process, out)
	app.EventHub("retried", functions.EventHubTrigger{Hub: "retried", Connection: "Hub", Retry: functions.FixedDelay(2, 1)}, process, out)
	app.EventHubEach("each", functions.EventHubTrigger{Hub: "single", Connection: "Hub"},
		func(ctx context.Context, e functions.Event) error { return process(ctx, []functions.Event{e}) }, out)
	app.CosmosDB("alarm", functions.CosmosDBTrigger{
		Database: "db", Container: "events", Connection: "Cosmos", StartFromBeginning: true,
	}, alarm)
	app.HTTP("hello", functions.HTTPTrigger{
		Route: "hello/{name?}", Methods: []string{"GET", "POST"}, Auth: functions.AuthAnonymous,
	}, hello)
	app.HTTP("store", functions.HTTPTrigger{Methods: []string{"POST"}, Auth: functions.AuthAnonymous}, store(out), out)
	relay := &functions.EventHubOutput{Hub: "relayed", Connection: "Hub", PartitionKey: "/deviceId"}
	app.Timer("relay", functions.TimerTrigger{Schedule: "0 0 0 1 1 *"}, func(ctx context.Context, info functions.TimerInfo) error {
		slog.InfoContext(ctx, "relaying", "past_due", info.PastDue)
		device := os.Getenv("RELAY_DEVICE")
		return relay.Send(ctx, reading{ID: "1", Device: device}, reading{ID: "2", Device: device})
	}, relay)
	app.Main()
}

func process(out *functions.CosmosDBOutput) func(context.Context, []functions.Event) error {
	return func(ctx context.Context, batch []functions.Event) error {
		for _, e := range batch {
			var r reading
			if err := e.Decode(&r); err != nil {
				slog.WarnContext(ctx, "skipped broken event", "offset", e.Offset)
				continue
			}
			if err := errors.Join(obey(ctx, r.Do), out.Upsert(ctx, r)); err != nil {
				return err
			}
		}
		slog.InfoContext(ctx, "processed batch", "events", len(batch))
		return nil
	}
}

func obey(ctx context.Context, do string) error {
	switch do {
	case "panic":
		panic("asked to")
	case "exit":
		fmt.Fprintln(os.Stderr, "last words")
		os.Exit(3)
	case "hang":
		<-make(chan struct{})
	case "fail":
		return errors.New("asked to fail")
	case "exit-once":
		marker := os.Getenv("MARKER")
		if _, err := os.Stat(marker); err != nil {
			if err := os.WriteFile(marker, nil, 0o600); err != nil {
				return err
			}
			os.Exit(3)
		}
	}
	return nil
}

func alarm(ctx context.Context, docs []functions.Document) error {
	for _, d := range docs {
		var r reading
		if err := d.Decode(&r); err != nil {
			return err
		}
		if r.Temperature > 40 {
			slog.WarnContext(ctx, "too hot", "device", r.Device, "temperature", r.Temperature)
		}
	}
	return nil
}

func hello(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("do") == "hang" {
		<-r.Context().Done()
	}
	if r.URL.Query().Get("do") == "panic" {
		panic("asked to")
	}
	if name := r.URL.Query().Get("env"); name != "" {
		fmt.Fprint(w, os.Getenv(name))
		return
	}
	if r.URL.Query().Get("do") == "stream" {
		stream(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("X-Custom", "yes")
	http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
	if len(body) > 0 {
		w.WriteHeader(http.StatusCreated)
	}
	fmt.Fprintf(w, "hello %s %s%s", r.PathValue("name"), r.URL.Query().Get("q"), body)
}

func store(events *functions.CosmosDBOutput) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var doc json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := events.Upsert(r.Context(), doc); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, "stored")
	}
}

// stream writes a line that says who calls, lets it go out, waits for a line
// of the request, and fails when that is "panic".
func stream(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "hello %s\n", r.RemoteAddr)
	w.(http.Flusher).Flush()
	line, err := bufio.NewReader(r.Body).ReadString('\n')
	if err != nil {
		return
	}
	if line == "panic\n" {
		panic("asked to")
	}
	fmt.Fprint(w, "you said "+line)
}
