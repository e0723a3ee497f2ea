package app

// What the toy of tenth_test.go brings with it: an engine, which in the house
// would be a room of its own, and its ends, which would be in internal/end.

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// bells are logs of what was rung: JSON objects, by the bell's name.
type bells struct {
	mu    sync.Mutex
	rung  map[string][]string
	again chan struct{} // closed and replaced when one rings
}

func (b *bells) exists(_ resource.Account, name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung[name] != nil
}
func (b *bells) list(resource.Account) []string { return []string{"big", "small"} }
func (b *bells) rows(*portal.Rates) (rows []portal.Row) {
	for _, name := range b.list(resource.Account{}) {
		rows = append(rows, portal.Row{ID: name, Value: map[string]string{"id": name}})
	}
	return rows
}

func (b *bells) remove(context.Context, resource.Account, string) error { return nil }
func (b *bells) apply(_ context.Context, _ resource.Account, name string, _ json.RawMessage) error {
	b.ring(name)
	return nil
}

func (b *bells) ring(name string, texts ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rung[name] = append(append([]string{}, b.rung[name]...), texts...)
	close(b.again)
	b.again = make(chan struct{})
}

// from waits for what a bell rang after the first n times.
func (b *bells) from(ctx context.Context, name string, n int) ([]string, error) {
	for {
		b.mu.Lock()
		rung, again := b.rung[name], b.again
		b.mu.Unlock()
		if len(rung) > n {
			return rung[n:], nil
		}
		select {
		case <-again:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *bells) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<10))
	b.ring(strings.TrimPrefix(r.URL.Path, "/"), string(body))
}

type bellTrigger struct {
	*bells
	trigger.Setup
}

func (t bellTrigger) Source() trigger.Source {
	return trigger.Source{Words: "a bell", Target: t.Binding.Text("bell")}
}

func (t bellTrigger) ByHand(string, time.Time) (trigger.Call, error) {
	return trigger.Call{}, fault.New(fault.Invalid, "bell", "ring it")
}

func (t bellTrigger) Run(ctx context.Context) error {
	for n := 0; ; n++ {
		rung, err := t.from(ctx, t.Binding.Text("bell"), n)
		if err != nil {
			return trigger.IgnoreEnd(ctx, err)
		}
		data := func(worker.Capabilities) *funcrpc.TypedData { return trigger.JSON(rung[0]) }
		if err := t.Invoker.Invoke(ctx, trigger.Call{Reason: "It rang.", Data: data, Items: 1}); err != nil {
			return trigger.IgnoreEnd(ctx, err)
		}
	}
}

type bellOutput struct {
	*bells
	name string
}

func (o bellOutput) Place() trigger.Place { return trigger.Place{Target: o.name} }
func (o bellOutput) Write(_ context.Context, v *funcrpc.TypedData, _ expr.Values) (output.Written, error) {
	o.ring(o.name, v.GetJson())
	return output.Written{Events: 1}, nil
}

type bellSource struct {
	*bells
	name string
}

func (s bellSource) Partitions(context.Context) (int, error) { return 1, nil }
func (s bellSource) Changed() <-chan struct{}                { return nil }
func (s bellSource) Behind(int, int64) int64                 { return 0 }
func (s bellSource) Warnings() []jobs.Warning                { return nil }
func (s bellSource) Recent(context.Context, int, int) ([][]stream.Event, error) {
	return nil, nil
}

func (s bellSource) Open(_ context.Context, _ int, at stream.Position) (stream.Reader, error) {
	return &bellReader{s, int(max(at.Offset, 0))}, nil
}

type bellReader struct {
	bellSource
	next int
}

func (r *bellReader) Backlog() int64 { return 0 }
func (r *bellReader) Close() error   { return nil }
func (r *bellReader) Read(ctx context.Context, b *stream.Batch, _ int) error {
	rung, err := r.from(ctx, r.name, r.next)
	b.Events = b.Events[:0]
	for _, text := range rung[:min(len(rung), 1)] {
		b.Events = append(b.Events, stream.Event{Offset: int64(r.next), Arrival: stream.Ticks(time.Now()), Body: []byte(text)})
		r.next++
	}
	return err
}

type bellSink struct {
	*bells
	name string
}

func (s bellSink) Write(_ context.Context, batch stream.OutputBatch) error {
	for _, row := range batch.Rows {
		s.ring(s.name, string(row.JSON))
	}
	return nil
}
