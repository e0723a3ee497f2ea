package lab

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Kafka is a broker in the test's process that real clients talk to.
type Kafka struct {
	Address string
	client  *kgo.Client
}

// NewKafka starts a broker with topics of one partition.
func NewKafka(t *testing.T, topics ...string) *Kafka {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topics...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &Kafka{strings.Join(cluster.ListenAddrs(), ","), client}
}

// Send sends events with the values.
func (k *Kafka) Send(t *testing.T, topic string, values ...string) {
	t.Helper()
	for _, v := range values {
		if err := k.client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}
