package stream

import (
	"fmt"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// parallelism says whether a query can run as one lane for each input
// partition, and if not why.
//
// It can when no operator ever has to bring together rows of different
// partitions: each operator with state is keyed by the partition (PartitionId,
// or the column by which the sender has partitioned the input), and the query
// reads one input.
func parallelism(p *streamsql.Program, partitionKeys map[string]string) (ok bool, why string) {
	streams := 0
	for _, in := range p.Inputs {
		if !in.Reference {
			streams++
		}
	}
	if streams != 1 {
		return false, fmt.Sprintf("it reads %d streams", streams)
	}
	for _, step := range p.Steps {
		if why := serial(step.Root, step, partitionKeys); why != "" {
			return false, why
		}
	}
	return true, ""
}

// serial names what in a tree needs rows of all partitions.
func serial(n streamsql.Node, step *streamsql.Step, partitionKeys map[string]string) string {
	for _, c := range n.Children() {
		if why := serial(c, step, partitionKeys); why != "" {
			return why
		}
	}
	keyed := func(what string, keys []*streamsql.Expr) string {
		for _, k := range keys {
			if isPartition(k.String(), partitionKeys) {
				return ""
			}
		}
		return fmt.Sprintf("%s in %s is not by PartitionId or the input's partition key", what, stepName(step))
	}
	switch n := n.(type) {
	case *streamsql.Aggregate:
		for _, w := range n.Windows {
			if w.Kind == streamsql.Session {
				if why := keyed("SessionWindow OVER", w.SessionKeys); why != "" {
					return why
				}
			}
		}
		return keyed("GROUP BY", n.Keys)
	case *streamsql.Analytic:
		for _, c := range n.Calls {
			if why := keyed(c.Func.String()+" OVER(PARTITION BY …)", c.PartitionBy); why != "" {
				return why
			}
		}
	case *streamsql.Join:
		return keyed("JOIN … ON", n.LeftKeys)
	case *streamsql.MatchRecognize:
		return keyed("MATCH_RECOGNIZE PARTITION BY", n.PartitionBy)
	}
	return ""
}

// isPartition says whether a key expression is the partition. It goes by the
// last part of the column's name, which is enough for a single input whose steps
// do not rename another column to it.
func isPartition(text string, partitionKeys map[string]string) bool {
	name := strings.ToLower(strings.Trim(text[strings.LastIndexByte(text, '.')+1:], "[]"))
	if name == "partitionid" {
		return true
	}
	for _, key := range partitionKeys {
		if key != "" && strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}
