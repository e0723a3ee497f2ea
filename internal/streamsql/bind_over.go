package streamsql

import (
	"slices"
	"strings"
)

// checkOver holds the limits of TIMESTAMP BY … OVER, which the vendor's page on
// TIMESTAMP BY names: all inputs have it or none, and its columns are keys of
// GROUP BY and of JOIN. Without them a result would need events of several keys,
// whose times have nothing to do with each other.
func (b *binder) checkOver() {
	var sources []*Source
	seen := map[*Step]bool{}
	for _, st := range b.prog.Steps {
		sourcesBelow(st.Root, &sources, seen)
	}
	var with, without *Source
	for _, s := range sources {
		if len(s.Over) > 0 && with == nil {
			with = s
		} else if len(s.Over) == 0 && !s.Input.Reference {
			without = s
		}
	}
	if with == nil {
		return
	}
	if without != nil {
		b.fail(with.Over[0].at, "TIMESTAMP BY … OVER is on input %s, and %s is read without it: all inputs have it, or none", with.Input.Name, without.Input.Name)
	}
	for _, st := range b.prog.Steps {
		b.checkOverBelow(st.Root)
	}
}

// sourcesBelow collects the Source nodes that a node reads, through steps, each of
// which is walked once.
func sourcesBelow(n Node, found *[]*Source, seen map[*Step]bool) {
	switch n := n.(type) {
	case *Source:
		if !slices.Contains(*found, n) {
			*found = append(*found, n)
		}
	case *StepRef:
		if !seen[n.Step] {
			seen[n.Step] = true
			sourcesBelow(n.Step.Root, found, seen)
		}
	}
	for _, child := range n.Children() {
		sourcesBelow(child, found, seen)
	}
}

func (b *binder) checkOverBelow(n Node) {
	switch n := n.(type) {
	case *Aggregate:
		b.needOverKeys("GROUP BY", n.Input, n.Keys)
	case *Join:
		b.needOverKeys("the ON of a JOIN, compared by =", n.Left, n.LeftKeys)
		b.needOverKeys("the ON of a JOIN, compared by =", n.Right, n.RightKeys)
	}
	for _, child := range n.Children() {
		b.checkOverBelow(child)
	}
}

// needOverKeys demands that the columns of OVER of all sources below a node are
// among keys. A column of OVER that is an expression cannot be followed through
// steps; its text has to be that of a key.
func (b *binder) needOverKeys(clause string, below Node, keys []*Expr) {
	var sources []*Source
	sourcesBelow(below, &sources, map[*Step]bool{})
	pt := partitioner{budget: maxPartitionSteps}
	for _, s := range sources {
		for _, over := range s.Over {
			want, ok := pt.originOf(s, over)[s.Input]
			found := false
			for _, k := range keys {
				have, known := pt.originOf(below, k)[s.Input]
				found = found || ok && known && have == want || !ok && strings.EqualFold(k.text, over.text)
			}
			if !found {
				b.fail(over.at, "%s is in OVER of input %s, so it has to be in %s too: each of its values has a time of its own", over, s.Input.Name, clause)
			}
		}
	}
}
