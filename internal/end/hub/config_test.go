package hub

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

func readConfig(t *testing.T, section string) (Config, error) {
	t.Helper()
	c, err := hostjson.Parse("host.json", []byte(`{"version":"2.0","extensions":{"eventHubs":{`+section+`}}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ReadConfig(c)
}

func TestReadConfig(t *testing.T) {
	standard := Config{
		MaxEventBatchSize: 100, MinEventBatchSize: 1, MaxWaitTime: time.Minute, BatchCheckpointFrequency: 1, PrefetchCount: 300,
		LoadBalancingUpdateInterval: 3 * time.Second,
	}
	older := standard
	older.MaxEventBatchSize, older.PrefetchCount = 64, 256
	for section, want := range map[string]Config{
		``: standard,
		`"eventProcessorOptions":{"maxBatchSize":64,"prefetchCount":256}`: older,
		`"maxEventBatchSize": 500, "minEventBatchSize": 50, "maxWaitTime": "00:00:30", "batchCheckpointFrequency": 5, "prefetchCount": 5,
		"loadBalancingUpdateInterval": "00:00:02", "partitionOwnershipExpirationInterval": "00:00:09",
		"initialOffsetOptions": {"type": "fromenqueuedtime", "enqueuedTimeUtc": "2026-01-02T03:04:05Z"}`: {
			MaxEventBatchSize: 500, MinEventBatchSize: 50, MaxWaitTime: 30 * time.Second, BatchCheckpointFrequency: 5, PrefetchCount: 5,
			LoadBalancingUpdateInterval: 2 * time.Second, PartitionOwnershipExpirationInterval: 9 * time.Second,
			Initial: Position{Kind: FromTime, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		},
	} {
		got, err := readConfig(t, section)
		if err != nil {
			t.Errorf("%s: %v", section, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", section, diff)
		}
	}
}

func TestConfigRefusals(t *testing.T) {
	for section, want := range map[string]string{
		`"maxEventBatchSize":0`:                                "extensions.eventHubs.maxEventBatchSize: must be between",
		`"maxEventBatchSize":1.5`:                              "whole number",
		`"minEventBatchSize":200`:                              "more than maxEventBatchSize",
		`"maxWaitTime":"00:11:00"`:                             "at most 00:10:00",
		`"loadBalancingUpdateInterval":"00:00:00"`:             "loadBalancingUpdateInterval: must be positive",
		`"partitionOwnershipExpirationInterval":"00:00:02"`:    "must be longer than loadBalancingUpdateInterval (3s)",
		`"initialOffsetOptions":{"type":"middle"}`:             "must be one of fromStart",
		`"initialOffsetOptions":{"type":"fromEnqueuedTime"}`:   "enqueuedTimeUtc: must be a time",
		`"eventProcessorOptions":{"maxBatchSize":"very many"}`: "eventProcessorOptions.maxBatchSize: must be a whole number",
	} {
		if _, err := readConfig(t, section); err == nil || !strings.Contains(err.Error(), want) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: error %v, want one with %q", section, err, want)
		}
	}
}
