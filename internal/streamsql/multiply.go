package streamsql

import "math/bits"

// maxMultiplied bounds the rows that a query makes of one event by reading steps
// several times: a script of a few lines can double them at each step. What CROSS
// APPLY and the rows that a JOIN finds add is for the runtime's limits, as it
// depends on the events.
const maxMultiplied = 10_000

// checkMultiplied refuses a step, or the outputs up to it, with more rows of one
// event than a job can carry.
func (b *binder) checkMultiplied(st *Step, q query) {
	st.multiplied = multiplied(st.Root)
	if st.multiplied > maxMultiplied {
		b.fail(q.where(), "one event of each input makes more than %d rows in %s, because UNION or JOIN reads the same rows again at each step; read them fewer times", maxMultiplied, st.title())
	}
	if _, ok := st.Root.(*Sink); !ok {
		return
	}
	if b.written = plus(b.written, st.multiplied); b.written > maxMultiplied {
		b.fail(q.where(), "one event of each input makes more than %d rows of output up to this query; write fewer, or read the same rows fewer times", maxMultiplied)
	}
}

func (s *Step) title() string {
	if s.Name != "" {
		return "step '" + s.Name + "'"
	}
	return "this query"
}

// multiplied is how many rows of a node one event of each input makes at most:
// the paths from the inputs to the node, or the pairs of paths where a JOIN
// stands.
func multiplied(n Node) uint64 {
	switch n := n.(type) {
	case *StepRef:
		return n.Step.multiplied
	case *Union:
		var sum uint64
		for _, branch := range n.Branches {
			sum = plus(sum, multiplied(branch))
		}
		return sum
	case *Join:
		return times(multiplied(n.Left), multiplied(n.Right))
	}
	if of := n.Children(); len(of) > 0 {
		return multiplied(of[0])
	}
	return 1
}

// plus and times stop at the greatest number.
func plus(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	return sum | -carry
}

func times(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high > 0 {
		return ^uint64(0)
	}
	return low
}
