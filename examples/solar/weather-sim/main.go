// Command weather-sim serves the weather and the meters of the solar example
// on this machine, in the shape of a public forecast API, so that the example
// runs without a network and the same way every time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar/sim"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "address to serve on")
	speed := flag.Float64("speed", 1, "how many seconds the sun moves in one")
	from := flag.Float64("from", 0, "hour of the day in Korea at which the sun begins; with -to, the night is left out")
	to := flag.Float64("to", 0, "hour of the day at which the next day begins")
	faults := flag.String("faults", "bundled", "schedule of faults: bundled, none, or a CSV file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *faults, sim.Options{Start: time.Now(), Speed: *speed, From: *from, To: *to}); err != nil {
		fmt.Fprintln(os.Stderr, "weather-sim:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen, faults string, o sim.Options) error {
	var err error
	if o.Faults, err = schedule(faults); err != nil {
		return err
	}
	s, err := sim.New(o)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: listen, Handler: s.Handler(time.Now), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func schedule(name string) ([]sim.Fault, error) {
	switch name {
	case "bundled":
		return sim.BundledFaults()
	case "none":
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return sim.ReadFaults(f)
}
