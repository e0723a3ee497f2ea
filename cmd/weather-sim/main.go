// Command weather-sim serves the weather and the meters of the solar example
// (examples/solar) on this machine, in the shape of a public forecast API, so
// that the example runs without a network and the same way every time. The
// model is examples/solar/sim; this is its command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar/sim"
)

// help is what --help prints before the flags.
const help = `weather-sim plays the weather and the meters of 101 solar sites in Korea.

It answers GET /v1/forecast in the shape of Open-Meteo's API. The parameter
site names a plant of plants.csv; current may then list generation_kw, its meter.

Examples:
  weather-sim                                          the sun of the clock, the bundled faults
  weather-sim -speed 20 -from 9 -to 16                 a day of sun in 21 minutes, no night
  weather-sim -speed 720 -from 6 -to 18 -faults none   a day in a minute, nothing breaks
  weather-sim -listen 127.0.0.1:9000 -faults my.csv
  curl 'http://127.0.0.1:8090/v1/forecast?latitude=36.8&longitude=126.6&site=chungnam-01&current=shortwave_radiation,generation_kw'

A schedule of faults is CSV; it begins with the simulator and again every ten
minutes. Speed moves the sun, not the schedule and not the time on a reading.

  kind,plantId,afterSeconds,forSeconds,size
  drop,chungnam-01,45,60,0.8         generation loses 80 %
  temperature,chungnam-02,60,60,22   the air is 22 °C hotter
  dead,chungnam-03,75,45,0           the radiation sensor reports nothing
  late,chungnam-04,90,60,20          readings are 20 seconds old
  duplicate,chungnam-05,105,60,10    a reading is repeated for 10 seconds

Flags:
`

// settings are the flags.
type settings struct {
	listen, faults string
	speed          float64
	from, to       float64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "weather-sim:", err)
		os.Exit(1)
	}
}

// command reads the flags and serves until ctx ends. What it has to say it
// writes to out.
func command(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("weather-sim", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:8090", "`address` to serve on")
	flags.Float64Var(&s.speed, "speed", 1, "how many `seconds` the sun moves in one")
	flags.Float64Var(&s.from, "from", 0, "`hour` of the day in Korea at which the sun begins; with -to, the night is left out")
	flags.Float64Var(&s.to, "to", 0, "`hour` of the day at which the next day begins")
	flags.StringVar(&s.faults, "faults", "bundled", "`schedule` of faults: bundled, none, or a CSV file")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, help)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return err
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%q is not a flag", flags.Arg(0))
	}
	if err != nil {
		return fmt.Errorf("%w; weather-sim --help lists the flags", err)
	}
	return serve(ctx, s, out)
}

func serve(ctx context.Context, s settings, out io.Writer) error {
	faults, err := schedule(s.faults)
	if err != nil {
		return err
	}
	simulator, err := sim.New(sim.Options{Start: time.Now(), Speed: s.speed, From: s.from, To: s.to, Faults: faults})
	if err != nil {
		return err
	}
	listener, err := listen(s.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "serving http://%s/v1/forecast, %d faults every %v, sun at speed %v\n", listener.Addr(), len(faults), sim.Round, s.speed)
	server := &http.Server{Handler: simulator.Handler(time.Now), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// listen opens the address. The example's project file has it in two places.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program; stop that one, or choose another port: "+
			"in the project file processes.weather-sim.args (-listen), and the same in functions.apps.solar.settings.WEATHER_API_URL", address)
	}
	return l, err
}

// schedule reads the faults by name or file.
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
