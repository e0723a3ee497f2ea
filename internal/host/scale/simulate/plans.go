package simulate

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// Facts writes the numbers of a plan, and where each is from.
func Facts(w io.Writer, p *scale.Plan) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(what, value, source string) { fmt.Fprintf(t, "  %s\t%s\t%s\n", what, value, source) }
	fmt.Fprintf(t, "%s (--plan %s)\n", p.Title, p.Name)
	for _, s := range p.Sizes {
		row("instance "+s.Name, fmt.Sprintf("%d MB, %s", s.MemoryMB.Value, coreWords(s.MilliCores.Value)), s.MemoryMB.Source)
		row("HTTP requests at a time on "+s.Name, fmt.Sprint(s.Concurrency.Value), s.Concurrency.Source)
	}
	row("instances at most", fmt.Sprint(p.Most.Value), p.Most.Source)
	row("unless you set another limit", fmt.Sprint(p.Default.Value), p.Default.Source)
	row("instances at least", fmt.Sprint(p.Least.Value), p.Least.Source)
	if p.Prewarmed.Value > 0 {
		row("prewarmed besides", fmt.Sprint(p.Prewarmed.Value), p.Prewarmed.Source)
	}
	row("a function is ended after", timeout(p.Timeout.Value), p.Timeout.Source)
	row("and can have at most", timeout(p.MostTimeout.Value), p.MostTimeout.Source)
	row("HTTP requests are cut off after", scale.HTTPLimit.String(), p.Timeout.Source)
	if p.Events {
		row("instances added at a time", fmt.Sprint(p.Step.Value), p.Step.Source)
		row("and again after, for HTTP", short(p.EveryHTTP.Value), p.EveryHTTP.Source)
		row("and again after, for others", short(p.EveryEvent.Value), p.EveryEvent.Source)
		row("instances go when unneeded for", short(p.ScaleInWait.Value), p.ScaleInWait.Source)
		row("percent of them at a time", fmt.Sprint(p.ScaleIn.Value), p.ScaleIn.Source)
	}
	if p.ToZero {
		row("to zero when idle for", short(p.IdleToZero.Value), p.IdleToZero.Source)
	}
	row("an instance works after", short(p.ColdStart.Value), p.ColdStart.Source)
	for _, m := range Meters() {
		if price := m.Of(&p.Prices); price.Value > 0 {
			row("$ for "+m.Words+" (--price "+m.Name+")", dollars(price.Value), price.Source)
		}
	}
	return t.Flush()
}

func timeout(d time.Duration) string {
	if d == scale.Unbounded {
		return "any time"
	}
	return short(d)
}

// Meter is a price by the name that people set it by.
type Meter struct {
	Name, Words string
	Of          func(*scale.Prices) *scale.Fact[float64]
}

// Meters are all prices that plans have.
func Meters() []Meter {
	return []Meter{
		{"executions", "a million executions", func(p *scale.Prices) *scale.Fact[float64] { return &p.Execution }},
		{"gb-second", "a GB-second of execution", func(p *scale.Prices) *scale.Fact[float64] { return &p.GBSecond }},
		{"ready-gb-second", "a GB-second of an always-ready instance", func(p *scale.Prices) *scale.Fact[float64] { return &p.ReadyGBSecond }},
		{"ready-busy-gb-second", "a GB-second of it while it works, besides", func(p *scale.Prices) *scale.Fact[float64] { return &p.ReadyBusy }},
		{"vcpu-hour", "a vCPU-hour", func(p *scale.Prices) *scale.Fact[float64] { return &p.CoreHour }},
		{"gb-hour", "a GB-hour", func(p *scale.Prices) *scale.Fact[float64] { return &p.GBHour }},
		{"instance-hour", "an hour of the smallest instance", func(p *scale.Prices) *scale.Fact[float64] { return &p.InstanceHour }},
	}
}
