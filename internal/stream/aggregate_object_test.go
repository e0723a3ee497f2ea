package stream

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// TestCollectedIsBounded: what any window and any OVER(…) collects is bounded as
// rows come, long before a window ends.
func TestCollectedIsBounded(t *testing.T) {
	for name, query := range map[string]string{
		"tumbling": "SELECT COLLECT(s) AS all_s INTO o FROM i TIMESTAMP BY t GROUP BY TumblingWindow(hour, 1)",
		"hopping":  "SELECT COLLECT(s) AS all_s INTO o FROM i TIMESTAMP BY t GROUP BY HoppingWindow(hour, 2, 1)",
		"session":  "SELECT COLLECT(s) AS all_s INTO o FROM i TIMESTAMP BY t GROUP BY SessionWindow(hour, 1, 12)",
		"sliding":  "SELECT COUNT(DISTINCT s) AS n INTO o FROM i TIMESTAMP BY t GROUP BY SlidingWindow(hour, 1)",
		"rolling":  "SELECT COLLECT(s) OVER (LIMIT DURATION(hour, 1)) AS n INTO o FROM i TIMESTAMP BY t",
	} {
		t.Run(name, func(t *testing.T) {
			var list []Event
			for i := range 100 {
				body := strings.NewReplacer("K", string(rune('a'+i%26))+string(rune('a'+i/26)), "S", strings.Repeat("x", 2000)).Replace(`{"t":"2024-01-01T00:00:01Z","k":"K","s":"KS"}`)
				list = append(list, Event{Offset: int64(i), Body: []byte(body)})
			}
			list = append(list, Event{Offset: 100, Body: []byte("this the job must not reach")})
			job, err := New(Options{
				Name: "j", Program: compile(t, query), Policy: TimePolicy{Unlimited: true}, Start: StartAll, Limits: Limits{StateSize: 100_000},
				Sources: map[string]Source{"i": &memSource{parts: [][]Event{list}}}, Sinks: map[string]Sink{"o": &memSink{}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := job.Run(t.Context()); !fault.Is(err, fault.TooLarge) || !strings.Contains(err.Error(), "more than 100000 bytes of state") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestPoolCounts holds the count of bytes against the objects.
func TestPoolCounts(t *testing.T) {
	collect := &streamsql.AggregateCall{Func: streamsql.Collect}
	distinct := &streamsql.AggregateCall{Func: streamsql.Count, Distinct: true}
	var p objectPool
	p.clear()
	check := func(what string) {
		t.Helper()
		var sum int64
		for _, o := range p.objects[1:] {
			sum += o.size()
		}
		if p.bytes != sum || what != "nothing" && sum == 0 {
			t.Errorf("%s: %d bytes counted, %d there", what, p.bytes, sum)
		}
	}
	check("nothing")
	words := make([]uint64, 3)
	for i := range 100 {
		p.add(p.own(words[i%2:], collect), streamsql.StringValue(strings.Repeat("x", 10*i)), nil, 0)
		p.add(p.own(words[2:], distinct), streamsql.BigIntValue(int64(i)), nil, 0)
	}
	check("added")
	p.merge(words[0], words[1])
	check("merged")
	text := p.new(nil)
	p.setText(text, strings.Repeat("x", 1<<17))
	check("a text")
	p.release(text)
	p.release(words[2])
	check("released")
}
