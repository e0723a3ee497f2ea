package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/functions"
)

// maxBody bounds what a caller may post: the size of a document.
const maxBody = 2 << 20

// greet answers with the name given in the query or in a JSON body.
func greet(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" {
		var body struct{ Name string }
		if json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&body) == nil {
			name = body.Name
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if name == "" {
		fmt.Fprint(w, "This HTTP triggered function executed successfully. Pass a name in the query string or in the request body for a personalized response.")
		return
	}
	fmt.Fprintf(w, "Hello, %s. This HTTP triggered function executed successfully.", name)
}

// health tells a load balancer that the app runs.
func health(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"status":    "healthy",
		"timestamp": now(),
		"service":   "azure-functions",
	})
}

// processEvent stores one event that was posted. The document is what was
// sent, with a few fields of ours.
func processEvent(events *functions.CosmosDBOutput) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		event, err := readEvent(w, r)
		if err != nil {
			say(r.Context(), slog.LevelWarn, "HTTP trigger refused an event: %v", err)
			reply(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
			return
		}
		processedAt := now()
		event["processedAt"] = processedAt
		event["source"] = "http-trigger"
		event["status"] = "processed"
		if err := events.Upsert(r.Context(), event); err != nil {
			reply(w, http.StatusInternalServerError, map[string]any{"error": err.Error()})
			return
		}
		say(r.Context(), slog.LevelInfo, "HTTP trigger processed event %s of device %s", event["id"], event["deviceId"])
		reply(w, http.StatusOK, map[string]any{
			"status":      "success",
			"message":     "Event processed successfully",
			"eventId":     event["id"],
			"processedAt": processedAt,
		})
	}
}

// readEvent reads a JSON object with an id and a deviceId. Numbers keep their
// text.
func readEvent(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.UseNumber()
	var event map[string]any
	if err := dec.Decode(&event); err != nil || event == nil {
		return nil, fmt.Errorf("the request body is not a JSON object")
	}
	if dec.More() {
		return nil, fmt.Errorf("the request body is more than one JSON object")
	}
	for _, field := range []string{"id", "deviceId"} {
		if s, ok := event[field].(string); !ok || s == "" {
			return nil, fmt.Errorf("required field %q is missing, or is not a text", field)
		}
	}
	return event, nil
}

func reply(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }
