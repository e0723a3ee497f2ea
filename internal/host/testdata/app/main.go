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
	out := functions.CosmosOutput("db", "events", functions.Connection("Cosmos"))
	store := func(w http.ResponseWriter, r *http.Request) { store(w, r, out) }
	app.EventHub("process", process, functions.Hub("%HubName%"), functions.Connection("Hub"), out)
	app.EventHub("retried", process, functions.Hub("retried"), functions.Connection("Hub"), out,
		functions.FixedDelay(2, 1))
	app.EventHubEach("each", each, functions.Hub("single"), functions.Connection("Hub"), out)
	app.CosmosDB("alarm", alarm, functions.Database("db"), functions.Container("events"), functions.Connection("Cosmos"),
		functions.StartFromBeginning())
	app.HTTP("hello", hello, functions.Route("hello/{name?}"), functions.Methods("GET", "POST"), functions.Auth(functions.AuthAnonymous))
	app.HTTP("store", store, functions.Methods("POST"), functions.Auth(functions.AuthAnonymous), out)
	sent := functions.EventHubOutput("relayed", functions.Connection("Hub"), functions.PartitionKey("/deviceId"))
	app.Timer("relay", func(ctx context.Context, info functions.TimerInfo) error {
		slog.InfoContext(ctx, "relaying", "past_due", info.PastDue)
		device := os.Getenv("RELAY_DEVICE")
		return sent.Add(ctx, reading{ID: "1", Device: device}, reading{ID: "2", Device: device})
	}, functions.Schedule("0 0 0 1 1 *"), sent)
	app.Main()
}

func process(ctx context.Context, batch []functions.Event) (functions.Documents, error) {
	var docs functions.Documents
	for _, e := range batch {
		var r reading
		if err := e.Decode(&r); err != nil {
			slog.WarnContext(ctx, "skipped broken event", "offset", e.Offset)
			continue
		}
		if err := obey(ctx, r.Do); err != nil {
			return nil, err
		}
		docs = append(docs, r)
	}
	slog.InfoContext(ctx, "processed batch", "events", len(batch))
	return docs, nil
}

func each(ctx context.Context, e functions.Event) (functions.Documents, error) {
	return process(ctx, []functions.Event{e})
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

func store(w http.ResponseWriter, r *http.Request, events *functions.Output) {
	var doc json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := events.Add(r.Context(), doc); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, "stored")
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
