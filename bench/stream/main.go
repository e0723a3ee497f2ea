// Command stream measures streaming SQL: the same queries over the same files
// of JSON events, in Lazuli's engine, in Apache Flink SQL (bench/peers/flink)
// and, as pipelines, in Apache Beam's Go SDK (bench/peers/beam).
//
// The one idea: throughput per core is events per second of CPU time that the
// whole process took, garbage collection and reading included, so that a
// machine that does other work at the time gives the same number; wall-clock
// rates stand beside it. Each run is a process of its own, pinned to one core
// or to two. Rows of all engines are counted, and the counts of events that
// the rows of a window carry are added up: a lost event would show.
//
// It judges nothing, sends nothing, and is bounded in time. A peer that cannot be
// built, as Flink without mvn and java, is named and left out.
//
//	go run ./bench/stream                       everything
//	go run ./bench/stream -events 500000 filter tumbling-100k
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"
)

// checkpointEvery is far shorter than in use, so that a run of seconds takes
// enough of them to tell what each costs.
const checkpointEvery = 250 * time.Millisecond

// settings are the flags of a run.
type settings struct {
	events  int
	cores   int // at most
	passes  int // of Flink, in one JVM; the last counts
	peer    bool
	profile string
	limit   time.Duration // of one process
	dir     string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "job" {
		if err := child(os.Args[2:]); err != nil {
			fmt.Fprintf(os.Stderr, "stream job: %v\n", err)
			os.Exit(1)
		}
		return
	}
	var s settings
	flag.IntVar(&s.events, "events", 2_000_000, "events of a workload; an eighth of it if they have 1 KB")
	flag.IntVar(&s.cores, "cores", 2, "measure on one core, or on one and on two")
	flag.IntVar(&s.passes, "passes", 2, "how often Flink runs a query; the last one counts")
	flag.BoolVar(&s.peer, "peer", true, "run the peers too")
	flag.StringVar(&s.profile, "profile", "", "folder for CPU profiles of our runs on one core")
	flag.DurationVar(&s.limit, "limit", 5*time.Minute, "longest time of one process")
	flag.StringVar(&s.dir, "dir", filepath.Join("bench", "out", "stream"), "folder of event files; kept, made again if -events changes")
	flag.Usage = usage
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "stream: %v\n", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintf(os.Stderr, "usage: go run ./bench/stream [-events n] [-peer=false] [-profile dir] [workload …]\n\nworkloads:\n")
	for _, w := range workloads() {
		fmt.Fprintf(os.Stderr, "  %-20s %s\n", w.name, w.what)
	}
	flag.PrintDefaults()
}

func run(ctx context.Context, s settings, names []string) error {
	for _, n := range names {
		if !slices.ContainsFunc(workloads(), func(w workload) bool { return w.name == n }) {
			return fmt.Errorf("no workload is named %q", n)
		}
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return err
	}
	s.dir = dir
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	engines := []engine{ours{settings: s}, ours{settings: s, every: checkpointEvery}, ours{settings: s, hub: true}}
	if s.peer {
		if f, err := newFlink(ctx, s); err == nil {
			engines = append(engines, f)
		} else {
			fmt.Printf("Without Flink: %v\n\n", err)
		}
		if b, err := newBeam(ctx, s); err == nil {
			engines = append(engines, b)
		} else {
			fmt.Printf("Without Beam: %v\n\n", err)
		}
	}
	report := newReport()
	fmt.Println(machine())
	for _, w := range workloads() {
		if len(names) > 0 && !slices.Contains(names, w.name) {
			continue
		}
		for cores := 1; cores <= s.cores; cores++ {
			inputs, err := prepare(s, w, cores)
			if err != nil {
				return err
			}
			for _, e := range engines {
				if !e.runs(w) {
					continue
				}
				r, err := e.run(ctx, w, inputs, cores)
				if err != nil && isPeer(e.name()) && ctx.Err() == nil {
					fmt.Fprintf(os.Stderr, "%s, %s, %d cores: no result within %v: %v\n", w.name, e.name(), cores, s.limit, err)
					r, err = result{Late: true}, nil
				}
				if err != nil {
					return fmt.Errorf("%s, %s, %d cores: %w", w.name, e.name(), cores, err)
				}
				report.add(w, e.name(), cores, inputs, r)
			}
		}
	}
	report.print()
	return nil
}
