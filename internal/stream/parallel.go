package stream

import (
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// Parallelism says whether a query can run as one lane for each partition of
// its input, and why or why not.
//
// It can when no operator ever has to bring together rows of different
// partitions: the query reads one stream, and each operator with state is keyed
// by the partition's number or by the property by which the senders have
// partitioned the events. Only the user can know the latter; partitionKeys, by
// input, says so.
func Parallelism(p *streamsql.Program, partitionKeys map[string]string) (ok bool, why string) {
	var streams []*streamsql.Input
	sent := map[*streamsql.Input][]string{}
	for _, in := range p.Inputs {
		if in.Reference {
			continue
		}
		streams = append(streams, in)
		for name, key := range partitionKeys {
			if key != "" && strings.EqualFold(name, in.Name) {
				sent[in] = strings.Split(key, ".")
			}
		}
	}
	if len(streams) != 1 {
		return false, fmt.Sprintf("one lane, because the query reads %d streams", len(streams))
	}
	in := streams[0]
	keys, never := p.PartitionKeys()
	reason := p.SplitsBy(sent)
	key := strings.Join(keys[in], ".")
	switch {
	case reason == "" && len(keys) == 0 && never == "":
		return true, "one lane for each partition of " + in.Name + ": the query keeps no state"
	case reason == "" && len(sent[in]) > 0:
		return true, fmt.Sprintf("one lane for each partition of %s, which is partitioned by %s", in.Name, strings.Join(sent[in], "."))
	case reason == "":
		return true, "one lane for each partition of " + in.Name + ": the query is keyed by PartitionId"
	case never != "":
		return false, "one lane, because " + never
	case len(sent[in]) > 0:
		return false, fmt.Sprintf("one lane, because the query can be split by %s, but %s is partitioned by %s", key, in.Name, strings.Join(sent[in], "."))
	}
	return false, fmt.Sprintf("one lane, because nothing says by what %s is partitioned; if its senders use %s as the partition key, say so (partitionKey: %s), and each partition gets a lane of its own", in.Name, key, key)
}
