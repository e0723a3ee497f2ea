// Command app is the function app of the solar example: a timer polls every
// site's weather and meter and sends the readings to an event hub; an HTTP
// function receives the alarms of the stream job.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/lazuli-dev/lazuli/examples/solar"
	"github.com/lazuli-dev/lazuli/functions"
)

func main() {
	plants, err := solar.Plants()
	if err != nil {
		fmt.Fprintln(os.Stderr, "solar:", err)
		os.Exit(1)
	}
	newApp(newPoller(plants, settingsFromEnv(), http.DefaultTransport)).Main()
}

// newApp registers the functions. main and the tests use the same app.
func newApp(p *poller) *functions.App {
	app := functions.New()

	telemetry := &functions.EventHubOutput{
		Hub: "solar_telemetry", Connection: "EventHubConnection", PartitionKey: "/plantId",
	}

	app.Timer("ingest", functions.TimerTrigger{Schedule: "%POLL_SCHEDULE%"}, p.ingest(telemetry), telemetry)

	app.HTTP("alert", functions.HTTPTrigger{Methods: []string{"POST"}, Route: "alert"}, alert)

	return app
}
