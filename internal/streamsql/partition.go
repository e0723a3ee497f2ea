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
	var demands []demand
	for _, st := range p.Steps {
		demands = collectDemands(st.Root, demands)
	}
	chosen := map[*Input]string{}
	if stuck := choose(demands, chosen); stuck != "" {
		return nil, stuck
	}
	keys = map[*Input][]string{}
	for in, path := range chosen {
		keys[in] = strings.Split(path, "\x00")
	}
	return keys, ""
}

// demand is an operator with state; any one of its alternatives will do.
type demand struct {
	what         string
	alternatives []map[*Input]string // input -> lower-case path
}

// choose finds one alternative per demand so that no input has two keys, by
// backtracking; stuck names the first demand that cannot be met.
func choose(demands []demand, chosen map[*Input]string) (stuck string) {
	if len(demands) == 0 {
		return ""
	}
	d := demands[0]
	for _, alt := range d.alternatives {
		if slices.ContainsFunc(slices.Collect(maps.Keys(alt)), func(in *Input) bool {
			have, ok := chosen[in]
			return ok && have != alt[in]
		}) {
			continue
		}
		before := maps.Clone(chosen)
		maps.Copy(chosen, alt)
		inner := choose(demands[1:], chosen)
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

// collectDemands appends the demands of a node and of those below it.
func collectDemands(n Node, out []demand) []demand {
	for _, child := range n.Children() {
		out = collectDemands(child, out)
	}
	switch n := n.(type) {
	case *Aggregate:
		d := demand{what: "the aggregate is not grouped by a property of the events"}
		for _, k := range n.Keys {
			d.add(originOf(n.Input, k))
		}
		for _, w := range n.Windows {
			if w.Kind != Session {
				continue
			}
			s := demand{what: "the session window has no OVER (PARTITION BY …) on a property of the events"}
			for _, k := range w.SessionKeys {
				s.add(originOf(n.Input, k))
			}
			out = append(out, s)
		}
		return append(out, d)
	case *Analytic:
		for _, c := range n.Calls {
			d := demand{what: fmt.Sprintf("%s has no PARTITION BY on a property of the events", c.Func)}
			for _, k := range c.PartitionBy {
				d.add(originOf(n.Input, k))
			}
			out = append(out, d)
		}
	case *MatchRecognize:
		d := demand{what: "MATCH_RECOGNIZE has no PARTITION BY on a property of the events"}
		for _, k := range n.PartitionBy {
			d.add(originOf(n.Input, k))
		}
		return append(out, d)
	case *Join:
		d := demand{what: "the join is not on a property of both streams' events"}
		for i := range n.LeftKeys {
			left, right := originOf(n.Left, n.LeftKeys[i]), originOf(n.Right, n.RightKeys[i])
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
		return append(out, d)
	}
	return out
}

func (d *demand) add(origin map[*Input]string) {
	if origin != nil {
		d.alternatives = append(d.alternatives, origin)
	}
}

// originOf returns the property of each input that an expression passes on
// unchanged, or nil.
func originOf(n Node, e *Expr) map[*Input]string {
	if e == nil {
		return nil
	}
	slot, ok := e.Slot()
	if !ok {
		return nil
	}
	return slotOrigin(n, slot)
}

func slotOrigin(n Node, slot int) map[*Input]string {
	if slot < 0 {
		return nil
	}
	switch n := n.(type) {
	case *Source:
		for _, f := range n.Input.Fields {
			if f.Slot == slot && len(f.Path) > 0 {
				return map[*Input]string{n.Input: strings.ToLower(strings.Join(f.Path, "\x00"))}
			}
		}
	case *StepRef:
		return slotOrigin(n.Step.Root, slot)
	case *Filter:
		return slotOrigin(n.Input, slot)
	case *Analytic:
		return slotOrigin(n.Input, slot)
	case *Sink:
		return slotOrigin(n.Input, slot)
	case *Project:
		return originOf(n.Input, n.Exprs[slot])
	case *Aggregate:
		if slot < len(n.Keys) {
			return originOf(n.Input, n.Keys[slot])
		}
	case *MatchRecognize:
		return originOf(n.Input, n.Emit[slot])
	case *Join:
		switch n.Slots[slot].Side {
		case 0:
			return slotOrigin(n.Left, n.Slots[slot].Slot)
		case 1:
			return slotOrigin(n.Right, n.Slots[slot].Slot)
		}
	case *RefJoin:
		if n.Slots[slot].Side == 0 {
			return slotOrigin(n.Left, n.Slots[slot].Slot)
		}
	case *Apply:
		if n.Slots[slot].Side == 0 {
			return slotOrigin(n.Input, n.Slots[slot].Slot)
		}
	case *Union:
		all := map[*Input]string{}
		for b, branch := range n.Branches {
			from := slotOrigin(branch, n.Slots[b][slot])
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
