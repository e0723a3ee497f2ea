package simulate

import (
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// assumptions says what the numbers rest on, and how each is changed.
func (d *drawing) assumptions() {
	o := &d.r.Options
	d.line("assumed (change it by the flag)")
	for i := range d.r.Functions {
		f := &d.r.Functions[i]
		d.line("  --set %s.KEY=VALUE: %s", f.Name, workWords(&f.Work))
	}
	p := o.Plan
	if p.Events && p.ColdStart.Source == scale.Assumed {
		idle := "it never goes to zero"
		if p.ToZero {
			idle = "--idle " + short(o.idle())
		}
		d.line("  --cold-start %v, %s, --scale-in-wait %s, --scale-in %d%%, --every-event %s",
			p.ColdStart.Value, idle, short(p.ScaleInWait.Value), p.ScaleIn.Value, short(p.EveryEvent.Value))
	}
	if p.Prices.GBSecond.Value > 0 && p.Prices.ReadyGBSecond.Value == 0 {
		d.line("  --memory-used %d MB of an instance by a function that runs", o.MemoryMB)
	}
	d.line("  --price METER=DOLLARS: list prices of one region in 2025, without free grants; see the pricing page")
}

func (o *Options) idle() time.Duration {
	if o.Limits.IdleToZero > 0 {
		return o.Limits.IdleToZero
	}
	return o.Plan.IdleToZero.Value
}

// workWords is what a function does, by the keys that Set knows.
func workWords(w *Work) string {
	words := []string{fmt.Sprintf("duration=%v", w.Duration)}
	if w.PerItem > 0 {
		words = append(words, fmt.Sprintf("per-event=%v", w.PerItem))
	}
	words = append(words, fmt.Sprintf("cpu=%d", w.CPU))
	if w.Batch > 1 {
		words = append(words, fmt.Sprintf("batch=%d", w.Batch))
	}
	if w.Partitions > 0 {
		words = append(words, fmt.Sprintf("partitions=%d", w.Partitions))
	} else {
		words = append(words, fmt.Sprintf("concurrency=%d", w.Concurrency))
	}
	return strings.Join(append(words, fmt.Sprintf("target=%d", w.Target)), " ")
}
