package simulate

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Draw writes the result for people: a chart of each function, what it cost, and what
// was assumed. width is how many columns a chart has.
func (r *Result) Draw(w io.Writer, width int) error {
	d := &drawing{r: r, width: max(10, min(width, len(r.Points)))}
	d.head()
	for i := range r.Functions {
		d.function(i)
	}
	if len(r.Points[0].Groups) > 1 || len(r.Functions) > 1 {
		d.app()
	}
	d.axis()
	d.costs()
	d.assumptions()
	_, err := io.WriteString(w, d.text.String())
	return err
}

// drawing is a text that grows.
type drawing struct {
	r     *Result
	width int
	text  strings.Builder
}

func (d *drawing) line(format string, args ...any) {
	d.text.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (d *drawing) head() {
	o := &d.r.Options
	d.line("%s, %s, on %s", o.Profile.Name, short(o.Profile.Length), o.Plan.Title)
	size := o.Size
	d.line("instances: %s (%d MB, %s), at most %d", size.Name, size.MemoryMB.Value, coreWords(size.MilliCores.Value), o.most())
	d.line("")
}

// most is the limit of instances.
func (o *Options) most() int {
	if o.Limits.Most > 0 {
		return o.Limits.Most
	}
	return max(o.Plan.Default.Value, o.Limits.Least)
}

// chart is one line of bars, with its name and what its highest bar is.
func (d *drawing) chart(name string, values []int64, most string) {
	d.line("  %-13s %s  %s", name, bars(values, d.width), most)
}

// bars draws values in a width, each column the greatest of those that it stands for.
func bars(values []int64, width int) string {
	levels := []rune(" ▁▂▃▄▅▆▇█")
	top := int64(0)
	for _, v := range values {
		top = max(top, v)
	}
	out := make([]rune, width)
	for c := range out {
		from, to := c*len(values)/width, (c+1)*len(values)/width
		v := int64(0)
		for _, x := range values[from:max(to, from+1)] {
			v = max(v, x)
		}
		out[c] = levels[0]
		if v > 0 {
			out[c] = levels[1+v*7/top]
		}
	}
	return string(out)
}

// of collects a number of every point.
func (d *drawing) of(value func(*Point) int64) []int64 {
	all := make([]int64, len(d.r.Points))
	for i := range d.r.Points {
		all[i] = value(&d.r.Points[i])
	}
	return all
}

func greatest(values []int64) (most int64) {
	for _, v := range values {
		most = max(most, v)
	}
	return most
}

func (d *drawing) function(i int) {
	f := &d.r.Functions[i]
	unit := "events"
	if shortName(f.Kind) == "http" {
		unit = "requests"
	}
	every := int64(d.r.Options.Every / time.Second)
	d.line("%s  %s, scales as %s", f.Name, shortName(f.Kind), f.Group)
	come := d.of(func(p *Point) int64 { return p.Functions[i].Arrived })
	d.chart(unit+"/s", come, fmt.Sprintf("most %s", grouped(ceil(greatest(come), every))))
	d.chart("waiting", d.of(func(p *Point) int64 { return p.Functions[i].Waiting }), mostWaiting(f))
	d.chart("latency p95", d.of(func(p *Point) int64 { return p.Functions[i].P95.Milliseconds() }),
		fmt.Sprintf("p50 %v, p95 %v, p99 %v, most %v", f.P50, f.P95, f.P99, f.Worst))
	have := d.of(func(p *Point) int64 { return int64(p.group(f.Group)) })
	if f.Group != "app" || len(d.r.Functions) == 1 {
		d.chart("instances", have, fmt.Sprintf("most %d", greatest(have)))
	}
	d.line("  %s %s came, %s done in %s executions%s", grouped(f.Arrived), unit, grouped(f.Done), grouped(f.Executions), f.rest())
	d.line("")
}

func mostWaiting(f *Function) string {
	if f.MostWaiting == 0 {
		return "none for longer than a second"
	}
	return fmt.Sprintf("most %s, at %v", grouped(f.MostWaiting), f.MostAt)
}

// rest is what became of what was not done.
func (f *Function) rest() (text string) {
	if f.Failed > 0 {
		text += fmt.Sprintf(", %s given up after 230 s", grouped(f.Failed))
	}
	if f.Left > 0 {
		text += fmt.Sprintf(", %s wait at the end", grouped(f.Left))
	}
	return text
}

// group is how many instances a group had.
func (p *Point) group(name string) int {
	for _, g := range p.Groups {
		if g.Group == name {
			return g.Instances
		}
	}
	return 0
}

func (d *drawing) app() {
	d.line("all functions")
	all := d.of(func(p *Point) (n int64) {
		for _, g := range p.Groups {
			n += int64(g.Instances)
		}
		return n
	})
	d.chart("instances", all, fmt.Sprintf("most %d, %s started", d.r.Most, grouped(int64(d.r.Started))))
	before := 0.0
	cost := d.of(func(p *Point) int64 {
		spent := p.Cost - before
		before = p.Cost
		return int64(spent*1e9 + 0.5)
	})
	d.chart("cost", cost, fmt.Sprintf("$%.4f", d.r.Cost))
}

// axis is the times below the charts.
func (d *drawing) axis() {
	length := d.r.Options.Profile.Length
	marks := []rune(strings.Repeat(" ", d.width+8))
	for i := range 4 {
		copy(marks[d.width*i/4:], []rune(short(length*time.Duration(i)/4)))
	}
	d.line("  %-13s %s", "", string(marks))
	d.line("")
}

// short is a duration without what is zero at its end.
func short(d time.Duration) string {
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (d *drawing) costs() {
	d.line("cost of %s: $%.4f", short(d.r.Options.Profile.Length), d.r.Cost)
	for _, c := range d.r.Charges {
		if c.Quantity == 0 {
			continue
		}
		d.line("  %-27s %14s %-10s × $%-9s = $%.4f", c.Meter, fmt.Sprintf("%.4f", c.Quantity), c.Unit, dollars(c.Price), c.Cost)
	}
	d.line("")
}

// dollars is a price without zeros at its end.
func dollars(p float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.7f", p), "0"), ".")
}

// grouped is a number with commas between its thousands.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// coreWords is thousandths of cores, for people.
func coreWords(thousandths int) string {
	if thousandths == 1000 {
		return "1 core"
	}
	text := strings.TrimRight(fmt.Sprintf("%d.%03d", thousandths/1000, thousandths%1000), "0")
	return strings.TrimSuffix(text, ".") + " cores"
}
