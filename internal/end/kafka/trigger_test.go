package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/scale"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/host/worker"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// collections are the capabilities of a worker that takes lists.
var collections = worker.Capabilities{worker.TypedDataCollection: "true"}

func total(r *endtest.Recorder) int {
	n := 0
	for _, items := range r.Items() {
		n += items
	}
	return n
}

// TestBatches: partitions are read in batches, each event an envelope with what is said
// of it, and the position is committed behind them, so that the next start begins there.
func TestBatches(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRig(t, "t")
	r.put("t", 1, "a", "b", "c")
	rec := &endtest.Recorder{}
	stop := r.start(r.trigger(`,"cardinality":"many"`, `,"maxBatchSize":2`, rec))
	r.eventually(func() bool { return total(rec) == 3 && r.committed() == "0:0 1:3" }, "all events are processed")
	if err := stop(); err != nil {
		t.Error(err)
	}
	c := rec.Calls()[0]
	if diff := cmp.Diff([]int{2, 1}, rec.Items()); diff != "" || c.TraceParent != "00-a-b-01" {
		t.Error(diff, c.TraceParent)
	}
	const first = `{"Offset":0,"Partition":1,"Topic":"t","Timestamp":"2026-01-01T00:00:00.123Z","Value":"a","Key":"k-a","Headers":[{"Key":"h","Value":"/wE="},{"Key":"traceparent","Value":"MDAtYS1iLTAx"}]}`
	if got := c.Data(collections).GetCollectionString().GetString_(); len(got) != 2 || got[0] != first {
		t.Errorf("data %q", got)
	}
	if got := c.Data(nil).GetJson(); !strings.HasPrefix(got, `["{\"Offset\":0`) {
		t.Errorf("without collections: %s", got)
	}
	got := map[string]string{}
	for name, v := range c.Metadata {
		got[name] = v.GetJson()
	}
	want := map[string]string{
		"OffsetArray": "", "TopicArray": "", "KeyArray": `["k-a","k-b"]`, "PartitionArray": "[1,1]", "LeaderEpochArray": got["LeaderEpochArray"], "IsPartitionEOFArray": "[false,false]",
		"TimestampArray": `["2026-01-01T00:00:00.123Z","2026-01-01T00:00:00.123Z"]`, "ValueArray": `["a","b"]`,
		"HeadersArray": `[[{"Key":"h","Value":"/wE="},{"Key":"traceparent","Value":"MDAtYS1iLTAx"}],[{"Key":"h","Value":"/wE="},{"Key":"traceparent","Value":"MDAtYS1iLTAx"}]]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(c.Metadata["OffsetArray"].GetCollectionSint64().GetSint64(), []int64{0, 1}) || !slices.Equal(c.Metadata["TopicArray"].GetCollectionString().GetString_(), []string{"t", "t"}) {
		t.Error("offsets must be numbers and topics texts, as Python reads them")
	}
	r.put("t", 0, "d")
	again := &endtest.Recorder{}
	stop = r.start(r.trigger(`,"cardinality":"many","dataType":"binary"`, "", again))
	r.eventually(func() bool { return total(again) == 1 }, "the new event comes")
	if err := stop(); err != nil || r.committed() != "0:1 1:3" {
		t.Error(err, r.committed())
	}
	if got := again.Calls()[0].Data(collections).GetCollectionBytes().GetBytes(); len(got) != 1 || string(got[0]) != "d" {
		t.Errorf("as bytes: %q", got)
	}
}

// TestSingle: one event each, in order, with placeholders of its value.
func TestSingle(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRig(t, "t")
	r.put("t", 0, `{"id":"x","at":{"y":7}}`, "plain")
	rec := &endtest.Recorder{Answer: func(_ context.Context, n int) error {
		return map[bool]error{true: errors.New("no")}[n == 1] // a failure moves the position too
	}}
	tr := r.trigger("", "", rec)
	stop := r.start(tr)
	r.eventually(func() bool { return r.committed() == "0:2 1:0" }, "both events are processed")
	// The cluster knows of a commit before the trigger has its answer.
	r.eventually(func() bool {
		got, err := tr.Backlog(t.Context())
		return err == nil && got == scale.Backlog{Kind: scale.Kafka, Target: 1000, Partitions: 2}
	}, "there is no backlog")
	if err := stop(); err != nil {
		t.Error(err)
	}
	c := rec.Calls()[0]
	if l := c.Letters(); len(l) != 1 || l[0].Partition != "0" || l[0].Offset != "0" || !strings.HasPrefix(string(l[0].Body), `{"id"`) {
		t.Errorf("what a dead letter keeps: %+v", l)
	}
	if got := c.Data(nil).GetString_(); !strings.Contains(got, `"Value":"{\"id\":\"x\"`) {
		t.Errorf("data %s", got)
	}
	for name, want := range map[string]string{"at.y": "7", "id": "x", "Key": `k-{"id":"x","at":{"y":7}}`, "offset": "0", "topic": "t", "partition": "0", "timestamp": "2026-01-01T00:00:00.123Z"} {
		if got, ok := c.Values(name); !ok || got != want {
			t.Errorf("{%s} is %q", name, got)
		}
	}
	for name, want := range map[string]*funcrpc.TypedData{
		"Offset": trigger.JSON("0"), "Topic": trigger.Text("t"), "Partition": trigger.JSON("0"), "Timestamp": trigger.Text("2026-01-01T00:00:00.123Z"), "IsPartitionEOF": trigger.JSON("false"),
	} {
		if got := c.Metadata[name]; got.String() != want.String() {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestNextComesSoon: an event that comes after another was processed does not wait until
// the cluster gives up a fetch of the other partitions, which have nothing.
func TestNextComesSoon(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRig(t, "t")
	rec := &endtest.Recorder{}
	stop := r.start(r.trigger("", "", rec))
	r.put("t", 0, "first")
	r.eventually(func() bool { return total(rec) == 1 }, "the first comes")
	begun := time.Now()
	const more = 8
	for n := range more {
		r.put("t", 0, "next")
		r.eventually(func() bool { return total(rec) == n+2 }, "the next comes")
	}
	if took := time.Since(begun); took > more*2*time.Second { // of 5 seconds each
		t.Errorf("%d events, one after the other, took %v", more, took)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestMany: a partition that rests while its function is slow wakes, and nothing is lost.
func TestMany(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRig(t, "t")
	rec := &endtest.Recorder{}
	stop := r.start(r.trigger(`,"cardinality":"many"`, `,"maxBatchSize":2`, rec))
	const most = 60
	for n := range most {
		r.put("t", int32(n%2), strconv.Itoa(n))
	}
	r.eventually(func() bool { return total(rec) == most && r.committed() == "0:30 1:30" }, "all are processed, once")
	if err := stop(); err != nil {
		t.Error(err)
	}
	var got [2][]int
	for _, c := range rec.Calls() {
		for _, text := range c.Data(collections).GetCollectionString().GetString_() {
			var e struct {
				Partition int
				Value     string
			}
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				t.Fatal(err)
			}
			n, _ := strconv.Atoi(e.Value)
			got[e.Partition] = append(got[e.Partition], n)
		}
	}
	for p, all := range got {
		if len(all) != most/2 || !slices.IsSorted(all) {
			t.Errorf("partition %d: %v", p, all)
		}
	}
}

// TestFailuresThatHold: with commitOnFailure off an event is tried until it succeeds,
// and nothing is committed before.
func TestFailuresThatHold(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRig(t, "t")
	r.put("t", 0, "a")
	before := ""
	rec := &endtest.Recorder{Answer: func(_ context.Context, n int) error {
		if n == 1 {
			return errors.New("no")
		}
		before = r.committed()
		return nil
	}}
	stop := r.start(r.trigger("", `,"commitOnFailure":false`, rec))
	r.eventually(func() bool { return r.committed() == "0:1 1:0" }, "the event is processed")
	if err := stop(); err != nil || len(rec.Calls()) != 2 || before != "0:0 1:0" {
		t.Errorf("%v, %d calls, %s before", err, len(rec.Calls()), before)
	}
}

// TestStopInTheMiddle: what did not end is not committed, and comes again.
func TestStopInTheMiddle(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRig(t, "t")
	r.put("t", 0, "a", "b")
	begun := make(chan struct{})
	var stop func() error
	rec := &endtest.Recorder{Answer: func(ctx context.Context, n int) error {
		if n == 2 {
			close(begun)
			<-ctx.Done()
			return trigger.ErrCancelled
		}
		return nil
	}}
	stop = r.start(r.trigger("", "", rec))
	<-begun
	if err := stop(); err != nil || r.committed() != "0:1 1:0" {
		t.Errorf("%v, committed %s", err, r.committed())
	}
}

// TestSharing: two hosts share the partitions, and what one leaves the other takes.
func TestSharing(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRig(t, "t")
	one, two := &endtest.Recorder{}, &endtest.Recorder{}
	first, second := r.trigger("", "", one), r.trigger("", "", two)
	stopOne, stopTwo := r.start(first), r.start(second)
	both := func() bool {
		r.put("t", 0, "x")
		r.put("t", 1, "x")
		time.Sleep(50 * time.Millisecond)
		return total(one) > 0 && total(two) > 0
	}
	r.eventually(both, "both get events")
	if err := stopOne(); err != nil {
		t.Error(err)
	}
	seen := total(two)
	r.put("t", 0, "after")
	r.put("t", 1, "after")
	r.eventually(func() bool { return total(two) >= seen+2 }, "the other takes both partitions")
	if err := stopTwo(); err != nil {
		t.Error(err)
	}
}

// TestWaits: a cluster that does not answer and a topic that does not exist are waited
// for, with a word about it.
func TestWaits(t *testing.T) {
	testkit.NoLeaks(t)
	r := newRig(t, "other")
	var mu sync.Mutex
	said := []string{}
	rec := &endtest.Recorder{}
	stop := r.start(r.trigger("", "", rec, func(s *trigger.Setup) {
		s.Waits = func(clause string) { mu.Lock(); defer mu.Unlock(); said = append(said, clause) }
	}))
	r.eventually(func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(said) == 1 && said[0] == "the topic t does not exist"
	}, "it says that it waits")
	create := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "t", 2, 1
	create.Topics = append(create.Topics, topic)
	if _, err := create.RequestWith(t.Context(), r.client); err != nil {
		t.Fatal(err)
	}
	r.client.ForceMetadataRefresh()
	r.put("t", 0, "a")
	r.eventually(func() bool { return total(rec) == 1 }, "the event comes")
	if err := stop(); err != nil || said[len(said)-1] != "" {
		t.Error(err, said)
	}
	if clause := r.trigger("", "", rec, func(s *trigger.Setup) {
		s.Binding = endtest.Parse(t, `{"name":"k","type":"kafkaTrigger","brokerList":"127.0.0.1:1","topic":"t"}`)
	}); clause.group != DefaultGroup {
		t.Error("the default group is", clause.group)
	}
}

// TestByHand: an event that is typed in, alone and in a batch.
func TestByHand(t *testing.T) {
	r := newRig(t, "t")
	one, many := r.trigger("", "", nil), r.trigger(`,"cardinality":"many"`, "", nil)
	c, err := one.ByHand(`{"Offset":1,"Partition":0,"Topic":"t","Timestamp":"","Value":"v","Key":"k","Headers":[{"Key":"h","Value":"x"}]}`, time.Unix(0, 0))
	if got := c.Data(nil).GetString_(); err != nil || got != `{"Offset":0,"Partition":0,"Topic":"t","Timestamp":"1970-01-01T00:00:00.000Z","Value":"v","Key":"k","Headers":[{"Key":"h","Value":"eA=="}]}` {
		t.Error(got, err)
	}
	if c, err := many.ByHandMany([]string{"a", "b"}, time.Now()); err != nil || c.Items != 2 {
		t.Error(err)
	}
	if _, err := one.ByHandMany([]string{"a", "b"}, time.Now()); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if s := one.Source(); s.Host != "127.0.0.1" || s.Target != "t" || s.Group != "g" {
		t.Errorf("%+v", s)
	}
}
