// Package functionstest calls the functions of an app in unit tests, with no
// host, no network and no services.
//
// A call takes the way of a custom handler's invocation through the app, so
// that registration, middleware, decoding, panics and the encoding of outputs
// behave as when deployed. Nothing is stored: what the function would have
// written is in the [Result].
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
	// Output is what the function's first output got, in order: documents,
	// events, messages or entities, or one blob's content.
	Output []functions.Document
	// Outputs is the same of every output, by binding name: "output", "output2"
	// and so on, in the order of registration.
	Outputs map[string][]functions.Document
	// Logs are the messages logged, those above or below information with
	// their level in brackets: "[Warning] it is hot".
	Logs []string
	// Response is the answer of an HTTP function, otherwise nil.
	Response *http.Response
}

// Given is what the inputs of a function hold, by binding name: "input",
// "input2" and so on, in the order of registration. A []byte is the content of
// a blob; anything else is encoded by [json.Marshal]. An input that is not
// given does not exist. The functions of this package give none; Given has
// methods of the same names that do.
type Given map[string]any

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
	return Given{}.Events(app, name, events...)
}

// Event calls a function registered with [functions.App.EventHubEach].
func Event(app *functions.App, name string, e functions.Event) (*Result, error) {
	return Given{}.Event(app, name, e)
}

// Changes calls a function registered with [functions.App.CosmosDB] with
// changed documents, each encoded by [json.Marshal].
func Changes(app *functions.App, name string, docs ...any) (*Result, error) {
	return Given{}.Changes(app, name, docs...)
}

// Timer calls a function registered with [functions.App.Timer].
func Timer(app *functions.App, name string, info functions.TimerInfo) (*Result, error) {
	return Given{}.Timer(app, name, info)
}

// Message calls a function registered with [functions.App.Queue].
func Message(app *functions.App, name string, m functions.Message) (*Result, error) {
	return Given{}.Message(app, name, m)
}

// Blob calls a function registered with [functions.App.Blob].
func Blob(app *functions.App, name string, b functions.Blob) (*Result, error) {
	return Given{}.Blob(app, name, b)
}

// HTTP calls a function registered with [functions.App.HTTP]. Route parameters
// are taken from the request's path values ([http.Request.SetPathValue]) for
// the names given.
func HTTP(app *functions.App, name string, r *http.Request, params ...string) (*Result, error) {
	return Given{}.HTTP(app, name, r, params...)
}

// Events is [Events] with inputs.
func (g Given) Events(app *functions.App, name string, events ...functions.Event) (*Result, error) {
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
	return g.invoke(app, name, "events", bodies, map[string]any{
		"PartitionKeyArray": keys, "OffsetArray": offsets, "SequenceNumberArray": numbers,
		"EnqueuedTimeUtcArray": times, "PropertiesArray": props, "SystemPropertiesArray": system,
		"PartitionContext": map[string]string{"PartitionId": partition},
	})
}

// Event is [Event] with inputs.
func (g Given) Event(app *functions.App, name string, e functions.Event) (*Result, error) {
	return g.invoke(app, name, "event", e.Body, map[string]any{
		"PartitionKey": e.PartitionKey, "Offset": e.Offset, "SequenceNumber": e.SequenceNumber,
		"EnqueuedTimeUtc": e.EnqueuedTime, "Properties": e.Properties, "SystemProperties": e.SystemProperties,
		"PartitionContext": map[string]string{"PartitionId": e.PartitionID},
	})
}

// Changes is [Changes] with inputs.
func (g Given) Changes(app *functions.App, name string, docs ...any) (*Result, error) {
	if docs == nil {
		docs = []any{}
	}
	return g.invoke(app, name, "documents", docs, nil)
}

// Timer is [Timer] with inputs.
func (g Given) Timer(app *functions.App, name string, info functions.TimerInfo) (*Result, error) {
	payload := map[string]any{"IsPastDue": info.PastDue}
	if !info.Last.IsZero() || !info.Next.IsZero() {
		payload["ScheduleStatus"] = map[string]time.Time{"Last": info.Last, "Next": info.Next}
	}
	return g.invoke(app, name, "timer", payload, nil)
}

// Message is [Message] with inputs.
func (g Given) Message(app *functions.App, name string, m functions.Message) (*Result, error) {
	metadata := map[string]any{"Id": m.ID, "PopReceipt": m.PopReceipt, "DequeueCount": m.DequeueCount}
	for key, at := range map[string]time.Time{"InsertionTime": m.Inserted, "ExpirationTime": m.Expires, "NextVisibleTime": m.NextVisible} {
		if !at.IsZero() {
			metadata[key] = at
		}
	}
	return g.invoke(app, name, "message", notNil(m.Body), metadata)
}

// Blob is [Blob] with inputs.
func (g Given) Blob(app *functions.App, name string, b functions.Blob) (*Result, error) {
	metadata := map[string]any{
		"BlobTrigger": b.Container + "/" + b.Name, "Uri": b.URI,
		"Properties": b.Properties, "Metadata": b.Metadata,
	}
	for key, value := range b.Params {
		metadata[key] = value
	}
	return g.invoke(app, name, "blob", notNil(b.Content), metadata)
}

func notNil(b []byte) []byte { return append([]byte{}, b...) }

// HTTP is [HTTP] with inputs.
func (g Given) HTTP(app *functions.App, name string, r *http.Request, params ...string) (*Result, error) {
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
	return g.invoke(app, name, "req", map[string]any{
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

func (g Given) invoke(app *functions.App, name, trigger string, input any, metadata map[string]any) (*Result, error) {
	if err := app.Err(); err != nil {
		return nil, err
	}
	data := map[string]any{trigger: input}
	for name, value := range g {
		data[name] = value
	}
	envelope, err := json.Marshal(map[string]any{"Data": data, "Metadata": metadata})
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
		values, err := values(raw)
		if err != nil {
			return nil, fmt.Errorf("functionstest: %w", err)
		}
		res.Outputs[name] = values
	}
	res.Output = res.Outputs["output"]
	return res, nil
}

// values are those of an output: a list of JSON values, or a blob in base64.
func values(raw json.RawMessage) ([]functions.Document, error) {
	if raw[0] == '"' {
		var blob []byte
		err := json.Unmarshal(raw, &blob)
		return []functions.Document{blob}, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	out := make([]functions.Document, len(list))
	for i, v := range list {
		out[i] = functions.Document(v)
	}
	return out, nil
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
