// Command beam runs queries of the stream workloads in Apache Beam's Go SDK on
// its own local runner, Prism: event time, watermarks and windows in Go. Beam
// has no SQL in Go, so each query is a pipeline here; events are decoded by
// encoding/json into a struct of the members that the query reads. It prints
// one JSON object.
//
//	go run . -query tumbling file.json file.json
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/textio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"

	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local" // the scheme of plain paths
)

func main() {
	query := flag.String("query", "", "filter, tumbling or session")
	flag.Parse()
	beam.Init()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if err := run(context.Background(), *query, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, query string, files []string) error {
	build := queries[query]
	if build == nil || len(files) == 0 {
		return fmt.Errorf("want a query and files, not %q %q", query, files)
	}
	paths := make([]any, len(files))
	for i, f := range files {
		var err error
		if paths[i], err = filepath.Abs(f); err != nil {
			return err
		}
	}
	p, s := beam.NewPipelineWithRoot()
	build(s, textio.ReadAll(s, beam.Create(s, paths...), textio.ReadUncompressed()))
	begin, cpu := time.Now(), cpuTime()
	done, err := prism.Execute(ctx, p)
	if err != nil {
		return err
	}
	seconds, used := time.Since(begin).Seconds(), (cpuTime() - cpu).Seconds()
	counts := map[string]int64{}
	for _, c := range done.Metrics().AllMetrics().Counters() {
		counts[c.Name()] += c.Committed
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"seconds": seconds, "cpuSeconds": used, "events": counts["events"], "rows": counts["rows"], "sum": counts["n"], "peak": peakMemory(),
	})
}

// cpuTime is what the process has used, on all threads.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is in MiB.
func peakMemory() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Maxrss) / 1024
}
