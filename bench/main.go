// Command bench runs workloads against a real lazuli process and, in the same
// run, against peers, and prints what they did and their ratios.
//
// It judges nothing: numbers are for bench/RESULTS.md and for the eyes of
// whoever changes a hot path. Load goes to loopback only, every workload is
// bounded in time, and everything it starts it stops.
//
//	go run ./bench                 every workload
//	go run ./bench ingest queries  some of them
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// workload is one measurement.
type workload struct {
	name string
	what string
	run  func(context.Context, *lab) error
}

var workloads = []workload{
	{"startup", "time until ready, idle memory", startup},
	{"ingest", "durable ingest of 1 KB events, raw AMQP, batches of 100, beside NATS JetStream", ingest},
	{"sdk", "durable ingest through the official Go client, CPU of both sides", ingestSDK},
	{"documents", "point reads and durable upserts, 16 connections", documents},
	{"storage", "blobs, queues and tables beside Azurite", storageServices},
	{"listing", "100,000 blobs listed, beside Azurite", storageListing},
	{"records", "queues and tables alone beside Azurite, in turn", storageRecords},
	{"workers", "requests to functions in each language beside the bare handler; starts from nothing, after a crash, after a change", workers},
	{"triggers", "functions of queues and blobs, with a custom handler", triggers},
	{"gateway", "calls through the API gateway beside Caddy's reverse proxy and net/http/httputil's", gateway},
	{"queries", "the four queries of the workshop on 100,000 documents", queries},
	{"pipeline", "send -> function -> document -> change feed -> function, sustained", pipeline},
	{"dashboards", "durable ingest with 0 and with 50 open dashboards", dashboards},
	{"tile", "event to dashboard tile, with and without a window", tile},
	{"latency", "send to alarm at 1,000 events/s", latency},
}

func main() {
	if ok, err := serveBare(); ok {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
	if ok, err := serveProxy(); ok {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
	if ok, err := serveTriggers(); ok {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
	seconds := flag.Duration("time", 10*time.Second, "how long a throughput workload runs")
	profile := flag.Bool("profile", false, "write CPU profiles of lazuli to bench/out")
	flag.Usage = usage
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Args(), *seconds, *profile); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintf(os.Stderr, "usage: go run ./bench [-time 10s] [-profile] [workload …]\n\nworkloads:\n")
	for _, w := range workloads {
		fmt.Fprintf(os.Stderr, "  %-10s %s\n", w.name, w.what)
	}
	flag.PrintDefaults()
}

func run(ctx context.Context, names []string, seconds time.Duration, profile bool) error {
	for _, n := range names {
		if !slices.ContainsFunc(workloads, func(w workload) bool { return w.name == n }) {
			return fmt.Errorf("no workload is named %q", n)
		}
	}
	l, err := newLab(seconds, profile)
	if err != nil {
		return err
	}
	defer l.close()
	fmt.Println(machine())
	for _, w := range workloads {
		if len(names) > 0 && !slices.Contains(names, w.name) {
			continue
		}
		fmt.Printf("\n### %s: %s\n\n", w.name, w.what)
		if err := w.run(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// table prints a Markdown table.
func table(head []string, rows [][]string) {
	fmt.Println("| " + strings.Join(head, " | ") + " |")
	fmt.Println("|" + strings.Repeat("---|", len(head)))
	for _, r := range rows {
		fmt.Println("| " + strings.Join(r, " | ") + " |")
	}
}
