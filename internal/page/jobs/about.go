package jobs

import (
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
)

// About is the answer to GET /api/jobs/{job}.
type About struct {
	Name      string  `json:"name"`
	Query     string  `json:"query"`
	Explain   string  `json:"explain"`
	Parallel  bool    `json:"parallel"` // partitions run apart
	LanesText string  `json:"lanesText"`
	Inputs    []End   `json:"inputs"`
	Outputs   []End   `json:"outputs"`
	Diagram   Diagram `json:"diagram"`
}

// Diagram is the query's plan, from the inputs to the outputs.
type Diagram struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// Node is an input, an operator or an output.
type Node struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`   // input, reference, output, or the operator's: filter, tumbling, join, …
	Label  string `json:"label"`  // of an input or output its name
	Detail string `json:"detail"` // the whole operator in one line
	Step   string `json:"step"`   // of WITH, or ""
}

// Edge leads rows from a node to the next.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// End is an input or output: its name in the query and what it is bound to.
type End struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // hub, container, function, dataset or file
	// Target is a hub, database/container, app/route, a dataset, a path. A hub or a
	// container that is not in the default account has its account's name before it:
	// namespace/hub, account/database/container.
	Target string `json:"target"`
	Group  string `json:"group,omitempty"` // of a hub that is read: the consumer group
	// Reference inputs are tables; they have no numbers.
	Reference bool `json:"reference,omitempty"`
}

// AboutOf describes the query as it was compiled last.
func AboutOf(j *jobs.Job) About {
	q := j.Query()
	a := About{
		Query: q.Text, Explain: stream.Explain(q.Program, j.PartitionKeys()),
		Diagram: Diagram{Nodes: []Node{}, Edges: []Edge{}},
	}
	a.Parallel, a.LanesText = stream.Parallelism(q.Program, j.PartitionKeys())
	d := q.Program.Diagram()
	for _, n := range d.Nodes {
		a.Diagram.Nodes = append(a.Diagram.Nodes, Node(n))
	}
	for _, e := range d.Edges {
		a.Diagram.Edges = append(a.Diagram.Edges, Edge(e))
	}
	return a
}
