// Command reliable is the function app of TestKillReliable: it stores readings, fails for
// those that say so, and is not to do the same work twice.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/functions"
)

func main() {
	app := functions.New()
	docs := &functions.CosmosDBOutput{Database: "serverless_db", Container: "events", CreateOnly: true}
	marks := &functions.Dedupe{Table: "marks", Connection: "Marks", Key: func(item any) string { return string(item.(functions.Event).Body) }}
	app.Use(marks.Middleware)
	app.EventHub("store", functions.EventHubTrigger{Hub: "telemetry_events", Retry: functions.FixedDelay(1, time.Millisecond)},
		func(ctx context.Context, events []functions.Event) error {
			var ids []string
			for _, e := range events {
				id := strings.Trim(string(e.Body), `"`)
				if strings.HasPrefix(id, "bad") {
					return errors.New("a bad reading")
				}
				if err := docs.Upsert(ctx, map[string]string{"id": id, "deviceId": "d"}); err != nil {
					return err
				}
				ids = append(ids, id)
			}
			time.Sleep(20 * time.Millisecond) // so that a kill meets it at work
			return note(ids)
		}, docs, marks)
	app.Protect("store", functions.Protection{DeadLetter: &functions.DeadLetter{Container: "dead"}})
	app.Main()
}

// note writes what was done, in one piece, with the process that did it.
func note(ids []string) error {
	f, err := os.OpenFile(os.Getenv("NOTES"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %s\n", os.Getpid(), strings.Join(ids, " "))
	return errors.Join(err, f.Close())
}
