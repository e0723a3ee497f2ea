package stream

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// TestParallelism: partitions run apart only if no state can ever need rows of
// two of them.
func TestParallelism(t *testing.T) {
	const window = "GROUP BY %, TumblingWindow(second, 10)"
	grouped := func(keys string) string {
		return "SELECT COUNT(*) AS n INTO o FROM i " + strings.ReplaceAll(window, "%", keys)
	}
	for name, tc := range map[string]struct {
		query, key string
		parallel   bool
		why        string
	}{
		"no state":                {"SELECT a INTO o FROM i WHERE a > 1", "", true, "the query keeps no state"},
		"no state, key":           {"SELECT a INTO o FROM i WHERE a > 1", "device", true, "no state"},
		"nothing is known":        {grouped("device"), "", false, "partitionKey: device"},
		"by the key":              {grouped("device"), "Device", true, "partitioned by Device"},
		"by more than the key":    {grouped("region, device"), "device", true, "partitioned by device"},
		"by another":              {grouped("region"), "device", false, "can be split by region, but i is partitioned by device"},
		"by nothing":              {"SELECT COUNT(*) AS n INTO o FROM i GROUP BY TumblingWindow(second, 10)", "device", false, "not grouped by a property"},
		"by an expression":        {grouped("UPPER(device)"), "device", false, "not grouped by a property"},
		"of a record":             {grouped("i.a.b"), "a.b", true, "partitioned by a.b"},
		"by the partition":        {"SELECT COUNT(*) AS n INTO o FROM i PARTITION BY PartitionId GROUP BY PartitionId, TumblingWindow(second, 10)", "", true, "keyed by PartitionId"},
		"by metadata":             {grouped("GetMetadataPropertyValue(i, 'PartitionId')"), "", true, "keyed by PartitionId"},
		"by a column of the name": {"SELECT COUNT(*) AS n INTO o FROM i GROUP BY PartitionId, TumblingWindow(second, 10)", "", false, "partitionKey: PartitionId"},
		"through a step":          {"WITH s AS (SELECT device AS d FROM i) SELECT d, COUNT(*) AS n INTO o FROM s GROUP BY d, TumblingWindow(second, 10)", "device", true, "partitioned by device"},
		"renamed":                 {"WITH s AS (SELECT region AS device FROM i) SELECT device, COUNT(*) AS n INTO o FROM s GROUP BY device, TumblingWindow(second, 10)", "device", false, "split by region"},
		"history":                 {"SELECT LAG(v) OVER (PARTITION BY device LIMIT DURATION(hour, 1)) AS l INTO o FROM i", "device", true, "partitioned by device"},
		"history of all":          {"SELECT LAG(v) OVER (LIMIT DURATION(hour, 1)) AS l INTO o FROM i", "device", false, "LAG has no PARTITION BY"},
		"two streams":             {"SELECT i.a INTO o FROM i JOIN k ON i.device = k.device AND DATEDIFF(second, i, k) BETWEEN 0 AND 5", "device", false, "reads 2 streams"},
		"two keys":                {"SELECT COUNT(*) AS n INTO o FROM i " + strings.ReplaceAll(window, "%", "device") + "; SELECT COUNT(*) AS n INTO p FROM i " + strings.ReplaceAll(window, "%", "region"), "device", false, "one lane, because"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := streamsql.Compile(tc.query, streamsql.Options{Inputs: []streamsql.InputOptions{{Name: "i", EventHub: true}}})
			if err != nil {
				t.Fatal(err)
			}
			keys := map[string]string{}
			if tc.key != "" {
				keys["I"] = tc.key
			}
			ok, why := Parallelism(p, keys)
			if ok != tc.parallel || !strings.Contains(why, tc.why) {
				t.Errorf("%v, %q; want %v, %q", ok, why, tc.parallel, tc.why)
			}
			if text := Explain(p, keys); strings.Count(text, "lane") != strings.Count(why, "lane") || !strings.Contains(text, "runs as "+why) {
				t.Errorf("explain says something else:\n%s", text)
			}
		})
	}
}
