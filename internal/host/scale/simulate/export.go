package simulate

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteCSV writes the points: a line each, with the time in seconds, and what each
// function and each group did since the line before.
func (r *Result) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"time", "instances", "cost"}
	for _, f := range r.Functions {
		for _, what := range []string{"arrived", "done", "failed", "waiting", "p95_ms"} {
			head = append(head, f.Name+" "+what)
		}
	}
	for _, g := range r.Points[0].Groups {
		head = append(head, g.Group+" instances")
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for i := range r.Points {
		if err := out.Write(r.Points[i].fields()); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (p *Point) fields() []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	total := 0
	for _, g := range p.Groups {
		total += g.Instances
	}
	all := []string{number(int64(p.At / time.Second)), strconv.Itoa(total), fmt.Sprintf("%.6f", p.Cost)}
	for _, f := range p.Functions {
		all = append(all, number(f.Arrived), number(f.Done), number(f.Failed), number(f.Waiting), number(f.P95.Milliseconds()))
	}
	for _, g := range p.Groups {
		all = append(all, strconv.Itoa(g.Instances))
	}
	return all
}

// report is the result as JSON. Times are seconds, latencies milliseconds, money US
// dollars.
type report struct {
	Profile   string           `json:"profile"`
	Seconds   int64            `json:"seconds"`
	Plan      string           `json:"plan"`
	Size      string           `json:"size"`
	Limit     int              `json:"limit"`
	Most      int              `json:"mostInstances"`
	Started   int              `json:"startedInstances"`
	Cost      float64          `json:"cost"`
	Charges   []chargeReport   `json:"charges"`
	Functions []functionReport `json:"functions"`
	Changes   []changeReport   `json:"changes"`
	Points    []pointReport    `json:"points"`
}

type chargeReport struct {
	Meter    string  `json:"meter"`
	Quantity float64 `json:"quantity"`
	Unit     string  `json:"unit"`
	Price    float64 `json:"price"`
	Cost     float64 `json:"cost"`
	Source   string  `json:"source"`
}

type functionReport struct {
	Name        string `json:"name"`
	Kind        string `json:"kind"`
	Group       string `json:"group"`
	Arrived     int64  `json:"arrived"`
	Done        int64  `json:"done"`
	Failed      int64  `json:"failed"`
	Left        int64  `json:"left"`
	Executions  int64  `json:"executions"`
	MostWaiting int64  `json:"mostWaiting"`
	MostAt      int64  `json:"mostWaitingAt"`
	P50         int64  `json:"p50Ms"`
	P95         int64  `json:"p95Ms"`
	P99         int64  `json:"p99Ms"`
	Worst       int64  `json:"worstMs"`
}

type changeReport struct {
	At    int64  `json:"at"`
	Group string `json:"group"`
	Was   int    `json:"was"`
	Now   int    `json:"now"`
	Why   string `json:"why"`
}

type pointReport struct {
	At        int64                 `json:"at"`
	Cost      float64               `json:"cost"`
	Functions []functionPointReport `json:"functions"`
	Groups    []groupPointReport    `json:"groups"`
}

type functionPointReport struct {
	Arrived int64 `json:"arrived"`
	Done    int64 `json:"done"`
	Failed  int64 `json:"failed"`
	Waiting int64 `json:"waiting"`
	P95     int64 `json:"p95Ms"`
}

type groupPointReport struct {
	Group     string `json:"group"`
	Instances int    `json:"instances"`
	Ready     int    `json:"ready"`
}

// MarshalJSON implements json.Marshaler.
func (r *Result) MarshalJSON() ([]byte, error) {
	o := &r.Options
	seconds := func(d time.Duration) int64 { return int64(d / time.Second) }
	out := report{
		Profile: o.Profile.Name, Seconds: seconds(o.Profile.Length), Plan: o.Plan.Name, Size: o.Size.Name, Limit: o.most(),
		Most: r.Most, Started: r.Started, Cost: r.Cost, Changes: []changeReport{},
	}
	for _, c := range r.Charges {
		out.Charges = append(out.Charges, chargeReport(c))
	}
	for _, f := range r.Functions {
		out.Functions = append(out.Functions, functionReport{
			f.Name, shortName(f.Kind), f.Group, f.Arrived, f.Done, f.Failed, f.Left, f.Executions, f.MostWaiting, seconds(f.MostAt),
			f.P50.Milliseconds(), f.P95.Milliseconds(), f.P99.Milliseconds(), f.Worst.Milliseconds(),
		})
	}
	for _, c := range r.Changes {
		out.Changes = append(out.Changes, changeReport{seconds(c.At), c.Group, c.Was, c.Now, c.Why})
	}
	for _, p := range r.Points {
		at := pointReport{At: seconds(p.At), Cost: p.Cost}
		for _, f := range p.Functions {
			at.Functions = append(at.Functions, functionPointReport{f.Arrived, f.Done, f.Failed, f.Waiting, f.P95.Milliseconds()})
		}
		for _, g := range p.Groups {
			at.Groups = append(at.Groups, groupPointReport(g))
		}
		out.Points = append(out.Points, at)
	}
	return json.Marshal(out)
}

// Compare writes a table of several results, a line each.
func Compare(w io.Writer, all []*Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PLAN\tINSTANCES\tSTARTED\tFUNCTION\tP50\tP95\tP99\tWORST\tMOST WAITING\tNOT DONE\tCOST")
	for _, r := range all {
		for i, f := range r.Functions {
			plan, instances, started, cost := "", "", "", ""
			if i == 0 {
				plan, instances, started, cost = r.Options.Plan.Name+" "+r.Options.Size.Name, strconv.Itoa(r.Most), strconv.Itoa(r.Started), fmt.Sprintf("$%.4f", r.Cost)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%v\t%v\t%v\t%v\t%s\t%s\t%s\n",
				plan, instances, started, f.Name, f.P50, f.P95, f.P99, f.Worst, grouped(f.MostWaiting), grouped(f.Failed+f.Left), cost)
		}
	}
	return t.Flush()
}

// Explain writes every change of the number of instances, and why.
func (r *Result) Explain(w io.Writer) error {
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "%9s  %-20s %4d → %-4d  %s\n", c.At, c.Group, c.Was, c.Now, c.Why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
