package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	"github.com/spf13/cobra"
	"golang.org/x/time/rate"
)

// sendOptions are the flags of `lazuli send`.
type sendOptions struct {
	hub       hubFlags
	file      string
	format    string
	count     int
	rate      float64
	devices   int
	seed      uint64
	key       string
	keyField  string
	batchSize int
}

func newSendCmd(s *session) *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use:   "send [HUB]",
		Short: "Send events: generated device telemetry, or a file",
		Long: `Send events to an event hub: generated telemetry of devices that drift around
their own temperature, some of them above 40 °C, or the lines of a file.

It goes to the lazuli that runs here, or to Azure with --namespace or
--connection-string. HUB may be left out where the connection string names it
(EntityPath). Ctrl-C finishes the batch on its way and prints what was
sent.`,
		Example: `  lazuli send telemetry_events --count 5
  lazuli send telemetry_events --rate 1000 --devices 50      until Ctrl-C
  lazuli send telemetry_events --file events.ndjson --key-field deviceId
  lazuli send telemetry_events --file app.log --format text  each line as it is
  lazuli send telemetry_events --namespace contoso-eh --count 100
  lazuli send telemetry_events --namespace contoso-eh --endpoint 10.0.0.4`,
		Args: atMostOne("HUB"),
		RunE: func(cmd *cobra.Command, args []string) error {
			hub, err := o.hub.name(cmd, args)
			if err != nil {
				return err
			}
			if err := o.check(cmd); err != nil {
				return &usageError{cmd, err}
			}
			return s.send(cmd.Context(), hub, o)
		},
	}
	f := cmd.Flags()
	o.hub.register(cmd)
	f.IntVarP(&o.count, "count", "n", 5, "events to send; 0 sends until Ctrl-C, or the whole file")
	f.Float64Var(&o.rate, "rate", 0, "events per second; 0 is as fast as possible")
	f.IntVar(&o.devices, "devices", 5, "devices of the generated telemetry")
	f.Uint64Var(&o.seed, "seed", 0, "repeat the telemetry of an earlier run; 0 is another one each time")
	f.StringVarP(&o.file, "file", "f", "", "send a file's events instead: one JSON value per line, CSV with a header, or lines of text; - is standard input")
	f.StringVar(&o.format, "format", "", "ndjson, csv or text, when the file's name does not tell (.csv, .txt, .log; others are ndjson)")
	f.StringVar(&o.key, "partition-key", "", "partition key of every event")
	f.StringVar(&o.keyField, "key-field", "", "take each event's partition key from this field of its JSON, e.g. deviceId")
	f.IntVar(&o.batchSize, "batch-size", 100, "most events in one batch")
	cmd.MarkFlagsMutuallyExclusive("partition-key", "key-field")
	return cmd
}

// check completes the flags: a file is sent whole and a rate goes on, unless a
// count says otherwise.
func (o *sendOptions) check(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("count") && (o.file != "" || o.rate > 0) {
		o.count = 0
	}
	switch {
	case o.count < 0:
		return fmt.Errorf("--count %d is negative", o.count)
	case o.rate < 0 || math.IsNaN(o.rate) || math.IsInf(o.rate, 0):
		return fmt.Errorf("--rate %v is not a number of events per second", o.rate)
	case o.devices < 1 || o.devices > 1_000_000:
		return fmt.Errorf("--devices %d: from 1 to 1000000", o.devices)
	case o.batchSize < 1 || o.batchSize > 10_000:
		return fmt.Errorf("--batch-size %d: from 1 to 10000", o.batchSize)
	case o.hub.check() != nil:
		return o.hub.check()
	case o.format != "" && !slices.Contains([]string{formatCSV, formatNDJSON, formatText}, o.format):
		return fmt.Errorf("--format %q: ndjson, csv or text", o.format)
	}
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	return nil
}

func (s *session) send(ctx context.Context, hub string, o sendOptions) (err error) {
	source, err := o.source(s.in)
	if err != nil {
		return err
	}
	defer source.Close()
	producer, err := o.hub.producer(ctx, s, hub)
	if err != nil {
		return hubError(hub, err)
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = producer.Close(bye) // everything acknowledged is stored
	}()

	sd := &sender{client: producer, options: o, pending: map[string][]*azeventhubs.EventData{}}
	if o.rate > 0 {
		sd.batchSize = min(o.batchSize, max(1, int(o.rate/20)))
		sd.pace = rate.NewLimiter(rate.Limit(o.rate), sd.batchSize)
	} else {
		sd.batchSize = o.batchSize
	}
	sd.progress = s.newProgress(o.count)
	start := time.Now()
	err = sd.run(ctx, source)
	sd.progress.close()
	if err == nil || sd.sent > 0 {
		s.printSent(hub, sd, time.Since(start))
	}
	if errors.Is(err, context.Canceled) && o.count == 0 {
		return nil // Ctrl-C is how an endless run ends
	}
	return hubError(hub, err)
}

func (s *session) printSent(hub string, sd *sender, took time.Duration) {
	perSecond := float64(sd.sent) / max(took.Seconds(), 1e-9)
	batches := "1 batch"
	if sd.batches != 1 {
		batches = fmt.Sprintf("%d batches", sd.batches)
	}
	fmt.Fprintf(s.out, "Sent %s to %s in %s (%s, %.0f events/s)\n",
		count(sd.sent, "event"), hub, batches, took.Round(time.Millisecond), perSecond)
}

// sender gathers events by partition key and sends them in batches.
type sender struct {
	client    *azeventhubs.ProducerClient
	options   sendOptions
	batchSize int
	pace      *rate.Limiter // nil: none
	progress  *progress

	pending       map[string][]*azeventhubs.EventData // by partition key
	waiting       int                                 // events in pending
	sent, batches int
}

// run sends the source's events until it or ctx ends.
func (sd *sender) run(ctx context.Context, source eventSource) error {
	for n := 0; sd.options.count == 0 || n < sd.options.count; n++ {
		if err := sd.await(ctx); err != nil {
			return cmp.Or(sd.flush(ctx), err)
		}
		event, key, ok, err := source.Next()
		if err != nil {
			return errors.Join(&sourceError{err}, sd.flush(ctx))
		}
		if !ok {
			break
		}
		sd.pending[key] = append(sd.pending[key], event)
		sd.waiting++
		if len(sd.pending[key]) >= sd.batchSize {
			if err := sd.sendKey(ctx, key); err != nil {
				return err
			}
		} else if sd.waiting >= sd.batchSize*keysHeld || sd.pace != nil && sd.waiting >= sd.batchSize {
			if err := sd.flush(ctx); err != nil {
				return err
			}
		}
	}
	return sd.flush(ctx)
}

// await waits for the next event's turn, if there is a pace.
func (sd *sender) await(ctx context.Context) error {
	if sd.pace != nil {
		if err := sd.pace.Wait(ctx); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
	}
	return ctx.Err()
}

// sourceError is a mistake in what was to be sent, not of the hub.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// keysHeld bounds the events that wait for their key's batch to fill.
const keysHeld = 32

func (sd *sender) flush(ctx context.Context) error {
	for key := range sd.pending {
		if err := sd.sendKey(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// sendTimeout bounds a batch; Ctrl-C does not cut one off on its way.
const sendTimeout = time.Minute

// sendKey sends all waiting events of a key, in as many batches as they need.
func (sd *sender) sendKey(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	events := sd.pending[key]
	delete(sd.pending, key)
	sd.waiting -= len(events)
	opts := &azeventhubs.EventDataBatchOptions{}
	if key != "" {
		opts.PartitionKey = &key
	}
	for len(events) > 0 {
		batch, err := sd.client.NewEventDataBatch(ctx, opts)
		if err != nil {
			return err
		}
		n, err := fill(batch, events)
		if err != nil {
			return err
		}
		if err := sd.client.SendEventDataBatch(ctx, batch, nil); err != nil {
			return err
		}
		events = events[n:]
		sd.sent += n
		sd.batches++
		sd.progress.add(n)
	}
	return nil
}

// fill adds events to the batch until it is full, and returns how many fit.
func fill(batch *azeventhubs.EventDataBatch, events []*azeventhubs.EventData) (int, error) {
	for i, e := range events {
		err := batch.AddEventData(e, nil)
		switch {
		case errors.Is(err, azeventhubs.ErrEventDataTooLarge) && i > 0:
			return i, nil
		case errors.Is(err, azeventhubs.ErrEventDataTooLarge):
			return 0, fmt.Errorf("an event of %d bytes is too large for this hub", len(e.Body))
		case err != nil:
			return 0, err
		}
	}
	return len(events), nil
}
