package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

const childVariable = "LAZULI_TEST_TRIAL_CHILD"

// TestChild is the child of the tests below.
func TestChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("it is the child that other tests start")
	}
	if err := Serve(t.Context(), os.Stdin, os.Stdout, func() { os.Exit(Exceeded) }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func inChild(t *testing.T, r Request) (Result, error) {
	t.Helper()
	t.Setenv(childVariable, "1")
	return Run(t.Context(), child(), r)
}

func child() []string { return []string{os.Args[0], "-test.run=^TestChild$"} }

// events are so many, a second apart from a time on, over two partitions.
func events(n int, from time.Time) []Input {
	in := Input{Name: "readings", Partitions: make([][]Event, 2)}
	for i := range n {
		in.Partitions[i%2] = append(in.Partitions[i%2], Event{
			Offset: int64(i / 2), Sequence: int64(i / 2), Arrival: stream.Ticks(from.Add(time.Duration(i) * time.Second)), Key: fmt.Sprint("k", i%2),
			Body:       fmt.Appendf(nil, `{"id":%d,"v":%d}`, i, i%10),
			Properties: []Property{{Name: "site", Kind: streamsql.String, Text: "jeju"}, {Name: "height", Kind: streamsql.Float, Num: 0x4004000000000000}},
		})
	}
	return []Input{in}
}

func request(query string) Request {
	return Request{
		Query: query, Inputs: events(1000, time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)), Outputs: []string{"out", "rest"}, Policy: stream.DefaultTimePolicy(),
		References: []Reference{{Name: "names", Snapshots: []stream.Snapshot{{ValidFrom: stream.StartOfInput, Rows: [][]byte{[]byte(`{"v":3,"name":"three"}`)}}}}},
	}
}

func TestRows(t *testing.T) {
	r := request(`SELECT COUNT(*) AS n INTO out FROM readings GROUP BY TumblingWindow(minute, 10)
		SELECT r.id, n.name, GetMetadataPropertyValue(r, '[User].[site]') AS site, GetMetadataPropertyValue(r, '[User].[height]') AS height INTO rest FROM readings r JOIN names n ON r.v = n.v`)
	got, err := inChild(t, r)
	if err != nil {
		t.Fatal(err)
	}
	if out := got.Outputs[0]; out.All != 3 || string(out.Rows[1].JSON) != `{"n":600}` || string(out.Rows[2].JSON) != `{"n":399}` {
		t.Errorf("windows: %d rows, %v", out.All, out.Rows)
	}
	if rest := got.Outputs[1]; rest.All != 100 || string(rest.Rows[1].JSON) != `{"id":13,"name":"three","site":"jeju","height":2.5}` {
		t.Errorf("joined: %d rows, %s", rest.All, rest.Rows[1].JSON)
	}
	if got.Metrics.InputEvents != 1000 {
		t.Errorf("%d events were read", got.Metrics.InputEvents)
	}
}

func TestMistakes(t *testing.T) {
	_, err := inChild(t, request("SELECT * INTO nowhere FROM readings"))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("an output that is not there: %v", err)
	}
}

// TestHostile queries end soon, and are told what they ran into.
func TestHostile(t *testing.T) {
	joins := request("SELECT COUNT(*) AS n INTO out FROM readings a JOIN readings b ON DATEDIFF(hour, a, b) BETWEEN 0 AND 1 JOIN readings c ON DATEDIFF(hour, a, c) BETWEEN 0 AND 1 GROUP BY TumblingWindow(hour, 1)")
	greedy := request("SELECT udf.much(v) AS m INTO out FROM readings")
	greedy.Functions = []streamsql.Function{{Name: "much", Source: "function main(v) { for (var s = 'x' + v;;) s += s; }"}}
	endless := request("SELECT udf.wait(v) AS m INTO out FROM readings")
	endless.Functions = []streamsql.Function{{Name: "wait", Source: "function main(v) { for (;;) v++; }"}}
	t.Setenv(childVariable, "1")
	for want, c := range map[string]struct {
		Request
		limit time.Duration
	}{
		"rows held":                        {joins, time.Minute},
		"held more than 512 MB":            {greedy, time.Minute},
		"did not come to an end within 2s": {endless, 2 * time.Second},
	} {
		_, err := within(t.Context(), c.limit, child(), c.Request)
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestManyRows are counted, and the first handed back.
func TestManyRows(t *testing.T) {
	got, err := inChild(t, request("SELECT a.id, b.id AS other INTO out FROM readings a JOIN readings b ON DATEDIFF(hour, a, b) BETWEEN 0 AND 1"))
	if err != nil || got.Outputs[0].All < 400_000 || len(got.Outputs[0].Rows) != MostRows {
		t.Errorf("%v", err)
	}
}

// TestGone: a browser that leaves takes the child with it.
func TestGone(t *testing.T) {
	t.Setenv(childVariable, "1")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	r := request("SELECT udf.wait(v) AS m INTO out FROM readings")
	r.Functions = []streamsql.Function{{Name: "wait", Source: "function main(v) { for (;;) v++; }"}}
	if _, err := Run(ctx, child(), r); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
