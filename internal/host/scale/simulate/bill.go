package simulate

import "time"

// bill adds up what is paid for, in whole numbers: milliseconds, times memory in MB or
// thousandths of cores.
type bill struct {
	o          *Options
	executions int64
	used       int64 // MB ms that functions used of their instances: Consumption
	busy       int64 // MB ms of instances while a function ran
	ready      int64 // MB ms of always-ready instances
	readyBusy  int64 // MB ms of those while a function ran
	instances  int64 // instance ms
}

// The least and the steps of what Consumption bills.
const (
	leastMillis = 100
	stepMB      = 128
)

// executed notes invocations of a second.
func (b *bill) executed(invocations, millis int64) {
	b.executions += invocations
	mb := ceil(int64(max(b.o.MemoryMB, 1)), stepMB) * stepMB
	b.used += invocations * max(millis, leastMillis) * mb
}

// second notes the instances of a group in one second. Work is spread evenly over
// them, and each that works is billed for the whole second, which is the least.
func (b *bill) second(g *group, invocations, atOnce int64) {
	mb := int64(b.o.Size.MemoryMB.Value)
	active := min(int64(g.ready), max(invocations, atOnce))
	ready := min(int64(g.least), int64(g.ready))
	first := min(active, ready)
	b.ready += ready * mb * 1000
	b.readyBusy += first * mb * 1000
	b.busy += (active - first) * mb * 1000
	b.instances += int64(g.count()) * 1000
}

// charges are the meters of the plan.
func (b *bill) charges(length time.Duration) (all []Charge) {
	p := &b.o.Plan.Prices
	gbs := func(mbms int64) float64 { return float64(mbms) / 1024 / 1000 }
	hours := func(ms int64) float64 { return float64(ms) / 1000 / 3600 }
	add := func(meter string, quantity float64, unit string, price float64, source string) {
		if price > 0 {
			all = append(all, Charge{meter, quantity, unit, price, quantity * price, source})
		}
	}
	add("executions", float64(b.executions)/1e6, "million", p.Execution.Value, p.Execution.Source)
	if p.ReadyGBSecond.Value > 0 {
		add("on-demand execution time", gbs(b.busy), "GB-s", p.GBSecond.Value, p.GBSecond.Source)
		add("always-ready baseline", gbs(b.ready), "GB-s", p.ReadyGBSecond.Value, p.ReadyGBSecond.Source)
		add("always-ready execution time", gbs(b.readyBusy), "GB-s", p.ReadyBusy.Value, p.ReadyBusy.Source)
	} else {
		add("execution time", gbs(b.used), "GB-s", p.GBSecond.Value, p.GBSecond.Source)
	}
	ms := b.instances + int64(b.o.Plan.Prewarmed.Value)*length.Milliseconds()
	add("vCPU duration", hours(ms)*float64(b.o.Size.MilliCores.Value)/1000, "vCPU-hours", p.CoreHour.Value, p.CoreHour.Source)
	add("memory duration", hours(ms)*float64(b.o.Size.MemoryMB.Value)/1024, "GB-hours", p.GBHour.Value, p.GBHour.Source)
	cores := float64(b.o.Size.MilliCores.Value) / float64(b.o.Plan.Sizes[0].MilliCores.Value)
	add("instances", hours(ms), "hours", p.InstanceHour.Value*cores, p.InstanceHour.Source)
	return all
}

func (b *bill) cost(length time.Duration) (total float64) {
	for _, c := range b.charges(length) {
		total += c.Cost
	}
	return total
}
