package simulate

import "time"

// mark makes a point of what happened since the one before.
func (r *run) mark(second int64) {
	at := time.Duration(second) * time.Second
	p := Point{At: at, Functions: make([]FunctionPoint, len(r.functions)), Groups: make([]GroupPoint, len(r.groups)), Cost: r.bill.cost(at)}
	for i, f := range r.functions {
		f.point.P95 = f.lately.of(950)
		p.Functions[i] = f.point
		f.point = FunctionPoint{}
		f.lately.reset()
	}
	for i, g := range r.groups {
		p.Groups[i] = g.point
		g.point = GroupPoint{Group: g.name}
	}
	r.result.Points = append(r.result.Points, p)
}

// end adds the whole up.
func (r *run) end() {
	for _, f := range r.functions {
		r.result.Functions = append(r.result.Functions, Function{
			Name: f.load.Function, Group: f.group.name, Kind: f.load.Kind, Work: f.work,
			Arrived: f.arrived, Done: f.done, Failed: f.failed, Left: f.waiting.length, Executions: f.executed,
			MostWaiting: f.most, MostAt: time.Duration(f.mostAt) * time.Second,
			P50: f.latency.of(500), P95: f.latency.of(950), P99: f.latency.of(990), Worst: time.Duration(f.latency.most) * time.Millisecond,
		})
	}
	length := r.o.Profile.Length
	r.result.Charges, r.result.Cost = r.bill.charges(length), r.bill.cost(length)
}
