package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// report collects results and prints them as Markdown.
type report struct {
	order []string
	lines map[string]*line
}

type line struct {
	w       workload
	cores   int
	events  int64
	results map[string]result
}

func newReport() *report { return &report{lines: map[string]*line{}} }

// add takes a result and prints it at once, so that a run cut short has left
// something.
func (r *report) add(w workload, engine string, cores int, inputs map[string]input, res result) {
	key := fmt.Sprintf("%s/%d", w.name, cores)
	l := r.lines[key]
	if l == nil {
		l = &line{w: w, cores: cores, results: map[string]result{}}
		for _, in := range inputs {
			l.events += int64(in.events)
		}
		r.lines[key] = l
		r.order = append(r.order, key)
	}
	l.results[engine] = res
	if res.Late {
		return
	}
	fmt.Fprintf(os.Stderr, "%-20s %d cores %-8s %9.0f events/s %9.0f per CPU second, %d rows, n %d, load %s\n",
		w.name, cores, engine, float64(l.events)/res.Seconds, float64(l.events)/res.CPU, res.Rows, res.Sum, load())
}

func (r *report) print() {
	fmt.Println("\nEvents per second of CPU time, all threads of the process; in brackets per second on the wall. Ratios are of CPU time.")
	fmt.Println()
	fmt.Println("| workload | events | cores | Lazuli | Flink | ratio | Beam | ratio | zero loss, rows |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, key := range r.order {
		l := r.lines[key]
		fmt.Printf("| %s | %d k | %d | %s ", l.w.name, l.events/1000, l.cores, l.speed(l.results[lazuli]))
		for _, p := range peers {
			fmt.Printf("| %s | %s ", l.speed(l.results[p]), l.ratio(p))
		}
		fmt.Printf("| %s |\n", l.verdict())
	}
	r.printHubs()
	r.printState()
}

func (l *line) speed(r result) string {
	switch {
	case r.Late:
		return "no result"
	case r.CPU == 0:
		return ""
	}
	return fmt.Sprintf("%.0f k (%.0f k)", float64(l.events)/r.CPU/1000, float64(l.events)/r.Seconds/1000)
}

// ratio is how often our CPU time fits into the peer's.
func (l *line) ratio(peer string) string {
	a, b := l.results[lazuli], l.results[peer]
	if a.CPU == 0 || b.CPU == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", b.CPU/a.CPU)
}

// printHubs prints the rates when the same events come from a hub.
func (r *report) printHubs() {
	fmt.Println("\n| from a hub | cores, partitions | Lazuli | rows and counts as from the file |")
	fmt.Println("|---|---|---|---|")
	for _, key := range r.order {
		l := r.lines[key]
		plain, hub := l.results[lazuli], l.results[fromHub]
		if hub.CPU > 0 {
			fmt.Printf("| %s | %d | %s | %t |\n", l.w.name, l.cores, l.speed(hub),
				hub.Events == l.events && hub.Rows == plain.Rows && hub.Sum == plain.Sum)
		}
	}
}

// printState prints what checkpoints cost, and memory per key.
func (r *report) printState() {
	for _, key := range r.order {
		l := r.lines[key]
		plain, saved := l.results[lazuli], l.results[checkpointing]
		if saved.Saves > 0 {
			each := (saved.CPU - plain.CPU) / float64(saved.Saves)
			fmt.Printf("\n%s, %d cores: %d checkpoints of up to %.1f MiB while it ran, %.0f ms of CPU each: every 10 s, %.1f %% of a core.\n",
				l.w.name, l.cores, saved.Saves, float64(saved.Bytes)/(1<<20), each*1000, each*10)
		}
		if l.w.memory && plain.Rows > 0 {
			keys := float64(plain.Rows)
			fmt.Printf("\n%s, %d cores: peak resident memory %.0f MiB over %d keys: %.0f bytes for each", l.w.name, l.cores, plain.Peak, plain.Rows, plain.Peak*(1<<20)/keys)
			if base := r.lines[fmt.Sprintf("%s/%d", few100, l.cores)]; base != nil {
				peak := base.results[lazuli].Peak
				fmt.Printf(", %.0f above the %.0f MiB that 100 keys take", (plain.Peak-peak)*(1<<20)/keys, peak)
			}
			fmt.Println(".")
		}
	}
}

// verdict says what the counts show.
func (l *line) verdict() string {
	a := l.results[lazuli]
	said := []string{fmt.Sprintf("%d rows", a.Rows)}
	if a.Events == l.events {
		said = append(said, "all taken in")
	} else {
		said = append(said, fmt.Sprintf("LOST %d", l.events-a.Events))
	}
	switch {
	case a.Sum == l.events:
		said = append(said, "all in a window")
	case a.Sum > 0 && a.Sum == 60*l.events:
		said = append(said, "all in 60 windows")
	case a.Sum > 0:
		said = append(said, fmt.Sprintf("n = %d", a.Sum))
	}
	for _, p := range peers {
		b, ran := l.results[p]
		if !ran || b.Late {
			continue
		}
		if a.Rows == b.Rows && a.Sum == b.Sum {
			said = append(said, p+" equal")
		} else {
			said = append(said, fmt.Sprintf("%s DIFFERENT: %d rows, n = %d", p, b.Rows, b.Sum))
		}
	}
	return strings.Join(said, ", ")
}

// load is the load average of the last minute.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(data), " ")
	return first
}

// machine describes where the numbers come from.
func machine() string {
	model := "unknown CPU"
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s, %s/%s, %s, load %s", model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		time.Now().UTC().Format("2006-01-02"), load())
}
