package streamsql

import (
	"fmt"
	"strings"
)

// Diagram is the plan as a graph for people: inputs, the operators of all
// steps, outputs, and the way of the rows between them.
type Diagram struct {
	Nodes []DiagramNode
	Edges []DiagramEdge
}

// DiagramNode is an input, an operator or an output.
type DiagramNode struct {
	ID     string
	Kind   string // input, reference, output, or that of an operator; see diagramKind
	Label  string // of an input or output its name
	Detail string // one line, as Explain has it
	Step   string // of WITH, or ""
}

// DiagramEdge leads rows from a node to the next.
type DiagramEdge struct{ From, To string }

// Diagram draws the plan. Nodes stand in the order in which rows meet them.
func (p *Program) Diagram() Diagram {
	d := drawing{inputs: map[*Input]int{}, outputs: map[string]string{}, steps: map[*Step]string{}}
	for _, in := range p.Inputs {
		kind := "input"
		if in.Reference {
			kind = "reference"
		}
		d.node(kind, in.Name, "", "")
		d.inputs[in] = len(d.Nodes) - 1
	}
	for _, st := range p.Steps {
		d.steps[st] = d.draw(st.Root, st.Name)
	}
	return d.Diagram
}

type drawing struct {
	Diagram
	inputs  map[*Input]int // index of the node
	outputs map[string]string
	steps   map[*Step]string // node of the step's last operator
}

func (d *drawing) node(kind, label, detail, step string) string {
	id := fmt.Sprintf("n%d", len(d.Nodes)+1)
	d.Nodes = append(d.Nodes, DiagramNode{id, kind, label, detail, step})
	return id
}

// draw adds what leads to n, and n, and returns the node that its rows come from.
func (d *drawing) draw(n Node, step string) string {
	switch n := n.(type) {
	case *Source:
		in := &d.Nodes[d.inputs[n.Input]]
		if detail := describeNode(n); !strings.Contains(in.Detail, detail) {
			in.Detail = strings.TrimPrefix(in.Detail+"; "+detail, "; ")
		}
		return in.ID
	case *StepRef:
		return d.steps[n.Step]
	}
	var from []string
	for _, child := range n.Children() {
		from = append(from, d.draw(child, step))
	}
	if ref, ok := n.(*RefJoin); ok {
		from = append(from, d.Nodes[d.inputs[ref.Input]].ID)
	}
	var id string
	if sink, ok := n.(*Sink); ok {
		key := strings.ToLower(sink.Output.Name)
		if id = d.outputs[key]; id == "" {
			id = d.node("output", sink.Output.Name, describeNode(n), "")
			d.outputs[key] = id
		}
	} else {
		kind := diagramKind(n)
		id = d.node(kind, strings.ReplaceAll(kind, "-", " "), describeNode(n), step)
	}
	for _, f := range from {
		d.Edges = append(d.Edges, DiagramEdge{f, id})
	}
	return id
}

// diagramKind names an operator; aggregates go by their window.
func diagramKind(n Node) string {
	switch n := n.(type) {
	case *Filter:
		return "filter"
	case *Project:
		return "project"
	case *Union:
		return "union"
	case *Analytic:
		return "history"
	case *Join:
		return "join"
	case *RefJoin:
		return "refjoin"
	case *Apply:
		return "apply"
	case *MatchRecognize:
		return "match"
	case *Aggregate:
		if len(n.Windows) == 1 {
			return strings.ToLower(n.Windows[0].Kind.String())
		}
		return "windows"
	}
	return "operator"
}
