package stream

import "github.com/lazuli-dev/lazuli/internal/streamsql"

// lookback is how far before its first output a job has to read so that its
// first windows, joins and histories are complete: along the longest way from
// an input to an output, in ticks.
func lookback(p *streamsql.Program) int64 {
	steps := make(map[*streamsql.Step]int64)
	longest := int64(0)
	for _, s := range p.Steps {
		steps[s] = reach(s.Root, steps)
		longest = max(longest, steps[s])
	}
	return longest
}

func reach(n streamsql.Node, steps map[*streamsql.Step]int64) int64 {
	before := int64(0)
	for _, c := range n.Children() {
		before = max(before, reach(c, steps))
	}
	own := int64(0)
	switch n := n.(type) {
	case *streamsql.StepRef:
		return steps[n.Step]
	case *streamsql.Aggregate:
		for _, w := range n.Windows {
			size := w.Size
			if w.Kind == streamsql.Session {
				size = 2*w.Size + w.Timeout
			}
			own = max(own, size)
		}
	case *streamsql.Analytic:
		for _, c := range n.Calls {
			own = max(own, c.Duration)
		}
	case *streamsql.Join:
		low, high := n.Bounds.Range()
		own = max(abs(low), abs(high)) + n.Bounds.LeftLag
	case *streamsql.MatchRecognize:
		own = n.Duration
	}
	return before + own
}

func abs(n int64) int64 { return max(n, -n) }
