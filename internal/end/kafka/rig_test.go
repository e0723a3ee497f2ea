package kafka

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

const patience = 20 * time.Second

// rig is a cluster in this process, over real sockets, and a client to look at it.
type rig struct {
	t       *testing.T
	cluster *kfake.Cluster
	client  *kgo.Client
	brokers string
}

func newRig(t *testing.T, topics ...string) *rig {
	t.Helper()
	return newRigWith(t, nil, nil, kfake.SeedTopics(2, topics...))
}

func newRigWith(t *testing.T, mine, more []kgo.Opt, options ...kfake.Opt) *rig {
	t.Helper()
	cluster, err := kfake.NewCluster(append(options, kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(100*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(append(append(mine, more...), kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &rig{t, cluster, client, strings.Join(cluster.ListenAddrs(), ",")}
}

// put sends values to a partition, each with a key and a header.
func (r *rig) put(topic string, partition int32, values ...string) {
	r.t.Helper()
	for _, v := range values {
		record := &kgo.Record{
			Topic: topic, Partition: partition, Key: []byte("k-" + v), Value: []byte(v), Timestamp: time.UnixMilli(1767225600123),
			Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{0xff, 1}}, {Key: "traceparent", Value: []byte("00-a-b-01")}},
		}
		if err := r.client.ProduceSync(r.t.Context(), record).FirstErr(); err != nil {
			r.t.Fatal(err)
		}
	}
}

// trigger is a trigger of the cluster's topic t.
func (r *rig) trigger(properties, hostJSON string, invoker trigger.Invoker, change ...func(*trigger.Setup)) *Trigger {
	r.t.Helper()
	s := endtest.Setup(r.t, `{"name":"k","type":"kafkaTrigger","brokerList":"BROKERS","topic":"t","consumerGroup":"g"`+properties+`}`,
		`{"version":"2.0","extensions":{"kafka":{"sessionTimeoutMs":6000`+hostJSON+`}}}`, invoker)
	s.Settings = settings.New(map[string]string{"BROKERS": r.brokers, "PASSWORD": "secret"})
	for _, f := range change {
		f(&s)
	}
	tr, err := NewTrigger(s)
	if err != nil {
		r.t.Fatal(err)
	}
	return tr
}

// start runs a trigger; stop ends it and gives Run's error.
func (r *rig) start(tr *Trigger) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tr.Run(ctx) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			r.t.Fatal("the trigger does not stop")
			return nil
		}
	}
	r.t.Cleanup(func() { _ = stop() })
	return stop
}

// eventually waits for a claim.
func (r *rig) eventually(claim func() bool, what string) {
	r.t.Helper()
	for begun := time.Now(); !claim(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > patience {
			r.t.Fatalf("not after %v: %s", patience, what)
		}
	}
}

// committed are the positions of the group, of topic t.
func (r *rig) committed() string {
	r.t.Helper()
	ask := kmsg.NewPtrOffsetFetchRequest()
	ask.Group = "g"
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = "g"
	ask.Groups = append(ask.Groups, group)
	answer, err := ask.RequestWith(r.t.Context(), r.client)
	if err != nil {
		r.t.Fatal(err)
	}
	at := map[int32]int64{}
	for _, g := range answer.Groups {
		for _, topic := range g.Topics {
			for _, p := range topic.Partitions {
				at[p.Partition] = p.Offset
			}
		}
	}
	for _, topic := range answer.Topics {
		for _, p := range topic.Partitions {
			at[p.Partition] = p.Offset
		}
	}
	return "0:" + strconv.FormatInt(at[0], 10) + " 1:" + strconv.FormatInt(at[1], 10)
}
