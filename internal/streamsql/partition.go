package streamsql

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// PartitionKeys returns for each input the property by which its events can be
// split, so that each part of the query's state sees only events of one
// partition: every aggregate, join, history and pattern is keyed by it. Inputs
// that reach no state are not in the map. reason is not empty if there is no
// such choice, and says which operator stands against it.
func (p *Program) PartitionKeys() (keys map[*Input][]string, reason string) {
	pt := partitioner{budget: maxPartitionSteps}
	for _, st := range p.Steps {
		pt.collect(st.Root)
	}
	chosen := map[*Input]string{}
	stuck := pt.choose(pt.demands, chosen)
	switch {
	case pt.budget <= 0:
		return nil, "the query is too complex to decide"
	case stuck != "":
		return nil, stuck
	}
	keys = map[*Input][]string{}
	for in, path := range chosen {
		keys[in] = in.spelled(path)
	}
	return keys, ""
}

// SplitsBy says whether each part of the query's state sees only events of one
// partition if the senders have partitioned the inputs by these properties (the
// path of one for each input; without a path the events lie anywhere). The
// reason names the first operator that stands against it.
func (p *Program) SplitsBy(sent map[*Input][]string) (reason string) {
	pt := partitioner{budget: maxPartitionSteps}
	for _, st := range p.Steps {
		pt.collect(st.Root)
	}
	together := func(in *Input, path string) bool {
		return path == partitionID || len(sent[in]) > 0 && path == foldPath(sent[in])
	}
	for _, d := range pt.demands {
		met := slices.ContainsFunc(d.alternatives, func(alt map[*Input]string) bool {
			for in, path := range alt {
				if !together(in, path) {
					return false
				}
			}
			return true
		})
		if !met {
			return d.what
		}
	}
	if pt.budget <= 0 {
		return "the query is too complex to decide"
	}
	return ""
}

// partitionID stands for the number of the event's partition among the paths.
const partitionID = "\x00PartitionId"

// readsPartition says whether the slot is the number of the partition for
// certain. PartitionId as a plain column is a property of the event, if it has
// one of that name, unless FROM … PARTITION BY PartitionId says otherwise.
func (n *Source) readsPartition(slot int) bool {
	for _, m := range n.Input.Meta {
		if m.Slot != slot || m.User || !strings.EqualFold(m.Name, "PartitionId") {
			continue
		}
		if !m.IfMissing {
			return true
		}
		for _, k := range n.Partition.Keys {
			if s, ok := k.Slot(); ok && s == slot {
				return true
			}
		}
	}
	return false
}

// spelled is a path of the search as the query spells it.
func (in *Input) spelled(path string) []string {
	if path == partitionID {
		return []string{"PartitionId"}
	}
	for _, f := range in.Fields {
		if foldPath(f.Path) == path {
			return f.Path
		}
	}
	return strings.Split(path, "\x00")
}

func foldPath(path []string) string { return strings.ToLower(strings.Join(path, "\x00")) }

// maxPartitionSteps bounds the search, which is exponential in the worst case.
const maxPartitionSteps = 200000

// partitioner collects what each operator demands and searches for a choice.
type partitioner struct {
	demands []demand
	budget  int
}

// spend counts one step; false when there have been too many.
func (pt *partitioner) spend() bool {
	pt.budget--
	return pt.budget > 0
}

// demand is an operator with state; any one of its alternatives will do.
type demand struct {
	what         string
	alternatives []map[*Input]string // input -> lower-case path
}

// choose finds one alternative per demand so that no input has two keys, by
// backtracking; stuck names the first demand that cannot be met.
func (pt *partitioner) choose(demands []demand, chosen map[*Input]string) (stuck string) {
	if len(demands) == 0 {
		return ""
	}
	d := demands[0]
	for _, alt := range d.alternatives {
		if !pt.spend() {
			break
		}
		if slices.ContainsFunc(slices.Collect(maps.Keys(alt)), func(in *Input) bool {
			have, ok := chosen[in]
			return ok && have != alt[in]
		}) {
			continue
		}
		before := maps.Clone(chosen)
		maps.Copy(chosen, alt)
		inner := pt.choose(demands[1:], chosen)
		if inner == "" {
			return ""
		}
		stuck = inner
		clear(chosen)
		maps.Copy(chosen, before)
	}
	if stuck == "" {
		stuck = d.what
	}
	return stuck
}

// collect adds the demands of a node and of those below it.
func (pt *partitioner) collect(n Node) {
	for _, child := range n.Children() {
		pt.collect(child)
	}
	switch n := n.(type) {
	case *Aggregate:
		d := demand{what: "the aggregate is not grouped by a property of the events"}
		for _, k := range n.Keys {
			d.add(pt.originOf(n.Input, k))
		}
		for _, w := range n.Windows {
			if w.Kind != Session {
				continue
			}
			s := demand{what: "the session window has no OVER (PARTITION BY …) on a property of the events"}
			for _, k := range w.SessionKeys {
				s.add(pt.originOf(n.Input, k))
			}
			pt.demands = append(pt.demands, s)
		}
		pt.demands = append(pt.demands, d)
	case *Analytic:
		for _, c := range n.Calls {
			d := demand{what: fmt.Sprintf("%s has no PARTITION BY on a property of the events", c.Func)}
			for _, k := range c.PartitionBy {
				d.add(pt.originOf(n.Input, k))
			}
			pt.demands = append(pt.demands, d)
		}
	case *MatchRecognize:
		d := demand{what: "MATCH_RECOGNIZE has no PARTITION BY on a property of the events"}
		for _, k := range n.PartitionBy {
			d.add(pt.originOf(n.Input, k))
		}
		pt.demands = append(pt.demands, d)
	case *Join:
		d := demand{what: "the join is not on a property of both streams' events"}
		for i := range n.LeftKeys {
			left, right := pt.originOf(n.Left, n.LeftKeys[i]), pt.originOf(n.Right, n.RightKeys[i])
			if left == nil || right == nil {
				continue
			}
			both, fits := maps.Clone(left), true
			for in, path := range right {
				if have, ok := both[in]; ok && have != path {
					fits = false
				}
				both[in] = path
			}
			if fits {
				d.alternatives = append(d.alternatives, both)
			}
		}
		pt.demands = append(pt.demands, d)
	}
}

func (d *demand) add(origin map[*Input]string) {
	if origin != nil {
		d.alternatives = append(d.alternatives, origin)
	}
}

// originOf returns the property of each input that an expression passes on
// unchanged, or nil.
func (pt *partitioner) originOf(n Node, e *Expr) map[*Input]string {
	if e == nil {
		return nil
	}
	slot, ok := e.Slot()
	if !ok {
		return nil
	}
	return pt.slotOrigin(n, slot)
}

func (pt *partitioner) slotOrigin(n Node, slot int) map[*Input]string {
	if slot < 0 || !pt.spend() {
		return nil
	}
	switch n := n.(type) {
	case *Source:
		if n.readsPartition(slot) {
			return map[*Input]string{n.Input: partitionID}
		}
		for _, f := range n.Input.Fields {
			if f.Slot == slot && len(f.Path) > 0 {
				return map[*Input]string{n.Input: foldPath(f.Path)}
			}
		}
	case *StepRef:
		return pt.slotOrigin(n.Step.Root, slot)
	case *Filter:
		return pt.slotOrigin(n.Input, slot)
	case *Analytic:
		return pt.slotOrigin(n.Input, slot)
	case *Sink:
		return pt.slotOrigin(n.Input, slot)
	case *Project:
		return pt.originOf(n.Input, n.Exprs[slot])
	case *Aggregate:
		if slot < len(n.Keys) {
			return pt.originOf(n.Input, n.Keys[slot])
		}
	case *MatchRecognize:
		return pt.originOf(n.Input, n.Emit[slot])
	case *Join:
		switch n.Slots[slot].Side {
		case 0:
			return pt.slotOrigin(n.Left, n.Slots[slot].Slot)
		case 1:
			return pt.slotOrigin(n.Right, n.Slots[slot].Slot)
		}
	case *RefJoin:
		if n.Slots[slot].Side == 0 {
			return pt.slotOrigin(n.Left, n.Slots[slot].Slot)
		}
	case *Apply:
		if n.Slots[slot].Side == 0 {
			return pt.slotOrigin(n.Input, n.Slots[slot].Slot)
		}
	case *Union:
		all := map[*Input]string{}
		for b, branch := range n.Branches {
			from := pt.slotOrigin(branch, n.Slots[b][slot])
			if from == nil {
				return nil
			}
			for in, path := range from {
				if have, ok := all[in]; ok && have != path {
					return nil
				}
				all[in] = path
			}
		}
		return all
	}
	return nil
}
