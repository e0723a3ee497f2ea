package streamsql

import (
	"fmt"
	"strings"
	"time"
)

// Explain returns the plan as indented text: inputs with the columns that are
// decoded, and each step with its operators from the last to the first. Whether
// it can be split is PartitionKeys' to say.
func (p *Program) Explain() string {
	var sb strings.Builder
	for _, in := range p.Inputs {
		kind := "input"
		if in.Reference {
			kind = "reference"
		}
		fmt.Fprintf(&sb, "%s %s: %s\n", kind, in.Name, strings.Join(fieldNames(in), ", "))
		if in.View != nil {
			explainView(&sb, in.View)
		}
	}
	for _, st := range p.Steps {
		name := st.Name
		if name == "" {
			name = fmt.Sprintf("#%d", st.Index+1)
		}
		fmt.Fprintf(&sb, "step %s\n", name)
		explainNode(&sb, st.Root, 1)
	}
	return sb.String()
}

func explainView(sb *strings.Builder, v *View) {
	var texts []string
	for _, e := range v.Exprs {
		texts = append(texts, e.String())
	}
	fmt.Fprintf(sb, "  when loaded, compute %s", strings.Join(texts, ", "))
	if v.Cond != nil {
		fmt.Fprintf(sb, " where %s", v.Cond)
	}
	sb.WriteByte('\n')
}

func fieldNames(in *Input) []string {
	var names []string
	for _, f := range in.Fields {
		name := strings.Join(f.Path, ".")
		if name == "" {
			name = "*"
		}
		if f.Type != Null {
			name += " " + f.Type.String()
		}
		names = append(names, name)
	}
	for _, m := range in.Meta {
		name := m.Name
		if m.User {
			name = "[User]." + name
		}
		names = append(names, "("+name+")")
	}
	return names
}

func explainNode(sb *strings.Builder, n Node, depth int) {
	line := describeNode(n)
	fmt.Fprintf(sb, "%s%s\n", strings.Repeat("  ", depth), line)
	for _, child := range n.Children() {
		explainNode(sb, child, depth+1)
	}
}

func describeNode(n Node) string {
	switch n := n.(type) {
	case *Source:
		s := "source " + n.Input.Name
		if n.Timestamp != nil {
			s += " timestamp by " + n.Timestamp.String()
		}
		return s + listText(" over ", n.Over) + listText(" partition by ", n.Partition.Keys)
	case *StepRef:
		name := n.Step.Name
		if name == "" {
			name = fmt.Sprintf("#%d", n.Step.Index+1)
		}
		return "read " + name + listText(" partition by ", n.Partition.Keys)
	case *Filter:
		return "filter " + n.Cond.String()
	case *Project:
		return "project " + columnText(&n.schema)
	case *Sink:
		return "into " + n.Output.Name + listText(" partition by ", n.Partition.Keys)
	case *Union:
		return "union " + columnText(&n.schema)
	case *Aggregate:
		var calls []string
		for _, c := range n.Calls {
			calls = append(calls, c.Text)
		}
		return "group by [" + listText("", n.Keys) + "] " + windowText(n.Windows) + ": " + strings.Join(calls, ", ")
	case *Analytic:
		var calls []string
		for _, c := range n.Calls {
			calls = append(calls, c.Text)
		}
		return "history " + strings.Join(calls, ", ")
	case *Join:
		low, high := n.Bounds.Range()
		return fmt.Sprintf("%s on [%s] = [%s]%s within %s to %s", joinName(n.Outer), listText("", n.LeftKeys), listText("", n.RightKeys),
			condText(n.Residual), span100ns(low), span100ns(high))
	case *RefJoin:
		return fmt.Sprintf("%s reference %s on [%s] = [%s]%s", joinName(n.Outer), n.Input.Name, listText("", n.LeftKeys), listText("", n.RightKeys), condText(n.Residual))
	case *Apply:
		kind, of := "cross apply", "elements of "
		if n.Outer {
			kind = "outer apply"
		}
		if n.Kind == RecordProperties {
			of = "properties of "
		}
		return kind + " " + of + n.Arg.String()
	case *MatchRecognize:
		return fmt.Sprintf("match [%s] %s within %s: %s", listText("", n.PartitionBy), patternText(n, n.Pattern), span100ns(n.Duration), columnText(&n.schema))
	}
	return fmt.Sprintf("%T", n)
}

func joinName(outer bool) string {
	if outer {
		return "left join"
	}
	return "join"
}

func condText(e *Expr) string {
	if e == nil {
		return ""
	}
	return " and " + e.String()
}

func listText(before string, es []*Expr) string {
	if len(es) == 0 {
		return ""
	}
	var texts []string
	for _, e := range es {
		texts = append(texts, e.String())
	}
	return before + strings.Join(texts, ", ")
}

func columnText(s *Schema) string {
	var names []string
	for _, c := range s.Columns {
		if c.Spread {
			names = append(names, "*")
		} else {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

// span100ns writes ticks as a duration.
func span100ns(ticks int64) string { return (time.Duration(ticks) * 100).String() }

func windowText(specs []WindowSpec) string {
	var texts []string
	for _, w := range specs {
		s := w.Kind.String()
		switch w.Kind {
		case Tumbling, Sliding:
			s += " " + span100ns(w.Size)
		case Hopping:
			s += " " + span100ns(w.Size) + " every " + span100ns(w.Hop)
		case Session:
			s += " gap " + span100ns(w.Timeout) + " at most " + span100ns(w.Size) + listText(" over ", w.SessionKeys)
		case Snapshot:
		}
		if w.Offset != 0 {
			s += " offset " + span100ns(w.Offset)
		}
		if w.ID != "" {
			s += " '" + w.ID + "'"
		}
		texts = append(texts, s)
	}
	return strings.Join(texts, " + ")
}

func patternText(n *MatchRecognize, p *Pattern) string {
	var parts []string
	for _, part := range p.Parts {
		parts = append(parts, patternText(n, part))
	}
	switch p.Kind {
	case PatternSymbol:
		return n.Symbols[p.Symbol].Name
	case PatternAny:
		return "."
	case PatternSequence:
		return "(" + strings.Join(parts, " ") + ")"
	case PatternEither:
		return "(" + strings.Join(parts, " | ") + ")"
	case PatternRepeat:
	}
	switch {
	case p.Min == 0 && p.Max == 1:
		return parts[0] + "?"
	case p.Min == 0 && p.Max < 0:
		return parts[0] + "*"
	case p.Min == 1 && p.Max < 0:
		return parts[0] + "+"
	case p.Max < 0:
		return fmt.Sprintf("%s{%d,}", parts[0], p.Min)
	case p.Min == p.Max:
		return fmt.Sprintf("%s{%d}", parts[0], p.Min)
	}
	return fmt.Sprintf("%s{%d,%d}", parts[0], p.Min, p.Max)
}
