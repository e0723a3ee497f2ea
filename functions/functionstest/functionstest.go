// Package functionstest calls the functions of an app in unit tests, with no
// host, no network and no services.
//
// A call takes the way of a custom handler's invocation through the app, so
// that registration, decoding, panics and the encoding of outputs behave as
// when deployed. Nothing is stored: what the function would have written is
// in the [Result].
package functionstest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/functions"
)

// Result is what one invocation produced.
type Result struct {
	// Documents are those of the function's first output, in order.
	Documents []functions.Document
	// Outputs are the documents or events of every output, by binding name: "output",
	// "output2" and so on, in the order of registration.
	Outputs map[string][]functions.Document
	// Logs are the messages logged, those above or below information with
	// their level in brackets: "[Warning] it is hot".
	Logs []string
	// Response is the answer of an HTTP function, otherwise nil.
	Response *http.Response
}

// CaptureLogs makes [functions.NewLogHandler] slog's default until the test
// ends, as [functions.App.Main] does for a program, so that records logged
// through slog's top-level functions are in [Result.Logs]. Those of
// [functions.Logger] are there without it. Do not use it in parallel tests.
func CaptureLogs(t testing.TB) {
	before := slog.Default()
	slog.SetDefault(slog.New(functions.NewLogHandler(slog.DiscardHandler)))
	t.Cleanup(func() { slog.SetDefault(before) })
}

// Failure is the error of an invocation that failed: what the handler
// returned, or its panic with the stack.
type Failure struct{ Message string }

func (f *Failure) Error() string { return f.Message }

// Events calls a function registered with [functions.App.EventHub] with a
// batch of events. The error is a [*Failure] when the handler failed.
func Events(app *functions.App, name string, events ...functions.Event) (*Result, error) {
	n := len(events)
	bodies, keys, offsets := make([][]byte, n), make([]string, n), make([]string, n)
	numbers, times := make([]int64, n), make([]time.Time, n)
	props, system := make([]functions.Properties, n), make([]functions.Properties, n)
	partition := ""
	for i, e := range events {
		bodies[i], keys[i], offsets[i] = e.Body, e.PartitionKey, e.Offset
		numbers[i], times[i] = e.SequenceNumber, e.EnqueuedTime
		props[i], system[i] = e.Properties, e.SystemProperties
		partition = e.PartitionID
	}
	return invoke(app, name, "events", bodies, map[string]any{
		"PartitionKeyArray": keys, "OffsetArray": offsets, "SequenceNumberArray": numbers,
		"EnqueuedTimeUtcArray": times, "PropertiesArray": props, "SystemPropertiesArray": system,
		"PartitionContext": map[string]string{"PartitionId": partition},
	})
}

// Event calls a function registered with [functions.App.EventHubEach].
func Event(app *functions.App, name string, e functions.Event) (*Result, error) {
	return invoke(app, name, "event", e.Body, map[string]any{
		"PartitionKey": e.PartitionKey, "Offset": e.Offset, "SequenceNumber": e.SequenceNumber,
		"EnqueuedTimeUtc": e.EnqueuedTime, "Properties": e.Properties, "SystemProperties": e.SystemProperties,
		"PartitionContext": map[string]string{"PartitionId": e.PartitionID},
	})
}

// Changes calls a function registered with [functions.App.CosmosDB] with
// changed documents, each encoded by [json.Marshal].
func Changes(app *functions.App, name string, docs ...any) (*Result, error) {
	if docs == nil {
		docs = []any{}
	}
	return invoke(app, name, "documents", docs, nil)
}

// Timer calls a function registered with [functions.App.Timer].
func Timer(app *functions.App, name string, info functions.TimerInfo) (*Result, error) {
	payload := map[string]any{"IsPastDue": info.PastDue}
	if !info.Last.IsZero() || !info.Next.IsZero() {
		payload["ScheduleStatus"] = map[string]time.Time{"Last": info.Last, "Next": info.Next}
	}
	return invoke(app, name, "timer", payload, nil)
}

// HTTP calls a function registered with [functions.App.HTTP]. Route parameters
// are taken from the request's path values ([http.Request.SetPathValue]) for
// the names given.
func HTTP(app *functions.App, name string, r *http.Request, params ...string) (*Result, error) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, p := range params {
		values[p] = r.PathValue(p)
	}
	kind := strings.ToLower(r.Header.Get("Content-Type"))
	body := string(content)
	if strings.HasPrefix(kind, "application/octet-stream") || strings.HasPrefix(kind, "multipart/") {
		body = base64.StdEncoding.EncodeToString(content)
	}
	return invoke(app, name, "req", map[string]any{
		"Url": r.URL.String(), "Method": r.Method, "Query": flat(r.URL.Query()),
		"Headers": r.Header, "Params": values, "Body": body,
	}, nil)
}

func flat(q url.Values) map[string]string {
	out := map[string]string{}
	for name := range q {
		out[name] = q.Get(name)
	}
	return out
}

func invoke(app *functions.App, name, binding string, input any, metadata map[string]any) (*Result, error) {
	if err := app.Err(); err != nil {
		return nil, err
	}
	envelope, err := json.Marshal(map[string]any{"Data": map[string]any{binding: input}, "Metadata": metadata})
	if err != nil {
		return nil, fmt.Errorf("functionstest: %w", err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/"+url.PathEscape(name), bytes.NewReader(envelope))
	r.Header.Set("X-Azure-Functions-InvocationId", "test")
	app.Handler("api").ServeHTTP(w, r)
	switch w.Code {
	case http.StatusOK:
		return decode(w.Body.Bytes())
	case http.StatusNotFound:
		return nil, errors.New("functionstest: the app has no function " + name)
	default:
		return nil, &Failure{Message: strings.TrimSpace(w.Body.String())}
	}
}

func decode(text []byte) (*Result, error) {
	var answer struct {
		Outputs map[string]json.RawMessage
		Logs    []string
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("functionstest: %w", err)
	}
	res := &Result{Outputs: map[string][]functions.Document{}, Logs: answer.Logs}
	for name, raw := range answer.Outputs {
		if name == "res" {
			if err := res.respond(raw); err != nil {
				return nil, fmt.Errorf("functionstest: %w", err)
			}
			continue
		}
		var docs []json.RawMessage
		if err := json.Unmarshal(raw, &docs); err != nil {
			return nil, fmt.Errorf("functionstest: %w", err)
		}
		for _, d := range docs {
			res.Outputs[name] = append(res.Outputs[name], functions.Document(d))
		}
	}
	res.Documents = res.Outputs["output"]
	return res, nil
}

func (res *Result) respond(raw json.RawMessage) error {
	var answer struct {
		StatusCode int `json:"statusCode,string"`
		Headers    map[string]string
		Body       string
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	w := httptest.NewRecorder()
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(answer.StatusCode)
	if answer.Body != "" { // some statuses allow none
		if _, err := io.WriteString(w, answer.Body); err != nil {
			return err
		}
	}
	res.Response = w.Result()
	return nil
}
