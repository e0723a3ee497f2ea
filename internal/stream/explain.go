package stream

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// Explain prints the logical plan and what a job adds to it: the state that
// each operator keeps, how far back a start reads, and whether partitions run
// apart.
//
// partitionKeys are those of Options.
func Explain(p *streamsql.Program, partitionKeys map[string]string) string {
	var b strings.Builder
	b.WriteString(p.Explain())
	b.WriteString("state\n")
	for _, s := range p.Steps {
		explainState(&b, s.Root, s)
	}
	if slices.ContainsFunc(sourceNodes(p), func(n *streamsql.Source) bool { return len(n.Over) > 0 }) {
		b.WriteString("  all of it for each key of TIMESTAMP BY … OVER, until the key has sent nothing for the late tolerance and as long as its last event matters\n")
	}
	fmt.Fprintf(&b, "  a start reads back %v before its first output\n", time.Duration(lookback(p))*100)
	_, why := Parallelism(p, partitionKeys)
	fmt.Fprintf(&b, "  runs as %s\n", why)
	return b.String()
}

func explainState(b *strings.Builder, n streamsql.Node, step *streamsql.Step) {
	for _, c := range n.Children() {
		explainState(b, c, step)
	}
	name := stepName(step)
	switch n := n.(type) {
	case *streamsql.Aggregate:
		a := newAggregates(n.Calls)
		for _, w := range n.Windows {
			per := fmt.Sprintf("about %d bytes and its key for each group", 24+8*a.width)
			switch {
			case w.Kind == streamsql.Hopping && w.Hop != w.Size:
				per += fmt.Sprintf(", in each of up to %d panes", w.Size/gcd(w.Size, w.Hop))
			case w.Kind == streamsql.Sliding:
				per = fmt.Sprintf("about %d bytes for each event of the window", 24+8*a.width)
			}
			fmt.Fprintf(b, "  %s: %s window, %s\n", name, w.Kind, per)
		}
	case *streamsql.Join:
		low, high := n.Bounds.Range()
		fmt.Fprintf(b, "  %s: join, left rows for %v, right rows for %v\n", name, time.Duration(max(high, 0))*100, time.Duration(max(-low, 0)+n.Bounds.LeftLag)*100)
	case *streamsql.MatchRecognize:
		places := len(newMatchPattern(n).next) - 1
		fmt.Fprintf(b, "  %s: match, the rows that may be part of one for %v, and for each first row up to %d partial matches", name, time.Duration(n.Duration)*100, places)
		if slices.ContainsFunc(n.Symbols, func(s streamsql.MatchSymbol) bool { return len(s.Reads) > 0 }) {
			b.WriteString(" for each value of what DEFINE compares with")
		}
		b.WriteByte('\n')
	case *streamsql.Analytic:
		for _, c := range n.Calls {
			fmt.Fprintf(b, "  %s: %s, for each partition, forgotten after %v\n", name, c.Text, time.Duration(c.Duration)*100)
		}
	}
}
