package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions"
)

// retryDelay is the wait between attempts on a batch that could not be stored.
const retryDelay = 2 * time.Second

// document is an event as it is stored.
type document struct {
	ID          string          `json:"id"`
	DeviceID    string          `json:"deviceId"`
	EventType   string          `json:"eventType"`
	Timestamp   json.RawMessage `json:"timestamp"` // as the device wrote it
	Data        json.RawMessage `json:"data"`
	Location    json.RawMessage `json:"location"`
	EventHub    eventHub        `json:"eventHub"`
	ProcessedAt string          `json:"processedAt"`
	Source      string          `json:"source"`
	Status      string          `json:"status"`
}

// eventHub says where in the hub the event was.
type eventHub struct {
	PartitionKey   string    `json:"partitionKey"`
	SequenceNumber int64     `json:"sequenceNumber"`
	EnqueuedTime   time.Time `json:"enqueuedTime"`
	Offset         string    `json:"offset"`
}

// processBatch turns a batch of telemetry into documents. An event that is not
// a JSON object is logged and left out; the others are stored.
func processBatch(to *functions.CosmosDBOutput) func(context.Context, []functions.Event) error {
	return func(ctx context.Context, events []functions.Event) error {
		say(ctx, slog.LevelInfo, "EventHub trigger function processing %d events", len(events))
		processedAt := now()
		docs := make([]any, 0, len(events))
		for _, e := range events {
			doc, err := newDocument(e, processedAt)
			if err != nil {
				say(ctx, slog.LevelError, "Skipping an event that is not telemetry: %v", err)
				continue
			}
			docs = append(docs, doc)
		}
		say(ctx, slog.LevelInfo, "Successfully processed %d of %d events", len(docs), len(events))
		return to.Upsert(ctx, docs...)
	}
}

func newDocument(e functions.Event, processedAt string) (*document, error) {
	doc := &document{Data: json.RawMessage("{}"), Location: json.RawMessage("{}")}
	if err := e.Decode(doc); err != nil {
		return nil, err
	}
	if string(e.Body) == "null" {
		return nil, fmt.Errorf("event %d: null", e.SequenceNumber)
	}
	if doc.ID == "" {
		doc.ID = fmt.Sprintf("evt-%d", e.SequenceNumber)
	}
	if doc.DeviceID == "" {
		doc.DeviceID = "unknown"
	}
	if doc.EventType == "" {
		doc.EventType = "telemetry"
	}
	if doc.Timestamp == nil {
		doc.Timestamp = json.RawMessage(`"` + processedAt + `"`)
	}
	doc.EventHub = eventHub{
		PartitionKey:   e.PartitionKey,
		SequenceNumber: e.SequenceNumber,
		EnqueuedTime:   e.EnqueuedTime,
		Offset:         e.Offset,
	}
	doc.ProcessedAt, doc.Source, doc.Status = processedAt, "eventhub-trigger", "processed"
	return doc, nil
}

// maxTemperature is the threshold of the alarm, in °C.
const maxTemperature = 40.0

// watchChanges looks at every stored document and warns of devices that run
// hot.
func watchChanges(ctx context.Context, docs []functions.Document) error {
	say(ctx, slog.LevelInfo, "Cosmos DB Change Feed triggered with %d document(s)", len(docs))
	for _, d := range docs {
		var doc struct {
			ID        string
			DeviceID  string `json:"deviceId"`
			EventType string `json:"eventType"`
			Data      struct{ Temperature *float64 }
		}
		if err := d.Decode(&doc); err != nil {
			say(ctx, slog.LevelError, "Skipping a document of another shape: %v", err)
			continue
		}
		say(ctx, slog.LevelInfo, "Document changed: id=%s deviceId=%s eventType=%s", doc.ID, doc.DeviceID, doc.EventType)
		if t := doc.Data.Temperature; doc.EventType == "telemetry" && t != nil && *t > maxTemperature {
			say(ctx, slog.LevelWarn, "High temperature alert: %s °C exceeds the threshold of %s °C on device %s",
				degrees(*t), degrees(maxTemperature), doc.DeviceID)
		}
	}
	return nil
}

// degrees writes a temperature with at least one decimal, and with all that it
// has: rounded, 40.01 would not exceed 40.0.
func degrees(t float64) string {
	text := strconv.FormatFloat(t, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
