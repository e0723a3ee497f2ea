package streamsql

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiagram draws a query with most kinds of operators: every row's way from
// the inputs to the outputs, each step once however often it is read.
func TestDiagram(t *testing.T) {
	p, err := Compile(`
		WITH hot AS (SELECT r.id, r.v, l.name FROM r TIMESTAMP BY t JOIN l ON r.id = l.id WHERE r.v > 40),
		avgs AS (SELECT id, AVG(v) AS a FROM hot GROUP BY id, TumblingWindow(second, 10))
		SELECT id, a INTO metrics FROM avgs;
		SELECT id INTO alerts FROM hot;
		SELECT id, a, LAG(a) OVER (PARTITION BY id LIMIT DURATION(minute, 1)) AS before INTO METRICS FROM avgs`,
		Options{Inputs: []InputOptions{{Name: "l", Reference: true}}})
	if err != nil {
		t.Fatal(err)
	}
	d := p.Diagram()
	names := map[string]string{}
	var nodes, edges []string
	for i, n := range d.Nodes {
		line := strings.TrimSpace(n.Kind + " " + n.Step)
		if n.Kind == "input" || n.Kind == "reference" || n.Kind == "output" {
			line = n.Kind + " " + n.Label
		}
		names[n.ID] = line
		if n.Detail == "" && n.Kind != "reference" || strings.Contains(n.Detail, "\n") {
			t.Errorf("node %d has the detail %q", i, n.Detail)
		}
		nodes = append(nodes, line)
	}
	for _, e := range d.Edges {
		if names[e.From] == "" || names[e.To] == "" {
			t.Errorf("edge %v hangs in the air", e)
		}
		edges = append(edges, names[e.From]+" > "+names[e.To])
	}
	wantNodes := `input r
reference l
refjoin hot
filter hot
project hot
tumbling avgs
project avgs
project
output metrics
project
output alerts
history
project
`
	wantEdges := `input r > refjoin hot
reference l > refjoin hot
refjoin hot > filter hot
filter hot > project hot
project hot > tumbling avgs
tumbling avgs > project avgs
project avgs > project
project > output metrics
project hot > project
project > output alerts
project avgs > history
history > project
project > output metrics
`
	if diff := cmp.Diff(wantNodes, strings.Join(nodes, "\n")+"\n"); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantEdges, strings.Join(edges, "\n")+"\n"); diff != "" {
		t.Error(diff)
	}
}
